"""One file a dialect; ``DIALECTS`` is the table that the configuration names them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from devices.dialects.chirpstack import ChirpStack
from devices.dialects.dialect import BoundDialect
from devices.dialects.home_assistant import HomeAssistant
from devices.dialects.shelly import Shelly
from devices.dialects.sparkplug import Sparkplug
from devices.dialects.tasmota import Tasmota
from devices.dialects.zigbee2mqtt import Zigbee2Mqtt


class Bridge(NamedTuple):
    """What of a broker's topics belongs to a school, and how it is spoken there."""

    dialect: str
    school: str
    base: str
    offset_minutes: int | None = None
    """How far the devices' clocks are set east of UTC; ``None`` = not known."""


class Binding(Protocol):
    """Makes a dialect for one school and one base topic."""

    def __call__(
        self, school: str, base: str, *, offset_minutes: int | None, qualified: bool
    ) -> BoundDialect:
        """``offset_minutes`` is for times without a zone. ``qualified`` puts the base before the
        dialect's own names of devices.
        """
        ...


DIALECTS: Final[dict[str, Binding]] = {
    Zigbee2Mqtt.name: Zigbee2Mqtt,
    Tasmota.name: Tasmota,
    Shelly.name: Shelly,
    ChirpStack.name: ChirpStack,
    HomeAssistant.name: HomeAssistant,
    Sparkplug.name: Sparkplug,
}


def bind(
    wanted: Iterable[tuple[str, str, str] | tuple[str, str, str, int | None]],
) -> list[BoundDialect]:
    """Dialects for `Bridge` tuples. Where a school has several of one dialect, their
    names of devices are told apart by the base topic.

    Raises ``KeyError`` for an unknown dialect.
    """
    bridges = [Bridge(*one) for one in wanted]
    count = Counter((one.dialect, one.school) for one in bridges)
    return [
        DIALECTS[one.dialect](
            one.school,
            one.base,
            offset_minutes=one.offset_minutes,
            qualified=count[one.dialect, one.school] > 1,
        )
        for one in bridges
    ]
