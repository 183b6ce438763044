"""An event of the webhook as a CloudEvent 1.0, in structured mode (one JSON document).

The specification: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from alerts.notification.event import decode_event

CONTENT_TYPE: Final = "application/cloudevents+json"
TYPE: Final = "campus.alert."
"""How the types begin; the kind of the transition follows, or ``test``."""

_canonical: Final = msgspec.json.Encoder(order="sorted")


def cloud_event(body: bytes, source: str) -> bytes:
    """The same event in its envelope, as canonical JSON; ``source`` is a URI of this gateway.

    ``source`` and ``id`` together are the same at each attempt and in no other event. ``data`` is
    the body as it stands in docs/webhook.md. Raises ``msgspec.MsgspecError`` when it is none.
    """
    event = decode_event(body)
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": event.event,
        "source": source,
        "type": TYPE + event.kind,
        "time": _rfc3339(event.happened),
        "datacontenttype": "application/json",
        "data": msgspec.Raw(body),
    }
    if event.alert is not None:
        school = "" if event.school is None else event.school.id
        envelope["subject"] = f"{school or '_gateway'}/alert/{event.alert.id}"
        # An extension (names of lower-case letters and digits): brokers route by attributes only.
        envelope["priority"] = event.alert.priority
    return _canonical.encode(envelope)


def _rfc3339(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
