"""Policies: which items a bureau asks for, how each is proven, and the figures it is judged by.

A policy is data (``config/policies/NAME.yaml``); a bureau writes its own without code. What is
loaded stands in the facts (kind `POLICY`), so that a past instant is judged by the policy as it was
known then, and a bundle holds what it was judged by.

Pure data: files are read in ``gateway.policies``, verdicts are given in ``audit.coverage``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from audit.attestation import Terms
from audit.staffing import USUAL, StaffingRule

POLICY: Final = "policy"
"""The kind of facts that hold a policy as it is from then on; their subject is `policy_subject`."""

POLICY_ENDED: Final = "policy_ended"
"""The kind of facts that end one: nobody asks for it from then on, until it is loaded again. Their
subject is the policy's; the body says which version ended."""


class Proof(StrEnum):
    """How an item is proven."""

    DEVICES = "devices"
    """By what the gateway measured itself, of the devices that the school's baseline asks for."""
    ATTESTED = "attested"
    """By a named person's statement with evidence and a date of expiry."""


class Test(StrEnum):
    """A verification that may show that an alarm reaches the police, with their acknowledgement."""

    __test__ = False  # pytest: this is none of its tests

    BUTTON = "button"  # from the press on
    LINK = "link"  # from the gateway on, over every link of the school that is tested
    ATTESTED = "attested"  # an alarm host's own: somebody asked the police by telephone


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure, and who says so. ``from_memory``: not read in the source itself."""

    value: int
    unit: str
    source: str
    from_memory: bool = False


class Figures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of figures (``config/policies/figures.yaml``), as a policy uses them.

    ``staffing`` is the rule for guards. What is judged here uses the first block; the rest is for
    reports, the ledger and the pages, so that each figure stands once.
    """

    repair_hours: Figure
    """A fault younger than that does not count as failed."""
    settling_hours: Figure
    """A device new to the register proves nothing before that, unless it is verified sooner."""
    test_days: Figure
    """A test of the way to the police is good for so long."""
    storage_days: Figure
    """Recordings reach back so far."""
    storage_days_key_target: Figure
    """So far at key targets of counter-terrorism."""
    recordings_hours: Figure
    """A verdict on recordings is good for so long: recorders are asked through every night."""

    power_hours: Figure
    """Video keeps working so long without mains."""
    police_seconds: Figure
    """An alarm is at the police platform within that."""
    alarms_at_once: Figure
    """So many alarms at the same time arrive."""
    video_before_alarm_s: Figure
    """So much video from before an alarm goes along."""
    guard_rounds_a_day: Figure
    report_by_telephone_minutes: Figure
    """Counted from the occurrence."""
    report_in_writing_minutes: Figure
    drill_days: Figure
    drill_days_kindergarten: Figure
    inspection_days: Figure
    staffing: StaffingRule = USUAL


class Platform(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shows that the video reaches a platform that is not ours.

    ``reported``: a recorder's own report that it is registered with the police's platform counts
    (of the education department's it says nothing). ``ours``: this gateway is that platform, so
    that what is registered here and told to be online reaches it. Where nothing measures it: an
    attestation of the item ``attested_as``.
    """

    attested_as: str
    reported: bool = False
    ours: bool = False


class Needs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each required device, or the school, needs for an item. That it is there always.

    ``working`` and ``picture`` name conditions of alerts (``docs/alert-list.md``) while one of
    which a device does not work, or its picture is of no use. ``recorded``: its recordings are
    judged met for the required days. ``linked``: a link of the school to the police is up.
    ``tested``: by one of these tests, younger than the test period; ``tested_each`` = every
    required device by a test of its own. ``platform``: its video reaches it.
    """

    working: tuple[str, ...] = ()
    picture: tuple[str, ...] = ()
    recorded: bool = False
    linked: bool = False
    tested: tuple[Test, ...] = ()
    tested_each: bool = False
    platform: Platform | None = None


class Required(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Devices of one sort that an item is about, and what they need: those of ``kinds`` that the
    baseline asks for, only at gates if ``gate``. A baseline that asks for none proves nothing.
    """

    kinds: tuple[str, ...]
    needs: Needs = Needs()
    gate: bool = False


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item of a policy.

    Proven by devices: all that is ``required``. Attested: by ``terms``, as the item ``attested_as``
    (the same statement may serve several policies), its figure ``guards`` held against the staffing
    rule if ``staffed``. Of devices, ``terms`` are those of what is attested of a platform.
    """

    id: str
    name_zh: str
    name_en: str
    proof: Proof
    required: tuple[Required, ...] = ()
    terms: Terms = Terms()
    staffed: bool = False
    attested_as: str = ""

    @property
    def statements(self) -> tuple[str, ...]:
        """The items of attestations that it may rest on."""
        if self.proof is Proof.ATTESTED:
            return (self.statement,)
        platforms = (one.needs.platform for one in self.required)
        return tuple(dict.fromkeys(one.attested_as for one in platforms if one is not None))

    @property
    def statement(self) -> str:
        """Of an attested item: the item of the attestations that it rests on."""
        return self.attested_as or self.id


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy. ``valid_from`` is the day (2026-01-01) from which the bureau asks for it; it is
    told, and changes no verdict: what is known counts from when it is known.
    """

    id: str
    version: int
    valid_from: str
    name_zh: str
    name_en: str
    source: str
    items: tuple[Item, ...]
    figures: Figures

    def item(self, name: str) -> Item | None:
        """The item of that id."""
        return next((one for one in self.items if one.id == name), None)


def policy_subject(policy: str) -> str:
    """The subject of the facts about a policy."""
    return f"{POLICY}:{policy}"


def policy_named(subject: str) -> str:
    """The id of the policy that such a fact is about."""
    return subject.removeprefix(f"{POLICY}:")


def policy_body(policy: Policy) -> bytes:
    """The body of such a fact: canonical JSON (sorted keys, no spaces), whole."""
    return msgspec.json.encode(msgspec.to_builtins(policy), order="sorted")


_policy: Final = msgspec.json.Decoder(Policy).decode


def policy_of(body: bytes) -> Policy:
    """The policy that a fact's body holds. Raises ``msgspec.MsgspecError`` when it holds none."""
    return _policy(body)
