"""What commands share: the ``--config`` option, loading behind it, and how problems are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from gateway.configuration import default_settings, load_settings
from gateway.problem import ConfigurationError, Problem
from gateway.settings import Settings
from gateway.store.store import StoreError

PROBLEMS_SHOWN: Final = 50

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="CAMPUS_CONFIG",
        show_envvar=True,
        help="The gateway's settings; without it, every setting has its default.",
    ),
]


def settings_of(config: Path | None) -> Settings:
    """The settings in the file, or the defaults. Raises `ConfigurationError`."""
    return default_settings() if config is None else load_settings(config)


@contextmanager
def told() -> Iterator[None]:
    """Errors that a person can do something about are told in words and end with status 1."""
    try:
        yield
    except ConfigurationError as error:
        tell(error.problems)
        raise typer.Exit(1) from error
    except StoreError as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(1) from error


def tell(problems: Iterable[Problem]) -> None:
    """Print problems to standard error, the first ones of many."""
    listed = list(problems)
    for problem in listed[:PROBLEMS_SHOWN]:
        typer.echo(str(problem), err=True)
    if len(listed) > PROBLEMS_SHOWN:
        typer.echo(f"… and {len(listed) - PROBLEMS_SHOWN} more problems", err=True)
