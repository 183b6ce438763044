"""What a recorder's catalog says of the cameras that are expected at it, and of those that are not.

Pure.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final

import msgspec

from devices.reading import Value
from devices.recording.channel_state import ChannelState
from devices.recording.gb28181 import Channel

_SAID: Final = {
    True: ChannelState.ONLINE,
    False: ChannelState.OFFLINE,
    None: ChannelState.UNTOLD,
}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """``states``: of each camera that is expected, by its id; ``strangers``: channels that are
    cameras and not expected.
    """

    states: dict[str, ChannelState]
    strangers: tuple[Channel, ...] = ()


def seen_of(
    expected: Mapping[str, str],
    catalog: Iterable[Channel] | None,
    *,
    registered: bool,
    elsewhere: Container[str] = (),
) -> Seen:
    """``expected``: the channel of each camera; ``catalog``: the newest whole one, with what is
    online now; ``None``: there was none yet. ``elsewhere``: channels that are registered and
    expected at another recorder.
    """
    if not registered:
        return Seen(states=dict.fromkeys(expected, ChannelState.RECORDER_AWAY))
    if catalog is None:
        return Seen(states=dict.fromkeys(expected, ChannelState.UNTOLD))
    # A channel that is listed twice (in two groups) is online when it is in one of them.
    said: dict[str, bool | None] = {}
    listed: dict[str, Channel] = {}
    for channel in catalog:
        listed.setdefault(channel.id, channel)
        said[channel.id] = channel.online if said.get(channel.id) is not True else True
    wanted = frozenset(expected.values())
    cameras = (one for one in listed.values() if one.camera and one.id not in wanted)
    return Seen(
        states={
            camera: _SAID[said[channel]] if channel in said else ChannelState.MISSING
            for camera, channel in expected.items()
        },
        strangers=tuple(one for one in cameras if one.id not in elsewhere),
    )


def understood(channel: Channel, recorder: str) -> dict[str, Value]:
    """What a technician is shown of a channel that nobody expects."""
    told: dict[str, Value] = {
        "name": channel.name,
        "manufacturer": channel.maker,
        "model": channel.model,
        "address": channel.address,
        "civil_code": channel.civil_code,
        "recorder": recorder,
        "online": channel.online,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}
