"""What a webhook is sent: a canonical JSON body, signed.

A receiver checks three things (docs/webhook.md): the signature over ``{t}.{body}``; that ``t``
is recent; that it has not seen the event's id before - deliveries are repeated until answered.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec

from alerts.alert import Alert, Transition
from alerts.notification.audience import event_key

SIGNATURE_HEADER: Final = "X-Campus-Signature"
EVENT_HEADER: Final = "X-Campus-Event-Id"
TOLERANCE_S: Final = 300

_canonical: Final = msgspec.json.Encoder(order="sorted")


class Bilingual(msgspec.Struct, frozen=True):
    """One text in both languages."""

    zh: str
    en: str = ""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Where an alert is, in the words people use; filled in by whoever knows the register.

    ``place`` is the path ("教学楼 / 三层 / 301"), ``link`` opens the alert on the page, ``demo``
    says that no real people are meant.
    """

    device: str
    kind: str
    device_name: Bilingual
    school_name: Bilingual
    place: Bilingual | None
    condition: Bilingual
    explanation: Bilingual
    link: str | None = None
    demo: bool = False


def webhook_body(transition: Transition, alert: Alert, setting: Setting, text: str) -> bytes:
    """One event as canonical JSON (sorted keys, no spaces, UTF-8). Times in ms since 1970 UTC.

    ``alert`` is the alert after ``transition``, ``text`` one sentence about it in the receiver's
    language, for those who only pass it on. A receiver that keeps the highest
    ``alert.version`` per ``alert.id`` shows the truth, in whatever order events arrive.
    """
    explanation = alert.explanation
    return _canonical.encode(
        {
            "event": event_key(transition, alert),
            "kind": transition.kind,
            "happened": transition.happened,
            "known": transition.known,
            "actor": transition.actor,
            "text": text,
            "demo": setting.demo,
            "link": setting.link,
            "alert": {
                "id": alert.id,
                "version": transition.version,
                "state": alert.state,
                "active": alert.active,
                "priority": alert.priority.name.lower(),
                "condition": alert.condition,
                "condition_name": setting.condition,
                "occurrence": alert.occurrences,
                "raised": alert.raised,
                "known": alert.known,
                "last_occurrence": alert.last_occurrence,
                "returned": alert.returned,
                "acknowledged": alert.acknowledged,
                "acknowledged_by": alert.acknowledged_by,
                "assigned_to": alert.assigned_to,
                "shelved_until": alert.shelved_until,
                "suppressed": alert.suppressed,
                "escalation_step": alert.escalation_step,
                "is_false": alert.is_false,
                "closed": alert.closed,
                "remark": alert.remark,
            },
            "school": {"id": alert.school, "name": setting.school_name},
            "device": {"id": setting.device, "kind": setting.kind, "name": setting.device_name},
            "place": setting.place,
            "explanation": {
                "rule": explanation.rule,
                "code": explanation.code,
                "inputs": explanation.inputs,
                "limit": explanation.limit,
                "unit": explanation.unit,
                "source": explanation.source,
                "text": setting.explanation,
            },
        }
    )


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of ``X-Campus-Signature``: HMAC-SHA256 over ``{timestamp}.{body}``, in hex.

    ``timestamp`` (seconds) is that of the attempt, so that a recorded request cannot be replayed
    later.
    """
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def is_signed(secret: bytes, header: str, body: bytes, now: int) -> bool:
    """Whether ``header`` signs ``body`` and is at most five minutes from ``now`` (seconds).

    What a receiver written in Python does; also what the tests hold the sender against.
    """
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    try:
        timestamp = int(parts.get("t", ""))
    except ValueError:
        return False
    expected = _digest(secret, timestamp, body)
    return abs(now - timestamp) <= TOLERANCE_S and hmac.compare_digest(
        expected.encode(), parts.get("v1", "").encode()
    )


def _digest(secret: bytes, timestamp: int, body: bytes) -> str:
    return hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256).hexdigest()
