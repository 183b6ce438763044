"""Puts the room of the evidence log together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version

from gateway.clock import Clock
from gateway.evidence.bundles import Bundles
from gateway.evidence.desk import EvidenceDesk
from gateway.evidence.keys import evidence_keys
from gateway.evidence.publishing import Published, receivers_of
from gateway.evidence.service import Evidence
from gateway.evidence.witness import Witness
from gateway.outbox import Outbox
from gateway.settings import Settings
from gateway.store.store import Store
from gateway.words import Words


def make_evidence(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    words: Words,
    notify: Callable[[Iterable[str]], None] = lambda _: None,
) -> EvidenceDesk:
    """The room, nothing running."""
    folder = settings.database.parent
    published = Published(settings, words)
    evidence = Evidence(
        store=store,
        clock=clock,
        keys=lambda: evidence_keys(folder, settings.evidence.name),
        folder=folder,
        interval_ms=settings.evidence.interval_minutes * 60_000,
        publish=published.entries,
        notify=notify,
    )
    return EvidenceDesk(
        evidence=evidence,
        bundles=Bundles(
            store=store, clock=clock, evidence=evidence, folder=folder, program=program()
        ),
        witness=Witness(store, clock),
        store=store,
        settings=settings.evidence,
    )


def publish_over(
    outbox: Outbox, desk: EvidenceDesk, *, settings: Settings, store: Store, clock: Clock
) -> None:
    """From now on heads go out through this outbox."""
    desk.outbox = outbox
    receivers = receivers_of(settings.evidence.publish, store, clock, desk.evidence)
    for name, receiver in receivers.items():
        outbox.add(name, receiver)


def program() -> str:
    """What made a bundle."""
    try:
        return f"campus-gateway {version('campus-gateway')}"
    except PackageNotFoundError:
        return "campus-gateway"
