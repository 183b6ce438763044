"""What tests of Sparkplug share: a group, a room, and messages heard."""

from __future__ import annotations

import json

from devices.dialects.sparkplug import Sparkplug
from devices.reading import Reading, Reject, Route
from devices.simulator.edge_node import BOOLEAN, Message, Sample

NOW = 1_795_161_600_000
GROUP = "no3"
ROOM = (Sample("Temperature", 21.5), Sample("Smoke Alarm", False, BOOLEAN))


def hear(
    sparkplug: Sparkplug, message: Message, received: int = NOW, *, retained: bool = False
) -> list[Reading] | Reject:
    topic, payload = message
    route = sparkplug.route(topic)
    assert isinstance(route, Route)
    said = sparkplug.read(route, payload, received, retained=retained)
    if not isinstance(said, Reject):
        for reading in said:
            assert json.loads(reading.body).items() >= reading.values.items()
    return said


def readings(sparkplug: Sparkplug, message: Message, received: int = NOW) -> list[Reading]:
    said = hear(sparkplug, message, received)
    assert not isinstance(said, Reject), said
    return said
