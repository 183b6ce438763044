from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from store_samples import readings

from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.open import open_store

PAGE = 4096
LONG = 512
"""Pages from which the log is to begin anew."""


def test_the_log_stays_short_while_batches_are_written_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.checkpoint.LONG", LONG)
    monkeypatch.setattr("gateway.store.checkpoint.EVERY", 0.02)
    path = tmp_path / "campus.db"
    store = open_store(path, reserve_bytes=0, low_water=0)
    batch = Batch(readings=readings(2000))
    log = tmp_path / "campus.db-wal"
    longest = written = 0
    end = time.monotonic() + 60
    # Until several times as much was written as the log may hold before it must begin anew.
    while path.stat().st_size + log.stat().st_size < 8 * LONG * PAGE:
        assert time.monotonic() < end
        flying = [store.commit(batch) for _ in range(3)]
        for future in flying:
            future.result(30)
        written += 3
        longest = max(longest, log.stat().st_size)
    assert longest < 5 * LONG * PAGE
    store.close()
    assert not log.exists(), "closing leaves one file that can be copied"
    store = open_store(path, reserve_bytes=0, low_water=0)
    count = select(func.count()).select_from(schema.readings)
    assert store.read(lambda connection: connection.scalar(count)) == 2000 * written
    store.close()
