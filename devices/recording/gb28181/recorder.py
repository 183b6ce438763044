"""One recorder that is registered at the platform, as a `RecordingSource`."""

from __future__ import annotations

from typing import Final

from devices.recording.gb28181.ids import checked_id
from devices.recording.gb28181.platform import Platform
from devices.recording.source import (
    Answer,
    DeviceTime,
    RefusedError,
    Span,
    TimedOutError,
    UnreadableError,
)


class Gb28181Recorder:
    """A `RecordingSource`; the platform puts its calls in order, and outlives it."""

    def __init__(self, platform: Platform, device: str) -> None:
        """``device``: the recorder's 20 digits; `IdentityError` when they are not."""
        self._platform: Final = platform
        self._device: Final = checked_id(device)

    async def ask(self, channel: str, span: Span) -> Answer:
        """All that it holds of a channel (its 20 digits) in the span."""
        return await self._platform.records(channel, span, self._device)

    async def clock(self) -> DeviceTime | None:
        """Its clock; None when it tells none that can be read. Raises `RecordingError`.

        It is there as long as it is registered: some refuse DeviceStatus, some never answer it.
        """
        try:
            return (await self._platform.status(self._device)).clock
        except (RefusedError, UnreadableError, TimedOutError):
            return None

    async def aclose(self) -> None:
        """Nothing of its own is open."""
