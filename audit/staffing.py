"""How many full-time guards a school must have, by its pupils and boarders.

The figures are data (``config/policies/figures.yaml``); as there::

    staffing:
      source: GB/T 29315-2022
      steps:
        - {pupils: 0, guards: 1}
        - {pupils: 100, guards: 2, from_memory: true}
        - {pupils: 1000, guards: 3}
      further_pupils: 500
      boarding_least: 2
      boarding_each: 300
      boarding_from_memory: true

"From memory" marks what was not read in the standard itself: it is shown beside the figure, so that
nobody is called to account by it unseen.
"""

from __future__ import annotations

from typing import Final

import msgspec


class StaffingStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From so many pupils on, so many guards."""

    pupils: int
    guards: int
    from_memory: bool = False


class StaffingRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``steps`` rise from 0 pupils; above the last, one guard more for each ``further_pupils``.

    A school with boarders has at least ``boarding_least``, and one more for each whole
    ``boarding_each`` boarders. 0 = no such rule. So more pupils or boarders never mean fewer
    guards. Raises ``ValueError`` for steps that would.
    """

    steps: tuple[StaffingStep, ...]
    further_pupils: int = 0
    boarding_least: int = 0
    boarding_each: int = 0
    boarding_from_memory: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].pupils != 0:
            raise ValueError("staffing: steps begin at 0 pupils")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if after.pupils <= before.pupils or after.guards < before.guards:
                raise ValueError(f"staffing: steps rise; {after.pupils} pupils do not")
        if min(self.steps[0].guards, self.further_pupils, self.boarding_least) < 0:
            raise ValueError("staffing: no figure is below 0")
        if self.boarding_each < 0:
            raise ValueError("staffing: boarding_each is not below 0")


class GuardsNeeded(msgspec.Struct, frozen=True):
    """How many guards; ``from_memory`` when a figure it rests on was not read in the standard."""

    guards: int
    from_memory: bool


USUAL: Final = StaffingRule(
    source="GB/T 29315-2022",
    steps=(
        StaffingStep(pupils=0, guards=1),
        StaffingStep(pupils=100, guards=2, from_memory=True),
        StaffingStep(pupils=1000, guards=3),
    ),
    further_pupils=500,
    boarding_least=2,
    boarding_each=300,
    boarding_from_memory=True,
)
"""Where a deployment has no figures of its own: fewer than 100 pupils 1 guard, 1,000 or more 3, and
one more for each further 500. 100 to 999, and what boarding schools need more, from memory."""


def guards_needed(rule: StaffingRule, pupils: int, boarders: int = 0) -> GuardsNeeded:
    """Guards for a school of ``pupils``, of whom ``boarders`` live there.

    Raises ``ValueError`` for numbers below 0 and for more boarders than pupils.
    """
    if not 0 <= boarders <= pupils:
        raise ValueError(f"{boarders} boarders of {pupils} pupils: no such school")
    step = next(one for one in reversed(rule.steps) if one.pupils <= pupils)
    guards, memory = step.guards, step.from_memory
    if rule.further_pupils and step is rule.steps[-1]:
        guards += (pupils - step.pupils) // rule.further_pupils
    if boarders and (rule.boarding_least or rule.boarding_each):
        more = boarders // rule.boarding_each if rule.boarding_each else 0
        if more or rule.boarding_least > guards:
            memory = memory or rule.boarding_from_memory
        guards = max(guards, rule.boarding_least) + more
    return GuardsNeeded(guards, memory)
