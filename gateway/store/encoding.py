"""How facts are written as JSON: one encoder for each kind, one canonical form for evidence."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alerts.alert import Alert, Transition
from alerts.maintenance import Maintenance

_CANONICAL: Final = msgspec.json.Encoder(order="sorted")
_PLAIN: Final = msgspec.json.Encoder()
_ALERT: Final = msgspec.json.Decoder(Alert)
_TRANSITION: Final = msgspec.json.Decoder(Transition)
_MAINTENANCE: Final = msgspec.json.Decoder(Maintenance)
_PARAMETERS: Final = msgspec.json.Decoder(dict[str, dict[str, Any]])


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the same bytes for the same value, always.

    For facts, whose bytes are hashed. Takes what msgspec encodes: structs, dicts, lists, scalars.
    """
    return _CANONICAL.encode(value)


def encode_alert(alert: Alert) -> bytes:
    """An alert as stored in ``alerts.body``."""
    return _PLAIN.encode(alert)


def decode_alert(body: bytes) -> Alert:
    """An alert from ``alerts.body``; fields of a newer version are passed over."""
    return _ALERT.decode(body)


def encode_transition(transition: Transition) -> bytes:
    """A transition as stored in ``transitions.body``."""
    return _PLAIN.encode(transition)


def decode_transition(body: bytes) -> Transition:
    """A transition from ``transitions.body``; fields of a newer version are passed over."""
    return _TRANSITION.decode(body)


def encode_maintenance(maintenance: Maintenance) -> bytes:
    """A maintenance as stored in ``maintenances.body``."""
    return _PLAIN.encode(maintenance)


def decode_maintenance(body: bytes) -> Maintenance:
    """A maintenance from ``maintenances.body``; fields of a newer version are passed over."""
    return _MAINTENANCE.decode(body)


def encode_parameters(parameters: dict[str, dict[str, object]]) -> str:
    """``{rule: {parameter: value}}`` as stored with devices and schools."""
    return canonical(parameters).decode()


def decode_parameters(text: str) -> dict[str, dict[str, object]]:
    """``{rule: {parameter: value}}`` from what `encode_parameters` gave."""
    return {} if text == "{}" else _PARAMETERS.decode(text)
