"""What verifications need of others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from alerts.evidence import Reason
from audit.verification.procedure import LinkNotice
from devices.model import Device
from devices.police_link.link import Code, OnExchange, Path, Report

ReasonsOf: TypeAlias = Callable[[Device], Awaitable[Sequence[Reason]]]
"""Why a device is red, the most telling reason first."""


async def no_reasons(_: Device) -> Sequence[Reason]:
    """Nothing is known of any."""
    return ()


class TestSender(Protocol):
    """Sends test events over police links."""

    def links_of(self, school: str) -> Sequence[str]:
        """The ids of a school's links that can be sent over."""
        ...

    def notice_of(self, link_id: str) -> LinkNotice | None:
        """What its police want to hear before a test; ``None`` = nothing."""
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

    def notice_of(self, link_id: str) -> LinkNotice | None:  # noqa: ARG002
        """Nobody wants one."""
        return None

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
