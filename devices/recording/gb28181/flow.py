"""Where a SIP message came from, and so where its answer and our questions go."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Transport(StrEnum):
    """As it is written in a Via."""

    UDP = "UDP"
    TCP = "TCP"


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A device's address as seen here, behind whatever router; ``link`` numbers a TCP connection.

    Nothing is ever sent elsewhere: not to a port or address that a Via or Contact merely names.
    """

    transport: Transport
    host: str
    port: int
    link: int = 0
