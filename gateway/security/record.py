"""Facts about people: who signed in, who changed what; and how names stand in facts."""

from __future__ import annotations

from gateway.store.batch import Fact
from gateway.store.encoding import canonical


def actor(user: str) -> str:
    """How a user stands in facts; the gateway itself for the empty name."""
    return f"user:{user}" if user else "gateway"


def fact(kind: str, now: int, by: str, subject: str, /, **body: object) -> Fact:
    """Something the user ``by`` did now; the body is canonical JSON (sorted keys, no spaces)."""
    return Fact(
        kind=kind,
        happened=now,
        known=now,
        actor=actor(by),
        subject=subject,
        body=canonical(body),
    )
