"""Receivers and messages as the interface shows them."""

from __future__ import annotations

from typing import Final

from gateway.api.models.notification import DeadLetterOut, DeliveryOut, ReceiverOut
from gateway.notification.dead_letters import Letter
from gateway.notification.desk import ReceiverHere
from gateway.settings_fields import PriorityName

_PRIORITIES: Final = frozenset(PriorityName)


def receiver_out(here: ReceiverHere) -> ReceiverOut:
    """A receiver and how it fares."""
    status = here.status
    return ReceiverOut(
        name=status.receiver,
        kind=here.kind,
        user=here.user,
        label=here.label,
        waiting=status.waiting,
        oldest=status.oldest,
        aside=status.aside,
        given_up=status.given_up,
        failing=status.failing,
        error=status.error,
        delivered=status.delivered,
        holding=status.holding,
    )


def delivery_out(letter: Letter) -> DeliveryOut:
    """A message in the history of its alert."""
    return DeliveryOut(
        row=letter.row,
        receiver=letter.receiver,
        state=letter.state,
        version=_version(letter),
        created=letter.created,
        attempts=letter.attempts,
        due=letter.due,
        delivered=letter.delivered,
        reason=letter.reason,
    )


def dead_letter_out(letter: Letter) -> DeadLetterOut:
    """A message that did not arrive."""
    priority = letter.key.partition("/")[0]
    return DeadLetterOut(
        **dict(delivery_out(letter)),
        alert=letter.alert,
        priority=PriorityName(priority) if priority in _PRIORITIES else None,
    )


def _version(letter: Letter) -> int | None:
    """From the key (`alerts.notification.audience.event_key`)."""
    parts = letter.key.split("/")
    return int(parts[3]) if len(parts) == 5 and parts[3].isdigit() else None
