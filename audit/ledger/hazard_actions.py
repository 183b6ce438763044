"""What people ask to be done to an entry of the ledger, and who asks. Times in ms."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from audit.ledger.hazard import FiveThings, Grade, Signer, StepKind


class HazardActionName(StrEnum):
    """What people may do to an entry, as requests name it."""

    SIGN = "sign"
    REGISTER = "register"
    ASSESS = "assess"
    MONITOR = "monitor"
    ACCEPT = "accept"
    SEND_BACK = "send_back"
    INTERIM = "interim"
    EXTEND = "extend"
    COMMENT = "comment"
    LOOK_BACK = "look_back"


class By(msgspec.Struct, frozen=True):
    """Who acts: a user's name and role, and as whom people know them; the empty name is the
    gateway."""

    name: str
    role: Signer
    shown: str = ""


class Sign(msgspec.Struct, frozen=True, tag=True):
    """Give the signature that is awaited, with a remark and photos: those of `PLAIN`."""

    kind: StepKind
    text: str = ""
    photos: tuple[str, ...] = ()


class Register(msgspec.Struct, frozen=True, tag=True):
    """Take it into the ledger: where, how grave."""

    grade: Grade
    place: str = ""
    text: str = ""


class Assess(msgspec.Struct, frozen=True, tag=True):
    """How grave it is, and the five things."""

    grade: Grade
    five: FiveThings
    interim: str = ""
    text: str = ""


class Monitor(msgspec.Struct, frozen=True, tag=True):
    """How it is watched until it is remedied, and what keeps people safe meanwhile."""

    text: str
    interim: str = ""


class Accept(msgspec.Struct, frozen=True, tag=True):
    """Whether the remedy holds, seen by somebody else than who remedied."""

    met: bool
    text: str
    photos: tuple[str, ...] = ()


class SendBack(msgspec.Struct, frozen=True, tag=True):
    """Whoever is to sign will not, for a reason: the step, or the remedy, is done again."""

    reason: str


class Interim(msgspec.Struct, frozen=True, tag=True):
    """Another interim measure."""

    text: str


class Extend(msgspec.Struct, frozen=True, tag=True):
    """Move the deadline of what is under way (ms)."""

    due: int
    reason: str


class Comment(msgspec.Struct, frozen=True, tag=True):
    """A remark, with photos."""

    text: str
    photos: tuple[str, ...] = ()


class LookBack(msgspec.Struct, frozen=True, tag=True):
    """A closed entry looked at again: whether it stayed mended."""

    held: bool
    text: str
    photos: tuple[str, ...] = ()


Action: TypeAlias = (
    Sign | Register | Assess | Monitor | Accept | SendBack | Interim | Extend | Comment | LookBack
)

PLAIN: Final = frozenset(
    {
        StepKind.FINDING_SIGNED,
        StepKind.FINDING_REVIEWED,
        StepKind.ASSESSMENT_SIGNED,
        StepKind.REPORTED,
        StepKind.REPORT_TAKEN,
        StepKind.REMEDIED,
        StepKind.RESULT_SIGNED,
        StepKind.RESULT_REVIEWED,
        StepKind.CLOSED,
    }
)
"""Signatures that need nothing but a hand."""


_KINDS: Final[dict[type, StepKind]] = {
    Register: StepKind.REGISTERED,
    Assess: StepKind.ASSESSED,
    Monitor: StepKind.MONITORED,
    SendBack: StepKind.SENT_BACK,
    Interim: StepKind.INTERIM,
    Extend: StepKind.EXTENDED,
    Comment: StepKind.COMMENTED,
}


def kind_of(action: Action) -> StepKind:
    """The step that an action comes to."""
    match action:
        case Sign(kind=kind):
            return kind
        case Accept(met=met):
            return StepKind.ACCEPTED if met else StepKind.NOT_ACCEPTED
        case LookBack(held=held):
            return StepKind.LOOKED_BACK if held else StepKind.LOOK_BACK_FAILED
        case _:
            return _KINDS[type(action)]
