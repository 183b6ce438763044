"""Settings of notification: who is told, over what, of which alerts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gateway.settings_fields import ExistingFile, HttpUrl, PriorityName, Secret, Section
from gateway.settings_push import PushSettings


class Webhook(Section):
    """A receiver of alerts over HTTP: JSON, signed with HMAC-SHA-256, delivered at least once."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    """Its name, shown with every delivery."""

    url: HttpUrl
    """Where to POST."""

    secret: Secret
    """Key of the signature."""

    schools: tuple[str, ...] = ("*",)
    """Ids of the schools whose alerts it gets; `*` = all."""

    priorities: tuple[PriorityName, ...] = (PriorityName.EMERGENCY, PriorityName.HIGH)
    """Priorities it gets."""

    language: Literal["zh", "en"] = "zh"
    """Language of the text in the message (the data is the same)."""

    timeout_s: float = Field(5.0, gt=0, le=60)
    """Longest wait for its answer."""

    ca_file: ExistingFile | None = None
    """Authority that signed its certificate, PEM. Default: the system's."""

    format: Literal["plain", "cloudevents"] = "plain"
    """`plain`: the event as docs/webhook.md describes it; `cloudevents`: the same as `data` of a
    CloudEvent 1.0.
    """


class MessageReceiver(Section):
    """A receiver that people read: a chat group, a mailbox, a phone (docs/notification.md)."""

    name: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    """Its name, shown with every delivery."""

    url: Secret
    """Where to: an Apprise URL, e.g. `wecombot://…`, `dingtalk://…`, `feishu://…`, `mailtos://…`."""

    user: str | None = Field(None, pattern=r"^[A-Za-z0-9._@-]{1,64}$")
    """The user whom it reaches, when it reaches one person alone. Their messages carry a link to
    acknowledge with, if `web.public_url` is set.
    """

    schools: tuple[str, ...] = ("*",)
    """Ids of the schools whose alerts it gets; `*` = all."""

    priorities: tuple[PriorityName, ...] = (PriorityName.EMERGENCY, PriorityName.HIGH)
    """Priorities it gets. Empty: only what an escalation calls it for."""

    course: bool = False
    """Also say how it went on: acknowledged, returned to normal, closed. Without it only what
    somebody has to act upon.
    """

    language: Literal["zh", "en"] = "zh"
    """Language of the messages."""

    timeout_s: float = Field(20.0, gt=0, le=120)
    """Longest wait until it is sent."""

    digest_over: int = Field(10, ge=0, le=1000)
    """With more messages than this within five minutes they come together, every five minutes; 0 =
    never. Emergencies always come at once and by themselves.
    """

    link_hours: int = Field(12, ge=1, le=72)
    """How long the link to acknowledge with may be used, once."""


class Escalation(Section):
    """What happens when nobody acknowledges an emergency."""

    after_s: int = Field(60, ge=5, le=86400)
    """Seconds without an acknowledgement."""

    webhook: str
    """Name of the webhook that is told, whatever its own priorities are."""


class NotificationSettings(Section):
    """Who is told."""

    webhooks: tuple[Webhook, ...] = ()
    """Receivers over HTTP."""

    messages: tuple[MessageReceiver, ...] = ()
    """Chat groups, mailboxes and mobile phones."""

    push: PushSettings = PushSettings()
    """Alerts on people's own devices."""

    escalation: Escalation | None = None
    """The next step for an emergency that nobody acknowledges: the older form of one of
    `escalation.plans`.
    """

    @property
    def receivers(self) -> tuple[Webhook | MessageReceiver, ...]:
        """All of them but the broker."""
        return (*self.webhooks, *self.messages)

    @property
    def receiver_names(self) -> frozenset[str]:
        """Names that a step of the escalation may call."""
        return frozenset(one.name for one in self.receivers)

    @model_validator(mode="after")
    def _named(self) -> NotificationSettings:
        names = [one.name for one in self.receivers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two receivers have the name '{twice[0]}'")
        if "mqtt" in names:
            raise ValueError("no receiver may have the name 'mqtt': it is the broker's")
        if self.escalation is not None and self.escalation.webhook not in names:
            known = ", ".join(names) or "there is none"
            raise ValueError(
                f"escalation.webhook '{self.escalation.webhook}' is no webhook: {known}"
            )
        return self
