"""Names of schools and places: one copy for alerts and pages, read when the register changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.model import Place, School
from gateway.names import RegisterNames
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_places, put_schools
from gateway.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "campus.db", reserve_bytes=0)
    statements = [
        *put_schools([School("north", "北小学", "North Primary")]),
        *put_places(
            [
                Place("a", "north", "一号楼", "Block A"),
                Place("a-3", "north", "三层", "Floor 3", parent="a"),
            ]
        ),
    ]
    store.commit(Batch(statements=statements)).result(10)
    yield store
    store.close()


def test_a_place_is_named_with_those_around_it_in_both_languages(store: SqliteStore) -> None:
    path = RegisterNames(store).book.place_path("north", "a-3")
    assert path == ("一号楼 / 三层", "Block A / Floor 3")


def test_a_place_of_another_school_is_not_found(store: SqliteStore) -> None:
    assert RegisterNames(store).book.place_path("south", "a-3") is None


def test_names_of_one_version_are_read_once(store: SqliteStore) -> None:
    names = RegisterNames(store)
    assert names.at("1") is names.at("1") is names.book


def test_names_of_a_new_version_are_read_anew(store: SqliteStore) -> None:
    names = RegisterNames(store)
    names.at("1")
    renamed = put_schools([School("north", "北校", "North School")])
    store.commit(Batch(statements=renamed)).result(10)
    assert names.at("2").school("north") == ("北校", "North School")
