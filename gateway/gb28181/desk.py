"""What people may see of recorders of GB/T 28181. Implemented by `gateway.gb28181.service`."""

from __future__ import annotations

from typing import Protocol

import msgspec

from devices.recording.channel_state import ChannelState


class RecorderView(msgspec.Struct, frozen=True, kw_only=True):
    """One recorder. Times in ms UTC.

    ``asked``: when its newest whole catalog came; ``trouble``: why the newest did not, for
    technicians, in English. ``listed``: channels in it that are cameras; ``missing``: cameras that
    it should list; ``strangers``: how many it lists that nobody registered.
    """

    registered: bool
    since: int | None = None
    asked: int | None = None
    trouble: str = ""
    listed: int = 0
    online: int = 0
    missing: tuple[str, ...] = ()
    strangers: int = 0


class ChannelsDesk(Protocol):
    """Recorders that register here, and the cameras behind them."""

    def recorder(self, key: tuple[str, str]) -> RecorderView | None:
        """One of them, by school and id; ``None``: not of GB/T 28181, or not known yet."""
        ...

    def channel(self, camera: tuple[str, str]) -> ChannelState | None:
        """How its recorder says a camera is; ``None``: no recorder says anything of it."""
        ...


class NoChannels:
    """A gateway at which no recorder registers."""

    def recorder(self, key: tuple[str, str]) -> RecorderView | None:  # noqa: ARG002
        """None."""
        return None

    def channel(self, camera: tuple[str, str]) -> ChannelState | None:  # noqa: ARG002
        """None."""
        return None
