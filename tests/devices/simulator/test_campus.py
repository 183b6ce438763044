"""Invented campuses: the same for the same seed, of the right mix, and importable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.model import is_identifier
from devices.simulator.behaviour import FIRMWARE, INTERVALS
from devices.simulator.campus import HUB, MIX, demo, invent
from devices.simulator.load import load_campus
from devices.simulator.site_file import site_yaml
from gateway.register.files import read_file

DEMO = Path(__file__).parents[3] / "config" / "sites" / "demo.yaml"


def test_the_same_seed_gives_the_same_campus() -> None:
    assert invent(seed=5, schools=4, devices=200) == invent(seed=5, schools=4, devices=200)


def test_another_seed_puts_devices_elsewhere() -> None:
    one, other = (invent(seed=seed, schools=4, devices=200) for seed in (5, 6))
    assert one.devices != other.devices


@given(schools=st.integers(1, 6), more=st.integers(0, 400), seed=st.integers(0, 9))
def test_any_scale_is_registrable(schools: int, more: int, seed: int) -> None:
    campus = invent(seed=seed, schools=schools, devices=schools + more)
    assert len(campus.devices) == schools + more
    assert len({device.key for device in campus.devices}) == len(campus.devices)
    places = {(place.school, place.id) for place in campus.places}
    assert len(places) == len(campus.places)
    assert all(is_identifier(device.id) for device in campus.devices)
    assert all((device.school, device.place) in places for device in campus.devices)
    known = {device.key for device in campus.devices if device.kind == "repeater"}
    for device in campus.devices:
        assert device.repeater is None or (device.school, device.repeater) in known
        assert device.repeater != device.id


def test_fewer_devices_than_schools_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be spread"):
        invent(seed=1, schools=3, devices=2)


def test_the_load_mix_is_60_30_10() -> None:
    kinds = Counter(device.kind for device in load_campus(10_000, 8).devices)
    fire = kinds["smoke"] + kinds["temperature"] + kinds["smoke-temperature"]
    assert fire == pytest.approx(6_000, abs=40)
    assert kinds["electrical"] == pytest.approx(3_000, abs=20)
    assert sum(kinds.values()) == 10_000
    assert set(kinds) == set(MIX)


def test_the_demo_has_three_schools_a_few_hundred_devices_and_foreign_dialects() -> None:
    campus = demo()
    assert [school.id for school in campus.schools] == [
        "no1-primary",
        "no3-middle",
        "no7-vocational",
    ]
    assert 250 <= len(campus.devices) <= 400
    assert {device.dialect for device in campus.devices} == {"native", "zigbee2mqtt", "tasmota"}
    for school in campus.schools:
        kinds = {device.kind for device in campus.of_school(school.id)}
        assert {"alarm-button", "repeater", "smoke", "electrical"} <= kinds
        assert campus.device(school.id, HUB).kind == "repeater"


def test_an_unknown_device_is_named_with_what_there_is() -> None:
    with pytest.raises(LookupError, match="no device no1-primary/nowhere; the schools are"):
        demo().device("no1-primary", "nowhere")


def test_the_demo_site_file_is_up_to_date() -> None:
    assert DEMO.read_text("utf-8") == site_yaml(demo()), (
        "write it anew: campus simulate site --demo > config/sites/demo.yaml"
    )


def test_the_demo_site_file_can_be_imported_as_it_is() -> None:
    parsed = read_file(DEMO)
    assert parsed.problems == []
    campus = demo()
    expected = sum(map(len, (campus.regions, campus.schools, campus.places, campus.devices)))
    assert len(parsed.entries) == expected


def test_every_kind_knows_how_often_it_speaks_and_with_what_firmware() -> None:
    assert set(INTERVALS) == set(MIX) == set(FIRMWARE)
