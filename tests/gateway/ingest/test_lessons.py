"""What teaches a dialect is asked of the broker at each connection."""

from __future__ import annotations

from devices.dialects import bind
from devices.dialects.native import Native
from gateway.ingest.connecting import filters_of, lessons_of


def test_of_those_that_are_taught_the_lessons_are_wanted_again_and_of_others_nothing() -> None:
    taught = bind(
        [
            ("home_assistant", "no3", "no3/ha"),
            ("zigbee2mqtt", "no3", "no3/z2m"),
            ("tasmota", "no3", "no3/tasmota"),
        ]
    )
    everyone = [Native(), *taught]
    lessons = lessons_of(everyone)
    assert lessons == {"no3/ha/homeassistant/#", "no3/z2m/bridge/devices"}
    subscribed = filters_of(everyone, events=True)
    assert lessons < set(subscribed)
    # Before the states, so that these are understood from the first on.
    assert subscribed.index("no3/ha/homeassistant/#") < subscribed.index("no3/ha/#")
