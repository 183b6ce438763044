"""A gateway that is off measures nothing: what it measured before is unknown after a while."""

from __future__ import annotations

import msgspec
import pytest
from test_coverage_cases import NOW, POLICIES, Town, cameras, codes
from told_history import DAY, HOUR

from audit.baseline import Needed
from audit.coverage import UNTOLD, ItemVerdict, Life, judge
from audit.verification.model import Verdict

LAST = Life(NOW - 2 * HOUR, 77)
SILENT = NOW - 2 * HOUR + DAY


@pytest.fixture
def town() -> Town:
    there = Town()
    there.needs(Needed(place="gate", kind="camera"), Needed(place="gate", kind="alarm-button"))
    cameras(there, "cam-1")
    there.attest(NOW - DAY, "guards", lasts=100 * DAY, figures={"guards": 9}, confirmed=True)
    return there


def of(town: Town, item: str, now: int, life: Life = LAST) -> ItemVerdict:
    policy = POLICIES["six-100"]
    found = policy.item(item)
    assert found is not None
    return judge(policy, found, town.record(), now, life)


def test_it_is_unknown_from_the_very_millisecond_on(town: Town) -> None:
    assert LAST.silent_from(POLICIES["six-100"]) == SILENT
    assert of(town, "video", SILENT - 1).verdict is Verdict.MET
    gone = of(town, "video", SILENT)
    assert gone.verdict is Verdict.UNKNOWN
    (reason,) = gone.reasons
    assert (reason.code, reason.since, reason.evidence) == ("no_gateway", LAST.at, LAST.row)


def test_another_sign_of_life_makes_it_what_it_was(town: Town) -> None:
    assert of(town, "video", SILENT, LAST.after(SILENT - 1, 99)).verdict is Verdict.MET
    assert LAST.after(NOW - DAY, 99).at == LAST.at, "one that is told late takes nothing back"


def test_a_gateway_that_has_never_said_so_is_not_called_silent(town: Town) -> None:
    assert of(town, "video", NOW + DAY, UNTOLD).verdict is Verdict.MET


def test_what_somebody_signed_does_not_need_a_gateway(town: Town) -> None:
    assert of(town, "guards", SILENT + DAY).verdict is Verdict.MET


def test_what_is_known_to_be_wrong_counts_before_it(town: Town) -> None:
    town.alert(NOW - HOUR, "cam-1", "camera_offline")
    assert of(town, "video", SILENT).verdict is Verdict.UNKNOWN
    failed = of(town, "video", NOW - HOUR + DAY)
    assert failed.verdict is Verdict.FAILED
    assert codes(failed) == ["fault", "no_gateway"]


def test_where_nothing_was_asked_for_the_gateway_is_no_reason(town: Town) -> None:
    town.rows[:] = [row for row in town.rows if row.kind != "baseline"]
    assert codes(of(town, "video", SILENT)) == ["no_baseline"]


def test_a_policy_with_a_short_time_to_repair_waits_for_more_than_one_sign() -> None:
    policy = POLICIES["six-100"]
    hours = msgspec.structs.replace(policy.figures.repair_hours, value=1)
    figures = msgspec.structs.replace(policy.figures, repair_hours=hours)
    hasty = msgspec.structs.replace(policy, figures=figures)
    assert Life(NOW).silent_from(hasty) == NOW + 3 * HOUR
    assert sorted(Life(NOW).silences([policy, hasty])) == [NOW + 3 * HOUR, NOW + DAY]
    assert UNTOLD.silences([policy]) == []
