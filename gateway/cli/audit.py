"""``campus audit``: what an auditor takes home, and the check of it that needs nothing of ours."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from audit.evidence.broken import BrokenError
from audit.evidence.bundle import BundleError, Limits, Scope, ScopeKind
from audit.evidence.heads import SignedHead, read_head
from audit.evidence.notes import NoteError, Verifier, read_verifier
from audit.evidence.trusting import Trusted
from audit.evidence.verify import Found, check
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.words import LANGUAGES, Language, Words

if TYPE_CHECKING:
    from gateway.evidence.exporting import Written
    from gateway.settings import Settings
    from gateway.store.store import Store

BROKEN: Final = 1
NO_BUNDLE: Final = 2

_TIMES: Final = frozenset({"at", "until"})
_MOST_FILE: Final = 64 * 1024

audit_app: Final = typer.Typer(
    no_args_is_help=True, help="Evidence: bundles for auditors, and their verification."
)

LanguageOption = Annotated[
    str | None, typer.Option(help="zh or en. Default: as LANG says, else zh.")
]
HeadsOption = Annotated[
    list[Path] | None,
    typer.Option("--head", help="A signed head that you were given or that was published."),
]


@audit_app.command("verify")
def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle, a ZIP file.")],
    head: HeadsOption = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="A file with public keys: the log's, or those of witnesses."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
    most_gb: Annotated[int, typer.Option(min=1, help="Refuse a bundle that unpacks to more.")] = 16,
    language: LanguageOption = None,
) -> None:
    """Check a bundle: needs no gateway, no database and no network.

    Ends with 0 when all of it holds, 1 with the first thing that does not, 2 when it is no bundle.
    Without --head and --key a bundle can only be found consistent in itself.
    """
    tongue, words = _language(language), Words.load()
    try:
        trusted = Trusted(
            tuple(_head(one) for one in head or ()),
            tuple(found for one in key or () for found in _keys(one)),
        )
        found = check(bundle, trusted, Limits(total=most_gb << 30))
    except BrokenError as error:
        said = words.text(f"audit.broken.{error.code}", tongue, **_told(error.inputs))
        _say(as_json, {"holds": False, "code": error.code, **error.inputs}, f"✗ {said}")
        raise typer.Exit(BROKEN) from error
    except BundleError as error:
        said = words.text(f"audit.bundle.{error.code}", tongue, **_told(error.inputs))
        _say(as_json, {"holds": False, "code": error.code, **error.inputs}, f"✗ {said}")
        raise typer.Exit(NO_BUNDLE) from error
    _say(as_json, _plain(found), "\n".join(_lines(found, words, tongue)))


@audit_app.command("export")
def export(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write: a name.zip.")],
    config: ConfigOption = None,
    school: Annotated[str | None, typer.Option(help="Only this school, by its id.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Only this region and all below it, by its id.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="As of 2026-11-20 or 2026-11-20T08:00. Default: now."),
    ] = None,
    actors: Annotated[bool, typer.Option(help="Disclose who did what as well.")] = False,
    head: HeadsOption = None,
    force: Annotated[bool, typer.Option(help="Write over a file that is there.")] = False,
    language: LanguageOption = None,
) -> None:
    """Write a bundle: facts with the proof that they are all there and as they were, and figures.

    Beside a running gateway it goes up to the last signed head; without one a head is signed now.
    """
    tongue, words = _language(language), Words.load()
    if school is not None and region is not None:
        raise typer.BadParameter("give either --school or --region")
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} is there already; --force writes over it")
    scope = (
        Scope(ScopeKind.SCHOOL, school)
        if school is not None
        else Scope(ScopeKind.ALL)
        if region is None
        else Scope(ScopeKind.REGION, region)
    )
    moment = None if at is None else _moment(at)
    held = tuple(_head(one).head.size for one in head or ())
    with told():
        written, until = _export(
            settings_of(config), scope, moment, actors, held, output, words, tongue
        )
    typer.echo(
        words.text(
            "audit.export.done",
            tongue,
            file=str(output),
            facts=written.facts,
            disclosed=written.disclosed,
            schools=written.schools,
            at=_shown(until),
        )
    )


@audit_app.command("key")
def show_key(config: ConfigOption = None) -> None:
    """Show the log's public key: to be kept where this machine cannot change it."""
    from gateway.evidence.keys import EvidenceKeyError, evidence_keys  # noqa: PLC0415

    with told():
        settings = settings_of(config)
        try:
            keys = evidence_keys(settings.database.parent, settings.evidence.name)
        except EvidenceKeyError as error:
            typer.echo(f"campus: {error}", err=True)
            raise typer.Exit(BROKEN) from error
    typer.echo(str(keys.signer.verifier))


def _export(
    settings: Settings,
    scope: Scope,
    at: int | None,
    actors: bool,
    held: tuple[int, ...],
    output: Path,
    words: Words,
    tongue: Language,
) -> tuple[Written, int]:
    # Late: `campus audit verify` needs neither the store nor anything of the gateway.
    from gateway.evidence.exporting import ExportError  # noqa: PLC0415
    from gateway.evidence.keys import EvidenceKeyError  # noqa: PLC0415
    from gateway.evidence.service import EvidenceError  # noqa: PLC0415
    from gateway.store.open import open_store  # noqa: PLC0415

    if not settings.database.exists():
        raise typer.BadParameter(f"{settings.database}: there is no store; has the gateway run?")
    store = open_store(settings.database, reserve_bytes=settings.store.reserve_mb << 20)
    try:
        return asyncio.run(_exported(settings, store, scope, at, actors, held, output))
    except ExportError as error:
        said = words.text(f"audit.export.{error.code}", tongue, **_told(error.inputs))
        typer.echo(f"✗ {said}", err=True)
        raise typer.Exit(BROKEN) from error
    except (EvidenceError, EvidenceKeyError, OSError) as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(BROKEN) from error
    finally:
        store.close()


async def _exported(
    settings: Settings,
    store: Store,
    scope: Scope,
    at: int | None,
    actors: bool,
    held: tuple[int, ...],
    output: Path,
) -> tuple[Written, int]:
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.evidence.aside import exported  # noqa: PLC0415
    from gateway.evidence.exporting import Wanted  # noqa: PLC0415

    wanted = Wanted(scope=scope, at=-1 if at is None else at, actors=actors, heads=held)
    return await exported(
        settings, store, SystemClock(), wanted, output, by=f"shell/{getpass.getuser()}"
    )


def _head(path: Path) -> SignedHead:
    try:
        return read_head(_text(path))
    except NoteError as error:
        raise typer.BadParameter(f"{path} is no signed head: {error}") from error


def _keys(path: Path) -> list[Verifier]:
    try:
        return [read_verifier(line) for line in _text(path).splitlines() if line.strip()]
    except NoteError as error:
        raise typer.BadParameter(f"{path} holds no public key: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_FILE + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from error


def _lines(found: Found, words: Words, tongue: Language) -> Iterable[str]:
    """What a bundle that holds was found to be, for people."""

    def text(name: str, /, **inputs: str | int) -> str:
        return words.text(f"audit.holds.{name}", tongue, **inputs)

    manifest = found.manifest
    yield "✓ " + text("all", log=manifest.origin, size=found.size)
    yield text(
        f"scope.{manifest.scope.kind}",
        id=manifest.scope.id,
        schools=found.schools,
        at=_shown(manifest.at),
    )
    yield text("facts", facts=found.facts, disclosed=found.disclosed, figures=found.figures)
    yield text("files", files=found.files, absent=found.absent)
    if found.witnesses:
        yield text("witnessed", names=", ".join(found.witnesses))
    yield text("anchored") if found.anchored else "! " + text("alone", public=manifest.key)


def _plain(found: Found) -> dict[str, Any]:
    manifest = found.manifest
    return {
        "holds": True,
        "anchored": found.anchored,
        "witnesses": list(found.witnesses),
        "log": manifest.origin,
        "key": manifest.key,
        "scope": manifest.scope.kind.value,
        "id": manifest.scope.id,
        "at": manifest.at,
        "size": found.size,
        "head_at": found.head_at,
        "facts": found.facts,
        "disclosed": found.disclosed,
        "schools": found.schools,
        "figures": found.figures,
        "files": found.files,
        "absent": found.absent,
    }


def _say(as_json: bool, plain: dict[str, Any], said: str) -> None:
    typer.echo(json.dumps(plain, ensure_ascii=False, indent=2) if as_json else said)


def _told(inputs: dict[str, str | int]) -> dict[str, str | int]:
    return {
        name: _shown(value) if name in _TIMES and isinstance(value, int) else value
        for name, value in inputs.items()
    }


def _shown(ms: int) -> str:
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return str(ms)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _moment(text: str) -> int:
    try:
        return round(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except ValueError as error:
        message = f"'{text}' is no time; write 2026-11-20 or 2026-11-20T08:00"
        raise typer.BadParameter(message, param_hint="--at") from error


def _language(wanted: str | None) -> Language:
    if wanted is None:
        return "en" if os.environ.get("LANG", "").startswith("en") else "zh"
    if wanted not in LANGUAGES:
        raise typer.BadParameter(f"there are {' and '.join(LANGUAGES)}", param_hint="--language")
    return wanted
