"""Who is registered, from where, and until when its keep-alives are believed."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

import msgspec

from devices.recording.gb28181.flow import Flow

KEEPALIVE_MS: Final = 60_000
MISSED: Final = 3
"""The standard's figures: a keep-alive a minute, offline when three are missing."""


class Change(StrEnum):
    """What became of a device."""

    ONLINE = "online"
    MOVED = "moved"
    """Registered again, from another address."""
    UNREGISTERED = "unregistered"
    SILENT = "silent"
    """Three keep-alives are missing."""
    EXPIRED = "expired"
    """It did not register again in time."""
    CHANNELS = "channels"
    """It is as online as it was, and says that something about its channels is not."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """One device; times in ms of a clock that is never put back or forward.

    ``faulty``: the channels that its last keep-alive complained of.
    """

    device: str
    flow: Flow
    since: int
    expires: int
    heard: int
    agent: str = ""
    faulty: tuple[str, ...] = ()


class Registrations:
    """All of them. Only devices with a password of ours get here: that bounds their number."""

    def __init__(self, *, keepalive_ms: int = KEEPALIVE_MS, missed: int = MISSED) -> None:
        self._patience: Final = keepalive_ms * missed
        self._all: Final[dict[str, Registration]] = {}
        self._hosts: Final[Counter[str]] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def of(self, device: str) -> Registration | None:
        """The device's; None when it is offline."""
        return self._all.get(device)

    def all(self) -> tuple[Registration, ...]:
        """Those who are online."""
        return tuple(self._all.values())

    def register(
        self, device: str, flow: Flow, *, seconds: int, now: int, agent: str = ""
    ) -> Change | None:
        """It has proven its password; returns what changed by it."""
        known = self._remove(device)
        self._all[device] = Registration(
            device=device,
            flow=flow,
            since=now if known is None else known.since,
            expires=now + seconds * 1000,
            heard=now,
            agent=agent,
            faulty=() if known is None else known.faulty,
        )
        self._hosts[flow.host] += 1
        if known is None:
            return Change.ONLINE
        return Change.MOVED if known.flow.host != flow.host else None

    def unregister(self, device: str) -> Change | None:
        """It has proven its password and leaves."""
        return None if self._remove(device) is None else Change.UNREGISTERED

    def hear(self, device: str, flow: Flow, now: int, faulty: tuple[str, ...]) -> bool:
        """A keep-alive. False when it does not come from where the device is registered.

        The port may change: routers between us give a new one after a while.
        """
        known = self.at(device, flow)
        if known is None:
            return False
        self._all[device] = msgspec.structs.replace(known, flow=flow, heard=now, faulty=faulty)
        return True

    def at(self, device: str, flow: Flow) -> Registration | None:
        """The device's registration, when the message comes from its address."""
        known = self._all.get(device)
        return known if known is not None and known.flow.host == flow.host else None

    def due(self, now: int) -> tuple[tuple[str, Change], ...]:
        """Those who are offline from now on, each with the reason; they are forgotten here."""
        gone = [
            (one.device, Change.EXPIRED if one.expires <= now else Change.SILENT)
            for one in self._all.values()
            if one.expires <= now or one.heard + self._patience <= now
        ]
        for device, _ in gone:
            self._remove(device)
        return tuple(gone)

    def at_home(self, host: str) -> bool:
        """Whether any device is registered from that address."""
        return host in self._hosts

    def _remove(self, device: str) -> Registration | None:
        known = self._all.pop(device, None)
        if known is not None:
            self._hosts[known.flow.host] -= 1
            if not self._hosts[known.flow.host]:
                del self._hosts[known.flow.host]
        return known
