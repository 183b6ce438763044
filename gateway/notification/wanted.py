"""What the settings ask to be told: audiences and languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from alerts.alert import TransitionKind
from alerts.course import ACTIVATIONS
from alerts.finding import Priority
from alerts.notification.audience import Audience
from gateway.pipeline.telling import MQTT
from gateway.settings_fields import chosen
from gateway.settings_notification import NotificationSettings

TO_ACT_UPON: Final = ACTIVATIONS | {
    TransitionKind.ESCALATED,
    TransitionKind.REMINDED,
    TransitionKind.NOT_FORWARDED,
}
"""What a person is told who may be asleep: what somebody has to act upon."""

COURSE: Final = TO_ACT_UPON | {
    TransitionKind.ACKNOWLEDGED,
    TransitionKind.RETURNED,
    TransitionKind.SHELVED,
    TransitionKind.SUPPRESSED,
    TransitionKind.FALSE_CONFIRMED,
    TransitionKind.CLOSED,
}
"""And how it went on."""


def audiences_of(notification: NotificationSettings) -> list[Audience]:
    """The broker hears everything; a webhook what it asked for, and what a step calls it to."""
    audiences = [Audience(MQTT, hidden=True)]
    for webhook in notification.webhooks:
        wanted = frozenset(Priority[name.value.upper()] for name in webhook.priorities)
        audiences.append(Audience(webhook.name, schools=chosen(webhook.schools), priorities=wanted))
    audiences += [
        Audience(
            one.name,
            schools=chosen(one.schools),
            priorities=frozenset(Priority[name.value.upper()] for name in one.priorities),
            kinds=COURSE if one.course else TO_ACT_UPON,
            user=one.user,
        )
        for one in notification.messages
    ]
    return audiences


def called_by(notification: NotificationSettings) -> Mapping[str, set[str]]:
    """By user: the receivers that reach them alone."""
    found: dict[str, set[str]] = {}
    for one in notification.messages:
        if one.user is not None:
            found.setdefault(one.user, set()).add(one.name)
    return found


def languages_of(notification: NotificationSettings) -> Mapping[str, Literal["zh", "en"]]:
    """The language of the sentence each receiver gets."""
    return {one.name: one.language for one in notification.receivers}
