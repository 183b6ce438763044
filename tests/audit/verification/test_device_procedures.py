"""Detectors, meters, cameras, repeaters and all others, as procedures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verified import NOW, Run

from audit.verification.model import Verdict
from audit.verification.procedure import Ask, Cancelled, Input, Said, Typed
from devices.reading import Channel, Value

TEN_MINUTES = 600_000


# Detectors


@pytest.mark.parametrize(
    ("event", "code"), [("self_test", "self_test_seen"), ("alarm", "alarm_seen")]
)
def test_a_detector_is_met_by_its_trigger(event: str, code: str) -> None:
    run = Run("smoke")
    assert run.waits == "trigger"
    run.later(5000).says(event=event, ago=300)
    assert run.outcome == (Verdict.MET, "detector_met")
    assert run.run.steps[0].code == code
    assert run.run.inputs == {"delay_ms": 300}


def test_smoke_in_telemetry_is_a_trigger_but_not_one_that_stood_before() -> None:
    assert Run("smoke").later(10).says(smoke_alarm=True).outcome[0] is Verdict.MET
    stands = Run("smoke", values={"smoke_alarm": True}).later(10).says(smoke_alarm=True)
    assert stands.run.ended is None
    stands.later(10).says(smoke_alarm=False).later(10).says(smoke_alarm=True)
    assert stands.outcome == (Verdict.MET, "detector_met")


def test_warmth_is_a_trigger_when_it_rises_by_three_degrees_from_the_lowest() -> None:
    run = Run("temperature", values={"temperature_c": 21.0})
    run.later(10).says(temperature_c=20.0).later(10).says(temperature_c=22.9)
    assert run.run.ended is None
    run.later(10).says(temperature_c=23.0)
    assert run.outcome == (Verdict.MET, "detector_met")
    assert run.run.steps[0].inputs["rise_c"] == 3.0


def test_a_detector_that_says_nothing_fails() -> None:
    run = Run("smoke").later(TEN_MINUTES).tick()
    assert run.outcome == (Verdict.FAILED, "no_trigger")


def test_a_trigger_that_was_long_under_way_fails_and_one_from_before_counts_for_nothing() -> None:
    late = Run("smoke").later(60_000).says(event="self_test", ago=10_001)
    assert late.outcome == (Verdict.FAILED, "trigger_late")
    before = Run("smoke").later(1000).says(event="self_test", ago=60_000)
    assert before.run.ended is None


def test_a_detector_that_reports_a_fault_fails() -> None:
    assert Run("smoke").later(10).says(event="fault").outcome == (Verdict.FAILED, "detector_fault")


# Repeaters and others


def test_a_repeater_answers_a_ping() -> None:
    run = Run("repeater", answers=True)
    assert run.effects == [Ask("run-1", "ping", NOW + 10_000)]
    run.later(240).says(event="answered", id="run-1", ok=True, ms=200)
    assert run.outcome == (Verdict.MET, "round_trip_met")
    assert run.run.inputs == {"ms": 240}


def test_the_answer_to_another_command_is_none() -> None:
    run = Run("repeater", answers=True).later(240).says(event="answered", id="other", ok=True)
    assert run.run.ended is None


def test_three_calls_without_an_answer_fail_a_repeater_though_it_speaks() -> None:
    run = Run("repeater", answers=True)
    for _ in range(3):
        run.later(10_000).says(devices=12).tick()
    assert run.outcome == (Verdict.FAILED, "no_answer")
    assert [effect.id for effect in run.effects if isinstance(effect, Ask)] == [
        "run-1",
        "run-2",
        "run-3",
    ]


def test_an_answer_that_it_could_not_fails() -> None:
    run = Run("repeater", answers=True).later(5)
    run.says(event="answered", id="run-1", ok=False, error="radio busy")
    assert run.outcome == (Verdict.FAILED, "answer_bad")


def test_its_last_will_fails_it_at_once() -> None:
    run = Run("repeater", answers=True).later(5)
    run.says(channel=Channel.STATUS, online=False)
    assert run.outcome == (Verdict.FAILED, "says_offline")


def test_a_repeater_that_cannot_be_asked_is_listened_to() -> None:
    run = Run("repeater")
    assert run.effects == []
    assert run.waits == "device"
    assert run.later(10).says(devices=3).outcome == (Verdict.MET, "presence_met")


def test_any_other_device_is_there_when_it_says_something_new() -> None:
    run = Run("recorder", answers=True)
    assert isinstance(run.effects[0], Ask)
    run.later(20_000).says(online=True, ago=40_000)
    assert run.run.ended is None  # from its buffer
    assert run.later(10).says(channels=16).outcome == (Verdict.MET, "presence_met")


def test_silence_fails_it_when_it_should_have_spoken_and_else_tells_nothing() -> None:
    assert Run("recorder").later(90_000).tick().outcome == (Verdict.FAILED, "silent")
    hourly = Run("other", heartbeat=3_600_000).later(TEN_MINUTES).tick()
    assert hourly.outcome == (Verdict.UNKNOWN, "not_due")


# Cameras


def test_a_camera_is_met_by_a_fresh_report_without_faults() -> None:
    run = Run("camera").later(10).says(online=True, fps=25, faults=[])
    assert run.outcome == (Verdict.MET, "camera_met")


@pytest.mark.parametrize(
    ("values", "verdict", "code"),
    [
        ({"online": False}, Verdict.FAILED, "camera_offline"),
        ({"online": True, "fps": 0, "faults": []}, Verdict.FAILED, "camera_no_frames"),
        ({"online": True, "fps": 25, "faults": ["covered"]}, Verdict.FAILED, "camera_faults"),
        ({"online": True, "undecidable": "dark"}, Verdict.UNKNOWN, "camera_undecided"),
        ({"online": True}, Verdict.UNKNOWN, "camera_tells_nothing"),
        ({"fps": 25, "faults": []}, Verdict.UNKNOWN, "camera_tells_nothing"),
        ({"online": True, "fps": 25}, Verdict.UNKNOWN, "camera_tells_nothing"),
    ],
)
def test_what_a_report_of_a_camera_comes_to(
    values: dict[str, Value], verdict: Verdict, code: str
) -> None:
    run = Run("camera").later(10).tells(values)
    assert run.outcome == (verdict, code)


def test_an_old_report_proves_nothing_and_no_report_is_unknown() -> None:
    run = Run("camera").later(10).says(online=True, fps=25, faults=[], ago=60_000)
    assert run.run.ended is None
    assert run.later(90_000).tick().outcome == (Verdict.UNKNOWN, "camera_unheard")


# Meters


def test_a_meter_agrees_with_what_the_technician_reads() -> None:
    run = Run("electrical").later(1000).says(power_w=[905, 2243, 440])
    assert run.waits == "reading"
    run.hear(Typed(3600))
    assert run.outcome == (Verdict.MET, "meter_met")
    assert run.run.inputs == {"measured_w": 3588.0, "typed_w": 3600}


def test_a_meter_that_differs_is_looked_at_again_before_it_fails() -> None:
    run = Run("electrical").later(1000).says(power_w=1000).hear(Typed(2000))
    assert run.waits == "device"
    assert run.later(1000).says(power_w=1950).outcome == (Verdict.MET, "meter_met")
    other = Run("electrical").later(1000).says(power_w=1000).hear(Typed(2000))
    other.later(5000).says(power_w=1001).later(180_000).tick()
    assert other.outcome == (Verdict.FAILED, "meter_differs")
    assert other.run.inputs["measured_w"] == 1001.0


def test_a_load_that_is_switched_on_shows_as_a_rise() -> None:
    run = Run("electrical").later(1000).says(power_w=500).hear(Typed(1200, load=True))
    run.later(1000).says(power_w=510)
    assert run.run.ended is None
    run.later(1000).says(power_w=1690)
    assert run.outcome == (Verdict.MET, "meter_met")
    none = Run("electrical").later(1000).says(power_w=500).hear(Typed(1200, load=True))
    none.later(1000).says(power_w=520).later(180_000).tick()
    assert none.outcome == (Verdict.FAILED, "meter_no_rise")
    assert none.run.inputs["rise_w"] == 20.0


def test_figures_that_contradict_each_other_fail_it_at_once() -> None:
    run = Run("electrical").later(10)
    run.says(power_w=100, voltage_v=230, current_a=10, power_factor=0.9)
    assert run.outcome == (Verdict.FAILED, "meter_inconsistent")


def test_a_meter_without_power_has_nothing_to_compare() -> None:
    run = Run("electrical").later(10).says(residual_current_ma=30)
    assert run.outcome == (Verdict.UNKNOWN, "meter_no_power")


def test_a_meter_that_is_silent_fails_and_a_technician_who_is_leaves_it_unknown() -> None:
    assert Run("electrical").later(90_000).tick().outcome == (Verdict.FAILED, "silent")
    run = Run("electrical").later(10).says(power_w=5).later(TEN_MINUTES).tick()
    assert run.outcome == (Verdict.UNKNOWN, "meter_nothing_typed")


# All of them

KINDS = ["alarm-button", "smoke", "temperature", "electrical", "camera", "repeater", "recorder"]
NAMES = """online fps faults power_w voltage_v current_a power_factor id ok smoke_alarm
temperature_c undecidable"""
VALUES = st.dictionaries(
    st.sampled_from(NAMES.split()),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.lists(st.one_of(st.none(), st.floats(), st.text(max_size=3)), max_size=3),
    ),
)
HEARD: st.SearchStrategy[Input] = st.one_of(
    st.builds(
        Said,
        channel=st.sampled_from([Channel.TELEMETRY, Channel.EVENT, Channel.STATUS]),
        happened=st.integers(NOW - 10**6, NOW + 10**6),
        received=st.integers(NOW - 10**6, NOW + 10**6),
        values=VALUES,
        event=st.sampled_from([None, "pressed", "alarm", "answered", "fault", "self_test"]),
    ),
    st.builds(Typed, st.floats(allow_nan=False, allow_infinity=False), st.booleans()),
    st.builds(Cancelled, st.just("wang")),
)


@given(st.sampled_from(KINDS), st.lists(st.tuples(st.integers(0, 200_000), HEARD), max_size=20))
def test_whatever_devices_say_a_run_keeps_its_past_and_ends_once(
    kind: str, heard: list[tuple[int, Input]]
) -> None:
    run = Run(kind, answers=True)
    for milliseconds, one in heard:
        before = run.run
        run.later(milliseconds).hear(one)
        if before.ended is not None:
            assert run.run is before
        assert len(run.run.steps) >= len(before.steps)
        run.tick()
    assert (run.run.ended is None) is (run.run.verdict is None)
    if run.run.ended is not None:
        assert all(step.ended is not None for step in run.run.steps)
        assert run.run.code
