"""Where nobody could be heard is found without reading all there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.replay import stored
from tests.gateway.new_store import opened

LONGEST = 60_000


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("stored")
    opened(folder).close()
    with closing(sqlite3.connect(folder / "campus.db", isolation_level=None)) as connection:
        yield connection


def filled(connection: sqlite3.Connection, times: list[int], holes: set[int]) -> list[int]:
    """Readings at these times; the rows named by ``holes`` are not there. What is left."""
    connection.execute("DELETE FROM readings")
    kept = [(row, at) for row, at in enumerate(times, 1) if row not in holes]
    connection.executemany(
        "INSERT INTO readings(row, device, channel, happened, received, body) "
        "VALUES(?, 1, 0, 0, ?, '{}')",
        kept,
    )
    return [at for _, at in kept]


pauses = st.lists(
    st.one_of(st.integers(0, 900), st.sampled_from([59_999, 60_000, 60_001, 500_000])), max_size=80
)


@given(pauses=pauses, holes=st.sets(st.integers(1, 80)), cut=st.integers(0, 200_000))
def test_gaps_are_those_between_one_reading_and_the_next(
    connection: sqlite3.Connection, pauses: list[int], holes: set[int], cut: int
) -> None:
    times, now = [], 1_000_000
    for pause in pauses:
        now += pause
        times.append(now)
    kept = filled(connection, times, holes)
    since, until = 1_000_000 - 100_000 + cut, now + 100_000
    within = [at for at in kept if since <= at < until]
    ends = [since, *within, until]
    expected = [(a, b) for a, b in pairwise(ends) if b - a > LONGEST]
    assert stored.gaps(connection, since, until, LONGEST) == expected


def test_stretches_that_touch_are_one() -> None:
    assert stored.joined([(5, 9), (1, 3), (8, 12), (3, 4)]) == ((1, 4), (5, 12))


def test_pieces_hold_each_wanted_reading_once_and_in_order(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "campus.db", isolation_level=None)) as connection:
        connection.executemany(
            "INSERT INTO readings(device, channel, happened, received, body) "
            "VALUES(?, 0, 0, ?, '')",
            [(number % 3, number) for number in range(100)],
        )
        stored.want(connection, [0, 2])
        first, last = stored.rows_between(connection, 10, 90)
        found = [row for _, rows in stored.pieces(connection, first, last, 7) for row in rows]
    assert [row[3] for row in found] == [number for number in range(10, 90) if number % 3 != 1]
