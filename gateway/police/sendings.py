"""What came of sending one event over one link: told by lanes, written down by the record."""

from __future__ import annotations

import msgspec

from devices.police_link.link import Exchange, LinkEvent


class Attempt(msgspec.Struct, frozen=True):
    """One exchange worth a fact. ``number`` counts the event's exchanges from 1."""

    event: LinkEvent
    exchange: Exchange
    number: int


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How an event fares. ``at`` in ms.

    ``arrived``: acknowledged, after ``attempts`` exchanges and ``ack_ms`` since the gateway knew of
    it. Otherwise it is late, and tried on; ``result`` is then what the last exchange came to, empty
    when there was none. ``late`` tells how many events of the link are late
    now, this one included.
    """

    event: LinkEvent
    arrived: bool
    at: int
    attempts: int
    path: str = ""
    result: str = ""
    ack_ms: int | None = None
    error: str = ""
    late: int = 0


class Unreadable(msgspec.Struct, frozen=True):
    """An outbox row that is no event: nothing that can be sent. ``late`` as in `Sending`."""

    key: str
    reason: str
    late: int = 0
