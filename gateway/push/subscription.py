"""A browser on which somebody has alerts: where messages for it go, and which it wants."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

PUSH: Final = "push:"
"""How the names of those receivers begin that are browsers; user and id follow."""


class Subscription(msgspec.Struct, frozen=True):
    """As a browser gave it (RFC 8030, RFC 8291). ``endpoint`` is a secret; times in ms.

    ``priorities`` by name; empty = only what an escalation calls its user for. ``label`` says which
    of somebody's devices it is.
    """

    id: str
    user: str
    endpoint: str
    p256dh: str
    auth: str
    label: str
    language: Literal["zh", "en"]
    priorities: tuple[str, ...]
    added: int

    @property
    def receiver(self) -> str:
        """Its name as a receiver of the outbox."""
        return receiver_of(self.user, self.id)


class Reach(msgspec.Struct, frozen=True):
    """A subscription of a user who may sign in, and the schools they see (``None`` = all)."""

    subscription: Subscription
    schools: frozenset[str] | None


def receiver_of(user: str, id_: str) -> str:
    """How a user's browser is called among the receivers of the outbox."""
    return f"{PUSH}{user}/{id_}"


def id_of(endpoint: str) -> str:
    """What a subscription is called: the page can work it out, too, and it gives nothing away."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:16]
