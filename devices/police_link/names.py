"""Names of receivers: looked up in threads of their own, and remembered for when nobody answers.

A name service that hangs must neither hold an alarm up nor fill the threads that the gateway reads
its store with. So a name is waited for only until it was found once; from then on it is looked up
again behind the exchange that uses the address known.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeAlias

import msgspec

FRESH_S: Final = 60.0
"""How long an address is used without looking the name up again."""

_THREADS: Final = 4

Lookup: TypeAlias = Callable[[str], tuple[str, ...]]
"""From a name to its addresses, the best first. Blocks; raises ``OSError``."""


def look_up(host: str) -> tuple[str, ...]:
    """The addresses that the system knows for a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError as error:  # two dots in a row, more than 63 letters between dots
        raise OSError(f"{host} can be no name: {error}") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class _Known(msgspec.Struct, frozen=True):
    addresses: tuple[str, ...]
    until: float


class Names:
    """Addresses of names, shared by all links of a process."""

    def __init__(self, lookup: Lookup = look_up, *, fresh_s: float = FRESH_S) -> None:
        self._lookup: Final = lookup
        self._fresh_s: Final = fresh_s
        self._pool: Final = ThreadPoolExecutor(_THREADS, thread_name_prefix="receiver-names")
        self._known: Final[dict[str, _Known]] = {}
        self._asked: Final[dict[str, Future[tuple[str, ...]]]] = {}

    async def address(self, host: str) -> str:
        """Where to connect to. ``OSError`` when a name was never found; callers set the limit."""
        if _is_address(host):
            return host
        known = self._known.get(host)
        if known is None or time.monotonic() > known.until:
            asked = self._ask(host)
            if known is None:
                return (await asyncio.shield(asyncio.wrap_future(asked)))[0]
        return known.addresses[0]

    def failed(self, host: str) -> None:
        """Nobody answered there: the name's next address comes first, and it is looked up soon."""
        if (known := self._known.get(host)) is not None:
            first, *others = known.addresses
            self._known[host] = _Known((*others, first), 0.0)

    def _ask(self, host: str) -> Future[tuple[str, ...]]:
        asked = self._asked.get(host)
        if asked is None or asked.done():
            asked = self._asked[host] = self._pool.submit(self._find, host)
        return asked

    def _find(self, host: str) -> tuple[str, ...]:
        # In a thread. What is known is replaced as a whole, so that no reader sees half of it.
        addresses = self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        known = self._known.get(host)
        if known is not None and set(known.addresses) == set(addresses):
            addresses = known.addresses  # the order that worked
        self._known[host] = _Known(addresses, time.monotonic() + self._fresh_s)
        return addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


NAMES: Final = Names()
"""The one of this process."""
