"""Browsers on which people have alerts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.api.models.shapes import In, Moment, Out
from gateway.settings_fields import PriorityName

BASE64URL = r"^[A-Za-z0-9_-]{1,128}={0,2}$"


class PushOut(Out):
    """Whether people may have alerts on their devices, and what a browser needs for it."""

    enabled: bool
    key: str | None = Field(
        description="Public key of the gateway, base64url (`applicationServerKey`); `null` when "
        "not enabled."
    )
    per_user: int = Field(examples=[5], description="Most browsers of one user.")


class PushKeysIn(In):
    """As `PushSubscription.toJSON` gives them: base64url."""

    p256dh: Annotated[str, StringConstraints(pattern=BASE64URL)]
    auth: Annotated[str, StringConstraints(pattern=BASE64URL)]


class SubscriptionIn(In):
    """A browser that wants alerts. The same endpoint again changes what it wants."""

    endpoint: str = Field(min_length=1, max_length=2048)
    keys: PushKeysIn
    label: str = Field(min_length=1, max_length=100, examples=["Chrome, Android"])
    language: Literal["zh", "en"] = "zh"
    priorities: list[PriorityName] = Field(
        default=[PriorityName.EMERGENCY, PriorityName.HIGH],
        max_length=5,
        description="Empty: only what an escalation calls its user for.",
    )


class SubscriptionOut(Out):
    """A browser on which somebody has alerts."""

    id: str = Field(
        examples=["9f86d081884c7d65"],
        description="The first 16 digits of the SHA-256 of its endpoint.",
    )
    label: str
    language: Literal["zh", "en"]
    priorities: list[PriorityName]
    added: Moment
