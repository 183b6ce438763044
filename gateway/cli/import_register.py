"""``campus import``: regions, schools, places and devices from files into the register."""

from __future__ import annotations

import getpass
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.options import ConfigOption, settings_of, tell, told
from gateway.clock import SystemClock
from gateway.kinds import load_kinds, rule_models
from gateway.problem import ConfigurationError, Problem
from gateway.register.apply import import_batch, read_register, register_at
from gateway.register.entries import Parsed, Table
from gateway.register.files import read_files
from gateway.register.plan import Plan, plan_import
from gateway.register.register import Register
from gateway.register.summary import SHOWN, describe
from gateway.settings import Settings
from gateway.store.open import open_store
from gateway.store.store import Store, StoreError

COMMIT_S: Final = 120.0
"""Longest wait for the store to write an import; 100,000 devices take a few seconds."""


def import_register(  # noqa: PLR0917 - typer fills them by name
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="YAML, CSV or XLSX files; default: those under `sites` in the settings."
        ),
    ] = None,
    config: ConfigOption = None,
    table: Annotated[
        Table | None,
        typer.Option(
            help="What the rows of CSV or XLSX files are, when their header leaves it open."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only show what would change.")] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option(help="Load the good rows though others have problems.")
    ] = False,
    remove_missing: Annotated[
        bool,
        typer.Option(
            help="Take devices and places of the files' schools off the register that the files "
            "do not name. Needs files without any problem."
        ),
    ] = False,
    actor: Annotated[
        str | None, typer.Option(help="Whose name the changes are recorded under.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every change.")] = False,
) -> None:
    """Import regions, schools, places and devices; shows what would change before it changes.

    Importing the same file again changes nothing. What a file does not name stays as it is. A
    running gateway takes the changes up within seconds.
    """
    with told():
        settings = settings_of(config)
        paths = files or list(settings.sites)
        if not paths:
            nothing = "no file is named, and the settings name none under 'sites'"
            raise ConfigurationError([Problem("campus import", None, "", nothing)])
        parsed = read_files(paths, table)
        if dry_run:
            register = register_at(settings.database)
            plan = _plan(parsed, register, settings, remove_missing=remove_missing)
            _show(plan, verbose=verbose, skip_bad_rows=skip_bad_rows)
            return
        reserve = settings.store.reserve_mb * 1024 * 1024
        with closing(open_store(settings.database, reserve_bytes=reserve)) as store:
            register = store.read(read_register)
            plan = _plan(parsed, register, settings, remove_missing=remove_missing)
            _show(plan, verbose=verbose, skip_bad_rows=skip_bad_rows)
            if not plan.changes:
                return
            if not yes:
                typer.confirm("Apply these changes?", abort=True)
            reason = f"import of {', '.join(path.name for path in paths)}"
            _apply(plan, store, actor=actor or getpass.getuser(), reason=reason)


def _plan(parsed: Parsed, register: Register, settings: Settings, *, remove_missing: bool) -> Plan:
    kinds = load_kinds(settings.kinds)
    return plan_import(parsed, register, kinds, rule_models(), remove_missing=remove_missing)


def _show(plan: Plan, *, verbose: bool, skip_bad_rows: bool) -> None:
    """Print the plan; end with status 1 when problems forbid to go on."""
    for note in plan.notes:
        typer.echo(f"note: {note}", err=True)
    tell(plan.problems)
    for line in describe(plan, None if verbose else SHOWN):
        typer.echo(line)
    if plan.problems and not skip_bad_rows:
        typer.echo(
            f"{len(plan.problems)} problems; nothing was changed. Correct them, or load the good "
            "rows with --skip-bad-rows.",
            err=True,
        )
        raise typer.Exit(1)
    if not plan.changes:
        typer.echo("Nothing to change.")


def _apply(plan: Plan, store: Store, *, actor: str, reason: str) -> None:
    now = SystemClock().now()
    batch = import_batch(plan, actor=actor, reason=reason, now=now)
    try:
        store.commit(batch).result(COMMIT_S)
    except TimeoutError as error:
        raise StoreError(
            f"the store has not written the import within {COMMIT_S:.0f} s; look whether its disk "
            "is at its limit, then import again: what was written already does not change"
        ) from error
    typer.echo(f"Done: {len(plan.changes)} changes.")
