"""Who is told of what happens to an alert, and under which key.

A receiver is whatever the outbox delivers to: a webhook, the broker, later a police link or a
bureau. Here it is only its name and what it wants to hear.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.alert import Alert, Transition, TransitionKind
from alerts.finding import Priority

EMERGENCY_KEYS: Final = "emergency/"
"""How the keys of events of emergencies begin (`event_key`)."""

_HIDING: Final = frozenset({TransitionKind.SHELVED, TransitionKind.SUPPRESSED})


class Audience(msgspec.Struct, frozen=True):
    """What one receiver wants to hear; a receiver may have several.

    ``schools``, ``priorities`` and ``kinds`` ``None`` = all. ``from_step``: 0 = told from the
    beginning; n = only once an alert has gone n steps up, and then also how it went on.
    ``hidden``: also told of alerts while they are shelved or suppressed (a display that shows them
    as such).
    """

    receiver: str
    schools: frozenset[str] | None = None
    priorities: frozenset[Priority] | None = None
    kinds: frozenset[TransitionKind] | None = None
    from_step: int = 0
    hidden: bool = False


def who_is_told(
    transition: Transition, alert: Alert, audiences: Iterable[Audience]
) -> tuple[str, ...]:
    """The receivers to be told of ``transition``, each once; ``alert`` as it stands after it."""
    told = (one.receiver for one in audiences if _is_told(transition, alert, one))
    return tuple(dict.fromkeys(told))


def _is_told(transition: Transition, alert: Alert, audience: Audience) -> bool:
    # What is wrong with the gateway itself (no school) concerns every school.
    if audience.schools is not None and alert.school and alert.school not in audience.schools:
        return False
    if audience.priorities is not None and alert.priority not in audience.priorities:
        return False
    if audience.kinds is not None and transition.kind not in audience.kinds:
        return False
    if alert.escalation_step < audience.from_step:
        return False
    # Being hidden is itself told, so that nobody goes on showing what the control room does not.
    hidden = alert.suppressed or alert.shelved_until is not None
    return audience.hidden or not hidden or transition.kind in _HIDING


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
