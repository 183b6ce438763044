"""What the clock does to an entry of the ledger: overdue climbs, and what is closed is looked at
again. Pure: functions take ``now`` (ms). The instant of the next one is stored with the entry."""

from __future__ import annotations

from typing import Final

import msgspec

from audit.ledger.hazard import (
    Hazard,
    SignedStep,
    Signer,
    StepKind,
)

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
NEVER: Final = 2**53 - 1
"""No time in ms reaches it."""


class LedgerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the ledger. Those without a source are ours; a policy file changes them.

    ``repair_hours`` a fault may stay before it is an entry (GB/T 29315-2012: 24 h).
    ``naming_hours`` from the finding until five things are named (ours; Yuncheng 2024 says which,
    not when).
    ``at_once_hours``: a remedy later than this was not possible at once and needs an interim
    measure (ours, after the 24 h). ``accept_days`` from the remedy to the acceptance (ours).
    Overdue is supervised after ``supervise_hours``, circulated ``circulate_days`` and summoned
    ``summon_days`` after the deadline (Yuncheng 2024 has the ladder; its times are ours).
    ``look_back_days`` after it was closed it is looked at again (回头看: Pinglu 2023, Shanxi 2023;
    the time is ours). ``extend_days`` is how far a deadline may be set or moved (ours),
    ``notice_days`` the deadline that a notice suggests (ours).
    """

    repair_hours: int = 24
    naming_hours: int = 72
    at_once_hours: int = 24
    accept_days: int = 7
    supervise_hours: int = 0
    circulate_days: int = 7
    summon_days: int = 15
    look_back_days: int = 30
    extend_days: int = 90
    notice_days: int = 15


RUNGS: Final = (StepKind.SUPERVISED, StepKind.CIRCULATED, StepKind.SUMMONED)


def rung_after(rung: StepKind | None) -> StepKind | None:
    """The next rung of the ladder; ``None`` at its end."""
    at = -1 if rung is None else RUNGS.index(rung)
    return RUNGS[at + 1] if at + 1 < len(RUNGS) else None


def next_time(hazard: Hazard, figures: LedgerFigures) -> int:
    """When something is to be done by itself: a rung, or looking again; `NEVER` when nothing is.

    A rung comes no sooner after the one before than the figures have them apart: nobody is
    summoned who was not supervised for days, whatever a clock did or however long a gateway was
    off.
    """
    if hazard.closed is not None:
        return _look_back_time(hazard)
    rung = rung_after(hazard.rung)
    if rung is None:
        return NEVER
    due = hazard.due + _after(rung, figures) + 1  # what is done at its deadline is done in time
    if hazard.rung is not None and hazard.rung_at is not None:
        due = max(due, hazard.rung_at + _after(rung, figures) - _after(hazard.rung, figures))
    return due


def climbed(hazard: Hazard, figures: LedgerFigures, *, now: int) -> Hazard:
    """The entry one rung higher, or said to be looked at; the same one when it is not yet time."""
    if next_time(hazard, figures) > now:
        return hazard
    if hazard.closed is not None:
        step = _step(hazard, StepKind.LOOK_BACK_DUE, now)
        return _with(hazard, step, look_back_said=now)
    rung = rung_after(hazard.rung)
    if rung is None:
        return hazard
    step = _step(hazard, rung, now, due=hazard.due)
    return _with(hazard, step, rung=rung, rung_at=now)


def righted(hazard: Hazard, figures: LedgerFigures, *, now: int) -> Hazard:
    """The entry after a clock that was ahead has been set back: what was stamped with a time that
    has not come counts from ``now`` on. Else the next rung, or looking again, would wait for it.

    The same entry comes back when there is nothing of the kind, and from a clock that says a time
    before the entry was opened: that clock is wrong itself, as after an empty battery.
    """
    if now < hazard.opened:
        return hazard
    changes: dict[str, object] = {}
    if hazard.rung_at is not None and hazard.rung_at > now:
        changes["rung_at"] = now
    rung, at = hazard.remedy_rung
    if at is not None and at > now:
        changes["remedy_rung"] = (rung, now)
    latest = now + figures.look_back_days * DAY_MS
    if hazard.closed is not None and hazard.closed > now and (hazard.look_back or 0) > latest:
        changes["look_back"] = latest
    if not changes:
        return hazard
    return msgspec.structs.replace(hazard, version=hazard.version + 1, **changes)


def _after(rung: StepKind, figures: LedgerFigures) -> int:
    """ms after the deadline."""
    return {
        StepKind.SUPERVISED: figures.supervise_hours * HOUR_MS,
        StepKind.CIRCULATED: figures.circulate_days * DAY_MS,
        StepKind.SUMMONED: figures.summon_days * DAY_MS,
    }[rung]


def _look_back_time(hazard: Hazard) -> int:
    said = hazard.look_back_said is not None or hazard.looked_back is not None
    if hazard.look_back is None or said or hazard.continued is not None:
        return NEVER
    return hazard.look_back


def _step(hazard: Hazard, kind: StepKind, now: int, **detail: str | int | None) -> SignedStep:
    return SignedStep(
        at=now, actor="", role=Signer.GATEWAY, kind=kind, at_step=hazard.step, detail=detail
    )


def _with(hazard: Hazard, step: SignedStep, **changes: object) -> Hazard:
    return msgspec.structs.replace(
        hazard, steps=(*hazard.steps, step), version=hazard.version + 1, **changes
    )
