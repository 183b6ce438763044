"""The ledger's room, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.hazards.entering import Failed
from gateway.hazards.failing import Failing
from gateway.hazards.figures import SourcedFigures, load_figures
from gateway.hazards.notices import Notices
from gateway.hazards.pen import Pen
from gateway.hazards.rounds import Rounds
from gateway.hazards.service import Ledger
from gateway.hazards.telling import Telling
from gateway.settings import Settings
from gateway.store.store import Store
from gateway.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDesk:
    """The ledger, its notices and its figures, for the routes; ``rounds`` is what runs of it."""

    ledger: Ledger
    rounds: Rounds
    notices: Notices
    figures: SourcedFigures


def make_ledger(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    words: Words,
    notify: Callable[[Iterable[str]], None],
    failed: Callable[[], Awaitable[list[Failed]]] | None = None,
) -> LedgerDesk:
    """The room, nothing running. ``notify`` is told of new rows of the outbox, ``failed`` gives
    the items that are failed now; by itself what coverage has written."""
    figures = load_figures(settings.ledger.figures)
    pen = Pen(
        store=store,
        clock=clock,
        figures=figures.values,
        telling=Telling(
            settings.ledger.receivers, words, settings.web.public_url, demo=settings.demo
        ),
        notify=notify,
    )
    ledger = Ledger(pen=pen, clock=clock)
    rounds = Rounds(
        pen=pen,
        clock=clock,
        faults=settings.ledger.faults,
        failed=(failed or Failing(store, clock)) if settings.ledger.items else None,
    )
    notices = Notices(pen=pen, ledger=ledger, zone=settings.recordings.zone)
    return LedgerDesk(ledger=ledger, rounds=rounds, notices=notices, figures=figures)
