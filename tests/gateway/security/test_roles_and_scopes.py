"""Who may do what, where: every pair of role and act, and the edges of scopes."""

from __future__ import annotations

import pytest

from gateway.security.access import Caller, Role, What, may

MAY = {
    Role.OPERATOR: {
        What.READ,
        What.ACKNOWLEDGE,
        What.HANDLE,
        What.EXERCISE,
        What.REPAIR,
        What.CONTACTS,
        What.MAINTAIN,
        What.WATCH,
        What.PRESS,
    },
    Role.TECHNICIAN: {
        What.READ,
        What.ACKNOWLEDGE,
        What.DIAGNOSE,
        What.EQUIP,
        What.VERIFY,
        What.EXERCISE,
        What.REPAIR,
        What.CONTACTS,
        What.MAINTAIN,
        What.WATCH,
        What.PRESS,
        What.LEDGER,
    },
    Role.AUDITOR: {
        What.READ,
        What.DIAGNOSE,
        What.PROVE,
        What.LEDGER,
        What.NOTICE,
    },
    Role.SAFETY_OFFICER: {What.READ, What.BASELINE, What.ATTEST, What.LEDGER, What.REPORT},
    Role.PRINCIPAL: {
        What.READ,
        What.BASELINE,
        What.CONFIRM,
        What.ATTEST,
        What.LEDGER,
        What.REPORT,
    },
    Role.INSPECTOR: {
        What.READ,
        What.PROVE,
        What.BASELINE,
        What.CONFIRM,
        What.LEDGER,
        What.NOTICE,
        What.REPORT,
    },
    Role.GROUP_LEADER: {
        What.READ,
        What.PROVE,
        What.CONFIRM,
        What.LEDGER,
        What.NOTICE,
        What.CAMPAIGN,
        What.REPORT,
    },
    Role.ADMINISTRATOR: set(What),
    Role.PROBE: {What.FILM},
}


def caller(role: Role, schools: frozenset[str] | None = None) -> Caller:
    return Caller(
        name="li.na",
        display="",
        role=role,
        scopes=(),
        schools=schools,
        password_set=True,
        by_session=True,
        credential="",
    )


@pytest.mark.parametrize("what", list(What))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_its_work_is_and_nothing_else(role: Role, what: What) -> None:
    assert may(caller(role), what, "no3") is (what in MAY[role])


@pytest.mark.parametrize("what", list(What))
def test_an_auditor_changes_nothing_but_the_ledger_and_notices(what: What) -> None:
    reads = what in {What.READ, What.DIAGNOSE, What.PROVE}
    assert reads or what in {What.LEDGER, What.NOTICE} or not may(caller(Role.AUDITOR), what, "no3")


def test_a_scope_ends_at_its_schools() -> None:
    east = caller(Role.OPERATOR, frozenset({"no3"}))

    assert may(east, What.HANDLE, "no3")
    assert not may(east, What.HANDLE, "no5")


def test_a_scope_without_schools_sees_only_the_gateway_itself() -> None:
    nobody = caller(Role.OPERATOR, frozenset())

    assert not may(nobody, What.READ, "no3")
    assert may(nobody, What.READ, "")


def test_what_belongs_to_no_school_needs_the_whole_scope() -> None:
    assert may(caller(Role.ADMINISTRATOR), What.GOVERN, None)
    assert not may(caller(Role.ADMINISTRATOR, frozenset({"no3"})), What.GOVERN, None)
