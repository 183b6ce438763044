"""Single cases of the judge that policies' own test files cannot tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pytest
from told_history import DAY, FOLDER, HOUR

from audit.baseline import BASELINE, Baseline, Needed, baseline_subject
from audit.coverage import Code, ItemVerdict, Reason, SchoolRecord, fold, judge
from audit.fact import FactRow
from audit.roster import SchoolKind
from audit.verification.model import Verdict
from gateway.policies.facts_told import Telling
from gateway.policies.loading import load_policies
from gateway.store.encoding import canonical

NOW: Final = 1_750_000_000_000
POLICIES: Final = {policy.id: policy for policy in load_policies(FOLDER)}


class Town(Telling):
    """A school that is told of, and judged."""

    def __init__(self) -> None:
        super().__init__(now=NOW)
        self.roster(SchoolKind.PRIMARY, 400, 0, key_target=False)

    def needs(self, *needs: Needed) -> None:
        body = Baseline(
            school=self.school, version=1, needs=needs, signed_by="paul", signed=NOW - 400 * DAY
        )
        self.fact(BASELINE, NOW - 400 * DAY, baseline_subject(self.school), body)

    def has(self, kind: str, *names: str, place: str = "gate", since: int = 300 * DAY) -> None:
        for name in names:
            self.register(NOW - since, name, kind, place)

    def record(self, rows: Iterable[FactRow] | None = None) -> SchoolRecord:
        record = SchoolRecord(school=self.school)
        for row in self.rows if rows is None else rows:
            record = fold(record, row)
        return record

    def of(self, item: str, policy: str = "six-100", now: int = NOW) -> ItemVerdict:
        found = POLICIES[policy].item(item)
        assert found is not None
        return judge(POLICIES[policy], found, self.record(), now)


@pytest.fixture
def town() -> Town:
    return Town()


def cameras(town: Town, *names: str, place: str = "gate") -> None:
    """Cameras that prove themselves in every way, linked to the police."""
    town.has("camera", *names, place=place)
    for name in names:
        town.recordings(NOW - HOUR, name, "met", 30, "recorder")
    town.report(NOW - HOUR, "recorder", "registered")


def against(verdict: ItemVerdict) -> list[Reason]:
    """What tells against it, or will."""
    return [reason for reason in verdict.reasons if reason.verdict is not Verdict.MET]


def codes(verdict: ItemVerdict) -> list[str]:
    return [reason.code.value for reason in against(verdict)]


def test_a_reason_names_device_place_time_and_the_row_that_proves_it(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.alert(NOW - 30 * HOUR, "cam-1", "camera_frozen")
    row = town.rows[-1].row
    verdict = town.of("video")
    assert verdict.verdict is Verdict.FAILED
    (reason,) = verdict.reasons
    assert (reason.code, reason.part, reason.device, reason.place) == (
        "fault", "picture", "cam-1", "gate",
    )  # fmt: skip
    assert reason.since == NOW - 30 * HOUR
    assert reason.evidence == row
    assert reason.inputs == {"condition": "camera_frozen"}
    assert not reason.pending


def test_a_link_that_was_removed_is_down_and_its_tests_prove_nothing_of_another(
    town: Town,
) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button-1")
    town.link(NOW - 100 * DAY, "up")
    town.verified(NOW - 3 * DAY, "police", Verdict.MET)
    assert town.of("one_key_alarm").verdict is Verdict.MET
    body = {"state": "down", "cause": "removed"}
    town.fact("link_state", NOW - 2 * DAY, f"link:{town.school}/police", body)
    gone = town.of("one_key_alarm")
    assert gone.verdict is Verdict.FAILED
    assert codes(gone) == ["link_down", "never_tested"]
    assert against(gone)[0].inputs == {"cause": "removed"}
    assert against(gone)[0].since == NOW - 2 * DAY
    town.link(NOW - DAY, "up")
    assert codes(town.of("one_key_alarm")) == ["never_tested"], "another one, of the same name"


def test_a_fault_counts_from_the_very_millisecond_on(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.alert(NOW - 23 * HOUR, "cam-1", "camera_offline")
    begun = NOW - 23 * HOUR
    early = town.of("video")
    assert early.verdict is Verdict.MET
    assert early.until == begun + DAY
    assert [reason.due for reason in against(early)] == [begun + DAY]
    assert town.of("video", now=begun + DAY - 1).verdict is Verdict.MET
    assert town.of("video", now=begun + DAY).verdict is Verdict.FAILED


def test_a_fault_that_worsens_or_is_told_again_is_no_younger(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.alert(NOW - 50 * HOUR, "cam-1", "camera_offline")
    town.alert(NOW - HOUR, "cam-1", "camera_offline")
    verdict = town.of("video")
    assert verdict.verdict is Verdict.FAILED
    assert verdict.reasons[0].since == NOW - 50 * HOUR


def test_one_camera_more_than_asked_for_may_be_broken_and_taking_it_away_gains_nothing(
    town: Town,
) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1", "cam-2")
    town.alert(NOW - 90 * HOUR, "cam-1", "camera_offline")
    assert town.of("video").verdict is Verdict.MET
    town.remove(NOW - HOUR, "cam-1")
    assert town.of("video").verdict is Verdict.MET
    town.remove(NOW - HOUR, "cam-2")
    assert codes(town.of("video")) == ["missing"]


def test_no_camera_answers_two_needs(town: Town) -> None:
    """One at the gate is one at the gate; the yard and the site around both need their own."""
    for place, around in (("site", None), ("gate", "site"), ("yard", "site")):
        town.placed(NOW - 400 * DAY, place, around)
    town.needs(
        Needed(place="site", kind="camera", count=2),
        Needed(place="gate", kind="camera"),
        Needed(place="", kind="camera"),
    )
    cameras(town, "cam-1", "cam-2")
    cameras(town, "cam-3", place="yard")
    lacking = town.of("video")
    assert [(one.code, one.place, one.inputs["found"]) for one in lacking.reasons] == [
        (Code.MISSING, "", 0)
    ]
    cameras(town, "cam-4", place="elsewhere")
    assert town.of("video").verdict is Verdict.MET


def test_the_need_with_less_room_chooses_first(town: Town) -> None:
    """Else the gate's only camera would be taken for the site, and the gate go without."""
    town.placed(NOW - 400 * DAY, "gate", "site")
    town.needs(Needed(place="site", kind="camera"), Needed(place="gate", kind="camera"))
    cameras(town, "a-gate")
    cameras(town, "b-site", place="site")
    assert town.of("video").verdict is Verdict.MET


def test_a_dead_device_registered_anew_gains_neither_rate_nor_time(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.alert(NOW - 90 * HOUR, "cam-1", "silent")
    town.remove(NOW - 2 * HOUR, "cam-1")
    town.register(NOW - 2 * HOUR, "cam-1", "camera", "gate")
    fresh = town.of("video")
    assert fresh.verdict is Verdict.UNKNOWN
    assert "settling" in codes(fresh)
    town._alerts.clear()
    town.alert(NOW - HOUR, "cam-1", "silent")
    assert codes(town.of("video"))[0] == "fault"
    assert town.of("video").verdict is Verdict.FAILED


def test_what_was_known_of_a_device_of_the_same_name_is_not_known_of_the_next(town: Town) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button")
    town.link(NOW - 200 * DAY, "up")
    town.verified(NOW - 2 * DAY, "button", Verdict.MET)
    assert town.of("one_key_alarm").verdict is Verdict.MET
    town.remove(NOW - DAY, "button")
    town.register(NOW - DAY, "button", "alarm-button", "gate")
    assert codes(town.of("one_key_alarm")) == ["never_tested"]


def test_a_verification_begun_before_the_device_was_put_up_proves_nothing_of_it(town: Town) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.link(NOW - 200 * DAY, "up")
    town.has("alarm-button", "button", since=HOUR)
    town.verified(NOW - HOUR + 60_000, "button", Verdict.MET)  # ten minutes under way
    assert "settling" in codes(town.of("one_key_alarm"))


def test_of_two_links_one_that_is_up_is_enough_and_both_down_count_from_the_last(
    town: Town,
) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button")
    town.verified(NOW - 2 * DAY, "button", Verdict.MET)
    town.link(NOW - 200 * DAY, "up")
    other = f"link:{town.school}/host"
    town.fact("link_state", NOW - 190 * DAY, other, {"state": "down", "cause": "silent"})
    assert town.of("one_key_alarm").verdict is Verdict.MET
    town.link(NOW - HOUR, "down")
    both = town.of("one_key_alarm")
    assert both.verdict is Verdict.MET
    assert both.until == NOW + 23 * HOUR
    assert both.reasons[0].pending


def test_a_link_that_never_was_up_is_forgiven_nothing(town: Town) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button")
    town.verified(NOW - 2 * DAY, "button", Verdict.MET)
    town.link(NOW - HOUR, "unverified")
    assert town.of("one_key_alarm").verdict is Verdict.UNKNOWN
    town.link(NOW - HOUR, "down")
    assert town.of("one_key_alarm").verdict is Verdict.FAILED


def test_a_link_that_flaps_between_down_and_unverified_is_mended_by_neither(town: Town) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button")
    town.verified(NOW - 2 * DAY, "button", Verdict.MET)
    town.link(NOW - 200 * DAY, "up")
    for hours, state in ((30, "down"), (20, "unverified"), (2, "down")):
        town.link(NOW - hours * HOUR, state)
    verdict = town.of("one_key_alarm")
    assert verdict.verdict is Verdict.FAILED
    assert verdict.reasons[0].since == NOW - 30 * HOUR


def test_a_failed_test_of_the_only_link_counts_after_a_day_though_the_button_was_fine(
    town: Town,
) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    town.has("alarm-button", "button")
    town.link(NOW - 200 * DAY, "up")
    town.verified(NOW - 5 * DAY, "button", Verdict.MET)
    town.verified(NOW - 4 * DAY, "police", Verdict.MET)
    town.verified(NOW - 2 * DAY, "police", Verdict.FAILED)
    verdict = town.of("one_key_alarm")
    assert verdict.verdict is Verdict.FAILED
    assert [(one.code, one.link) for one in verdict.reasons] == [(Code.TEST_FAILED, "police")]
    town.verified(NOW - HOUR, "police", Verdict.MET)
    assert town.of("one_key_alarm").verdict is Verdict.MET


def test_a_test_that_came_to_nothing_changes_nothing(town: Town) -> None:
    town.verified(NOW - DAY, "police", Verdict.MET)
    before = town.record()
    town.verified(NOW - HOUR, "police", Verdict.UNKNOWN)
    assert town.record() is not before
    assert town.record() == before


def test_a_need_of_the_future_counts_from_its_day(town: Town) -> None:
    town.needs(
        Needed(place="gate", kind="camera"),
        Needed(place="yard", kind="camera", commissioned=NOW + 5 * DAY),
    )
    cameras(town, "cam-1")
    town.recordings(NOW, "cam-1", "met", 30, "recorder")
    verdict = town.of("video")
    assert verdict.verdict is Verdict.MET
    assert codes(verdict) == ["not_commissioned"]
    later = town.of("video", now=NOW + 5 * DAY)
    assert "missing" in codes(later)


def test_a_school_that_needs_nothing_yet_proves_nothing(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera", commissioned=NOW + DAY))
    verdict = town.of("video")
    assert verdict.verdict is Verdict.UNKNOWN
    assert verdict.until == NOW + DAY


def test_of_what_is_young_no_older_recordings_are_asked(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera", commissioned=NOW - 10 * DAY))
    town.has("camera", "cam-1")
    town.report(NOW - HOUR, "recorder", "registered")
    town.recordings(NOW - HOUR, "cam-1", "met", 9, "recorder")
    assert town.of("video").verdict is Verdict.MET
    town.recordings(NOW - HOUR, "cam-1", "met", 8, "recorder")
    assert codes(town.of("video")) == ["recordings_other_days"]


def test_recordings_judged_for_ninety_days_and_short_may_do_for_thirty_or_not(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.recordings(NOW - HOUR, "cam-1", "short", 90, "recorder")  # 45 of 90 days are there
    assert codes(town.of("video")) == ["recordings_other_days"]
    assert town.of("video").verdict is Verdict.UNKNOWN
    town.recordings(NOW - HOUR, "cam-1", "short", 40, "recorder")  # 20 of 40
    assert codes(town.of("video")) == ["recordings_short"]


def test_a_nightly_round_proves_what_did_not_change(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    town.has("camera", "cam-1")
    town.report(NOW - 60 * DAY, "recorder", "registered")
    town.recordings(NOW - 60 * DAY, "cam-1", "met", 30, "recorder")
    assert codes(town.of("video")) == ["recordings_stale"]
    one = {"status": "met", "required_days": 30, "as_of": NOW - HOUR, "reach": NOW - 31 * DAY}
    body = {"cameras": {"cam-1": one}}
    town.fact("recordings_round", NOW - HOUR, f"device:{town.school}/recorder", body)
    assert town.of("video").verdict is Verdict.MET


def test_the_recorders_silence_takes_back_no_word_that_the_link_is_lost(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.attest(NOW - 9 * DAY, "video_link", lasts=90 * DAY, figures={})
    town.report(NOW - 40 * HOUR, "recorder", "lost")
    town.report(NOW - 10 * HOUR, "recorder", "unknown")
    verdict = town.of("video")
    assert codes(verdict) == ["platform_lost"]
    assert verdict.verdict is Verdict.FAILED
    town.report(NOW - HOUR, "recorder", "registered")
    assert town.of("video").verdict is Verdict.MET


def test_one_recorder_with_many_cameras_is_one_reason(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera", count=3))
    cameras(town, "cam-1", "cam-2", "cam-3")
    town.report(NOW - 40 * HOUR, "recorder", "lost")
    assert [(one.code, one.device) for one in town.of("video").reasons] == [
        (Code.PLATFORM_LOST, "recorder")
    ]


# Cut off together


def test_who_is_cut_off_is_unknown_after_a_day_and_well_once_heard(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.cut_off(NOW - 25 * HOUR, "cam-1")
    verdict = town.of("video")
    assert verdict.verdict is Verdict.UNKNOWN
    assert codes(verdict) == ["cut_off"]
    body = {"gone": [], "back": ["cam-1"], "school": town.school}
    town.fact("victims", NOW - HOUR, "alert:1", body)
    assert town.of("video").verdict is Verdict.MET


def test_a_wider_outage_begins_no_new_time_to_repair(town: Town) -> None:
    """Silent for three days, then part of an outage of an hour: still out for three days."""
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.alert(NOW - 72 * HOUR, "cam-1", "silent")
    assert town.of("video").verdict is Verdict.FAILED
    town.cut_off(NOW - HOUR, "cam-1")
    closed = {"alert": 1, "kind": "closed", "detail": {"cause": "absorbed"}}
    town.fact("transition", NOW - HOUR, "alert:1", {**closed, "school": town.school})
    assert town.of("video").verdict is Verdict.UNKNOWN, "what comes after the news of the outage"
    again = {"gone": ["cam-1"], "back": [], "school": town.school}
    town.fact("victims", NOW - HOUR, "alert:2", again)
    verdict = town.of("video")
    assert (verdict.verdict, codes(verdict)) == (Verdict.UNKNOWN, ["cut_off"])
    assert verdict.reasons[0].since == NOW - 72 * HOUR


def test_an_outage_that_is_over_leaves_the_rest_their_time_to_be_heard(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1")
    town.cut_off(NOW - 25 * HOUR, "cam-1")
    over = {"alert": 1, "kind": "returned", "detail": {}, "school": town.school}
    town.fact("transition", NOW - HOUR, "alert:1", over)
    assert town.of("video").verdict is Verdict.MET


# Facts written before alerts said whose they are


def test_an_alert_of_an_older_record_is_found_by_the_row_of_its_device(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera"))
    cameras(town, "cam-1", "cam-2")
    number = town.record().devices["cam-2"].number
    detail = {"device": number, "school": town.school, "condition": "camera_offline"}
    old = {"alert": 9, "version": 1, "kind": "raised", "detail": detail}
    town.fact("transition", NOW - 50 * HOUR, "alert:9", old)
    assert town.record().faults[9].device == "cam-2"


# What proves it


def test_a_verdict_that_is_met_tells_what_proves_it(town: Town) -> None:
    town.needs(Needed(place="gate", kind="alarm-button"))
    signed = town.rows[-1].row
    town.has("alarm-button", "button")
    town.link(NOW - 200 * DAY, "up")
    up = town.rows[-1].row
    town.verified(NOW - 2 * DAY, "button", Verdict.MET)
    tested = town.rows[-1].row
    verdict = town.of("one_key_alarm")
    assert [(one.code, one.evidence, one.due) for one in verdict.reasons] == [
        (Code.BASELINE_SIGNED, signed, None),
        (Code.LINK_UP, up, None),
        (Code.TESTED, tested, NOW + 29 * DAY),
    ]
    assert verdict.until == NOW + 29 * DAY


# Statements


def test_a_newer_statement_that_nobody_confirmed_yet_replaces_the_older(town: Town) -> None:
    town.attest(NOW - 90 * DAY, "guard_posts", lasts=180 * DAY, figures={})
    assert town.of("guard_posts").verdict is Verdict.MET
    town.attest(NOW - DAY, "guard_posts", lasts=180 * DAY, figures={}, confirmed=False)
    assert codes(town.of("guard_posts")) == ["statement_unconfirmed"]


def test_a_statement_is_good_for_no_longer_than_the_policy_allows(town: Town) -> None:
    town.attest(NOW - 182 * DAY, "guard_posts", lasts=3000 * DAY, figures={})
    verdict = town.of("guard_posts")
    assert verdict.verdict is Verdict.MET
    assert verdict.until == NOW + DAY
    assert codes(town.of("guard_posts", now=NOW + DAY)) == ["statement_expired"]


def test_too_few_guards_are_failed_at_once_and_say_how_many_are_needed(town: Town) -> None:
    town.attest(NOW - DAY, "guards", lasts=180 * DAY, figures={"guards": 1})
    verdict = town.of("guards")
    assert verdict.verdict is Verdict.FAILED
    assert verdict.reasons[0].inputs == {"guards": 1, "needed": 2, "from_memory": True}


def test_a_school_on_no_roster_is_unknown_whatever_else_is_known() -> None:
    town = Town()
    town.rows.clear()
    town.attest(NOW - DAY, "guards", lasts=180 * DAY, figures={"guards": 9})
    assert codes(town.of("guards")) == ["not_on_roster"]


def test_a_known_fault_counts_before_what_is_not_known(town: Town) -> None:
    town.needs(Needed(place="gate", kind="camera", count=2))
    cameras(town, "cam-1")
    town.has("camera", "cam-2")
    town.alert(NOW - 50 * HOUR, "cam-2", "camera_offline")
    verdict = town.of("video")
    assert verdict.verdict is Verdict.FAILED
    assert codes(verdict) == ["fault", "no_recordings", "platform_not_attested"]


def test_an_unreadable_fact_is_passed_over(town: Town) -> None:
    record = town.record()
    odd = FactRow(99, "device", NOW, NOW, "gateway", "device:example/x", canonical({"after": 7}))
    assert fold(record, odd) is record
