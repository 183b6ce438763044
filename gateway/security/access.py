"""Who may do what, where: a table of roles and one question."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec


class Role(StrEnum):
    """What a person's work is; or a program's."""

    OPERATOR = "operator"  # sits in the control room and takes alerts
    TECHNICIAN = "technician"  # keeps devices working
    AUDITOR = "auditor"  # reads everything in scope; changes nothing but ledger and notices
    SAFETY_OFFICER = "safety_officer"  # of a school: states what is met, keeps its ledger
    PRINCIPAL = "principal"  # signs for the school
    INSPECTOR = "inspector"  # of the bureau: finds hazards, issues notices
    GROUP_LEADER = "group_leader"  # of an inspection group: reviews what inspectors sign
    ADMINISTRATOR = "administrator"
    PROBE = "probe"  # looks at cameras: brings what it saw, and sees nothing


class What(StrEnum):
    """What somebody wants to do."""

    READ = "read"  # alerts, devices, the register, curves
    ACKNOWLEDGE = "acknowledge"  # take an alert, comment on it
    HANDLE = "handle"  # assign, shelve, reset, mark false
    DIAGNOSE = "diagnose"  # see discoveries and rejected messages
    EQUIP = "equip"  # adopt, change, remove a device, take it out of service
    CALIBRATE = "calibrate"  # a school's own figures for the rules of a kind
    VERIFY = "verify"  # test devices and links, and confirm what a test raised
    EXERCISE = "exercise"  # lead exercises of the alarm chain, and mark their steps
    REPAIR = "repair"  # open, take and report work orders
    WAIVE = "waive"  # end a work order without a verification
    CONTACTS = "contacts"  # keep the lists of whom to telephone about a school
    ROSTER = "roster"  # plan who is on duty
    MAINTAIN = "maintain"  # announce and end maintenances: faults are hidden meanwhile
    WATCH = "watch"  # see pictures that cameras took: they show children; each view is a fact
    FILM = "film"  # bring pictures of cameras
    PROVE = "prove"  # read the facts
    ENLIST = "enlist"  # keep the roster of schools, load policies
    BASELINE = "baseline"  # propose what a school must have, and sign it
    CONFIRM = "confirm"  # be the second person: for a smaller baseline, for an attestation
    ATTEST = "attest"  # state that an item is met, with evidence
    LEDGER = "ledger"  # open entries of the hazard ledger and take their steps
    NOTICE = "notice"  # issue rectification notices
    CAMPAIGN = "campaign"  # plan campaigns, their checklists and deadlines
    REPORT = "report"  # sign weekly and special reports, mark checklists
    PRESS = "press"  # press a simulated alarm button
    GOVERN = "govern"  # users and tokens


_EVERYBODY: Final = frozenset(Role) - {Role.PROBE}
_SCHOOL: Final = frozenset({Role.SAFETY_OFFICER, Role.PRINCIPAL})
_BUREAU: Final = frozenset({Role.AUDITOR, Role.INSPECTOR, Role.GROUP_LEADER})
"""Those of a bureau who audit: their scope is what they were given, of whatever school."""

MATRIX: Final[Mapping[What, frozenset[Role]]] = MappingProxyType(
    {
        What.READ: _EVERYBODY,
        What.ACKNOWLEDGE: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.HANDLE: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
        What.DIAGNOSE: frozenset({Role.TECHNICIAN, Role.AUDITOR, Role.ADMINISTRATOR}),
        What.EQUIP: frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.CALIBRATE: frozenset({Role.ADMINISTRATOR}),
        What.VERIFY: frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.EXERCISE: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.REPAIR: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.WAIVE: frozenset({Role.ADMINISTRATOR}),
        What.CONTACTS: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.ROSTER: frozenset({Role.ADMINISTRATOR}),
        What.MAINTAIN: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.WATCH: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.FILM: frozenset({Role.PROBE, Role.ADMINISTRATOR}),
        What.PROVE: _BUREAU | {Role.ADMINISTRATOR},
        What.ENLIST: frozenset({Role.ADMINISTRATOR}),
        What.BASELINE: _SCHOOL | {Role.INSPECTOR, Role.ADMINISTRATOR},
        What.CONFIRM: frozenset(
            {Role.PRINCIPAL, Role.INSPECTOR, Role.GROUP_LEADER, Role.ADMINISTRATOR}
        ),
        What.ATTEST: _SCHOOL | {Role.ADMINISTRATOR},
        What.LEDGER: _SCHOOL | _BUREAU | {Role.TECHNICIAN, Role.ADMINISTRATOR},
        What.NOTICE: _BUREAU | {Role.ADMINISTRATOR},
        What.CAMPAIGN: frozenset({Role.GROUP_LEADER, Role.ADMINISTRATOR}),
        What.REPORT: _SCHOOL | {Role.INSPECTOR, Role.GROUP_LEADER, Role.ADMINISTRATOR},
        What.PRESS: frozenset({Role.OPERATOR, Role.TECHNICIAN, Role.ADMINISTRATOR}),
        What.GOVERN: frozenset({Role.ADMINISTRATOR}),
    }
)
"""Which roles may do what. Whoever adds a `What` decides here; a test asks about every pair."""


class Caller(msgspec.Struct, frozen=True):
    """Who is asking: a user as signed in. ``schools`` are those in scope, ``None`` = all.

    ``credential`` is the SHA-256 of the session's or token's secret, so that a long-lived stream
    can be ended with it.
    """

    name: str
    display: str
    role: Role
    scopes: tuple[str, ...]
    schools: frozenset[str] | None
    password_set: bool
    by_session: bool
    credential: str

    def sees(self, school: str) -> bool:
        """Whether the school is in scope. The empty name is the gateway itself: everybody's."""
        return self.schools is None or not school or school in self.schools


def role_may(role: Role, what: What) -> bool:
    """Whether the role may do this at all, in whatever school."""
    return role in MATRIX[what]


def may(caller: Caller, what: What, school: str | None) -> bool:
    """Whether the caller may do this in that school.

    ``school`` ``None`` is for what belongs to no single school (users, tokens): only a caller
    whose scope is everything may, lest somebody give away more than they have.
    """
    if not role_may(caller.role, what):
        return False
    return caller.schools is None if school is None else caller.sees(school)
