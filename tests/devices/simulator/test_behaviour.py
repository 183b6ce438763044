"""What simulated devices measure: plausible, repeatable, and within what their kind allows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.native import Native
from devices.reading import Channel, Reject, Route
from devices.simulator.behaviour import (
    INTERVALS,
    SMOKE_ALARM_PCT_M,
    Conditions,
    is_silenced,
    measure,
)
from devices.simulator.campus import MIX, Campus, invent
from devices.simulator.transmitter import KEPT, Transmitter
from gateway.kinds import load_kinds

NOON = 1_795_233_600_000  # 2026-11-21 12:00 in China, a Saturday
DAY = 86_400_000
CAMPUS: Campus = invent(seed=3, schools=2, devices=400)
CONFIG = Path(__file__).parents[3] / "config" / "kinds"


def one(kind: str, place: str = "") -> Transmitter:
    return Transmitter(
        next(
            device
            for device in CAMPUS.devices
            if device.kind == kind and (device.place or "").startswith(place)
        ),
        seed=1,
    )


@given(at=st.integers(NOON, NOON + 400 * DAY), pick=st.integers(0, 399))
def test_a_moment_asked_for_twice_is_the_same(at: int, pick: int) -> None:
    device = CAMPUS.devices[pick]
    assert measure(device, 1, at) == measure(device, 1, at)


@given(at=st.integers(NOON, NOON + 400 * DAY), pick=st.integers(0, 399))
def test_an_ordinary_moment_is_ordinary(at: int, pick: int) -> None:
    values = measure(CAMPUS.devices[pick], 1, at)
    temperature = values.get("temperature_c", 20.0)
    assert isinstance(temperature, float)
    assert 5 < temperature < 40
    assert values.get("smoke_alarm", False) is False
    battery = values.get("battery_pct", 100)
    assert isinstance(battery, int)
    assert battery >= 40


def test_another_seed_measures_something_else() -> None:
    device = one("temperature").device
    assert any(
        measure(device, 1, NOON + hour * 3_600_000) != measure(device, 2, NOON + hour * 3_600_000)
        for hour in range(24)
    )


def test_a_canteen_draws_more_at_lunch_than_at_night() -> None:
    meter = one("electrical", "canteen").device
    lunch, night = (
        sum(value)
        for at in (NOON, NOON - 10 * 3_600_000)
        if isinstance(value := measure(meter, 1, at)["power_w"], list)
    )
    assert lunch > 2 * night


def test_a_meter_never_runs_backwards() -> None:
    meter = one("electrical").device
    readings = [measure(meter, 1, NOON + hour * 3_600_000)["energy_kwh"] for hour in range(48)]
    counted = [value for value in readings if isinstance(value, float)]
    assert len(counted) == 48
    assert counted == sorted(counted)


def test_a_fire_shows_in_smoke_and_temperature() -> None:
    device = one("smoke-temperature").device
    calm = measure(device, 1, NOON)
    burning = measure(device, 1, NOON, Conditions(heat_c=30, smoke_pct_m=SMOKE_ALARM_PCT_M))
    assert burning["smoke_alarm"] is True
    assert burning["temperature_c"] == pytest.approx(float(str(calm["temperature_c"])) + 30, abs=1)


@pytest.mark.parametrize("kind", sorted(MIX))
def test_without_mains_only_what_needs_them_falls_silent(kind: str) -> None:
    transmitter = one(kind)
    dark = Conditions(powered=False)
    silenced = is_silenced(transmitter.device, dark)
    assert silenced is (kind in {"electrical", "camera", "recorder"})
    assert bool(transmitter.telemetry(NOON, NOON, dark)) is not silenced


def test_a_repeater_without_mains_says_battery() -> None:
    [message] = one("repeater").telemetry(NOON, NOON, Conditions(powered=False))
    assert msgspec.json.decode(message.payload)["power"] == "battery"


def test_seq_counts_over_all_channels_without_a_gap() -> None:
    transmitter = one("alarm-button")
    seqs = [
        msgspec.json.decode(payload)["seq"]
        for payload in (
            transmitter.status(NOON, online=True).payload,
            transmitter.telemetry(NOON, NOON)[0].payload,
            transmitter.event("pressed", NOON).message.payload,
            transmitter.telemetry(NOON, NOON)[0].payload,
        )
    ]
    assert seqs == [1, 2, 3, 4]


def test_seq_wraps_at_two_to_the_32() -> None:
    transmitter = Transmitter(one("smoke").device, 1, first_seq=2**32 - 1)
    assert transmitter.event("alarm", NOON).seq == 0


def test_what_was_kept_during_an_outage_comes_as_arrays_oldest_first() -> None:
    transmitter = one("temperature")
    away = Conditions(reachable=False, buffers=True)
    for minute in range(250):
        at = NOON + minute * 60_000
        assert transmitter.telemetry(at, at, away) == []
    later = NOON + 250 * 60_000
    messages = transmitter.telemetry(later, later)
    bodies = [msgspec.json.decode(message.payload) for message in messages]
    assert [len(body) for body in bodies[:-1]] == [100, 100, 50]
    stamps = [entry["ts"] for body in bodies[:-1] for entry in body] + [bodies[-1]["ts"]]
    assert stamps == [NOON + minute * 60_000 for minute in range(251)]
    assert all(len(message.payload) <= 64 * 1024 for message in messages)


def test_what_is_kept_is_bounded_and_the_oldest_goes() -> None:
    transmitter = one("temperature")
    for second in range(KEPT + 10):
        transmitter.telemetry(NOON, NOON + second, Conditions(reachable=False, buffers=True))
    kept = transmitter.telemetry(NOON, NOON + KEPT + 10)
    first = msgspec.json.decode(kept[0].payload)[0]
    assert first["ts"] == NOON + 10


def test_a_wrong_clock_shows_in_ts_alone() -> None:
    transmitter = one("temperature")
    [message] = transmitter.telemetry(NOON, NOON, Conditions(clock_error_ms=DAY))
    assert msgspec.json.decode(message.payload)["ts"] == NOON + DAY


@pytest.mark.parametrize("kind", sorted(MIX))
def test_all_it_says_is_understood_by_the_native_dialect(kind: str) -> None:
    transmitter = one(kind)
    native = Native()
    messages = [
        transmitter.status(NOON, online=True),
        *transmitter.telemetry(NOON, NOON),
        transmitter.event("pressed", NOON).message,
    ]
    for message, channel in zip(
        messages, (Channel.STATUS, Channel.TELEMETRY, Channel.EVENT), strict=True
    ):
        route = native.route(message.topic)
        assert isinstance(route, Route)
        assert (route.school, route.kind, route.device, route.channel) == (
            transmitter.device.school,
            kind,
            transmitter.device.id,
            channel,
        )
        readings = native.read(route, message.payload, NOON, retained=False)
        assert not isinstance(readings, Reject)
        assert readings[0].at == NOON


@pytest.mark.parametrize("kind", sorted(MIX))
def test_a_kind_speaks_as_often_as_expected_and_within_its_plausible_range(kind: str) -> None:
    spec = load_kinds(CONFIG)[kind]
    assert INTERVALS[kind] <= spec.expected_heartbeat_s * 1000
    device = one(kind).device
    for hour in range(0, 24 * 7, 5):
        for name, value in measure(device, 1, NOON + hour * 3_600_000).items():
            assert name in spec.values, f"config/kinds/{kind}.yaml does not know {name}"
            for number in value if isinstance(value, list) else [value]:
                if isinstance(number, int | float):
                    assert spec.values[name].plausible(number), f"{name} = {number}"
