"""What the settings ask to be told: audiences, languages, and the step for the unacknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from alerts.escalation import EscalationPolicy, EscalationStep
from alerts.finding import Priority
from alerts.notification.audience import Audience
from gateway.pipeline.telling import MQTT
from gateway.settings import NotificationSettings

_ALL: Final = "*"


def audiences_of(notification: NotificationSettings) -> list[Audience]:
    """The broker hears everything; a webhook what it asked for, and what is escalated to it."""
    audiences = [Audience(MQTT, hidden=True)]
    for webhook in notification.webhooks:
        schools = None if _ALL in webhook.schools else frozenset(webhook.schools)
        wanted = frozenset(Priority[name.value.upper()] for name in webhook.priorities)
        audiences.append(Audience(webhook.name, schools=schools, priorities=wanted))
    if notification.escalation is not None:
        audiences.append(Audience(notification.escalation.webhook, from_step=1))
    return audiences


def escalation_of(notification: NotificationSettings) -> EscalationPolicy | None:
    """The one step there is, or none."""
    escalation = notification.escalation
    if escalation is None:
        return None
    return EscalationPolicy(
        steps=(EscalationStep(after=escalation.after_s * 1000, name=escalation.webhook),)
    )


def languages_of(notification: NotificationSettings) -> Mapping[str, Literal["zh", "en"]]:
    """The language of the sentence each webhook gets."""
    return {webhook.name: webhook.language for webhook in notification.webhooks}
