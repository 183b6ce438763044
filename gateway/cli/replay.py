"""``campus replay``: what rules would have raised on stored days, beside what was raised."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer

from gateway.cli.options import ConfigOption, settings_of, tell
from gateway.kinds import load_kinds
from gateway.problem import ConfigurationError
from gateway.replay import stored
from gateway.replay.changes import NO_CHANGES, Figured, check, read_changes
from gateway.replay.order import Answer, Progress, Question, ReplayError
from gateway.replay.running import Cancelled, Replay
from gateway.replay.telling import agrees, lines, plain
from gateway.settings import Settings
from gateway.words import LANGUAGES, Language, Words

SAME: Final = 0
DIFFERENT: Final = 1
NOT_REPLAYED: Final = 2
BROKEN_OFF: Final = 130
"""What the command ends with."""

HOUR_MS: Final = 3_600_000


def replay(
    *,
    config: ConfigOption = None,
    days: Annotated[
        float | None, typer.Option(min=0.01, max=3650, help="The last days. Default: 1.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From when: 2026-11-20 or 2026-11-20T08:00, local unless it has a zone."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until when. Default: now.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="A file of figures laid over today's (docs/replay.md)."),
    ] = None,
    kinds: Annotated[
        Path | None, typer.Option(help="Another folder of kinds than the one in the settings.")
    ] = None,
    all_rules: Annotated[
        bool,
        typer.Option("--all-rules", help="With --rules: those that are not changed, too."),
    ] = False,
    school: Annotated[list[str] | None, typer.Option(help="Only this school; repeatable.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; repeatable.")] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(metavar="SCHOOL/ID", help="Only this device; repeatable."),
    ] = None,
    tolerance_s: Annotated[
        float, typer.Option(min=0, max=86_400, help="So far apart in time is the same.")
    ] = 60,
    warm_up_h: Annotated[
        float, typer.Option(min=0, max=720, help="Hours before, to get to know the devices.")
    ] = 6,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Default: one a processor.")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Lines of what differs.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
    language: Annotated[
        str | None, typer.Option(help="zh or en. Default: as LANG says, else zh.")
    ] = None,
) -> None:
    """Judge stored readings again and say which alerts would be others. Changes nothing.

    Beside a running gateway or without one. Ends with 0 when these rules raise what was raised, 1
    when they do not, 2 when it could not be replayed.
    """
    tongue = _language(language)
    try:
        settings = settings_of(config)
        question = Question(
            **_times(days, since, until),
            schools=frozenset(school or ()),
            kinds=frozenset(kind or ()),
            devices=frozenset(_key(one) for one in device or ()),
            only_changed=rules is not None and not all_rules,
            warm_up=round(warm_up_h * HOUR_MS),
            tolerance=round(tolerance_s * 1000),
        )
        run = _made(settings, question, rules, kinds, processes)
        answer = _followed(run, quiet=not sys.stderr.isatty())
    except ConfigurationError as error:
        tell(error.problems)
        raise typer.Exit(NOT_REPLAYED) from error
    except (ReplayError, sqlite3.Error) as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(NOT_REPLAYED) from error
    except Cancelled as error:
        typer.echo("campus: broken off", err=True)
        raise typer.Exit(BROKEN_OFF) from error
    if as_json:
        typer.echo(json.dumps(plain(answer), ensure_ascii=False, indent=2))
    else:
        for line in lines(answer, Words.load(), tongue, most):
            typer.echo(line)
    if answer.covered is None:
        raise typer.Exit(NOT_REPLAYED)
    raise typer.Exit(SAME if agrees(answer) else DIFFERENT)


def _made(
    settings: Settings,
    question: Question,
    rules: Path | None,
    folder: Path | None,
    processes: int | None,
) -> Replay:
    if not settings.database.exists():
        raise ReplayError(f"{settings.database}: there is no store; has the gateway ever run?")
    today = load_kinds(settings.kinds)
    with closing(stored.opened(settings.database)) as connection:
        devices = stored.registered_devices(connection)
        schools = stored.figures_of_schools(connection)
    tried_kinds = today if folder is None else load_kinds(folder)
    if rules is None:
        tried = Figured(tried_kinds, schools, NO_CHANGES)
    else:
        changes, document = read_changes(rules)
        tried = Figured(tried_kinds, schools, changes)
        check(tried, devices, document)
    for key in sorted(question.devices - {device.key for device in devices}):
        raise ReplayError(f"device {'/'.join(key)} is not registered")
    return Replay(
        settings.database,
        question,
        today=Figured(today, schools),
        tried=tried,
        processes=processes,
    )


def _followed(run: Replay, *, quiet: bool) -> Answer:
    """Run it; Ctrl+C breaks it off."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        run.cancel()

    shown = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown
        now = time.monotonic()
        if not quiet and now - shown > 0.2:
            shown = now
            told = f"\r{100 * progress.done:5.1f} %  {progress.readings:,}"
            typer.echo(told, err=True, nl=False)

    if threading.current_thread() is not threading.main_thread():
        return run.run(show)
    before = signal.signal(signal.SIGINT, stop)
    try:
        return run.run(show)
    finally:
        signal.signal(signal.SIGINT, before)
        if not quiet and shown:
            typer.echo("\r\x1b[K", err=True, nl=False)


def _times(days: float | None, since: str | None, until: str | None) -> dict[str, int]:
    if days is not None and since is not None:
        raise typer.BadParameter("give either --days or --since")
    end = datetime.now(UTC) if until is None else _moment(until, "--until")
    begin = (
        end - timedelta(days=1 if days is None else days)
        if since is None
        else _moment(since, "--since")
    )
    if begin >= end:
        raise typer.BadParameter("begins after it ends", param_hint="--since")
    return {"since": round(begin.timestamp() * 1000), "until": round(end.timestamp() * 1000)}


def _moment(text: str, option: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        message = f"'{text}' is no time; write 2026-11-20 or 2026-11-20T08:00"
        raise typer.BadParameter(message, param_hint=option) from error


def _key(text: str) -> tuple[str, str]:
    school, _, name = text.partition("/")
    if not name:
        raise typer.BadParameter("write SCHOOL/ID", param_hint="--device")
    return school, name


def _language(wanted: str | None) -> Language:
    if wanted is None:
        return "en" if os.environ.get("LANG", "").startswith("en") else "zh"
    if wanted not in LANGUAGES:
        raise typer.BadParameter(f"there are {' and '.join(LANGUAGES)}", param_hint="--language")
    return wanted
