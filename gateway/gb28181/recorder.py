"""One recorder that registers here, as it was last."""

from __future__ import annotations

import asyncio
from typing import Final

from devices.recording.channel_state import ChannelState
from devices.recording.gb28181 import Channel, Registered
from gateway.gb28181.channels import Seen
from gateway.gb28181.desk import RecorderView
from gateway.settings_recordings import RecorderSettings

REST_MS: Final = 10_000
"""A recorder is asked no more often, whatever it says of changes."""

AGAIN_MS: Final = 300_000
"""After a question that came to nothing."""


class Recorder:
    """Times in ms. ``wanted``: its catalog is to be asked for as soon as may be; ``tried``: when it
    was asked for last, ``asked``: when that came to something; ``discovered``: the catalog whose
    strangers are told of. ``was_registered``: at the last look, `None` before it; ``kept``: as the
    newest fact says.
    """

    def __init__(self, settings: RecorderSettings) -> None:
        self.settings: Final = settings
        self.device: Final = settings.device or ""
        self.expected: Final = {camera: one.channel for camera, one in settings.cameras.items()}
        self.wake: Final = asyncio.Event()
        self.wanted = True
        self.asked = 0
        self.tried = 0
        self.discovered = 0
        self.trouble = ""
        self.registered: Registered | None = None
        self.was_registered: bool | None = None
        self.kept: bool | None = None
        self.catalog: tuple[Channel, ...] | None = None
        self.seen = Seen(states={})

    def due(self, every: int, now: int) -> int:
        """When (ms) its catalog is to be asked for."""
        if self.wanted:
            return self.tried + REST_MS if self.tried else now
        return self.tried + AGAIN_MS if self.trouble else self.asked + every

    def view(self) -> RecorderView:
        """As people see it."""
        cameras = [each for each in self.catalog or () if each.camera]
        here = self.registered is not None
        missing = ChannelState.MISSING
        return RecorderView(
            registered=here,
            since=None if self.registered is None else self.registered.since,
            asked=self.asked or None,
            trouble=self.trouble,
            listed=len({each.id for each in cameras}),
            online=len({each.id for each in cameras if each.online}) if here else 0,
            missing=tuple(camera for camera, one in self.seen.states.items() if one is missing),
            strangers=len(self.seen.strangers),
        )
