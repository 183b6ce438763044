"""Smoke and heat together."""

from __future__ import annotations

from alerts.finding import Priority

BOTH = {"rule": "smoke_and_temperature", "source": "default"}


def calm(device, seconds=900, every=30):
    for _ in range(seconds // every):
        assert device.says(obscuration_pct_m=0.2, temperature_c=21.0, after=every) == []


def run(device, steps, every=10):
    for smoke, temperature, *humidity in steps:
        device.says(
            obscuration_pct_m=smoke,
            temperature_c=temperature,
            after=every,
            **({"humidity_pct": humidity[0]} if humidity else {}),
        )
    return device.found


def test_some_smoke_and_some_rise_are_a_fire_before_either_alone_would_be_one(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(1.0, 22.0), (3.2, 24.5), (4.5, 27.0), (5.5, 29.0)])
    (finding,) = found
    assert (finding.condition, finding.priority) == ("fire", Priority.EMERGENCY)
    assert finding.active
    assert finding.occurrence
    assert finding.latches
    why = finding.explanation
    assert why.code == "smoke_and_rise"
    assert why.inputs["smoke_pct_m"] < 10
    assert 5 <= why.inputs["rise_c"] < 12
    assert why.metric == "obscuration_pct_m"


def test_heavy_smoke_needs_only_half_the_rise(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(12.0, 22.0), (14.0, 23.8), (14.0, 23.9), (14.0, 24.0)])
    assert found[-1].condition == "fire"


def test_smoke_in_a_hot_room_is_a_fire_though_it_no_longer_rises(watch):
    device = watch(**BOTH)
    for _ in range(30):
        device.says(obscuration_pct_m=0.2, temperature_c=58.0, after=30)
    found = run(device, [(4.0, 58.0), (4.0, 58.0)])
    assert [(f.condition, f.explanation.code) for f in found] == [("fire", "smoke_and_heat")]


def test_dust_and_cooking_vapours_without_heat_are_a_suspicion_and_no_emergency(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(15.0, 21.2)] * 30)
    (finding,) = found
    assert (finding.condition, finding.priority) == ("fire_suspected", Priority.HIGH)
    assert finding.explanation.code == "smoke_without_heat"
    assert not finding.latches


def test_a_suspicion_becomes_a_fire_and_both_end_with_the_smoke(watch):
    device = watch(**BOTH)
    calm(device)
    run(device, [(15.0, 21.2)] * 5)
    run(device, [(15.0, 24.0), (16.0, 27.0), (16.0, 29.0)])
    assert [finding.condition for finding in device.found] == ["fire_suspected", "fire"]
    run(device, [(0.5, 24.0)] * 60)
    assert [(f.condition, f.active) for f in device.found[2:]] == [
        ("fire_suspected", False),
        ("fire", False),
    ]


def test_a_shower_is_neither(watch):
    device = watch(**BOTH)
    calm(device)
    steam = [(5.0 + number, 21.0 + 0.5 * number, 95.0) for number in range(15)]
    assert run(device, steam) == []


def test_a_fire_in_a_steaming_room_is_still_found(watch):
    device = watch(**BOTH)
    calm(device)
    fire = [(5.0 + number, 21.0 + 2.0 * number, 95.0) for number in range(15)]
    assert run(device, fire)[-1].condition == "fire"


def test_a_quick_rise_without_smoke_is_a_suspicion(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(0.2, 21.0 + 2 * number) for number in range(10)])
    assert [(f.condition, f.explanation.code) for f in found] == [
        ("fire_suspected", "heat_without_smoke")
    ]


def test_the_sun_of_a_day_is_nothing(watch):
    device = watch(**BOTH)
    day = [(0.3, 12.0 + abs(number % 720 - 360) / 15) for number in range(1440)]
    assert run(device, day, every=60) == []


def test_one_false_reading_of_smoke_is_none(watch):
    device = watch(**BOTH)
    calm(device)
    device.says(obscuration_pct_m=90.0, temperature_c=35.0, after=30)
    calm(device)


def test_smoke_before_a_gap_and_smoke_after_it_confirm_nothing(watch):
    device = watch(**BOTH)
    calm(device)
    device.says(obscuration_pct_m=15.0, temperature_c=21.0, after=10)
    assert device.says(obscuration_pct_m=15.0, temperature_c=40.0, after=3600) == []


def test_a_fire_that_was_raised_before_a_crash_is_not_raised_again_but_ends(watch):
    device = watch(**BOTH)
    calm(device)
    run(device, [(4.0, 24.0), (5.0, 27.0), (6.0, 30.0), (7.0, 33.0)])
    assert device.restarts(down=5) == []
    device.found.clear()
    assert run(device, [(8.0, 40.0)] * 5) == []
    run(device, [(0.1, 25.0)] * 3)
    assert [(f.condition, f.active) for f in device.found if f.condition == "fire"] == [
        ("fire", False)
    ]


def test_its_window_is_filled_again_after_a_crash(watch):
    device = watch(**BOTH)
    calm(device)
    metric, length = device.rule.window()
    points = [(device.now - length + second * 1000, 21.0) for second in range(0, 320, 20)]
    device.restarts(down=1)
    device.rule.refill(device.memory, points)
    found = run(device, [(4.0, 24.0), (5.0, 27.0), (6.0, 30.0)])
    assert metric == "temperature_c"
    assert [finding.condition for finding in found] == ["fire"]
