"""Notice to the police before a test, where their link wants it: by a person, in their words.

One step for each such link. No window opens and nothing is sent before the last of them: who tests
says that the police were told as long beforehand as agreed, and whom they told and how; or it is
known already, by the announcement of a scheduled test, or because somebody gave notice lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audit.verification.model import Detail, Verdict, Verification
from audit.verification.procedure import LinkNotice, PoliceTold
from audit.verification.steps import Ending, begun, passed, present

STEP: Final = "notice"
GIVEN: Final = "notice_given"
"""The code of the step of a notice that somebody gave in this run."""

NOTICE_MS: Final = 1_800_000
"""Half an hour for a telephone call."""

STANDS_MS: Final = 12 * 3_600_000
"""A notice stands for a working day: nobody calls once for each button of a school. Ours."""

NOT_GIVEN: Final = Ending(Verdict.UNKNOWN, "notice_missing", "tell_police")

_HOUR: Final = 3_600_000


class Notices:
    """The steps ``notice`` of a run."""

    def __init__(self, notices: Sequence[LinkNotice]) -> None:
        self._notices: Final = tuple(notices)

    def ask(self, run: Verification, now: int) -> tuple[Verification, bool]:
        """Go on to the next notice that is still to be given; and whether there is none."""
        known = sum(step.step == STEP for step in run.steps)
        for notice in self._notices[known:]:
            run = begun(
                run,
                STEP,
                now,
                due=now + NOTICE_MS,
                waits_for=STEP,
                link=notice.link,
                telephone=notice.telephone,
                hours=notice.hours,
                text=notice.text,
            )
            code, inputs = _standing(notice, now)
            if not code:
                return run, False
            run = passed(run, code, now, **inputs)
        return run, True

    def take(self, run: Verification, told: PoliceTold, now: int) -> Verification:
        """Somebody told the police; the same run when it was about another link."""
        step = present(run)
        if step is None or step.step != STEP or step.inputs.get("link") != told.link:
            return run
        return passed(run, GIVEN, now, actor=told.actor, told=told.told)


def _standing(notice: LinkNotice, now: int) -> tuple[str, dict[str, Detail]]:
    """How the police know already, as the code of a step; empty when they do not."""
    given, announced = notice.given, notice.announced
    if given is not None and 0 <= now - given.at < STANDS_MS:
        return "notice_stands", {"actor": given.actor, "told": given.told}
    if announced is not None and now - announced >= notice.hours * _HOUR:
        return "notice_announced", {"age_h": (now - announced) // _HOUR}
    return "", {}
