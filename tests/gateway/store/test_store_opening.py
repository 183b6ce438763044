from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from store_samples import everything, readings, registering

from gateway.store.batch import Batch
from gateway.store.migrate import SCRIPTS, configuration, migrate
from gateway.store.open import NEWEST, open_store, store_path, store_version
from gateway.store.schema import metadata
from gateway.store.store import StoreError


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store of this version with something in it, closed."""
    path = tmp_path / "campus.db"
    store = open_store(path, reserve_bytes=0)
    store.commit(registering("gate-01")).result(10)
    store.commit(Batch(readings=readings(100))).result(10)
    store.close()
    return path


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def scripts_with(tmp_path: Path, upgrade: str) -> Path:
    """The migrations and one more, whose ``upgrade`` is given."""
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_next.py").write_text(
        dedent(
            f"""
            import sqlalchemy as sa
            from alembic import op
            revision = "9999"
            down_revision = "{NEWEST}"
            def upgrade():
            """
        )
        + upgrade,
        encoding="utf-8",
    )
    return scripts


def test_the_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lib" / "campus.db"
    open_store(path, reserve_bytes=0).close()
    assert store_version(path) == NEWEST


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_store_is_named_by_path_or_url(tmp_path: Path, form: str) -> None:
    assert store_path(form.format(tmp_path / "a.db")) == tmp_path / "a.db"


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/d", "sqlite://", "nonsense://", "://"])
def test_another_database_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:///path") as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_the_newest_version_named_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == NEWEST


_COLUMNS = "SELECT * FROM pragma_table_xinfo(:table)"
_FOREIGN = 'SELECT "table", "from", "to" FROM pragma_foreign_key_list(:table) ORDER BY 2'
_INDICES = """
    SELECT l.name, l."unique", l.origin, group_concat(i.name)
    FROM pragma_index_list(:table) l, pragma_index_info(l.name) i GROUP BY l.name
"""
_KIND = "SELECT wr, strict FROM pragma_table_list(:table)"


def shape(path: Path) -> dict[str, list[object]]:
    """Columns with types, defaults and keys, foreign keys and indices of every table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM pragma_table_list")]
        return {
            table: [
                connection.execute(query, {"table": table}).fetchall()
                for query in (_COLUMNS, _FOREIGN, _INDICES, _KIND)
            ]
            for table in tables
            if table not in ("alembic_version", "sqlite_schema", "sqlite_temp_schema")
        }


def test_the_migrations_make_the_tables_that_the_code_expects(filled: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{filled}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    directly = create_engine(f"sqlite:///{tmp_path / 'directly.db'}")
    metadata.create_all(directly)
    directly.dispose()
    assert shape(filled) == shape(tmp_path / "directly.db")
    assert len(shape(filled)) > 15


def test_a_store_of_a_newer_version_is_refused_and_left_alone(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = contents(filled)
    with pytest.raises(StoreError, match="newer version of the gateway"):
        open_store(filled)
    assert contents(filled) == before


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos(id)")
    with pytest.raises(StoreError, match="something else"):
        open_store(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear headmaster, " * 100)
    with pytest.raises(StoreError, match="cannot be used as the store"):
        open_store(path)
    assert path.read_bytes().startswith(b"Dear headmaster")


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreError, match="folder"):
        open_store(tmp_path / "var" / "campus.db")


def test_a_migration_changes_tables_and_leaves_a_copy_of_the_store_before(
    filled: Path, tmp_path: Path
) -> None:
    before = contents(filled)
    scripts = scripts_with(
        tmp_path,
        """
    op.add_column("devices", sa.Column("floor", sa.Integer()))
    op.execute("UPDATE devices SET floor = 3")
""",
    )
    migrate(filled, NEWEST, scripts=scripts)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT floor FROM devices").fetchall() == [(3,)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    assert contents(filled.with_name("campus.db.before-9999")) == before


@pytest.mark.parametrize(
    "breaks",
    [
        "raise RuntimeError('power cut')",
        "op.execute('INSERT INTO no_such_table VALUES (1)')",
        "op.add_column('devices', sa.Column('floor', sa.Integer()))",  # a second time
    ],
)
def test_a_migration_that_breaks_half_way_leaves_the_store_as_it_was(
    filled: Path, tmp_path: Path, breaks: str
) -> None:
    before = contents(filled)
    scripts = scripts_with(
        tmp_path,
        f"""
    op.add_column("devices", sa.Column("floor", sa.Integer()))
    op.execute("UPDATE devices SET floor = 3")
    op.create_table("halls", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("DELETE FROM readings")
    op.drop_table("rollups")
    {breaks}
""",
    )
    with pytest.raises(StoreError, match="it is as it was"):
        migrate(filled, NEWEST, scripts=scripts)
    assert contents(filled) == before
    store = open_store(filled, reserve_bytes=0)
    assert len(store.read(everything)["readings"]) == 100
    store.close()


def test_the_first_migration_broken_half_way_leaves_no_tables(tmp_path: Path) -> None:
    scripts = scripts_with(tmp_path, "    raise RuntimeError('power cut')\n")
    path = tmp_path / "new.db"
    with pytest.raises(StoreError, match="power cut"):
        migrate(path, None, scripts=scripts)
    assert contents(path) == ["BEGIN TRANSACTION;", "COMMIT;"]
    open_store(path, reserve_bytes=0).close()
    assert store_version(path) == NEWEST


def test_a_migration_without_room_for_the_copy_is_refused(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoRoom:
        free = 10

    monkeypatch.setattr("gateway.store.open.shutil.disk_usage", lambda _path: NoRoom)
    before = contents(filled)
    with pytest.raises(StoreError, match="no room to copy"):
        migrate(filled, NEWEST, scripts=scripts_with(tmp_path, "    pass\n"))
    assert contents(filled) == before


def test_opening_a_store_with_nothing_to_migrate_is_quick_and_needs_no_alembic(
    filled: Path,
) -> None:
    program = f"""
import sys, time
from gateway.store.open import open_store
started = time.process_time()
store = open_store({str(filled)!r}, reserve_bytes=0)
took = time.process_time() - started
store.close()
print(took, any(name.startswith("alembic") for name in sys.modules))
"""
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=240
    ).stdout.split()
    assert float(out[0]) < 0.5  # of a processor; 0.01 s is usual
    assert out[1] == "False"


def test_the_command_line_migrates_too(tmp_path: Path) -> None:
    path = tmp_path / "by hand.db"
    alembic = [sys.executable, "-m", "alembic", "-c", str(SCRIPTS / "alembic.ini")]
    subprocess.run(
        [*alembic, "-x", f"url=sqlite:///{path}", "upgrade", "head"],
        cwd=SCRIPTS.parents[2],
        capture_output=True,
        check=True,
        timeout=240,
    )
    assert store_version(path) == NEWEST


def test_a_process_that_writes_meanwhile_is_waited_for(filled: Path) -> None:
    store = open_store(filled, reserve_bytes=0)
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = store.commit(Batch(readings=readings(1)))
        started = time.monotonic()
        while store.waiting() and time.monotonic() - started < 5:
            time.sleep(0.005)
        assert not done.done()
        other.execute("COMMIT")
    done.result(10)
    store.close()


def test_only_its_owner_can_read_the_store(tmp_path: Path) -> None:
    path = tmp_path / "campus.db"
    with closing(open_store(path, reserve_bytes=0, low_water=0)):
        kept = [path, *tmp_path.glob("campus.db-*")]
        assert len(kept) > 1
        assert {file.name: file.stat().st_mode & 0o077 for file in kept} == dict.fromkeys(
            (file.name for file in kept), 0
        )
