"""What a simulated device makes of a command: it answers a ping, as docs/messages.md says."""

from __future__ import annotations

from typing import Final

import msgspec

from devices.reading import Value

ANSWERED_MS: Final = 120
"""How long a device says that it took."""


class _Command(msgspec.Struct):
    id: str
    command: str
    expires: int | None = None


_command: Final = msgspec.json.Decoder(_Command).decode


def answer_to(payload: bytes, now: int) -> dict[str, Value] | None:
    """The values of its ``answered`` event; ``None`` when it does not answer.

    Nothing else than a ping is carried out, and nothing that has expired (``now`` in ms).
    """
    try:
        command = _command(payload)
    except msgspec.MsgspecError:
        return None
    if command.expires is not None and now >= command.expires:
        return None
    if command.command != "ping":
        error = f"{command.command[:32]} is not simulated"
        return {"id": command.id, "ok": False, "error": error}
    return {"id": command.id, "ok": True, "ms": ANSWERED_MS}
