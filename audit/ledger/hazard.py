"""A hazard: what was found wrong at a school, until it is struck off the ledger (隐患台账).

Eight steps, in their order and none left out (Ziyang 2020):
排查 登记 评估 报告 监控 治理 验收 销账.

Each needs its signatures, in their order, by people of those roles. What may happen is in
`audit.ledger.hazard_acts`, what the clock does in `audit.ledger.hazard_times`. Times in ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

MOST_STEPS: Final = 500
"""Signed steps of one entry; nothing is ever cut, so it is bounded at the pen."""

MOST_BY_ITSELF: Final = 200
"""Steps from which the gateway adds no more by itself: people keep room to act."""

MOST_REMARKS: Final = 400
"""Steps from which remarks, interim measures and notices are refused: whoever writes endlessly
keeps nobody from signing, and an entry that cannot be signed would stand for ever."""

MOST_PHOTOS: Final = 10
MOST_CHECKS: Final = 60


class HazardStep(StrEnum):
    """The eight steps. An entry stands at the one that is under way."""

    FIND = "find"  # 排查
    REGISTER = "register"  # 登记
    ASSESS = "assess"  # 评估
    REPORT = "report"  # 报告
    MONITOR = "monitor"  # 监控
    REMEDY = "remedy"  # 治理
    ACCEPT = "accept"  # 验收
    CLOSE = "close"  # 销账


STEPS: Final = tuple(HazardStep)


class Grade(StrEnum):
    """How grave it is. Major ones (重大) are reported to the leaders."""

    GENERAL = "general"
    MAJOR = "major"


class Origin(StrEnum):
    """What an entry came from."""

    FAULT = "fault"  # devices that stayed out of order longer than allowed
    ITEM = "item"  # an item of a policy that is failed
    INSPECTION = "inspection"  # a person saw it
    LOOK_BACK = "look_back"  # an entry that was closed and did not stay mended


class Signer(StrEnum):
    """Whose hand a signature is: the roles of people as the gateway knows them."""

    GATEWAY = ""
    SAFETY_OFFICER = "safety_officer"
    PRINCIPAL = "principal"
    INSPECTOR = "inspector"
    AUDITOR = "auditor"
    GROUP_LEADER = "group_leader"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


class StepKind(StrEnum):
    """What was done to an entry. Each is signed and is one fact."""

    FOUND = "found"
    FINDING_SIGNED = "finding_signed"
    FINDING_REVIEWED = "finding_reviewed"
    REGISTERED = "registered"
    ASSESSED = "assessed"
    ASSESSMENT_SIGNED = "assessment_signed"
    REPORTED = "reported"
    REPORT_TAKEN = "report_taken"
    MONITORED = "monitored"
    REMEDIED = "remedied"
    ACCEPTED = "accepted"
    RESULT_SIGNED = "result_signed"
    RESULT_REVIEWED = "result_reviewed"
    CLOSED = "closed"
    # beside the way
    NOT_ACCEPTED = "not_accepted"
    SENT_BACK = "sent_back"
    INTERIM = "interim"
    EXTENDED = "extended"
    COMMENTED = "commented"
    JOINED = "joined"  # more faults of the same work order
    ORDER = "order"  # the work order moved on
    NOTICED = "noticed"  # a rectification notice was issued for it
    REPLIED = "replied"  # the school's answer to that notice
    SUPERVISED = "supervised"  # 督办
    CIRCULATED = "circulated"  # 通报
    SUMMONED = "summoned"  # 约谈
    LOOK_BACK_DUE = "look_back_due"
    LOOKED_BACK = "looked_back"  # 回头看: it stayed mended
    LOOK_BACK_FAILED = "look_back_failed"  # it did not: a new entry goes on


class Signature(msgspec.Struct, frozen=True):
    """One signature a step needs, and whose it may be. ``major``: of major hazards only."""

    kind: StepKind
    by: frozenset[Signer]
    major: bool = False


_BUREAU: Final = frozenset({Signer.INSPECTOR, Signer.AUDITOR})
_LEADER: Final = frozenset({Signer.GROUP_LEADER})
_OFFICER: Final = frozenset({Signer.SAFETY_OFFICER})
_PRINCIPAL: Final = frozenset({Signer.PRINCIPAL})
_GATEWAY: Final = frozenset({Signer.GATEWAY})

SIGNATURES: Final[Mapping[HazardStep, tuple[Signature, ...]]] = MappingProxyType(
    {
        HazardStep.FIND: (
            Signature(StepKind.FOUND, frozenset(Signer)),
            # Pinglu 2023: findings are signed by the principal, then reviewed by the leader.
            Signature(StepKind.FINDING_SIGNED, _PRINCIPAL),
            Signature(StepKind.FINDING_REVIEWED, _LEADER),
        ),
        HazardStep.REGISTER: (
            Signature(StepKind.REGISTERED, _OFFICER | _BUREAU | _LEADER | _GATEWAY),
        ),
        HazardStep.ASSESS: (
            Signature(StepKind.ASSESSED, _OFFICER | _BUREAU | _LEADER),
            # Money and people are the principal's to give.
            Signature(StepKind.ASSESSMENT_SIGNED, _PRINCIPAL),
        ),
        HazardStep.REPORT: (
            Signature(StepKind.REPORTED, _OFFICER | _PRINCIPAL),
            # Jiangxi 2020, Yuncheng 2024: the leaders know of every major one.
            Signature(StepKind.REPORT_TAKEN, _LEADER, major=True),
        ),
        HazardStep.MONITOR: (Signature(StepKind.MONITORED, _OFFICER | _BUREAU),),
        HazardStep.REMEDY: (
            Signature(
                StepKind.REMEDIED, _OFFICER | _PRINCIPAL | {Signer.TECHNICIAN, Signer.GATEWAY}
            ),
        ),
        HazardStep.ACCEPT: (
            Signature(StepKind.ACCEPTED, _BUREAU | _OFFICER),
            # Pinglu 2023: and so are results.
            Signature(StepKind.RESULT_SIGNED, _PRINCIPAL),
            Signature(StepKind.RESULT_REVIEWED, _LEADER),
        ),
        HazardStep.CLOSE: (Signature(StepKind.CLOSED, _BUREAU | _LEADER),),
    }
)
"""The signatures of each step, in their order."""


class SignedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step with who signs for it. ``actor`` is a user's name; empty = the gateway.

    ``photos`` are SHA-256 of pictures. ``at_step`` is where the entry stood. ``key`` is the name
    that the sender gave the act; empty when none was given. ``detail`` holds what the kind needs:
    ``due`` and ``was`` (extended), ``order``, ``state`` (order), ``notice``, ``entry`` (the one
    that goes on), ``faults``, ``grade``.
    """

    at: int
    actor: str
    role: Signer
    kind: StepKind
    at_step: HazardStep
    text: str = ""
    photos: tuple[str, ...] = ()
    detail: dict[str, str | int | None] = msgspec.field(default_factory=dict)
    key: str = ""


class FiveThings(msgspec.Struct, frozen=True, kw_only=True):
    """What is named before "assess" is left (五到位, Yuncheng 2024). ``money`` in yuan; 0 says
    that none is needed. ``deadline`` in ms."""

    responsible: str
    measure: str
    money: int
    deadline: int
    contingency: str


class Check(msgspec.Struct, frozen=True):
    """A line of an inspector's checklist. ``met`` ``None``: was not looked at."""

    text: str
    met: bool | None = None


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """How the work order stands that is the remedy: one record, only referred to here.

    ``done_by`` are those who repaired: assigned, or reported it done. ``verified`` (ms) is when it
    was proven by ``verification``, or accepted for a reason; ``None``: not yet.
    """

    number: int
    state: str
    done_by: tuple[str, ...] = ()
    verified: int | None = None
    verification: str = ""


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger as it stands at one ``version``.

    ``number`` is its own for good. ``due`` is the deadline of what is under way: until five things
    are named that of naming them, then that of the remedy, then that of the acceptance;
    ``remedy_due`` keeps that of the remedy, ``notice_due`` the one a notice set. ``rung`` is how
    far it has climbed for being overdue, since ``rung_at``; ``remedy_rung`` are both as they were
    when the remedy was reported. ``device`` (its row), ``device_id``, ``condition``, ``scope`` and
    ``order`` are those of the fault and its work order; ``policy`` and ``item`` of the failed item.
    ``order_spent`` says that its repair was not accepted: somebody has to remedy it by hand.
    ``look_back`` is when it is to be looked at again, ``look_back_said`` when the gateway said so,
    ``looked_back`` when it was. ``reopens`` is the closed entry that this one goes on from,
    ``continued`` the one that goes on from this.
    """

    number: int
    school: str
    origin: Origin
    opened: int
    due: int
    text: str = ""
    place: str = ""
    grade: Grade = Grade.GENERAL
    step: HazardStep = HazardStep.FIND
    found_by: str = ""
    checks: tuple[Check, ...] = ()
    device: int | None = None
    device_id: str = ""
    kind: str = ""
    condition: str = ""
    scope: str = ""
    faults: int = 0
    order: OrderState | None = None
    order_spent: bool = False
    policy: str = ""
    item: str = ""
    five: FiveThings | None = None
    needs_interim: bool = False
    interim: str = ""
    remedy_due: int | None = None
    notice_due: int | None = None
    notices: tuple[int, ...] = ()
    signed: tuple[tuple[StepKind, str], ...] = ()
    """Signatures of the step under way: what, and by whom."""
    remedied_by: tuple[str, ...] = ()
    rung: StepKind | None = None
    rung_at: int | None = None
    remedy_rung: tuple[StepKind | None, int | None] = (None, None)
    closed: int | None = None
    look_back: int | None = None
    look_back_said: int | None = None
    looked_back: int | None = None
    reopens: int | None = None
    continued: int | None = None
    version: int = 1
    steps: tuple[SignedStep, ...] = ()

    @property
    def standing(self) -> bool:
        """Whether it has not been struck off."""
        return self.closed is None

    @property
    def awaited(self) -> Signature | None:
        """The signature that is wanted next; ``None`` once closed."""
        if self.closed is not None:
            return None
        have = {kind for kind, _ in self.signed}
        return next((each for each in wanted(self.step, self.grade) if each.kind not in have), None)

    def overdue(self, now: int) -> bool:
        """Whether the deadline of what is under way has passed."""
        return self.standing and now > self.due


def wanted(step: HazardStep, grade: Grade) -> tuple[Signature, ...]:
    """The signatures that a step needs for a hazard of that grade, in their order."""
    return tuple(each for each in SIGNATURES[step] if not each.major or grade is Grade.MAJOR)
