"""A link under supervision, and time to pass over it."""

from __future__ import annotations

import time

import msgspec

from devices.police_link.categories import Category, Demand, demand
from devices.police_link.link import Exchange, Path, Result
from devices.police_link.states import LinkState
from devices.police_link.supervision import Saved, Supervision

NOW = 1_795_161_600_000
SILENCE = 20_000
PERIOD = 600_000
BOTH = (Path.PRIMARY, Path.BACKUP)


def wall() -> int:
    return time.time_ns() // 1_000_000


def single() -> Demand:
    return demand(Category.SP6, test_period_ms=PERIOD)


def double() -> Demand:
    return demand(Category.DP4, silence_ms=SILENCE, test_period_ms=PERIOD)


def exchange(
    at: int,
    path: Path = Path.PRIMARY,
    result: Result = Result.ACKNOWLEDGED,
    *,
    elapsed_ms: float = 0.0,
    offset_ms: int | None = None,
    sent: bytes = b"NULL",
) -> Exchange:
    """One that ended at ``at``."""
    return Exchange(
        path=path,
        started=at - round(elapsed_ms),
        elapsed_ms=elapsed_ms,
        sent=sent,
        received=b"ACK" if result is Result.ACKNOWLEDGED else b"",
        result=result,
        reason="" if result is Result.ACKNOWLEDGED else f"it was {result}",
        offset_ms=offset_ms,
    )


def up(asked: Demand | None = None, paths: tuple[Path, ...] = (Path.PRIMARY,)) -> Supervision:
    link = Supervision(asked or single(), paths, NOW)
    for path in paths:
        link.seen(exchange(NOW, path), NOW)
        link.tested(path, True, NOW)
    assert link.state is LinkState.UP
    return link


def let_pass(link: Supervision, begin: int, end: int) -> list[LinkState]:
    """Tick as a supervisor would: at each time that is due."""
    states = []
    now = begin
    while now < end:
        now = min(end, link.due)
        link.tick(now)
        states.append(link.state)
    return states


def restarted(link: Supervision, now: int) -> Supervision:
    """Through the bytes that a store would keep."""
    saved = msgspec.json.decode(msgspec.json.encode(link.dump()), type=Saved)
    return Supervision(link.demand, link.paths, now, saved=saved)
