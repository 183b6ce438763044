"""Runs migrations: on the connection handed over by the gateway, or on ``-x url=…``."""

from __future__ import annotations

from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine, make_url

from gateway.store.engines import writing_engine
from gateway.store.schema import metadata


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        # SQLite can change tables within a transaction; Alembic assumes that it cannot.
        transactional_ddl=True,
        transaction_per_migration=False,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _migrate_url(url: str) -> None:
    parsed = make_url(url)
    sqlite = parsed.get_backend_name() == "sqlite" and parsed.database is not None
    engine = writing_engine(Path(parsed.database or "")) if sqlite else create_engine(parsed)
    with engine.begin() as connection:
        _migrate(connection)
    engine.dispose()


def _main() -> None:
    handed_over = context.config.attributes.get("connection")
    if isinstance(handed_over, Connection):
        _migrate(handed_over)
        return
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not isinstance(url, str):
        raise SystemExit("say which database to migrate: -x url=sqlite:///path")
    _migrate_url(url)


_main()
