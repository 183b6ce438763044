"""What of an alert's course reached operators: when it came to them, and how long it waited.

An alert comes when it is activated in sight, or gets back into sight (off the shelf, its device in
service again) with an activation that nobody has taken. Out of sight it neither comes nor waits:
ISA-18.2 counts what is annunciated. Times in ms, as the gateway knew of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.alert import TransitionKind
from alerts.course import ACTIVATIONS
from alerts.finding import Priority


class StepDetail(msgspec.Struct, frozen=True, gc=False):
    """What is counted of a transition's detail; activations alone carry it."""

    device: int = 0
    school: str = ""
    condition: str = ""
    scope: str = ""
    priority: Priority = Priority.NOTICE
    suppressed: bool = False


class Step(msgspec.Struct, frozen=True, gc=False):
    """What is counted of a `Transition`, which is read as one: a fifth of the work."""

    alert: int
    version: int
    kind: TransitionKind
    known: int
    actor: str = ""
    detail: StepDetail = msgspec.field(default_factory=StepDetail)


class Came(msgspec.Struct, frozen=True, gc=False):
    """An alert came to operators, with the urgency that it had then."""

    at: int
    priority: Priority


class Taken(msgspec.Struct, frozen=True, gc=False):
    """Somebody took an alert (acknowledged it, or found it false) that had waited ``after`` ms."""

    at: int
    after: int
    priority: Priority


class Heard(msgspec.Struct, frozen=True, gc=False):
    """One alert as operators met it. ``false`` holds when it was found false.

    ``waiting`` since when nobody takes it, ``None`` when it waits for nobody; ``standing`` whether
    it is open at the end and not suppressed.
    """

    came: list[Came]
    taken: list[Taken]
    false: list[int]
    waiting: int | None
    standing: bool


_TAKING: Final = frozenset({TransitionKind.ACKNOWLEDGED, TransitionKind.FALSE_CONFIRMED})
_OF_THE_SHELF: Final = frozenset({TransitionKind.SHELVED, TransitionKind.UNSHELVED})
_HIDING: Final = _OF_THE_SHELF | {TransitionKind.SUPPRESSED, TransitionKind.UNSUPPRESSED}


def heard(course: Iterable[Step]) -> Heard:  # noqa: C901, PLR0912 - one line a kind, and quick
    """What operators met of one alert; ``course`` is all of it so far, by version.

    A clock that was put back between two steps makes no wait shorter than nothing.
    """
    came: list[Came] = []
    taken: list[Taken] = []
    false: list[int] = []
    shelved = suppressed = hidden = False
    priority = Priority.NOTICE
    untaken = closed = False
    waiting: int | None = None
    shown = -1  # the version that brought it back into sight
    for step in course:
        kind, known = step.kind, step.known
        was_hidden = hidden
        if kind in ACTIVATIONS:
            detail = step.detail
            if detail.priority < priority:  # noqa: PLR1730 - min() is three times this
                priority = detail.priority
            untaken = True
            if detail.suppressed:
                suppressed = hidden = True
            if not hidden:
                if shown == step.version - 1 and came[-1].at == known:
                    came.pop()  # what worsens comes off the shelf for it: once, not twice
                came.append(Came(known, priority))
        elif kind in _TAKING:
            untaken = False
            if waiting is not None:
                taken.append(Taken(known, max(0, known - waiting), priority))
            if kind is TransitionKind.FALSE_CONFIRMED:
                false.append(known)
        elif kind is TransitionKind.CLOSED:
            closed, untaken = True, False
        elif kind in _HIDING:
            if kind in _OF_THE_SHELF:
                shelved = kind is TransitionKind.SHELVED
            else:
                suppressed = kind is TransitionKind.SUPPRESSED
            hidden = shelved or suppressed
        elif kind is TransitionKind.REMINDED:
            untaken = True  # it sounds again, and has not come again
        if hidden or not untaken:
            waiting = None
        elif waiting is None:
            waiting = known
            if was_hidden:
                shown = step.version
                came.append(Came(known, priority))
    standing = not (closed or suppressed)
    return Heard(came, taken, false, waiting, standing)
