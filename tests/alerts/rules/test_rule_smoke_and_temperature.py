"""Smoke and heat together."""

from __future__ import annotations

from alerts.finding import Priority

BOTH = {"rule": "smoke_and_temperature", "source": "default"}


def calm(device, seconds=900, every=30):
    for _ in range(seconds // every):
        assert device.says(obscuration_pct_m=0.2, temperature_c=21.0, after=every) == []


def alerts(device):
    """What was found, without the signs, which are no alerts."""
    return [finding for finding in device.found if finding.condition != "fire_sign"]


def run(device, steps, every=10):
    for smoke, temperature, *humidity in steps:
        device.says(
            obscuration_pct_m=smoke,
            temperature_c=temperature,
            after=every,
            **({"humidity_pct": humidity[0]} if humidity else {}),
        )
    return alerts(device)


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
    assert 3 <= why.inputs["smoke_pct_m"] < 10
    assert 2.5 <= why.inputs["rise_c"] < 12
    assert why.metric == "obscuration_pct_m"


def test_heavy_smoke_that_lasts_needs_only_half_the_rise(watch):
    device = watch(**BOTH)
    calm(device)
    slowly = [(14.0, 21.0 + 0.15 * number) for number in range(25)]
    assert run(device, slowly)[-1].condition == "fire"


def test_a_quick_rise_needs_to_be_half_as_large_as_a_slow_one(watch):
    quick, slow = watch(**BOTH), watch(**BOTH)
    calm(quick)
    calm(slow)
    assert run(quick, [(4.0, 22.0), (4.0, 23.0), (4.0, 24.0), (4.0, 24.2)])[-1].condition == "fire"
    assert run(slow, [(4.0, 21.0 + number / 10) for number in range(30)]) == []


def test_a_quick_rise_of_the_whole_size_needs_half_the_smoke(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(1.8, 23.0), (1.8, 25.0), (1.8, 27.0), (1.8, 29.0)])
    assert found[-1].condition == "fire"
    assert found[-1].explanation.inputs["smoke_pct_m"] < 3


def test_three_quarters_of_a_quick_fire_are_a_suspicion(watch):
    device = watch(**BOTH)
    calm(device)
    found = run(device, [(1.9, 22.0), (1.9, 23.0), (1.9, 24.4), (1.9, 24.4), (1.9, 24.4)])
    assert [(one.condition, one.priority) for one in found] == [("fire_suspected", Priority.HIGH)]


def test_smoke_that_grows_counts_with_its_second_reading(watch):
    device = watch(**BOTH)
    calm(device)
    device.says(obscuration_pct_m=1.6, temperature_c=25.0, after=10)
    found = device.says(obscuration_pct_m=3.2, temperature_c=28.0, after=10)
    assert "fire" in [finding.condition for finding in found]


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
    assert [finding.condition for finding in alerts(device)] == ["fire_suspected", "fire"]
    run(device, [(0.5, 24.0)] * 60)
    assert [(f.condition, f.active) for f in alerts(device)[2:]] == [
        ("fire_suspected", False),
        ("fire", False),
    ]


def test_a_shower_is_neither(watch):
    device = watch(**BOTH)
    calm(device)
    steam = [(5.0 + number, 21.0 + 0.5 * number, 95.0) for number in range(15)]
    assert run(device, steam) == []


def test_a_jump_of_the_humidity_tells_steam_before_it_is_wet(watch):
    device = watch(**BOTH)
    for _ in range(30):
        device.says(obscuration_pct_m=0.2, temperature_c=21.0, humidity_pct=45.0, after=30)
    steam = [(4.0 + number, 21.0 + 0.4 * number, 45.0 + 3.0 * number) for number in range(12)]
    assert run(device, [(0.2, 21.0, 62.0), *steam]) == []


def test_droplets_outlast_the_humidity_that_made_them(watch):
    device = watch(**BOTH)
    for _ in range(30):
        device.says(obscuration_pct_m=0.2, temperature_c=21.0, humidity_pct=45.0, after=30)
    run(device, [(14.0, 22.0, 80.0)] * 6)
    assert run(device, [(13.0, 22.0, 50.0)] * 12) == []


def test_a_fire_in_a_steaming_room_is_still_found(watch):
    device = watch(**BOTH)
    calm(device)
    fire = [(5.0 + number, 21.0 + 2.0 * number, 95.0) for number in range(15)]
    assert run(device, fire)[-1].condition == "fire"


def test_cooking_below_what_ul_217_asks_to_bear_is_nothing(watch):
    device = watch(**BOTH)
    calm(device)
    frying = [(4.8 * (number % 5 != 0), 21.0 + min(number, 60) * 0.07) for number in range(90)]
    assert run(device, frying) == []


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
    assert device.found == []


def test_a_device_that_speaks_when_something_changes_is_held_against_its_last_word(watch):
    device = watch(**BOTH)
    for _ in range(4):
        device.says(obscuration_pct_m=0.2, temperature_c=21.0, after=900)
    device.says(obscuration_pct_m=2.0, temperature_c=22.5, after=700)
    assert run(device, [(4.0, 24.5), (5.5, 26.0)], every=6)[-1].condition == "fire"


def test_dust_in_the_chamber_is_taken_off_but_no_more_than_the_bound(watch):
    device = watch(**BOTH)
    for hour in range(40 * 24):
        device.says(
            obscuration_pct_m=0.2 + 4.0 * min(hour / (30 * 24), 1), temperature_c=21.0, after=3600
        )
    air = device.memory.air.level
    assert air > 4.0
    for _ in range(12):
        device.says(obscuration_pct_m=4.2, temperature_c=21.0, after=30)
    found = run(device, [(4.2 + 1.0, 22.0), (5.5, 23.5), (6.0, 24.5), (6.0, 25.0)])
    assert found[-1].condition == "fire"
    assert found[-1].explanation.inputs["smoke_pct_m"] == 4.5  # 6.0 less the bound of 1.5


def test_what_is_too_little_for_a_finding_is_a_sign_until_it_is_gone(watch):
    device = watch(**BOTH)
    calm(device)
    run(device, [(4.0, 21.0)] * 3 + [(0.2, 21.0)] * 3)
    assert [(f.condition, f.active, f.explanation.code) for f in device.found] == [
        ("fire_sign", True, "fire_sign_smoke"),
        ("fire_sign", False, "fire_sign_gone"),
    ]


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
