"""How a camera's channel is at the recorder that records it, as far as the recorder tells."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DIALECT: Final = "gb28181"
"""Of cameras that nobody hears of but by their recorder; their address is the channel's 20 digits.
"""


class ChannelState(StrEnum):
    """The value ``channel_state`` of a camera."""

    ONLINE = "online"
    OFFLINE = "offline"
    """The recorder is there, and cannot reach the camera."""
    MISSING = "missing"
    """The recorder lists its channels, and this one is not among them."""
    RECORDER_AWAY = "recorder_away"
    """Nobody knows: what an offline recorder last said of its channels is worth nothing."""
    UNTOLD = "untold"
    """The recorder is there, and does not say how this channel is."""
