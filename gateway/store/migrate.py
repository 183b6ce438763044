"""Brings the tables of a store to the newest version, in one transaction."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError

from gateway.store.engines import writing_engine
from gateway.store.open import copy_before
from gateway.store.store import StoreError

_LOG: Final = logging.getLogger(__name__)

SCRIPTS: Final = Path(__file__).with_name("migrations")


def configuration(scripts: Path = SCRIPTS) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(path: Path, version: str | None, *, scripts: Path = SCRIPTS) -> None:
    """Bring the store at ``path`` from ``version`` (``None`` = no tables) to the newest one.

    When a step fails, the store is as it was. Raises `StoreError` when a newer program made it.
    """
    config = configuration(scripts)
    directory = ScriptDirectory.from_config(config)
    newest = directory.get_current_head()
    if version is not None:
        _refuse_newer(path, version, directory)
        if version != newest:
            copy = copy_before(path, str(newest))
            _LOG.info("migrating %s from %s to %s; a copy is %s", path, version, newest, copy)
    engine = writing_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except Exception as error:
        raise StoreError(
            f"{path} could not be migrated to version {newest}: {error}; "
            "it is as it was: report this, and go on with the version before"
        ) from error
    finally:
        engine.dispose()


def _refuse_newer(path: Path, version: str, directory: ScriptDirectory) -> None:
    try:
        known = directory.get_revision(version)
    except (CommandError, ResolutionError):
        known = None
    if known is None:
        raise StoreError(
            f"{path} was made by a newer version of the gateway (tables {version}, this program "
            f"knows up to {directory.get_current_head()}): start that version or a newer one"
        )
