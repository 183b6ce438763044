"""The attestations' room and the files', put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from audit.asked import Asked, asked_of
from audit.policy import Policy
from gateway.attestations.service import Attestations
from gateway.clock import Clock
from gateway.files.service import Files
from gateway.files.shelf import Shelf
from gateway.settings import Settings
from gateway.store.store import Store
from gateway.words import Words


def make_attestations(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    words: Words,
    notify: Callable[[Iterable[str]], None],
    policies: Callable[[], Iterable[Policy]],
) -> Attestations:
    """The room, nothing running. ``policies`` gives those in effect."""
    seen: tuple[Policy, ...] = ()
    asked: dict[str, Asked] = asked_of(())

    def in_effect() -> dict[str, Asked]:
        nonlocal seen, asked
        now = tuple(policies())
        if len(now) != len(seen) or any(
            one is not other for one, other in zip(now, seen, strict=True)
        ):
            seen, asked = now, asked_of(now)
        return asked

    return Attestations(
        store=store, clock=clock, settings=settings, words=words, asked=in_effect, notify=notify
    )


def make_files(*, settings: Settings, store: Store, clock: Clock) -> Files:
    """The files beside the database."""
    return Files(store=store, shelf=Shelf(settings.database.parent), clock=clock)
