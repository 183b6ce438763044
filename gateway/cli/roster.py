"""``campus roster``: the bureau's list of schools, whose number is what every rate is of."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.options import ConfigOption, settings_of, tell, told
from gateway.clock import SystemClock
from gateway.problem import ConfigurationError, Problem
from gateway.roster.importing import pieces, standing
from gateway.roster.plan import Plan, plan_list
from gateway.roster.reading import read_list
from gateway.roster.telling import SHOWN, describe, problem
from gateway.security.scopes import regions_in
from gateway.settings import Settings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.register import all_regions
from gateway.store.read.roster import RosterFilter, roster_page
from gateway.store.roster import put_entries
from gateway.store.store import Store, StoreError
from gateway.words import Words

COMMIT_S: Final = 60.0
MOST_BYTES: Final = 64 << 20
_PAGE: Final = 500

roster_app = typer.Typer(
    no_args_is_help=True, help="The roster: every school that counts, connected or not."
)


@roster_app.command("import")
def import_roster(
    file: Annotated[Path, typer.Argument(help="The bureau's list: CSV or XLSX.")],
    config: ConfigOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the changes; without it they are only shown.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option(help="Load the good rows though others have mistakes.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why, for the record. Default: the name of the file.")
    ] = "",
    actor: Annotated[
        str | None, typer.Option(help="Whose name the changes are recorded under.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every change.")] = False,
) -> None:
    """Hold a bureau's list against the roster, and with --apply take it over.

    A school that the list does not name stays: it is struck off on the page, by somebody who says
    why. Importing the same list again changes nothing. A running gateway takes the changes up
    within seconds.
    """
    with told():
        settings = settings_of(config)
        listed = read_list(_bytes_of(file), _progress("read"))
        _end_of_progress()
        words = Words.load()
        with closing(_open(settings)) as store:
            plan = store.read(lambda connection: plan_list(listed, standing(connection)))
            _show(plan, words, file, verbose=verbose)
            if plan.unreadable or (plan.troubles and not skip_bad_rows):
                typer.echo(
                    f"{len(plan.troubles)} mistakes; nothing was changed. Correct them, or load "
                    "the good rows with --skip-bad-rows.",
                    err=True,
                )
                raise typer.Exit(1)
            if not plan.changes:
                typer.echo("Nothing to change.")
            elif not apply:
                typer.echo("Nothing was changed; --apply makes these changes.")
            else:
                why = reason or f"import of {file.name}"
                _apply(plan, store, actor=actor or getpass.getuser(), reason=why)


@roster_app.command("list")
def list_roster(
    config: ConfigOption = None,
    region: Annotated[
        str | None, typer.Option(help="Only this region and those inside it, by its id.")
    ] = None,
    search: Annotated[str, typer.Option(help="Part of a name, a former one, or the code.")] = "",
    struck_off: Annotated[bool, typer.Option(help="Those struck off instead.")] = False,
    not_connected: Annotated[
        bool, typer.Option(help="Only those that are not in the register.")
    ] = False,
) -> None:
    """The schools of the roster, tab-separated: code, name, kind, region, pupils, boarders, key
    target, connected, version of the baseline."""
    with told(), closing(_open(settings_of(config))) as store:
        regions = None
        if region is not None:
            regions = regions_in(region, store.read(all_regions))
        wanted = RosterFilter(
            regions=regions,
            text=search,
            listed=not struck_off,
            connected=False if not_connected else None,
        )
        after: str | None = None
        while True:
            found, after = store.read(roster_page(wanted, after=after, limit=_PAGE))
            for one in found:
                entry = one.entry
                cells = (
                    entry.school,
                    entry.name,
                    entry.kind,
                    entry.region or "",
                    entry.pupils,
                    entry.boarders,
                    "yes" if entry.key_target else "no",
                    "yes" if one.connected else "no",
                    one.version,
                )
                typer.echo("\t".join(str(cell) for cell in cells))
            if after is None:
                return


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            large = Problem(str(file), None, "", "is larger than 64 MB; split it by county")
            raise ConfigurationError([large])
        return file.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError([Problem(str(file), None, "", message)]) from error


def _open(settings: Settings) -> Store:
    return open_store(settings.database, reserve_bytes=settings.store.reserve_mb << 20)


def _show(plan: Plan, words: Words, file: Path, *, verbose: bool) -> None:
    for note in plan.notes if verbose else plan.notes[:SHOWN]:
        typer.echo(f"note: {problem(words, note, str(file))}", err=True)
    if len(plan.notes) > SHOWN and not verbose:
        typer.echo(f"note: … and {len(plan.notes) - SHOWN} more (--verbose shows all)", err=True)
    mistakes = [problem(words, trouble, str(file)) for trouble in plan.troubles]
    if verbose:
        for mistake in mistakes:
            typer.echo(str(mistake), err=True)
    else:
        tell(mistakes)
    for line in describe(plan, None if verbose else SHOWN):
        typer.echo(line)


def _apply(plan: Plan, store: Store, *, actor: str, reason: str) -> None:
    clock, written = SystemClock(), 0
    progress = _progress("written", len(plan.changes))
    for piece in pieces(plan.changes, reason):
        batch = Batch(now=clock.now())
        put_entries(batch, piece, by=actor)
        try:
            store.commit(batch).result(COMMIT_S)
        except TimeoutError as error:
            raise StoreError(
                f"the store has not written a part of the list within {COMMIT_S:.0f} s; look "
                "whether its disk is at its limit, then import again: what was written stays"
            ) from error
        written += len(piece)
        progress(written)
    _end_of_progress()
    typer.echo(f"Done: {written} changes.")


def _progress(word: str, of: int | None = None) -> Callable[[int], None]:
    """Says on the same line of a terminal how far it is; in a file, nothing."""

    def show(rows: int) -> None:
        if sys.stderr.isatty():
            end = "" if of is None else f" of {of:,}"
            typer.echo(f"\r{rows:,}{end} rows {word}", nl=False, err=True)

    return show


def _end_of_progress() -> None:
    if sys.stderr.isatty():
        typer.echo(err=True)
