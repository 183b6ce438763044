"""What people may see of the police links. Implemented by `gateway.police.service.Police`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from devices.police_link.link import Exchange
from devices.police_link.states import LinkState, View
from gateway.police.links import LinkInfo


class LinksDesk(Protocol):
    """The links as they are now."""

    @property
    def links(self) -> Mapping[str, LinkInfo]:
        """All that are configured, by id."""
        ...

    def state(self, link: str) -> LinkState:
        """The state of one; unverified while it is not watched."""
        ...

    def status(self, link: str) -> View | None:
        """One as it is now; ``None`` when it is not watched (yet)."""
        ...

    def exchanges(self, link: str) -> list[Exchange]:
        """What was exchanged over it since the start, the newest first."""
        ...

    def counts(self, schools: frozenset[str] | None) -> dict[LinkState, int] | None:
        """How many are in which state; ``None`` without any. ``schools`` ``None`` = all."""
        ...


class NoPolice:
    """A gateway without police links."""

    @property
    def links(self) -> Mapping[str, LinkInfo]:
        """None."""
        return MappingProxyType({})

    def state(self, link: str) -> LinkState:  # noqa: ARG002
        """Of none."""
        return LinkState.UNVERIFIED

    def status(self, link: str) -> View | None:  # noqa: ARG002
        """Of none."""
        return None

    def exchanges(self, link: str) -> list[Exchange]:  # noqa: ARG002
        """Of none."""
        return []

    def counts(self, schools: frozenset[str] | None) -> dict[LinkState, int] | None:  # noqa: ARG002
        """None."""
        return None
