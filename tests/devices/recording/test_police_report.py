"""What a recorder's link to the police rests on."""

from __future__ import annotations

import pytest

from devices.recording.police_report import (
    REPORT_LASTS_MS,
    STATEMENT_LASTS_MS,
    Basis,
    PoliceReport,
    Statement,
    police_report,
)

NOW = 1_795_161_600_000


@pytest.mark.parametrize("registered", [True, False])
def test_a_fresh_report_is_what_is_known(registered: bool) -> None:
    found = police_report(registered, NOW - REPORT_LASTS_MS, answers=False, now=NOW)
    assert found == PoliceReport(
        basis=Basis.REPORTED, registered=registered, at=NOW - REPORT_LASTS_MS
    )


def test_a_report_that_was_not_renewed_tells_nothing_of_now() -> None:
    at = NOW - REPORT_LASTS_MS - 1
    found = police_report(True, at, answers=True, now=NOW)
    assert found == PoliceReport(basis=Basis.UNKNOWN, at=at)


def test_a_recorder_that_answers_and_reports_nothing_has_its_link_attested() -> None:
    assert police_report(None, None, answers=True, now=NOW).basis is Basis.ATTESTED


@pytest.mark.parametrize("answers", [False, None])
def test_of_one_that_never_answered_nothing_is_known(answers: bool | None) -> None:
    found = police_report(None, None, answers=answers, now=NOW)
    assert (found.basis, found.registered) == (Basis.UNKNOWN, None)


def test_what_a_person_saw_changes_no_basis_and_does_not_last_for_ever() -> None:
    stated = Statement(registered=True, at=NOW, by="tim", reason="its platform page")
    for said, at, basis in (
        (None, None, Basis.ATTESTED),
        (False, NOW, Basis.REPORTED),
        (True, NOW - REPORT_LASTS_MS - 1, Basis.UNKNOWN),
    ):
        found = police_report(said, at, answers=True, now=NOW, stated=stated)
        assert (found.basis, found.stated) == (basis, stated)
    assert stated.stands(NOW + STATEMENT_LASTS_MS)
    assert not stated.stands(NOW + STATEMENT_LASTS_MS + 1)
