"""A metric is one of our values only when every word of its name and its unit are understood."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dialects.sparkplug.naming import Named, plan
from devices.dialects.sparkplug.values import UnreadableError, value_of
from devices.reading import Value

DOUBLE, BOOLEAN, STRING = 10, 11, 12


def keys(*metrics: tuple[str, str | None]) -> list[str]:
    return [each.key for each in plan([Named(*metric, DOUBLE) for metric in metrics]).targets]


def converted(name: str, unit: str | None, value: float) -> tuple[str, float]:
    (target,) = plan([Named(name, unit, DOUBLE)]).targets
    return target.key, round((value + target.offset) * target.factor, 6)


@pytest.mark.parametrize(
    ("name", "unit", "value", "ours"),
    [
        ("Temperature", None, 21.5, ("temperature_c", 21.5)),
        ("Temperature", "°F", 212.0, ("temperature_c", 100.0)),
        ("Temperature", "K", 273.15, ("temperature_c", 0.0)),
        ("Temperature (°F)", None, 32.0, ("temperature_c", 0.0)),
        ("temperature_c", None, 21.5, ("temperature_c", 21.5)),
        ("Energy/Active Power", "kW", 1.5, ("power_w", 1500.0)),
        ("Power_kW", None, 1.5, ("power_w", 1500.0)),
        ("Power", "MW", 1.0, ("power_w", 1e6)),
        ("Power", "mW", 1.0, ("power_w", 0.001)),
        ("Active Energy", "Wh", 2500.0, ("energy_kwh", 2.5)),
        ("Residual Current", "A", 0.3, ("residual_current_ma", 300.0)),
        ("Residual Current", "mA", 300.0, ("residual_current_ma", 300.0)),
        ("剩余电流", "mA", 30.0, ("residual_current_ma", 30.0)),
        ("residual_current_ma", None, 30.0, ("residual_current_ma", 30.0)),
        ("Power Factor", "%", 95.0, ("power_factor", 0.95)),
        ("Cable/Temperature", "°C", 40.0, ("cable_temperature_c", 40.0)),
        ("Battery Voltage", "mV", 3000.0, ("battery_v", 3.0)),
        ("CO2", None, 800.0, ("co2_ppm", 800.0)),
        ("温度", "℃", 20.0, ("temperature_c", 20.0)),
    ],
)
def test_names_and_units_become_ours(
    name: str, unit: str | None, value: float, ours: tuple[str, float]
) -> None:
    assert converted(name, unit, value) == ours


@pytest.mark.parametrize(
    ("name", "unit", "key"),
    [
        ("Boiler/Temperature", None, "boiler_temperature"),
        ("Boiler/Temperature", "°F", "boiler_temperature_f"),
        ("Temperature Setpoint", "°C", "temperature_setpoint_c"),
        ("Max Voltage", "V", "max_voltage_v"),
        ("Voltage L1-L2", "V", "voltage_l1_l2_v"),
        ("Residual Current", None, "residual_current"),
        ("Power", None, "power"),
        ("Current", None, "current"),
        ("Power", "horses", "power_horses"),
        ("Energy", None, "energy"),
        ("Temperature", "V", "temperature_v"),
        ("Power", "mw", "power_mw"),
        ("Voltage/THD", "%", "voltage_thd_pct"),
        ("Phase", None, "phase"),
    ],
)
def test_what_is_not_understood_keeps_its_own_name(name: str, unit: str | None, key: str) -> None:
    assert keys((name, unit)) == [key]


@pytest.mark.parametrize(
    "name", ["Temperature/C/F", "宿舍温度", "压力", "ts", "seq", "Online", "x" * 90]
)
def test_an_own_name_is_never_one_of_ours(name: str) -> None:
    (key,) = keys((name, None))
    assert key not in {"temperature_c", "ts", "seq", "online", ""}
    assert len(key) <= 64


def test_a_unit_that_contradicts_the_name_makes_it_nothing_of_ours() -> None:
    (key,) = keys(("temperature_c", "°F"))
    assert key != "temperature_c"


@pytest.mark.parametrize(
    "names",
    [
        ("Energy/Phase A/Voltage", "Energy/Phase B/Voltage", "Energy/Phase C/Voltage"),
        ("Voltage L1", "Voltage L2", "Voltage L3"),
        ("Voltage A", "Voltage B", "Voltage C"),
        ("voltage_a", "voltage_b", "voltage_c"),
        ("A相电压", "B相电压", "C相电压"),
        ("Phase 1/Voltage", "Phase 2/Voltage", "Phase 3/Voltage"),
    ],
)
def test_phases_make_a_list_in_their_order_not_in_the_births(names: tuple[str, ...]) -> None:
    found = plan([Named(name, "V", DOUBLE) for name in reversed(names)])
    assert [(target.key, target.slot) for target in found.targets] == [
        ("voltage_v", 2), ("voltage_v", 1), ("voltage_v", 0),
    ]  # fmt: skip
    assert found.sizes == {"voltage_v": 3}


def test_sensors_make_a_list_by_their_numbers() -> None:
    found = plan([Named(f"Cable Temperature {n}", "°C", DOUBLE) for n in (4, 1, 2, 3)])
    assert [target.slot for target in found.targets] == [3, 0, 1, 2]


def test_what_lacks_nothing_but_a_unit_is_named() -> None:
    metrics = [
        Named("Power", None, DOUBLE),
        Named("Energy", "horses", DOUBLE),
        Named("Current", "A", DOUBLE),
        Named("Temperature", None, DOUBLE),
        Named("Pressure", None, BOOLEAN),
        Named("Uptime", None, DOUBLE),
    ]
    assert plan(metrics).unitless == ["Power", "Energy"]


def test_one_phase_alone_is_no_list() -> None:
    (target,) = plan([Named("Phase A/Voltage", "V", DOUBLE)]).targets
    assert (target.key, target.slot) == ("voltage_v", None)


def test_a_total_stands_beside_its_phases_and_alone_for_them() -> None:
    assert keys(("Power/Total", "W"), ("Power L1", "W"), ("Power L2", "W")) == [
        "power_total_w", "power_w", "power_w",
    ]  # fmt: skip
    assert keys(("Power/Total", "W")) == ["power_w"]


def test_two_meters_in_one_device_are_not_mixed_up() -> None:
    names = [f"Meter {n}/Phase {phase}/Voltage" for n in (1, 2) for phase in "AB"]
    assert len({*keys(*((name, "V") for name in names))} - {"voltage_v"}) == 4


def test_of_two_that_mean_the_same_the_simpler_is_meant_in_whatever_order() -> None:
    pair = [("Temperature", None), ("Sensor/Temperature", None)]
    assert keys(*pair) == ["temperature_c", "sensor_temperature"]
    assert keys(*reversed(pair)) == ["sensor_temperature", "temperature_c"]


def test_names_that_would_be_called_alike_are_all_marked() -> None:
    pair = [("Out/1", None), ("Out 1", None)]
    first, second = keys(*pair)
    assert first != second
    assert keys(*reversed(pair)) == [second, first]


def test_a_truth_is_no_temperature_and_a_number_no_smoke() -> None:
    assert plan([Named("Temperature", None, BOOLEAN)]).targets[0].key == "temperature"
    assert plan([Named("Smoke", None, DOUBLE)]).targets[0].key == "smoke"


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "value"),
    [
        (1, "int_value", 0xFB, -5),
        (1, "int_value", 0xFFFFFFFB, -5),
        (2, "int_value", 0xFFFF_FFFF, -1),
        (3, "int_value", 0xFFFF_FFFE, -2),
        (3, "long_value", 0xFFFF_FFFF_FFFF_FFFE, -2),
        (4, "long_value", 2**64 - 7, -7),
        (7, "int_value", 0xFFFF_FFFE, 0xFFFF_FFFE),
        (8, "long_value", 2**64 - 1, 2**64 - 1),
        (9, "float_value", struct.unpack("<f", struct.pack("<f", 21.1))[0], 21.1),
        (10, "double_value", float("nan"), None),
        (10, "double_value", float("inf"), None),
        (11, "boolean_value", True, True),
        (12, "string_value", "ok", "ok"),
        (31, "bytes_value", struct.pack("<3d", 1.5, 2.5, float("nan")), [1.5, 2.5, None]),
        (24, "bytes_value", struct.pack("<2i", -1, 7), [-1, 7]),
        (30, "bytes_value", struct.pack("<f", 0.1), [0.1]),
    ],
)
def test_values_have_the_sign_and_the_width_of_their_datatype(
    datatype: int, field: str, raw: bool | float | str | bytes, value: Value
) -> None:
    assert value_of(datatype, field, raw) == value


@pytest.mark.parametrize(
    ("datatype", "field", "raw"),
    [
        (0, "int_value", 5),
        (1, "int_value", 300),
        (5, "int_value", 256),
        (10, "int_value", 21),
        (11, "int_value", 1),
        (3, "double_value", 21.0),
        (12, "bytes_value", b"x"),
        (31, "bytes_value", b"123"),
        (31, "bytes_value", bytes(8 * 65)),
        (19, "template_value", b""),
        (16, "dataset_value", b""),
        (77, "string_value", "x"),
        (10, "", None),
    ],
)
def test_what_does_not_fit_its_datatype_is_no_value(
    datatype: int, field: str, raw: bool | float | str | bytes | None
) -> None:
    with pytest.raises(UnreadableError):
        value_of(datatype, field, raw)


@given(st.integers(-(2**31), 2**31 - 1))
def test_signed_numbers_survive_their_unsigned_field(number: int) -> None:
    assert value_of(3, "int_value", number % 2**32) == number
    assert value_of(4, "long_value", number % 2**64) == number


@given(st.lists(st.text(max_size=40), max_size=12))
def test_whatever_metrics_are_called_each_finds_a_place_of_its_own(names: list[str]) -> None:
    names = list(dict.fromkeys(names))
    found = plan([Named(name, None, DOUBLE) for name in names])
    places = [(target.key, target.slot) for target in found.targets]
    assert len(places) == len(names)
    assert len(set(places)) == len(places)
    assert all(key for key, _ in places)
