"""Where in time a message is put: the device's clock while it is believable, ours otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Channel, Reading
from devices.timekeeping import EARLIEST, LATE, LONGEST, TOLERANCE, DeviceClock, place_in_time

NOW = 1_795_161_600_000
HOUR = 3_600_000


def said(clock: DeviceClock, received: int, at: int | None, *, retained: bool = False) -> Reading:
    reading = Reading(Channel.TELEMETRY, {}, received, b"", at, retained=retained)
    place_in_time(reading, clock)
    return reading


def live(clock: DeviceClock, begin: int, error: int, count: int = 5, every: int = 60_000) -> int:
    """``count`` messages of a clock that is ``error`` ms fast; returns the time after them."""
    for number in range(count):
        said(clock, begin + number * every, begin + number * every + error - 200)
    return begin + count * every


def test_a_message_without_a_time_happened_when_it_arrived():
    reading = said(DeviceClock(), NOW, None)
    assert (reading.happened, reading.late) == (NOW, False)


def test_a_right_clock_is_believed_from_the_first_message_on():
    clock = DeviceClock()
    reading = said(clock, NOW, NOW - 350)
    assert (reading.happened, reading.late, reading.at) == (NOW - 350, False, NOW - 350)
    assert clock.error == -350


def test_nothing_happened_after_it_arrived():
    assert said(DeviceClock(), NOW, NOW + 4000).happened == NOW


def test_a_late_message_happened_when_the_device_says():
    clock = DeviceClock()
    now = live(clock, NOW, 0)
    reading = said(clock, now, now - 3 * HOUR)
    assert (reading.happened, reading.late) == (now - 3 * HOUR, True)


def test_a_burst_after_an_outage_is_no_wrong_clock():
    clock = DeviceClock()
    now = live(clock, NOW, 0) + 4 * HOUR
    for number in range(240):
        reading = said(clock, now + number * 20, now - 4 * HOUR + number * 60_000)
        assert reading.late == (now + number * 20 - reading.happened > LATE)
        assert reading.happened == reading.at
    assert abs(clock.error or 0) < TOLERANCE


def test_a_slow_burst_is_no_wrong_clock_either():
    clock = DeviceClock()
    for number in range(60):
        said(clock, NOW + number * 2000, NOW - 2 * HOUR + number * 120_000)
    assert clock.error is None or abs(clock.error) < TOLERANCE


def test_a_burst_is_the_first_we_hear_and_then_the_clock_proves_right():
    clock = DeviceClock()
    assert said(clock, NOW, NOW - HOUR).late
    now = live(clock, NOW + 1000, 0)
    reading = said(clock, now, now - 100)
    assert (reading.happened, reading.late) == (now - 100, False)


def test_a_clock_two_hours_fast_is_found_out_and_no_longer_believed():
    clock = DeviceClock()
    now = live(clock, NOW, 2 * HOUR)
    assert clock.error is not None
    assert abs(clock.error - 2 * HOUR) < 1000
    assert said(clock, now, now + 2 * HOUR).happened == now


def test_a_clock_two_hours_slow_is_found_out_too():
    clock = DeviceClock()
    now = live(clock, NOW, -2 * HOUR)
    reading = said(clock, now, now - 2 * HOUR)
    assert (reading.happened, reading.late) == (now, False)


def test_a_late_message_of_a_wrong_clock_is_still_known_to_be_late():
    clock = DeviceClock()
    now = live(clock, NOW, 2 * HOUR)
    reading = said(clock, now, now + 2 * HOUR - 600_000)
    assert (reading.happened, reading.late) == (now, True)


def test_a_clock_that_jumps_is_found_out_within_some_messages():
    clock = DeviceClock()
    now = live(clock, NOW, 0, count=50)
    now = live(clock, now, -3 * HOUR, count=5)
    assert said(clock, now, now - 3 * HOUR - 200).happened == now
    now = live(clock, now, 0, count=2)
    assert said(clock, now, now - 200).happened == now - 200


def test_a_clock_that_was_never_set_is_not_believed_but_its_error_is_known():
    clock = DeviceClock()
    now = live(clock, NOW, -NOW)
    assert said(clock, now, now - NOW).happened == now
    assert abs((clock.error or 0) + NOW) < 1000


def test_a_clock_that_drifts_is_followed():
    clock = DeviceClock()
    error = 0
    for number in range(3000):
        error -= 50
        said(clock, NOW + number * 60_000, NOW + number * 60_000 + error)
    assert abs((clock.error or 0) - error) < 10_000


def test_a_retained_message_teaches_nothing():
    clock = DeviceClock()
    for number in range(10):
        said(clock, NOW + number * 5000, NOW - HOUR + number * 5000, retained=True)
    assert clock.error is None


@given(
    st.lists(
        st.tuples(st.integers(0, HOUR), st.none() | st.integers(0, 2**47), st.booleans()),
        max_size=60,
    )
)
def test_whatever_devices_claim_the_time_believed_is_plausible(messages):
    clock = DeviceClock()
    now = NOW
    for passed, at, retained in messages:
        now += passed
        reading = said(clock, now, at, retained=retained)
        assert now - LONGEST <= reading.happened <= now
        assert reading.happened >= EARLIEST
        assert reading.received == now
        assert reading.at == at
