"""Why a device is red: each reason in a small story of the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from alerts.alert import Alert, AlertState
from alerts.diagnosis import diagnose, verdict_of
from alerts.elsewhere import By, Elsewhere, Stranger
from alerts.evidence import Counts, CutOff, Evidence, Reason, RejectsSeen, RepeaterSeen, Verdict
from alerts.finding import Explanation, Priority
from gateway.words import Words
from gateway.words import diagnosing as saying

NOW = 1_795_161_600_000
MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000
WORDS = Words.load()


@dataclass
class Told:
    """What a diagnosis came to."""

    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> list[str]:
        return [reason.code for reason in self.reasons]

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reasons)

    def says(self, at: int = 0) -> str:
        return saying.why(WORDS, self.reasons[at])["en"]

    def advises(self, at: int = 0) -> str:
        return saying.advice(WORDS, self.reasons[at])["en"]


def of(**known: Any) -> Told:
    """The diagnosis of a detector that speaks once an hour, well but for ``known``."""
    evidence = Evidence(
        now=NOW, listening=NOW - 10 * DAY, expected=HOUR, limit=90 * MINUTE, heard=NOW - MINUTE
    )
    told = Told(diagnose(msgspec.structs.replace(evidence, **known)))
    for reason in told.reasons:
        for text in (*saying.why(WORDS, reason).values(), *saying.advice(WORDS, reason).values()):
            assert "{" not in text
            assert not text.startswith(("why.", "advice."))
    return told


def alert(condition: str, priority: Priority = Priority.MEDIUM, **more: Any) -> Alert:
    fields = {
        "id": 7,
        "device": 2,
        "school": "no3",
        "condition": condition,
        "priority": priority,
        "state": AlertState.UNACKNOWLEDGED,
        "active": True,
        "raised": NOW - HOUR,
        "known": NOW - HOUR,
        "explanation": Explanation("silent", "silent", {"minutes": 60, "limit_minutes": 90}),
    }
    return Alert(**{**fields, **more})


def stranger(named: str = "smoke-new", **more: Any) -> Stranger:
    fields = {
        "id": named,
        "kind": "smoke",
        "address": named,
        "first_seen": NOW - 4 * HOUR,
        "last_seen": NOW - MINUTE,
    }
    return Stranger(**{**fields, **more})


SILENT = {"heard": NOW - 5 * HOUR}


def test_a_device_that_speaks_and_has_nothing_is_well() -> None:
    assert of().codes == []
    assert of().verdict is Verdict.OK


def test_silent_since_when_and_how_often_it_should_have_spoken() -> None:
    told = of(**SILENT)
    assert told.codes == ["silent"]
    assert told.reasons[0].since == NOW - 5 * HOUR
    assert told.says() == "Silent for 5 h, expected every 60 min (missed after 90 min)"
    assert told.verdict is Verdict.TROUBLE


def test_the_alert_gives_silence_its_priority_and_is_not_said_twice() -> None:
    told = of(**SILENT, alerts=(alert("silent", Priority.HIGH),))
    assert told.codes == ["silent"]
    assert told.reasons[0].priority is Priority.HIGH


def test_its_last_will_says_that_it_left() -> None:
    told = of(heard=NOW - 10 * MINUTE, online=False, online_since=NOW - 10 * MINUTE)
    assert told.codes == ["left"]
    assert told.says() == "It has left: the broker reported its connection gone 10 min ago"
    assert told.reasons[0].since == NOW - 10 * MINUTE


def test_a_last_will_that_came_before_it_spoke_again_says_nothing() -> None:
    assert of(online=False, online_since=NOW - 10 * MINUTE).codes == []


def test_who_left_long_ago_is_silent_too() -> None:
    told = of(heard=NOW - 5 * HOUR, online=False, online_since=NOW - 5 * HOUR)
    assert told.codes == ["left", "silent"]


def test_its_repeater_is_down_by_its_own_silence_or_its_last_will() -> None:
    quiet = RepeaterSeen("rep-1", NOW - 6 * HOUR, None, 0, silent=True)
    told = of(**SILENT, repeater=quiet)
    assert told.codes == ["repeater_down", "silent"]
    assert told.says() == "What it is heard through, “rep-1”, is down"
    assert told.reasons[0].since == NOW - 6 * HOUR

    left = RepeaterSeen("rep-1", NOW - 5 * HOUR, False, NOW - 5 * HOUR, silent=False)
    assert of(**SILENT, repeater=left).codes == ["repeater_down", "silent"]
    well = RepeaterSeen("rep-1", NOW - MINUTE, True, NOW - DAY, silent=False)
    assert of(**SILENT, repeater=well).codes == ["silent"]


def test_it_sends_but_nothing_of_it_is_understood() -> None:
    rejects = RejectsSeen(41, NOW - 5 * HOUR, NOW - MINUTE, "syntax", "not JSON: trailing comma")
    told = of(**SILENT, rejects=rejects)
    assert told.codes == ["rejected", "silent"]
    assert told.says() == (
        "It sends, and nothing of it is understood: 41 messages rejected, "
        "reason: Not valid JSON (not JSON: trailing comma)"
    )
    assert told.advises().startswith("The message is not valid JSON")
    assert told.reasons[0].since == NOW - 5 * HOUR


def test_some_of_its_messages_are_rejected() -> None:
    rejects = RejectsSeen(3, NOW - HOUR, NOW - 2 * MINUTE, "timestamp", "ts = 'noon'")
    told = of(heard=NOW - 3 * MINUTE, rejects=rejects)
    assert told.codes == ["some_rejected"]
    assert told.verdict is Verdict.TROUBLE


def test_what_was_rejected_and_then_understood_is_worth_knowing_and_no_trouble() -> None:
    rejects = RejectsSeen(3, NOW - HOUR, NOW - 2 * MINUTE, "timestamp", "ts = 'noon'")
    told = of(heard=NOW - MINUTE, rejects=rejects)
    assert told.codes == ["some_rejected"]
    assert told.verdict is Verdict.OK
    assert of(rejects=msgspec.structs.replace(rejects, last=NOW - 2 * HOUR)).codes == []


def test_so_many_that_an_alert_stands_are_trouble_though_the_last_one_was_understood() -> None:
    rejects = RejectsSeen(30, NOW - HOUR, NOW - 2 * MINUTE, "timestamp", "ts = 'noon'")
    standing = alert("rejected", priority=Priority.LOW)
    told = of(heard=NOW - MINUTE, rejects=rejects, alerts=(standing,))
    assert told.codes == ["some_rejected"]
    assert told.verdict is Verdict.TROUBLE


def test_what_it_said_last_was_rejected_and_that_is_said_until_something_is_understood() -> None:
    rejects = RejectsSeen(1, NOW - 70 * MINUTE, NOW - 70 * MINUTE, "syntax", "not JSON")
    assert of(heard=NOW - 80 * MINUTE, rejects=rejects).codes == ["some_rejected"]
    assert of(heard=NOW - 60 * MINUTE, rejects=rejects).codes == []


@pytest.mark.parametrize(
    "reason",
    [
        *("topic", "identifier", "too_large", "encoding", "syntax", "shape", "empty"),
        *("timestamp", "event", "fault", "forbidden", "undecoded", "template"),
    ],
)
def test_every_kind_of_reject_has_its_own_advice(reason: str) -> None:
    rejects = RejectsSeen(3, NOW - HOUR, NOW - MINUTE, reason, "…")
    assert of(**SILENT, rejects=rejects).codes == ["rejected", "silent"]


@pytest.mark.parametrize("by", list(By))
def test_it_speaks_under_another_id(by: By) -> None:
    told = of(**SILENT, elsewhere=Elsewhere(stranger(), by))
    assert told.codes == [f"elsewhere_{by}", "silent"]
    assert "smoke-new" in told.says()
    assert "Discoveries" in told.advises()
    assert told.reasons[0].since == NOW - 4 * HOUR


@pytest.mark.parametrize(
    ("hours", "code", "said"),
    [
        (8, "clock_china_fast", "8 h fast: it looks like a time zone (Beijing time"),
        (-8, "clock_china_slow", "8 h slow: it looks like a time zone (8 hours taken off twice)"),
        (7, "clock_zone_fast", "7 h fast: it looks like a time zone"),
        (-1, "clock_zone_slow", "1 h slow: it looks like a time zone"),
        (0.5, "clock_fast", "31 min fast"),
        (-2.5, "clock_slow", "2 h slow"),
        (20, "clock_fast", "20 h fast"),
        (-24 * 365 * 40, "clock_unset", "never set"),
    ],
)
def test_its_clock_is_wrong(hours: float, code: str, said: str) -> None:
    told = of(clock_error=int(hours * HOUR) + 40_000)
    assert told.codes == [code]
    assert said in told.says()
    assert told.verdict is Verdict.TROUBLE


def test_a_clock_within_a_minute_is_right() -> None:
    assert of(clock_error=-59_000).codes == []


def test_a_device_never_heard_is_unknown_and_told_apart_from_one_that_was_retained() -> None:
    told = of(heard=None)
    assert told.codes == ["never_heard"]
    assert told.verdict is Verdict.UNKNOWN
    assert of(heard=None, known=True).codes == ["retained_only"]


def test_a_device_that_was_missed_from_the_start_is_in_trouble() -> None:
    told = of(heard=None, alerts=(alert("silent"),))
    assert told.codes == ["never_heard"]
    assert told.verdict is Verdict.TROUBLE


def test_a_new_device_that_sends_nothing_but_rejects_is_told_so_at_once() -> None:
    rejects = RejectsSeen(2, NOW - MINUTE, NOW - MINUTE, "shape", "expected a JSON object")
    told = of(heard=None, listening=NOW - 2 * MINUTE, rejects=rejects)
    assert told.codes == ["rejected", "never_heard"]


def test_a_new_device_whose_id_was_typed_differently_is_told_so_at_once() -> None:
    elsewhere = Elsewhere(stranger("Lab-2"), By.NAME)
    told = of(heard=None, listening=NOW - 2 * MINUTE, elsewhere=elsewhere)
    assert told.codes == ["elsewhere_name", "never_heard"]


def test_after_a_start_nobody_is_blamed_before_he_could_have_been_heard() -> None:
    told = of(**SILENT, listening=NOW - 3 * MINUTE)
    assert told.codes == ["waiting"]
    assert told.verdict is Verdict.UNKNOWN
    assert "listened for 3 min only" in told.says()


@pytest.mark.parametrize("deaf", ["broker_lost", "stalled", "disk_full"])
def test_when_the_gateway_hears_nobody_no_device_is_blamed(deaf: str) -> None:
    told = of(
        **SILENT,
        deaf=deaf,
        online=False,
        online_since=NOW,
        rejects=RejectsSeen(2, NOW, NOW, "shape", ""),
        alerts=(alert("silent"),),
    )
    assert told.codes == [f"gateway_{deaf}"]
    assert told.verdict is Verdict.UNKNOWN


def test_an_emergency_comes_first_even_then() -> None:
    pressed = alert("pressed", Priority.EMERGENCY, explanation=Explanation("pressed", "pressed"))
    told = of(deaf="broker_lost", alerts=(pressed,))
    assert told.codes == ["alert", "gateway_broker_lost"]
    assert told.verdict is Verdict.TROUBLE


def test_out_of_service_is_no_fault_of_the_device() -> None:
    told = of(**SILENT, out_of_service=True, battery_pct=3.0, alerts=(alert("silent"),))
    assert told.codes == ["out_of_service"]
    assert told.verdict is Verdict.UNKNOWN


def test_a_battery_that_is_low_dying_or_was_empty_when_it_fell_silent() -> None:
    low = alert("battery_low", Priority.LOW)
    critical = alert("battery_critical", Priority.MEDIUM)
    assert of(battery_pct=17.0, alerts=(low,)).codes == ["battery_low"]
    assert of(battery_pct=7.0, alerts=(critical, low)).codes == ["battery_dying"]
    told = of(**SILENT, battery_pct=4.0)
    assert told.codes == ["battery_empty", "silent"]
    assert told.says() == "Its battery was at 4 % when it was last heard: it is probably empty"


def test_a_battery_that_will_end_soon() -> None:
    today = NOW // DAY
    told = of(battery_pct=31.0, battery_ends=today + 12)
    assert told.codes == ["battery_ends"]
    assert told.says() == "At this rate its battery ends in about 12 days (now 31 %)"
    assert of(battery_pct=80.0, battery_ends=today + 200).codes == []
    assert of(**SILENT, battery_pct=8.0, battery_ends=today - 1).codes == [
        "battery_empty",
        "silent",
    ]


def test_a_weak_signal_is_worth_knowing_and_trouble_once_messages_are_lost() -> None:
    few = Counts(messages=190, lost=4, days=1.5)
    many = Counts(messages=150, lost=50, days=1.5)
    assert of(signal_dbm=-95.0).codes == []
    told = of(signal_dbm=-95.0, recent=few)
    assert told.codes == ["signal_poor"]
    assert told.verdict is Verdict.OK
    assert of(signal_dbm=-119.0).codes == ["signal_poor"]
    told = of(signal_dbm=-95.0, recent=many)
    assert told.codes == ["signal_poor", "losing"]
    assert told.verdict is Verdict.TROUBLE
    assert told.says(1) == "It loses messages: 25 % (50) within two days"


def test_a_few_messages_tell_no_loss() -> None:
    assert of(recent=Counts(messages=3, lost=2)).codes == []


def test_a_network_that_flaps_and_a_device_that_starts_again_and_again() -> None:
    told = of(recent=Counts(messages=500, reconnects=30, reboots=6, days=1.5))
    assert told.codes == ["reconnects", "reboots"]
    assert told.says() == "Its connection breaks often: 20 reconnects a day"


def cut_off(alert: int = 12, *, over: bool = False) -> dict[str, Any]:
    since = NOW - 3 * HOUR
    return {"heard": since, "cut_off": CutOff(alert, devices=300, since=since, over=over)}


def test_a_device_cut_off_with_others_is_unknown_and_names_the_alert_of_the_cause() -> None:
    told = of(**cut_off())
    assert (told.codes, told.verdict) == (["cut_off"], Verdict.UNKNOWN)
    assert told.reasons[0].alert == 12
    assert "#12" in told.says()
    assert "300 devices" in told.says()
    assert "power" in told.advises()


def test_when_the_cause_is_over_a_device_not_heard_since_is_being_checked() -> None:
    told = of(**cut_off(over=True))
    assert (told.codes, told.verdict) == (["cut_off_over"], Verdict.UNKNOWN)
    assert told.reasons[0].alert == 12


def test_a_silence_that_may_be_one_of_many_accuses_nobody_yet() -> None:
    told = of(**cut_off(alert=0))
    assert (told.codes, told.verdict) == (["unheard", "silent"], Verdict.UNKNOWN)
    assert told.reasons[0].alert is None


def test_what_tells_why_it_alone_is_not_heard_waits_for_no_others() -> None:
    told = of(**cut_off(alert=0), online=False, online_since=NOW - 2 * HOUR)
    assert told.codes[:2] == ["left", "unheard"]
    assert told.verdict is Verdict.TROUBLE


def test_the_cause_comes_before_what_else_is_wrong_with_a_victim_but_not_before_an_emergency() -> (
    None
):
    told = of(**cut_off(), alerts=(alert("tamper"),))
    assert (told.codes, told.verdict) == (["cut_off", "alert"], Verdict.TROUBLE)
    told = of(**cut_off(), alerts=(alert("panic", Priority.EMERGENCY),))
    assert told.codes == ["alert", "cut_off"]


def test_a_victim_whose_messages_are_not_understood_is_no_victim_alone() -> None:
    seen = RejectsSeen(
        count=4, since=NOW - HOUR, last=NOW - MINUTE, reason="encoding", detail="byte 7"
    )
    assert of(**cut_off(), rejects=seen).codes == ["cut_off", "rejected"]


def test_other_alerts_speak_for_themselves() -> None:
    smoke = alert(
        "smoke", Priority.EMERGENCY, explanation=Explanation("smoke_alarm", "smoke_alarm")
    )
    over = alert("tamper", active=False, state=AlertState.RETURNED, returned=NOW - MINUTE)
    told = of(alerts=(over, smoke), clock_error=8 * HOUR)
    assert told.codes == ["alert", "alert_over", "clock_china_fast"]
    assert told.reasons[0].alert == 7
    assert told.reasons[1].since == NOW - MINUTE


def test_several_reasons_come_with_the_most_telling_first() -> None:
    told = of(
        **SILENT,
        repeater=RepeaterSeen("rep-1", NOW - 6 * HOUR, None, 0, silent=True),
        elsewhere=Elsewhere(stranger(), By.BEGAN),
        online=False,
        online_since=NOW - 5 * HOUR,
        clock_error=8 * HOUR,
        alerts=(alert("silent"),),
    )
    assert told.codes == ["repeater_down", "elsewhere_began", "left", "silent", "clock_china_fast"]
