"""``campus doctor``: what is wrong with this installation, in words, and what to do."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from gateway.cli.options import ConfigOption, settings_of
from gateway.doctor import verdicts
from gateway.doctor.examination import examine
from gateway.doctor.verdicts import State, Verdict
from gateway.problem import ConfigurationError
from gateway.words import LANGUAGES, Language, Words

_SIGNS: Final = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗", State.UNKNOWN: "?"}


def doctor(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
    language: Annotated[
        str | None, typer.Option(help="zh or en. Default: as LANG says, else zh.")
    ] = None,
) -> None:
    """Check this installation and say what is wrong and what to do. Changes nothing.

    Ends with status 1 when a check failed; warnings and what could not be found out do not count.
    """
    words = Words.load()
    tongue = _language(language)
    try:
        found = asyncio.run(examine(settings_of(config)))
    except ConfigurationError as error:
        # Without settings nothing else can be looked at.
        found = [verdicts.configuration([str(problem) for problem in error.problems])]
    if as_json:
        typer.echo(json.dumps(_machine_readable(found, words), ensure_ascii=False, indent=2))
    else:
        for verdict in found:
            typer.echo(f"{_SIGNS[verdict.state]} {_said(verdict, words, tongue)}")
        typer.echo(_summary(found, words, tongue))
    raise typer.Exit(verdicts.exit_code(found))


def _language(wanted: str | None) -> Language:
    if wanted is None:
        return "en" if os.environ.get("LANG", "").startswith("en") else "zh"
    if wanted not in LANGUAGES:
        raise typer.BadParameter(f"there are {' and '.join(LANGUAGES)}", param_hint="--language")
    return wanted


def _said(verdict: Verdict, words: Words, language: Language) -> str:
    title = words.text(f"doctor.check.{verdict.check}", language)
    inputs = dict(verdict.inputs)
    if "what" in inputs:
        inputs["what"] = words.text(f"doctor.what.{inputs['what']}", language)
    text = words.text(f"doctor.{verdict.check}.{verdict.code}", language, **inputs)
    return f"{title}: {text}"


def _summary(found: Sequence[Verdict], words: Words, language: Language) -> str:
    count = {state: sum(verdict.state is state for verdict in found) for state in State}
    return words.text(
        "doctor.summary",
        language,
        failed=count[State.FAILED],
        warnings=count[State.WARNING],
        unknown=count[State.UNKNOWN],
        fine=count[State.OK],
    )


def _machine_readable(found: Sequence[Verdict], words: Words) -> dict[str, object]:
    return {
        "ok": verdicts.exit_code(found) == 0,
        "checks": [
            {
                "check": verdict.check,
                "state": verdict.state.value,
                "code": verdict.code,
                "inputs": verdict.inputs,
                "text": {language: _said(verdict, words, language) for language in LANGUAGES},
            }
            for verdict in found
        ],
    }
