"""A store of the first version, with rows in every table, comes to this one whole or not at all."""

from __future__ import annotations

import ast
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from sqlalchemy import BLOB, BOOLEAN, FLOAT, Column, MetaData, String
from store_samples import registering

from gateway.store.engines import writing_engine
from gateway.store.migrate import SCRIPTS, configuration, migrate
from gateway.store.open import NEWEST, open_store, store_version
from gateway.store.store import StoreError

FIRST: Final = "0001"
ROWS: Final = range(1, 4)

Content = dict[str, list[tuple[Any, ...]]]


def value(column: Column[Any], row: int) -> object:
    """Something for a column. All keys of a row are named alike: so they refer to each other."""
    if column.primary_key or column.foreign_keys:
        return f"key-{row}" if isinstance(column.type, String) else row
    match column.type:
        case String():
            return f"{column.name} {row} 第三中学"
        case BLOB():
            return bytes([row, 0, 255])
        case FLOAT():
            return row + 0.25
        case BOOLEAN():
            return bool(row % 2)
        case _:
            return row * 10**12


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store as the first version left it, made by its own migration."""
    path = tmp_path / "campus.db"
    engine = writing_engine(path)
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [{each.name: value(each, row) for each in table.columns} for row in ROWS]
                connection.execute(table.insert(), rows)
    engine.dispose()
    return path


def content(path: Path) -> Content:
    """The rows of every table, with the numbers that were given out."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}


def dump(path: Path) -> Sequence[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_all_that_the_first_version_kept_is_there_after_the_upgrade(first: Path) -> None:
    before = content(first)
    filled = {name for name, rows in before.items() if len(rows) == len(ROWS)}
    assert before.keys() - filled == {"alembic_version", "sqlite_sequence"}
    assert len(filled) > 15

    open_store(first, reserve_bytes=0, low_water=0).close()

    after = content(first)
    assert after.pop("alembic_version") == [(NEWEST,)]
    assert before.pop("alembic_version") == [(FIRST,)]
    for name, rows in before.items():
        width = len(rows[0])
        now = after.pop(name)
        assert [row[:width] for row in now] == rows, name
        # What came to a table since is empty, and stands behind what there was.
        assert all(each is None for row in now for each in row[width:]), name
    assert after
    assert not any(after.values())
    with closing(sqlite3.connect(first)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("DELETE FROM facts")
    assert content(first.with_name(f"campus.db.before-{NEWEST}"))["facts"] == before["facts"]


def test_the_gateway_goes_on_in_an_upgraded_store_where_the_first_version_ended(
    first: Path,
) -> None:
    with closing(sqlite3.connect(first)) as connection, connection:
        connection.execute("DELETE FROM devices WHERE row = 3")

    with closing(open_store(first, reserve_bytes=0, low_water=0)) as store:
        store.commit(registering("gate-01")).result(10)

    rows = [row[0] for row in content(first)["devices"]]
    assert rows == [1, 2, 4]  # the third one's past is not given to another


def test_an_upgrade_broken_at_any_of_its_steps_leaves_the_store_as_it_was(
    first: Path, tmp_path: Path
) -> None:
    before = dump(first)
    steps = {
        script: len(upgrade_of(ast.parse(script.read_text("utf-8"))).body)
        for script in sorted((SCRIPTS / "versions").glob("0*.py"))[1:]
    }
    longest, newest = max(steps, key=lambda each: steps[each]), max(steps)
    assert steps[longest] > 10

    for script, step in ((one, n + 1) for one in {longest, newest} for n in range(steps[one])):
        where = tmp_path / f"broken-{script.stem}-{step}"
        with pytest.raises(StoreError, match=r"power cut.*it is as it was"):
            migrate(first, FIRST, scripts=broken(where, script.name, step))
        assert dump(first) == before, f"{script.name} broken at step {step}"

    open_store(first, reserve_bytes=0, low_water=0).close()
    assert store_version(first) == NEWEST


def upgrade_of(script: ast.Module) -> ast.FunctionDef:
    return next(
        each for each in script.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"
    )


def broken(folder: Path, name: str, step: int) -> Path:
    """The migrations, of which one ends with an error before this statement of its own."""
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "versions" / name
    script = ast.parse(path.read_text("utf-8"))
    power_cut = ast.parse("raise RuntimeError('power cut')").body
    upgrade_of(script).body[step:step] = power_cut
    path.write_text(ast.unparse(ast.fix_missing_locations(script)), encoding="utf-8")
    return folder
