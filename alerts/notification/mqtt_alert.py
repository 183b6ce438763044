"""The retained MQTT message of an alert, so that any MQTT client can show what is open.

Contract: the message format (docs/messages.md), topic ``campus/{school}/alert/{id}``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Alert
from alerts.notification.webhook import Setting

GATEWAY: Final = "_gateway"
"""Stands for the school in alerts of the gateway itself."""

_canonical: Final = msgspec.json.Encoder(order="sorted")


class Publication(msgspec.Struct, frozen=True):
    """What to publish, retained. An empty ``payload`` takes the retained message away."""

    topic: str
    payload: str

    def encode(self) -> bytes:
        """For the outbox row; `decode_publication` reads it back."""
        return _canonical.encode(self)


_publication: Final = msgspec.json.Decoder(Publication).decode


def mqtt_alert(alert: Alert, setting: Setting) -> Publication:
    """The alert as it stands; taken away when it is closed.

    ``version`` counts up, so that a late copy is recognised. Times in ms since 1970 UTC.
    """
    topic = f"campus/{alert.school or GATEWAY}/alert/{alert.id}"
    if not alert.open:
        return Publication(topic=topic, payload="")
    payload = {
        "id": alert.id,
        "version": alert.version,
        "state": alert.state,
        "active": alert.active,
        "priority": alert.priority.name.lower(),
        "condition": alert.condition,
        "device": setting.device,
        "place": setting.place,
        "raised": alert.raised,
        "occurrences": alert.occurrences,
        "last_occurrence": alert.last_occurrence,
        "explanation": setting.explanation,
        "acknowledged_by": alert.acknowledged_by,
        "shelved_until": alert.shelved_until,
        "suppressed": alert.suppressed,
    }
    return Publication(topic=topic, payload=_canonical.encode(payload).decode())


def decode_publication(body: bytes) -> Publication:
    """Read an outbox row back. Raises ``msgspec.DecodeError`` when it is none."""
    return _publication(body)
