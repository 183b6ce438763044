"""What messages lead to: readings, facts, alerts, replies, discoveries and rejects."""

from __future__ import annotations

import json

import pytest
from judged import BUTTON, SMOKE, WARM, Judged

from alerts.alert import AlertState, TransitionKind
from devices.model import Device


def kinds(work_transitions: list[object]) -> list[TransitionKind]:
    return [numbered.transition.kind for numbered in work_transitions]  # type: ignore[attr-defined]


def test_a_press_raises_an_emergency_and_leaves_a_fact(judged: Judged) -> None:
    work = judged.press(seq=1)
    alert = judged.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.emergency
    assert kinds(work.batch.transitions) == [TransitionKind.RAISED]
    assert [fact.kind for fact in work.batch.facts] == ["event", "transition"]
    assert work.batch.facts[0].actor == "device:no3/gate-01"
    assert work.batch.urgent


def test_a_press_is_replied_to_with_its_seq(judged: Judged) -> None:
    at = judged.now
    ((topic, body),) = judged.press(seq=41).replies
    assert topic == "campus/no3/alarm-button/gate-01/reply"
    assert json.loads(body) == {"seq": 41, "ts": at}


def test_a_repeated_press_is_replied_to_again_and_changes_nothing(judged: Judged) -> None:
    at = judged.now
    judged.press(seq=1, at=at)
    judged.clock.turn(3000)
    again = judged.press(seq=1, at=at)
    assert again.replies
    assert not again.batch.transitions
    assert not again.batch.facts
    assert not again.batch.readings


def test_a_second_press_is_one_more_occurrence(judged: Judged) -> None:
    judged.press(seq=1)
    judged.clock.turn(2000)
    work = judged.press(seq=2)
    assert kinds(work.batch.transitions) == [TransitionKind.OCCURRED]
    alert = judged.alert(BUTTON, "panic")
    assert alert is not None
    assert alert.occurrences == 2


def test_a_press_repeated_after_a_restart_is_known_from_the_saved_state(judged: Judged) -> None:
    at = judged.now
    saved = judged.press(seq=1, at=at).batch.states
    after = Judged(saved, now=judged.now + 5000)
    work = after.press(seq=1, at=at)
    assert work.replies
    assert not work.batch.transitions


def test_telemetry_is_stored_as_it_came(judged: Judged) -> None:
    work = judged.say(WARM, "telemetry", ts=judged.now - 40, seq=1, temperature_c=21.5)
    ((row, channel, happened, received, body),) = work.batch.readings
    assert (row, channel, happened, received) == (3, 0, judged.now - 40, judged.now)
    assert json.loads(body)["temperature_c"] == 21.5
    assert not work.batch.urgent


def test_numbers_that_come_as_strings_are_stored_as_numbers(judged: Judged) -> None:
    work = judged.say(WARM, "telemetry", ts=str(judged.now), temperature_c="21.5")
    assert json.loads(work.batch.readings[0][4])["temperature_c"] == 21.5


def test_an_array_is_one_reading_an_element(judged: Judged) -> None:
    topic = "campus/no3/temperature/lab-3/telemetry"
    body = [{"ts": judged.now - 2000 + n, "temperature_c": 20 + n} for n in range(3)]
    work = judged.hear(topic, json.dumps(body).encode())
    assert [row[2] for row in work.batch.readings] == [item["ts"] for item in body]


def test_retained_telemetry_fills_in_and_is_no_sign_of_life(judged: Judged) -> None:
    work = judged.say(WARM, "telemetry", retained=True, ts=1, temperature_c=90)
    state = judged.judge.roster.state("no3", "lab-3")
    assert state is not None
    assert state.values["temperature_c"] == 90
    assert state.heard == 0
    assert not work.batch.readings
    assert not work.batch.transitions


def test_an_unregistered_device_becomes_a_discovery(judged: Judged) -> None:
    body = b'{"temperature_c":20}'
    judged.hear("campus/no9/temperature/new-1/telemetry", body)
    judged.hear("campus/no9/temperature/new-1/telemetry", body)
    work = judged.hear("campus/no9/temperature/new-1/telemetry", body)
    judged.clock.turn(2000)
    judged.discoveries.tick(judged.now, work)
    (row,) = work.batch.discoveries
    assert (row.school, row.id, row.kind, row.messages) == ("no9", "new-1", "temperature", 3)
    assert json.loads(row.understood) == {"temperature_c": 20}


def test_discoveries_are_bounded_and_what_is_beyond_is_counted(judged: Judged) -> None:
    for number in range(10):
        judged.hear(f"campus/no9/temperature/new-{number}/telemetry", b'{"temperature_c":20}')
    assert len(judged.discoveries) == 3
    assert judged.discoveries.beyond == 7


@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        ("campus/no3/temperature/lab-3/telemetry", b"{", "syntax"),
        ("campus/no3/temperature/lab-3/telemetry", b"\xff\xfe", "encoding"),
        ("campus/no3/temperature/lab-3/telemetry", b"[1]", "shape"),
        ("campus/no3/temperature/lab-3/telemetry", b"{}", "empty"),
        ("campus/no3/temperature/lab-3/telemetry", b'{"ts":"soon","a":1}', "timestamp"),
        ("campus/no3/temperature/lab-3/command", b"{}", "forbidden"),
        ("campus/no3/temperature", b"{}", "topic"),
        ("elsewhere/x", b"{}", "topic"),
        ("campus/no 3/temperature/lab-3/telemetry", b'{"a":1}', "identifier"),
    ],
)
def test_what_is_not_understood_is_counted_by_reason(
    judged: Judged, topic: str, body: bytes, reason: str
) -> None:
    work = judged.hear(topic, body)
    assert [key[2] for key in work.batch.reject_counts] == [reason]
    assert work.batch.rejects[0].topic == topic


def test_samples_of_rejects_are_bounded_but_every_one_is_counted(judged: Judged) -> None:
    works = [judged.hear("campus/x", b"") for _ in range(10)]
    assert sum(len(work.batch.rejects) for work in works) == 2
    assert sum(sum(work.batch.reject_counts.values()) for work in works) == 10


def test_a_gap_of_seq_is_counted_as_loss_and_a_reboot_is_not(judged: Judged) -> None:
    for seq in (1, 2, 6, 1, 2):
        judged.say(WARM, "telemetry", ts=judged.now, seq=seq, temperature_c=20)
    state = judged.judge.roster.state("no3", "lab-3")
    assert state is not None
    assert state.gap_total == 3


def test_a_smoke_alarm_in_telemetry_is_an_emergency(judged: Judged) -> None:
    judged.say(SMOKE, "telemetry", ts=judged.now, seq=1, smoke_alarm=True, obscuration_pct_m=12)
    alert = judged.alert(SMOKE, "smoke")
    assert alert is not None
    assert alert.state is AlertState.UNACKNOWLEDGED


def test_who_was_never_heard_is_called_silent_after_its_grace_and_only_once(
    judged: Judged,
) -> None:
    works = judged.pass_time(6 * 3_600_000)
    raised = [
        numbered.transition
        for work in works
        for numbered in work.batch.transitions
        if numbered.transition.kind is TransitionKind.RAISED
    ]
    assert len(raised) == 3
    assert judged.alert(WARM, "silent") is not None


def test_a_restart_gives_every_device_its_grace_again(judged: Judged) -> None:
    first = judged.pass_time(60_000)
    assert not any(work.batch.transitions for work in first)


def test_adopting_a_discovery_makes_its_next_message_a_reading(judged: Judged) -> None:
    topic = "campus/no3/temperature/new-1/telemetry"
    assert not judged.hear(topic, b'{"temperature_c":20}').batch.readings
    judged.judge.register(Device("no3", "new-1", "temperature", row=9), judged.now)
    assert judged.hear(topic, b'{"temperature_c":20}').batch.readings
    judged.judge.remove(9)
    assert not judged.hear(topic, b'{"temperature_c":20}').batch.readings


def test_new_figures_judge_from_the_next_message_on(judged: Judged) -> None:
    own: dict[str, dict[str, object]] = {"heat": {"above": 30.0}}
    work = judged.say(WARM, "telemetry", ts=judged.now, seq=1, temperature_c=35)
    assert not work.batch.transitions
    device = Device("no3", "lab-3", "temperature", row=3, parameters=own)
    judged.judge.register(device, judged.now)
    for seq in range(2, 6):
        judged.clock.turn(10_000)
        judged.say(WARM, "telemetry", ts=judged.now, seq=seq, temperature_c=35)
    assert judged.alert(WARM, "heat") is not None


def test_stored_figures_that_no_rule_takes_are_left_out_and_said(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: dict[str, dict[str, object]] = {"no_such_rule": {"above": 1}}
    judged.judge.register(
        Device("no3", "lab-3", "temperature", row=3, parameters=wrong), judged.now
    )
    assert "no_such_rule" in capsys.readouterr().out
    judged.clock.turn(1000)
    assert judged.say(WARM, "telemetry", ts=judged.now, temperature_c=21).batch.readings


def test_a_press_of_an_unregistered_button_is_an_emergency_and_is_replied_to(
    judged: Judged,
) -> None:
    topic = "campus/no3/alarm-button/new-7/event"
    body = json.dumps({"ts": judged.now, "seq": 1, "event": "pressed"}).encode()
    work = judged.hear(topic, body)
    (alert,) = work.batch.alerts.values()
    assert alert.emergency
    assert alert.condition == "unregistered_alarm"
    assert alert.explanation.inputs["device"] == "new-7"
    assert [reply[0] for reply in work.replies] == ["campus/no3/alarm-button/new-7/reply"]
    assert work.batch.urgent
    again = judged.hear(topic, body)
    assert again.replies
    assert not again.batch.transitions


def test_telemetry_of_an_unregistered_device_is_no_alarm(judged: Judged) -> None:
    work = judged.hear("campus/no3/smoke/new-8/telemetry", b'{"smoke_alarm":false}')
    assert not work.batch.transitions


def test_a_registered_device_whose_messages_are_rejected_in_numbers_is_an_alert(
    judged: Judged,
) -> None:
    for _ in range(12):
        judged.hear("campus/no3/temperature/lab-3/telemetry", b"{")
    assert judged.alert(WARM, "rejected") is not None


def test_unhurried_rules_look_again_after_their_time(judged: Judged) -> None:
    judged.say(WARM, "telemetry", ts=judged.now, seq=1, temperature_c=20, battery_pct=90)
    judged.clock.turn(1000)
    judged.say(WARM, "telemetry", ts=judged.now, seq=2, temperature_c=20, battery_pct=3)
    for seq in range(3, 8):
        judged.clock.turn(15_000)
        judged.say(WARM, "telemetry", ts=judged.now, seq=seq, temperature_c=20, battery_pct=3)
    assert judged.alert(WARM, "battery_low") is not None


def test_a_fault_of_ours_at_one_message_is_an_alert_and_the_next_message_is_judged(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = judged.judge.roster.state("no3", "lab-3")
    assert state is not None
    monkeypatch.setattr(state, "memories", None)  # what no message can do
    work = judged.say(WARM, "telemetry", ts=judged.now, seq=1, temperature_c=20)
    assert [key[2] for key in work.batch.reject_counts] == ["fault"]
    assert [alert.condition for alert in work.batch.alerts.values()] == ["judging_failed"]
    assert judged.press(seq=1).batch.transitions


def test_a_device_that_starts_anew_is_counted_as_that_and_not_as_loss() -> None:
    judged = Judged()
    for seq in (4000, 4001, 0, 1, 2):
        judged.clock.turn(5_000)
        judged.say(WARM, "telemetry", ts=judged.now - 20, seq=seq, temperature_c=20.5)
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.hitches is not None
    assert (state.gap_total, state.hitches.reboots) == (0, 1)


def test_a_buffer_sent_after_what_is_new_is_neither_lost_nor_a_new_start() -> None:
    judged = Judged()
    start = judged.now
    judged.say(WARM, "telemetry", ts=start - 20, seq=10, temperature_c=20.5)
    judged.clock.turn(3_600_000)
    judged.say(WARM, "telemetry", ts=judged.now - 20, seq=21, temperature_c=20.5)
    for seq in range(11, 21):
        judged.clock.turn(10)
        ts = start + (seq - 10) * 300_000
        judged.say(WARM, "telemetry", ts=ts, seq=seq, temperature_c=20.5)
    judged.clock.turn(5_000)
    judged.say(WARM, "telemetry", ts=judged.now - 20, seq=22, temperature_c=20.5)
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.hitches is not None
    assert (state.gap_total, state.hitches.reboots, state.due_seq) == (0, 0, 23)


def test_a_start_is_seen_of_a_device_whose_clock_is_hours_behind() -> None:
    judged = Judged()
    for seq in (70, 71, 72, 73, 74, 75, 0, 1):
        judged.clock.turn(60_000)
        judged.say(WARM, "telemetry", ts=judged.now - 8 * 3_600_000, seq=seq, temperature_c=20.5)
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.hitches is not None
    assert (state.gap_total, state.hitches.reboots) == (0, 1)


def test_coming_back_online_is_a_reconnect_and_what_is_rejected_is_counted_with_its_device() -> (
    None
):
    judged = Judged()
    for online in (True, False, True, True, False, True):
        judged.clock.turn(1_000)
        judged.say(WARM, "status", online=online)
    judged.hear(f"campus/no3/temperature/{WARM.id}/telemetry", b"{temperature: 20}")
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.hitches is not None
    assert state.hitches.reconnects == 2
    assert (state.hitches.rejects, state.hitches.rejected) == ({"syntax": 1}, judged.now)


def test_the_firmware_is_known_from_any_message_and_saved_when_it_changes() -> None:
    judged = Judged()
    changed = judged.say(WARM, "telemetry", temperature_c=20.5, fw="2.4.1")
    same = judged.say(WARM, "telemetry", temperature_c=20.5, fw="2.4.1")
    state = judged.judge.roster.awake(WARM.row)
    assert state is not None
    assert state.firmware == "2.4.1"
    assert b"2.4.1" in changed.batch.states[WARM.row]
    assert WARM.row not in same.batch.states
