"""What came in and was not what it should be, counted since the start."""

from __future__ import annotations

import msgspec


class Counters(msgspec.Struct):
    """Totals. Nothing is dropped without one of these."""

    requests: int = 0
    responses: int = 0
    repeated: int = 0
    """Retransmissions of a request, answered as the first time."""
    garbage: int = 0
    """Datagrams and connections that speak no SIP."""
    limited: int = 0
    """Beyond what an address, or all strangers together, are answered."""
    strangers: int = 0
    """From identities without a password here."""
    wrong_password: int = 0
    unregistered: int = 0
    """From known devices that are not registered, or not at that address."""
    unreadable: int = 0
    """Bodies of registered devices that are no MANSCDP."""
    unexpected: int = 0
    """Answers to nothing that is being asked: late, or to another's question."""
    ignored: int = 0
    """Commands of registered devices that mean nothing here, such as alarms and positions."""
    connections_refused: int = 0
    unsent: int = 0
    """Answers and questions that found no way out: a connection gone, a buffer full."""
