"""Orders that the gateway gives a camera's probe, on that camera's own command topic.

``{"id": …, "command": "relearn"}`` is retained there until the probe has said on the camera's
event channel, ``{"event": "relearned", "id": …}``, that it has forgotten what was usual. An order
that comes again was not heard to be done: it is only answered again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from devices.model import is_identifier

PREFIX: Final = "probe"
"""The first level of what probes publish and are told (`devices.dialects.native.PREFIXES`)."""

RELEARN: Final = "relearn"
RELEARNED: Final = "relearned"

_LONGEST_ID: Final = 64


class _Order(msgspec.Struct, frozen=True):
    id: str
    command: str


_order: Final = msgspec.json.Decoder(_Order).decode


def order_topic(school: str, device: str) -> str:
    """Where a camera's orders are; ``+`` for a level gives a filter."""
    return f"{PREFIX}/{school}/camera/{device}/command"


def camera_of(topic: str) -> tuple[str, str] | None:
    """The camera (school, id) whose orders a topic carries; ``None``: it is another topic."""
    levels = topic.split("/")
    if len(levels) != 5:
        return None
    school, device = levels[1], levels[3]
    known = is_identifier(school) and is_identifier(device)
    return (school, device) if known and topic == order_topic(school, device) else None


def relearning_asked(payload: bytes) -> str | None:
    """The id of an order to relearn; ``None`` for anything else, as what takes an order away."""
    try:
        order = _order(payload)
    except msgspec.DecodeError:
        return None
    wanted = order.command == RELEARN and 0 < len(order.id) <= _LONGEST_ID
    return order.id if wanted else None
