"""The full-load test of a feeder, room by room."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verified import NOW, Run

from audit.verification.choose import has_test, procedure_for
from audit.verification.load_test import HOLD_MS, NEXT_MS, LoadTest, repeats
from audit.verification.model import Verdict
from audit.verification.procedure import Cancelled, Input, Limits, LoadTold, Said, Subject
from devices.reading import Channel, Value

LIMITS = Limits(rating_a=32.0, residual_ma=300.0, cable_c=70.0)


def begun(limits: Limits = LIMITS, heartbeat: int = 15_000) -> Run:
    subject = Subject(
        school="no3",
        id="x",
        kind="electrical",
        heartbeat=heartbeat,
        test="load-test",
        limits=limits,
    )
    return Run("electrical", procedure_for(subject, str))


def feeder(
    power: float, *, volts: float = 230.0, cable: float = 30.0, leak: float = 20.0, **more: Value
) -> dict[str, Value]:
    """What a single-phase feeder tells at that power."""
    return {
        "power_w": power,
        "current_a": round(power / volts, 2),
        "voltage_v": volts,
        "cable_temperature_c": [cable, cable - 2],
        "residual_current_ma": leak,
        **more,
    }


def room(run: Run, name: str, **after: Value) -> Run:
    """The technician switches a room on; the monitor tells what flows then, twice."""
    run.later(5_000).hear(LoadTold(name=name)).later(60_000).hear(LoadTold(on=True))
    for _ in range(2):
        run.later(15_000).tells(after)
    return run


def held(run: Run, minutes: int = 10, **values: Value) -> Run:
    """It was the last room, and the load stays on."""
    run.later(5_000).hear(LoadTold(finished=True))
    for _ in range(4 * minutes):
        run.later(15_000).tells(values)
    return run.later(1_000).tick()


def test_two_rooms_that_go_well_are_met_with_every_step_recorded() -> None:
    run = begun()
    assert run.waits == "device"
    run.later(1_000).tells(feeder(200))
    assert run.waits == "load"
    run.later(5_000).hear(LoadTold(name="301"))
    assert run.waits == "switch_on"
    run.later(60_000).hear(LoadTold(on=True))
    assert run.waits == "device"
    run.later(15_000).tells(feeder(2300, volts=228.0)).later(15_000).tells(feeder(2250, volts=228))
    assert run.waits == "load"
    room(run, "302", **feeder(4400, volts=225.4, cable=38.0, leak=26.0))
    held(run, **feeder(4380, volts=225.0, cable=44.0, leak=27.0))
    assert run.outcome == (Verdict.MET, "load_met")
    steps = run.run.steps
    assert [(one.step, one.code) for one in steps] == [
        ("baseline", "load_baseline"),
        ("load", "load_seen"),
        ("load", "load_seen"),
        ("hold", "load_met"),
    ]
    assert (steps[1].inputs["name"], steps[1].inputs["rise_w"]) == ("301", 2050)
    assert (steps[2].inputs["name"], steps[2].inputs["rise_w"]) == ("302", 2150)
    assert run.run.inputs["rooms"] == 2
    assert run.run.inputs["cable_c"] == 44
    assert run.run.inputs["drop_pct"] == 2.2


def test_without_a_rating_it_says_that_it_was_not_compared() -> None:
    run = begun(Limits(residual_ma=300, cable_c=70)).later(1000).tells(feeder(0))
    held(room(run, "301", **feeder(20_000)), **feeder(20_000))
    assert run.outcome == (Verdict.MET, "load_met_unrated")


def test_more_than_the_breaker_is_rated_for_fails() -> None:
    run = begun().later(1000).tells(feeder(0))
    held(room(run, "301", **feeder(8000)), **feeder(8000))
    assert run.outcome == (Verdict.FAILED, "load_over_rating")
    assert run.run.advice == "spread_load"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (feeder(0, switch="tripped"), "load_tripped"),
        (feeder(0) | {"voltage_v": 0, "current_a": 0}, "load_tripped"),
        (feeder(2000, cable=71.0), "load_cable_hot"),
        (feeder(2000, leak=310.0), "load_leaks"),
    ],
)
@pytest.mark.parametrize("when", ["named", "on", "hold"])
def test_danger_ends_it_at_once_whenever_it_comes(
    values: dict[str, Value], code: str, when: str
) -> None:
    run = begun().later(1000).tells(feeder(100))
    if when == "hold":
        room(run, "301", **feeder(2000)).hear(LoadTold(finished=True))
    else:
        run.later(10).hear(LoadTold(name="301"))
    if when == "on":
        run.later(10).hear(LoadTold(on=True))
    run.later(1000).tells(values)
    assert run.outcome == (Verdict.FAILED, code)
    assert run.run.advice in {"find_trip", "switch_off"}


def test_a_load_that_goes_away_while_it_is_to_stay_on_fails() -> None:
    run = room(begun().later(1000).tells(feeder(200)), "301", **feeder(5000))
    run.later(10).hear(LoadTold(finished=True)).later(1000).tells(feeder(210))
    assert run.outcome == (Verdict.FAILED, "load_gone")


def test_a_voltage_that_drops_too_far_fails_though_the_rest_goes_on() -> None:
    run = room(begun().later(1000).tells(feeder(200)), "301", **feeder(5000, volts=217.0))
    assert run.run.steps[1].verdict is Verdict.FAILED
    assert run.waits == "load"
    held(run, **feeder(5000, volts=221.0))
    assert run.outcome == (Verdict.FAILED, "load_drops_under_full")
    assert run.run.inputs["drop_pct"] == 5.7


def test_leakage_that_grows_with_the_load_fails() -> None:
    run = room(begun().later(1000).tells(feeder(200)), "301", **feeder(5000, leak=90.0))
    held(run, **feeder(5000, leak=90.0))
    assert run.outcome == (Verdict.FAILED, "load_leaks_more")


def test_a_room_whose_load_does_not_show_leaves_it_unknown() -> None:
    run = begun().later(1000).tells(feeder(200))
    room(run, "301", **feeder(205))
    assert run.run.steps[1].code == "load_not_seen"
    held(room(run, "302", **feeder(3000)), **feeder(3000))
    assert run.outcome == (Verdict.UNKNOWN, "load_incomplete")


def test_a_monitor_that_falls_silent_proves_nothing() -> None:
    assert begun().later(45_000).tick().outcome == (Verdict.UNKNOWN, "silent")
    run = begun().later(1000).tells(feeder(200)).hear(LoadTold(name="301")).hear(LoadTold(on=True))
    run.later(600_000).tick()
    assert run.run.steps[1].code == "load_unheard"
    other = room(begun().later(1000).tells(feeder(200)), "301", **feeder(3000))
    other.hear(LoadTold(finished=True)).later(HOLD_MS).tick()
    assert other.outcome == (Verdict.UNKNOWN, "silent")


def test_one_reading_in_the_time_to_measure_is_taken() -> None:
    run = begun(heartbeat=60_000).later(1000).tells(feeder(200))
    run.hear(LoadTold(name="301")).hear(LoadTold(on=True)).later(15_000).tells(feeder(3000))
    run.later(600_000).tick()
    assert run.run.steps[1].code == "load_seen"


def test_what_was_measured_before_all_was_on_does_not_count() -> None:
    run = begun().later(1000).tells(feeder(200))
    run.later(1000).hear(LoadTold(name="301")).later(60_000).hear(LoadTold(on=True))
    for _ in range(3):
        run.later(100).tells(feeder(3000), ago=30_000)
    assert run.waits == "device"


def test_nobody_who_goes_on_and_nothing_that_can_be_tested_leave_it_unknown() -> None:
    idle = begun().later(1000).tells(feeder(200)).later(NEXT_MS).tick()
    assert idle.outcome == (Verdict.UNKNOWN, "load_left")
    none = begun().later(1000).tells(feeder(200)).hear(LoadTold(finished=True))
    assert none.outcome == (Verdict.UNKNOWN, "load_none")
    mute = begun().later(1000).tells({"residual_current_ma": 20})
    assert mute.outcome == (Verdict.UNKNOWN, "load_no_power")
    stopped = begun().later(1000).hear(Cancelled("li.na"))
    assert stopped.outcome == (Verdict.UNKNOWN, "load_cancelled")


def test_what_was_said_already_is_known_as_such() -> None:
    run = begun().later(1000).tells(feeder(200)).hear(LoadTold(name="301"))
    assert repeats(run.run, LoadTold(name="301"))
    assert not repeats(run.run, LoadTold(name="302"))
    run.hear(LoadTold(on=True))
    assert repeats(run.run, LoadTold(on=True))
    assert not repeats(run.run, LoadTold(finished=True))


def test_only_electrical_monitors_have_it() -> None:
    assert has_test("electrical", "load-test")
    assert has_test("smoke", "")
    assert not has_test("smoke", "load-test")
    assert not has_test("electrical", "other")


NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-10, 10**6), st.text(max_size=2))
HEARD: st.SearchStrategy[Input] = st.one_of(
    st.builds(LoadTold, name=st.sampled_from(["", "301", "302"])),
    st.just(LoadTold(on=True)),
    st.just(LoadTold(finished=True)),
    st.builds(
        Said,
        channel=st.just(Channel.TELEMETRY),
        happened=st.integers(NOW - 10**5, NOW + 10**7),
        received=st.just(NOW),
        values=st.dictionaries(
            st.sampled_from(
                ["power_w", "current_a", "voltage_v", "cable_temperature_c", "residual_current_ma"]
            ),
            st.one_of(NUMBERS, st.lists(NUMBERS, max_size=3)),
        ),
    ),
)


@settings(max_examples=150)
@given(heard=st.lists(st.tuples(st.integers(0, 10**6), st.one_of(st.none(), HEARD)), max_size=30))
def test_it_is_met_only_after_a_room_was_measured_and_all_was_held(
    heard: list[tuple[int, Input | None]],
) -> None:
    run = begun()
    for passed, something in heard:
        run.later(passed)
        if something is None:
            run.tick()
        else:
            run.hear(something)
    if run.run.verdict is Verdict.MET:
        assert [one.step for one in run.run.steps][-1] == "hold"
        assert any(one.code == "load_seen" for one in run.run.steps)
    assert all(one.ended is not None for one in run.run.steps[:-1])
    assert isinstance(run.procedure, LoadTest)
