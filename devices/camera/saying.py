"""The messages that a look comes to, in the native format (kind `camera`).

A camera that cannot be reached is said to be offline on its status, as a device's last will would
say it, and nothing else is heard of it: so that cameras which went out together, with a recorder or
a switch, are found to have one cause like any other devices.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from devices.camera.look import Look
from devices.camera.orders import PREFIX, RELEARNED
from devices.camera.suspicion import Fault
from devices.camera.watch import Judgement, Trouble

PROBE: Final = "probe"
"""The kind of a probe's own device."""

Message: TypeAlias = tuple[str, bytes, bool]
"""Topic, payload, retained."""

_encode: Final = msgspec.json.Encoder().encode


def messages(
    school: str,
    device: str,
    look: Look,
    judgement: Judgement,
    *,
    was_online: bool | None,
    picture: str | None = None,
) -> list[Message]:
    """What to publish after a look, in this order.

    ``was_online`` is what was said last, None: nothing yet. ``picture`` names one in the picture
    store. A look that failed and proves nothing yet says nothing.
    """
    base = f"{PREFIX}/{school}/camera/{device}"
    status, telemetry = f"{base}/status", f"{base}/telemetry"
    if Fault.OFFLINE in judgement.faults:
        if was_online is False:
            return []
        return [(status, _encode({"ts": look.begun, "online": False}), True)]
    if not judgement.online:
        return []
    said = [(telemetry, _encode(_values(look, judgement, picture)), False)]
    if was_online is not True:
        said.insert(0, (status, _encode({"ts": look.begun, "online": True}), True))
    return said


def relearned(school: str, device: str, at: int, order: str) -> Message:
    """That what was usual is forgotten, as ``order`` asked."""
    body = {"ts": at, "event": RELEARNED, "id": order}
    return f"{PREFIX}/{school}/camera/{device}/event", _encode(body), False


def presence(school: str, probe: str) -> tuple[str, bytes, bytes]:
    """Topic and payloads for a probe's own device: while it is connected, and afterwards."""
    here, gone = (_encode({"online": online}) for online in (True, False))
    return f"{PREFIX}/{school}/{PROBE}/{probe}/status", here, gone


def heartbeat(
    school: str, probe: str, at: int, *, cameras: int, looks: int, missed: int
) -> Message:
    """That a probe works: its cameras in a school, and the looks taken and missed there since the
    last time.
    """
    body = {"ts": at, "cameras": cameras, "looks": looks, "looks_missed": missed}
    return f"{PREFIX}/{school}/{PROBE}/{probe}/telemetry", _encode(body), False


def _values(look: Look, judgement: Judgement, picture: str | None) -> dict[str, Any]:
    seen = judgement.grey is not None
    known = {
        "fps": look.fps,
        "bitrate_kbps": look.bitrate_kbps,
        "width": look.width or None,
        "height": look.height or None,
        "measures": judgement.measures or None,
        "picture": picture,
    }
    return {
        "ts": look.begun,
        "online": True,
        "faults": [fault.value for fault in judgement.faults],
        # Said each time, null as well: what was so at the last look must not be taken for now.
        "why": {each.fault.value: _reason(each) for each in judgement.troubles},
        "undecidable": judgement.undecidable,
        "grey": judgement.grey,
        "learned": judgement.learned if seen else None,
        **{name: value for name, value in known.items() if value is not None},
    }


def _reason(trouble: Trouble) -> dict[str, Any]:
    return {
        **trouble.why.inputs,
        "code": trouble.why.code,
        "confidence": round(trouble.confidence, 2),
        "since": trouble.since,
    }
