"""What verifications need of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from devices.police_link.link import Code, OnExchange, Path, Report


class TestSender(Protocol):
    """Sends test events over police links."""

    def links_of(self, school: str) -> Sequence[str]:
        """The ids of a school's links that can be sent over."""
        ...

    async def send_test(
        self,
        link_id: str,
        code: Code,
        *,
        actor: str,
        device: str | None,
        paths: Sequence[Path] | None,
        on_exchange: OnExchange | None,
    ) -> Report:
        """Send one. ``paths`` ``None`` = as an alarm would go; else over each of them."""
        ...


class NoLinks:
    """A gateway without police links."""

    def links_of(self, school: str) -> Sequence[str]:  # noqa: ARG002
        """None."""
        return ()

    async def send_test(
        self,
        link_id: str,
        code: Code,  # noqa: ARG002
        *,
        actor: str,  # noqa: ARG002
        device: str | None,  # noqa: ARG002
        paths: Sequence[Path] | None,  # noqa: ARG002
        on_exchange: OnExchange | None,  # noqa: ARG002
    ) -> Report:
        """There is nothing to send over."""
        raise LookupError(f"there is no police link {link_id}: configure police_links")
