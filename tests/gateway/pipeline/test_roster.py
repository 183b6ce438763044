"""Who is registered is known at once; devices are woken by their first message or in time."""

from __future__ import annotations

from judged import DEVICES, KINDS, WARM, Judged

from devices.model import Device
from devices.reading import Channel, Route
from gateway.pipeline.binding import Binder
from gateway.pipeline.roster import WOKEN_AT_ONCE, Roster

HUB = Device("no3", "hub", "repeater", row=8)
BEHIND = Device("no3", "far-1", "temperature", row=9, repeater="hub")


def roster(*devices: Device, saved: dict[int, bytes] | None = None) -> Roster:
    made = Roster(rules_of=Binder(KINDS, {}).rules_of, follow=lambda *_: None)
    made.load(devices or DEVICES, saved or {}, 1_795_161_600_000)
    return made


def test_nobody_is_awake_at_first_and_the_first_message_wakes_its_device() -> None:
    made = roster()
    assert len(made) == len(DEVICES)
    assert made.awake(WARM.row) is None
    state = made.found(Route("no3", "lab-3", Channel.TELEMETRY, "temperature"))
    assert state is not None
    assert state.device == WARM
    assert made.awake(WARM.row) is state


def test_those_who_do_not_speak_are_woken_some_at_a_time() -> None:
    many = [
        Device("no3", f"t-{number}", "temperature", row=number)
        for number in range(1, WOKEN_AT_ONCE + 11)
    ]
    made = roster(*many)
    made.wake_some()
    assert not made.all_awake
    made.wake_some()
    assert made.all_awake
    assert all(made.awake(device.row) for device in many)


def test_the_kind_in_the_topic_does_not_decide_which_device_it_is() -> None:
    assert roster().found(Route("no3", "lab-3", Channel.TELEMETRY, "smoke")) is not None
    assert roster().found(Route("no9", "lab-3", Channel.TELEMETRY, "temperature")) is None


def test_a_device_woken_before_its_repeater_wakes_it_too() -> None:
    made = roster(BEHIND, HUB)
    state = made.state("no3", "far-1")
    assert state is not None
    assert state.repeater is made.state("no3", "hub")


def test_a_repeater_that_is_changed_or_removed_is_so_for_all_behind_it() -> None:
    made = roster(BEHIND, HUB)
    behind = made.state("no3", "far-1")
    assert behind is not None
    made.put(Device("no3", "hub", "repeater", row=8, name_en="new"), 1_795_161_700_000)
    assert behind.repeater is made.state("no3", "hub")
    made.remove(HUB.row)
    assert behind.repeater is None


def test_what_was_saved_is_remembered_when_the_device_wakes() -> None:
    before = Judged()
    saved = before.press(seq=1).batch.states
    state = roster(saved=dict(saved)).state("no3", "gate-01")
    assert state is not None
    assert state.events_seen


def test_a_change_keeps_what_is_true_of_the_device_whatever_its_rules() -> None:
    judged = Judged()
    judged.say(WARM, "telemetry", ts=judged.now, seq=7, temperature_c=20)
    changed = Device("no3", "lab-3", "temperature", row=3, name_en="Lab 3")
    judged.judge.register(changed, judged.now)
    state = judged.judge.roster.state("no3", "lab-3")
    assert state is not None
    assert (state.device, state.due_seq, state.messages) == (changed, 8, 1)
