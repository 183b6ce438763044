"""It grows hot quickly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.rise import RiseWindow, note, quick_rise

RISE = {"rule": "rate_of_rise", "rise": 12, "within_s": 300, "source": "default"}


def calm(device, seconds=600, every=30, temperature=21.0):
    for _ in range(seconds // every):
        assert device.says(temperature_c=temperature, after=every) == []


def test_a_rise_of_ten_degrees_a_minute_is_found_within_two_minutes_and_explained(watch):
    device = watch(**RISE)
    calm(device)
    begin = device.now
    while not device.found:
        minutes = (device.now - begin) / 60_000
        assert minutes < 2.1
        device.says(temperature_c=21 + 10 * (minutes + 0.25), after=15)
    (finding,) = device.found
    assert finding.active
    assert finding.latches
    why = finding.explanation
    assert why.code == "risen"
    assert why.inputs["rise"] >= 12
    assert 0.5 <= why.inputs["minutes"] <= 5
    assert (why.limit, why.unit) == (12, "°C")


def test_sun_and_heating_are_no_fire(watch):
    device = watch(**RISE)
    for number in range(240):
        assert device.says(temperature_c=15 + number * 0.5, after=60) == []


def test_one_spike_and_one_drop_out_are_no_rise(watch):
    device = watch(**RISE)
    calm(device)
    for odd in (85.0, -40.0, 0.0, 125.0):
        assert device.says(temperature_c=odd, after=30) == []
        calm(device, seconds=330)


def test_what_lies_before_a_gap_is_not_compared_with_what_comes_after(watch):
    device = watch(**RISE)
    calm(device, temperature=5.0)
    device.passes(200)
    calm(device, temperature=21.0)


def test_it_is_over_when_it_stays_hot(watch):
    device = watch(**RISE)
    calm(device)
    for temperature in (25.0, 30.0, 35.0, 40.0, 40.0):
        device.says(temperature_c=temperature, after=30)
    assert [finding.active for finding in device.found] == [True]
    for _ in range(20):
        device.says(temperature_c=40.0, after=30)
    assert [finding.active for finding in device.found] == [True, False]


def test_values_that_are_no_temperatures_change_nothing(watch):
    device = watch(**RISE)
    calm(device)
    for odd in (None, "hot", True, [21.0], float("nan"), 10**400, float("inf")):
        assert device.says(temperature_c=odd, after=5) == []
    calm(device)


@given(
    samples=st.lists(
        st.tuples(st.integers(1, 100), st.floats(15, 60, width=16)), min_size=12, max_size=60
    ),
    cut=st.integers(1, 59),
)
def test_filled_again_after_a_crash_it_finds_what_it_would_have_found(watch, samples, cut):
    plain, crashed = watch(**RISE), watch(**RISE)
    stored: list[tuple[int, float]] = []
    for number, (passed, value) in enumerate(samples):
        if number == cut:
            metric, length = crashed.rule.window()
            assert metric == "temperature_c"
            points = [point for point in stored if point[0] >= crashed.now - length]
            crashed.reloads()
            crashed.rule.refill(crashed.memory, points)
        plain.says(temperature_c=value, after=passed)
        crashed.says(temperature_c=value, after=passed)
        stored.append((plain.now, value))
    assert plain.found == crashed.found


def test_a_smaller_rise_is_a_sign_for_the_room_and_no_alert(watch):
    device = watch(**RISE, sign_rise=5)
    calm(device)
    for number in range(6):
        device.says(temperature_c=21 + number * 1.0, after=15)
    for _ in range(30):
        device.says(temperature_c=21, after=15)
    assert [(one.condition, one.active, one.explanation.code) for one in device.found] == [
        ("fire_sign", True, "fire_sign_heat"),
        ("fire_sign", False, "fire_sign_gone"),
    ]


def test_a_sign_does_not_keep_the_alert_from_coming(watch):
    device = watch(**RISE, sign_rise=5)
    calm(device)
    for number in range(12):
        device.says(temperature_c=21 + number * 3.0, after=15)
    assert [one.condition for one in device.found] == ["fire_sign", "rate_of_rise"]


def test_an_ordinary_heater_is_not_even_a_sign(watch):
    device = watch(**RISE, sign_rise=5)
    calm(device)
    for number in range(40):
        assert device.says(temperature_c=21 + number * 0.15, after=15) == []


@given(st.lists(st.floats(20, 120), min_size=4, max_size=60), st.integers(2, 40))
def test_readings_that_are_false_one_by_one_are_no_quick_rise(values, every):
    window = RiseWindow()
    for number in range(40):
        note(window, (number + 1) * 10_000, 20.0, 25_000, 150_000)
    at = window.at
    for number, value in enumerate(values):
        # Every second reading is true: it never rises.
        at += every * 1000
        note(window, at, 20.0 if number % 2 else value, 25_000, 150_000)
        risen, seconds = quick_rise(window, 25_000)
        assert risen <= 0
        assert seconds <= 125
