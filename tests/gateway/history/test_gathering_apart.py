from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from gateway.history.apart import GatheringApart, GatheringError
from gateway.history.sqlite import SqliteHistory
from gateway.store.batch import Batch, ReadingRow
from gateway.store.schema import rollups
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened

NOON = 1_795_161_600_000


@pytest.fixture
def full(store: SqliteStore) -> SqliteStore:
    keep(store, [reading(n) for n in range(3_000)])
    return store


@pytest.fixture
def apart(full: SqliteStore) -> Iterator[GatheringApart]:
    gathering = GatheringApart(full.path, patience=20)
    yield gathering
    gathering.close()


def reading(n: int) -> ReadingRow:
    at = NOON + n * 1000
    return (n % 40, 0, at, at, b'{"temperature":%d,"phase":[1,%d]}' % (n % 7, n % 5))


def keep(store: SqliteStore, readings: list[ReadingRow]) -> None:
    store.commit(Batch(readings=readings)).result(30)


def table(store: SqliteStore) -> list[tuple[object, ...]]:
    columns = rollups.c
    query = select(rollups).order_by(columns.span, columns.start, columns.device, columns.metric)
    return store.read(lambda connection: [tuple(row) for row in connection.execute(query)])


def child() -> psutil.Process:
    (only,) = (
        process
        for process in psutil.Process().children()
        if "gateway.history.apart" in process.cmdline()
    )
    return only


def test_a_process_of_its_own_gathers_what_this_one_would(
    full: SqliteStore, apart: GatheringApart, tmp_path_factory: pytest.TempPathFactory
) -> None:
    history = SqliteHistory(full, apart)
    assert history.roll_up(1_000) > 0
    assert child().nice() == min(psutil.Process().nice() + 10, 19)
    while history.roll_up(1_000):
        pass
    history.close()
    here = opened(tmp_path_factory.mktemp("here"))
    keep(here, [reading(n) for n in range(3_000)])
    beside = SqliteHistory(here)
    while beside.roll_up():
        pass
    beside.close()
    assert table(full) == table(here)
    here.close()


def test_killed_in_the_middle_it_leaves_nothing_out_and_counts_nothing_twice(
    full: SqliteStore, apart: GatheringApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.history.sqlite.ROWS", (100, 100, 100))
    history = SqliteHistory(full, apart)
    turns = 0
    merge = history._merge

    def merge_then_kill(position: object) -> object:
        nonlocal turns
        turns += 1
        if turns == 3:
            child().kill()
        return merge(position)  # type: ignore[arg-type]  # whatever it is given

    monkeypatch.setattr(history, "_merge", merge_then_kill)
    with pytest.raises(GatheringError, match="process that rolls up failed"):
        history.roll_up()
    while history.roll_up():
        pass
    history.close()
    counted = sum(row[4] for row in table(full) if row[0] == 60_000 and row[3] == "temperature")  # type: ignore[misc]
    assert counted == 3_000


def test_one_that_answers_no_more_is_put_an_end_to(full: SqliteStore) -> None:
    apart = GatheringApart(full.path, patience=20)
    history = SqliteHistory(full, GatheringApart(full.path))
    assert apart.begin(10, None).until > 0
    stuck = child()
    stuck.suspend()
    apart._child.patience = 0.2
    with pytest.raises(GatheringError, match="no answer within"):
        apart.gather((-1, 0), 10)
    assert not stuck.is_running()
    while history.roll_up():
        pass
    history.close()


def test_what_is_wrong_with_the_store_is_told_and_the_process_stays(tmp_path: Path) -> None:
    nowhere = GatheringApart(tmp_path / "none.db", patience=20)
    with pytest.raises(GatheringError, match="unable to open"):
        nowhere.begin(10, None)
    assert child().is_running()
    nowhere.close()


def test_a_process_that_cannot_be_begun_is_told_and_begun_the_next_time(
    full: SqliteStore, apart: GatheringApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", str(full.path.parent / "nowhere"))
        with pytest.raises(GatheringError, match="No such file"):
            apart.begin(10, None)
    assert apart.begin(10, None).until > 0


def test_it_ends_with_the_process_that_began_it(full: SqliteStore) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gateway.history.apart import GatheringApart\n"
        "gathering = GatheringApart(Path(sys.argv[1]))\n"
        "gathering.begin(10, None)\n"
        "print(gathering._child._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(full.path)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        left = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    left.wait(20)


def test_closing_ends_it(full: SqliteStore, apart: GatheringApart) -> None:
    history = SqliteHistory(full, apart)
    history.roll_up(1_000)
    process = child()
    history.close()
    assert not process.is_running()
