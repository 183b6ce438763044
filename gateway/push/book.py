"""The browsers on which people have alerts, in memory: a transition must not wait for the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from alerts.alert import TransitionKind
from alerts.finding import Priority
from alerts.notification.audience import Audience
from gateway.notification.wanted import TO_ACT_UPON
from gateway.push.subscription import Reach, Subscription

ENDS: Final = frozenset(
    {TransitionKind.ACKNOWLEDGED, TransitionKind.FALSE_CONFIRMED, TransitionKind.CLOSED}
)
"""After these nobody has to act any more: what a browser shows is replaced, without a sound."""

_KINDS: Final = TO_ACT_UPON | {TransitionKind.ACKNOWLEDGED, TransitionKind.FALSE_CONFIRMED}


class PushBook:
    """As they are now."""

    def __init__(self, called_by: Mapping[str, Collection[str]] | None = None) -> None:
        """``called_by`` holds, by user, the receivers that reach them alone: a step of the
        escalation that calls one of these calls their browsers, too.
        """
        self._called_by: Final = {
            user: frozenset(names) for user, names in (called_by or {}).items()
        }
        self._here: dict[str, Subscription] = {}
        self._audiences: tuple[Audience, ...] = ()

    def put(self, reached: Iterable[Reach]) -> None:
        """These are all there are."""
        every = list(reached)
        self._here = {one.subscription.receiver: one.subscription for one in every}
        self._audiences = tuple(self._audience(one) for one in every)

    def audiences(self) -> tuple[Audience, ...]:
        """What each wants to hear."""
        return self._audiences

    def named(self, receiver: str) -> Subscription | None:
        """The browser that is this receiver."""
        return self._here.get(receiver)

    def _audience(self, reach: Reach) -> Audience:
        one = reach.subscription
        return Audience(
            one.receiver,
            schools=reach.schools,
            priorities=frozenset(Priority[name.upper()] for name in one.priorities),
            kinds=_KINDS,
            user=one.user,
            called_by=self._called_by.get(one.user, frozenset()),
        )
