"""One file a dialect; ``DIALECTS`` is the table that the configuration names them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from devices.dialects.dialect import BoundDialect
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt


class Binding(Protocol):
    """Makes a dialect for one school and one base topic."""

    def __call__(self, school: str, base: str, *, qualified: bool) -> BoundDialect:
        """``qualified`` puts the base before the dialect's own names of devices."""
        ...


DIALECTS: Final[dict[str, Binding]] = {
    Zigbee2Mqtt.name: Zigbee2Mqtt,
    Tasmota.name: Tasmota,
}


def bind(wanted: Iterable[tuple[str, str, str]]) -> list[BoundDialect]:
    """Dialects for (dialect, school, base topic). Where a school has several of one dialect, their
    names of devices are told apart by the base topic.

    Raises ``KeyError`` for an unknown dialect.
    """
    listed = list(wanted)
    count = Counter((dialect, school) for dialect, school, _ in listed)
    return [
        DIALECTS[dialect](school, base, qualified=count[dialect, school] > 1)
        for dialect, school, base in listed
    ]
