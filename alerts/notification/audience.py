"""Who is told of what happens to an alert, and under which key.

A receiver is whatever the outbox delivers to: a webhook, the broker, later a police link or a
bureau. Here it is only its name and what it wants to hear.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.alert import Alert, Transition, TransitionKind
from alerts.duty import USER
from alerts.finding import Priority

EMERGENCY_KEYS: Final = "emergency/"
"""How the keys of events of emergencies begin (`event_key`)."""

_TO_THE_CALLED: Final = frozenset(
    {
        TransitionKind.ESCALATED,
        TransitionKind.ACKNOWLEDGED,
        TransitionKind.FALSE_CONFIRMED,
        TransitionKind.CLOSED,
    }
)
"""What somebody who was called must hear: that they are needed, and that they no longer are."""

_HIDING: Final = frozenset({TransitionKind.SHELVED, TransitionKind.SUPPRESSED})


class Audience(msgspec.Struct, frozen=True):
    """What one receiver wants to hear; a receiver may have several.

    ``schools``, ``priorities`` and ``kinds`` ``None`` = all; empty = none of itself. A step of the
    escalation that has called the receiver, or the person ``user`` whose receiver it is, makes it
    hear of that alert from then on (`Alert.called`), whatever its school and priority: the kinds it
    wants, and that it is needed or no longer is; ``called_by`` are other receivers of that person,
    with which it is called, too. ``hidden``: also told of alerts while they are shelved or
    suppressed (a display that shows them as such).
    """

    receiver: str
    schools: frozenset[str] | None = None
    priorities: frozenset[Priority] | None = None
    kinds: frozenset[TransitionKind] | None = None
    hidden: bool = False
    user: str | None = None
    called_by: frozenset[str] = frozenset()


def who_is_told(
    transition: Transition, alert: Alert, audiences: Iterable[Audience]
) -> tuple[str, ...]:
    """The receivers to be told of ``transition``, each once; ``alert`` as it stands after it."""
    told = (one.receiver for one in audiences if _is_told(transition, alert, one))
    return tuple(dict.fromkeys(told))


def _is_told(transition: Transition, alert: Alert, audience: Audience) -> bool:
    if not (_wants(transition, alert, audience) or _is_called(transition, alert, audience)):
        return False
    # Being hidden is itself told, so that nobody goes on showing what the control room does not.
    hidden = alert.suppressed or alert.shelved_until is not None
    return audience.hidden or not hidden or transition.kind in _HIDING


def _wants(transition: Transition, alert: Alert, audience: Audience) -> bool:
    # What is wrong with the gateway itself (no school) concerns every school.
    if audience.schools is not None and alert.school and alert.school not in audience.schools:
        return False
    if audience.priorities is not None and alert.priority not in audience.priorities:
        return False
    if transition.kind is TransitionKind.CUT_OFF and not audience.hidden:
        return False  # every few seconds while an outage grows or shrinks: only displays want that
    return audience.kinds is None or transition.kind in audience.kinds


def _is_called(transition: Transition, alert: Alert, audience: Audience) -> bool:
    if not alert.called:
        return False
    kinds = audience.kinds
    if kinds is not None and transition.kind not in kinds | _TO_THE_CALLED:
        return False
    person = audience.user is not None and USER + audience.user in alert.called
    called = {audience.receiver, *audience.called_by}
    return person or not called.isdisjoint(alert.called)


def event_key(transition: Transition, alert: Alert) -> str:
    """The key of one event, the same at each attempt: receivers know a repetition by it.

    Every occurrence is a transition with a version of its own. The time in it keeps a gateway that
    begins anew with alert 1 from being taken for a repetition. The word in front is the priority,
    for `is_emergency`.
    """
    return (
        f"{alert.priority.name.lower()}/{alert.school}/{alert.id}"
        f"/{transition.version}/{transition.known}"
    )


def is_emergency(key: str) -> bool:
    """Whether the event of this key is one of an emergency, which is never given up."""
    return key.startswith(EMERGENCY_KEYS)
