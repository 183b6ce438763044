"""Puts the history together: in the store alone, or with a database that is fed from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from gateway.clock import Clock
from gateway.history.apart import GatheringApart
from gateway.history.sqlite import SqliteHistory
from gateway.metrics import Metrics
from gateway.pipeline.watch import Watch
from gateway.settings_history import HistorySettings
from gateway.store.sqlite import SqliteStore
from gateway.store.store import History


async def begin_history(
    settings: HistorySettings,
    *,
    store: SqliteStore,
    clock: Clock,
    metrics: Metrics,
    watch: Watch,
    keep: Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], None],
    closing: contextlib.AsyncExitStack,
) -> tuple[SqliteHistory, History]:
    """What the store holds, and what curves come from; begins to hand over when there is a target.

    ``keep`` runs a part by its name, ``closing`` is closed when all parts have ended and before the
    store is.
    """
    target = settings.target
    gathering = GatheringApart(store.path)
    held = SqliteHistory(store, gathering, feeds="" if target is None else target.name)
    closing.callback(held.close)
    if target is None:
        return held, held

    # In a thread: what it asks the database with takes a while to load, and one campus needs none.
    await asyncio.to_thread(import_module, "gateway.history.influx")
    from gateway.history.influx import InfluxHistory  # noqa: PLC0415
    from gateway.history.influx_apart import FeedApart  # noqa: PLC0415
    from gateway.history.influx_delivery import Delivery  # noqa: PLC0415

    history = InfluxHistory(store, held, target, clock)
    closing.callback(history.close)
    delivery = Delivery(
        store,
        FeedApart(store.path, target),
        target.name,
        clock,
        metrics=metrics,
        patience_s=60 * settings.behind_minutes,
    )
    closing.callback(delivery.close)
    watch.add(delivery.finding)
    keep("history delivery", delivery.run)
    return held, history
