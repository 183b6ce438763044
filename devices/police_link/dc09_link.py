"""The police link that speaks DC-09: a primary receiver, and a back-up that is tried at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from devices.police_link.dc09 import (
    Format,
    Frame,
    Identity,
    event_frame,
    supervision_frame,
)
from devices.police_link.dc09_path import Endpoint, exchange
from devices.police_link.failover import FAILED_PATH_RESTS_S, Failover
from devices.police_link.link import Exchange, LinkEvent, OnExchange, Path, Report
from devices.police_link.names import NAMES, Names


class Dc09Config(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to set about one DC-09 link.

    ``identity`` speaks to the receivers; ``backup_identity`` to the back-up one, where that knows
    us otherwise. ``timestamp``: whether plain frames carry the time; encrypted ones always do.
    ``occurrence``: whether events carry the time at which they happened.
    """

    identity: Identity
    primary: Endpoint
    backup: Endpoint | None = None
    backup_identity: Identity | None = None
    format: Format = Format.CONTACT_ID
    timestamp: bool = True
    occurrence: bool = False
    failed_path_rests_s: float = FAILED_PATH_RESTS_S


class Dc09Link:
    """A `PoliceLink` over DC-09. Calls may overlap; each exchange has its own connection."""

    def __init__(
        self, config: Dc09Config, *, now: Callable[[], int] | None = None, names: Names = NAMES
    ) -> None:
        """``now`` gives the milliseconds since 1970 UTC; the machine's clock when left out."""
        self.config: Final = config
        self._identities: Final = {
            Path.PRIMARY: config.identity,
            Path.BACKUP: config.backup_identity or config.identity,
        }
        self._now: Final = now or _machine_clock
        self._names: Final = names
        self._endpoints: Final = {Path.PRIMARY: config.primary}
        if config.backup is not None:
            self._endpoints[Path.BACKUP] = config.backup
        self._failover: Final = Failover(self._endpoints, config.failed_path_rests_s)

    @property
    def paths(self) -> Sequence[Path]:
        """The paths there are, the primary first."""
        return tuple(self._endpoints)

    def endpoint(self, path: Path) -> Endpoint:
        """Where a path leads; ``KeyError`` when this link has none of that name."""
        return self._endpoints[path]

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        """Try once over every path until one acknowledges, without a pause between them.

        The primary first, unless it has just failed. `FrameError` for an event that no frame holds.
        """
        return await self._failover.carry(
            event.key, lambda path: self.probe(path, event), on_exchange
        )

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        """One exchange over exactly this path: a NULL message, or the (test) event.

        ``KeyError`` when the link has no such path, `FrameError` for an event that no frame holds.
        """
        endpoint = self.endpoint(path)
        one = await exchange(
            endpoint, self._frame(path, event), path=path, now=self._now, names=self._names
        )
        self._failover.learn(one)
        return one

    async def aclose(self) -> None:
        """Nothing stays open between exchanges; a turn of the loop lets the last ones close."""
        await asyncio.sleep(0)

    def _frame(self, path: Path, event: LinkEvent | None) -> Frame:
        # Made for each attempt: a repetition keeps its sequence number and has the time of now.
        config, identity = self.config, self._identities[path]
        if event is None:
            return supervision_frame(identity, self._now(), timestamp=config.timestamp)
        return event_frame(
            event,
            identity,
            config.format,
            self._now(),
            timestamp=config.timestamp,
            occurrence=config.occurrence,
        )


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
