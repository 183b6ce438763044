"""What is wrong with a list, and what it would change, in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from audit.roster import RosterEntry
from gateway.problem import Problem
from gateway.register.export import FORMULA
from gateway.roster.entries import Code, Trouble
from gateway.roster.plan import Change, Plan, Sort
from gateway.words import Language, Words

SHOWN: Final = 20
"""Changes shown of each sort, unless all are asked for."""

_SIGNS: Final = {Sort.ADDED: "+", Sort.RENAMED: "≠", Sort.CHANGED: "~", Sort.RELISTED: "↑"}
_NEAR: Final = frozenset({Code.UNKNOWN_KIND, Code.UNKNOWN_REGION})
"""Codes whose ``other`` is the word that was probably meant."""

_FIELDS: Final = ("name", "kind", "region", "pupils", "boarders", "key_target", "listed")


def said(words: Words, trouble: Trouble, language: Language) -> str:
    """What is wrong, with the word that was probably meant where one is near."""
    text = words.text(
        f"roster.trouble.{trouble.code}", language, value=trouble.value, other=trouble.other
    )
    if trouble.other and trouble.code in _NEAR:
        text += words.text("roster.trouble.near", language, other=trouble.other)
    return text


def problem(words: Words, trouble: Trouble, file: str) -> Problem:
    """As a terminal shows it: ``file:line: field: what``."""
    where = f"{file} [{trouble.sheet}]" if trouble.sheet else file
    return Problem(where, trouble.line, trouble.field, said(words, trouble, "en"))


def troubles_csv(words: Words, troubles: Iterable[Trouble], language: Language) -> str:
    """Every mistake, for whoever corrects the list: CSV with a byte order mark, for Excel."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    head = ("sheet", "line", "field", "value", "what")
    rows.writerow([words.text(f"roster.trouble_file.{one}", language) for one in head])
    for one in troubles:
        cells = (one.sheet, one.line or "", one.field, one.value, said(words, one, language))
        rows.writerow([_safe(cell) for cell in cells])
    return "\ufeff" + text.getvalue()


def _safe(cell: object) -> object:
    """A spreadsheet computes what begins like a formula: what a file says is only to be read."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def describe(plan: Plan, shown: int | None = SHOWN) -> Iterator[str]:
    """Lines: counts, then each sort of change, then the schools that the list does not name."""
    yield (
        f"{plan.counts[Sort.ADDED]} new, {plan.counts[Sort.RENAMED]} renamed, "
        f"{plan.counts[Sort.CHANGED]} changed, {plan.counts[Sort.RELISTED]} taken up again, "
        f"{plan.unchanged} unchanged"
    )
    for sort, sign in _SIGNS.items():
        changes = [change for change in plan.changes if change.sort is sort]
        cut = changes if shown is None else changes[:shown]
        for change in cut:
            yield f"{sign} {_one(change)}"
        if len(changes) > len(cut):
            yield f"{sign} … and {len(changes) - len(cut)} more (--verbose shows all)"
    if plan.missing:
        named = ", ".join(entry.school for entry in plan.missing[: shown or len(plan.missing)])
        more = "" if shown is None or len(plan.missing) <= shown else ", …"
        yield (
            f"? {len(plan.missing)} on the roster and not on the list; they stay and count until "
            f"they are struck off with a reason: {named}{more}"
        )


def _one(change: Change) -> str:
    after = change.after
    if change.before is None:
        return f"{after.school}  {after.name}  {after.kind}  {after.region}  {after.pupils} pupils"
    fields = "; ".join(
        f"{field}: {was} → {now}"
        for field in _FIELDS
        if (was := _shown(change.before, field)) != (now := _shown(after, field))
    )
    return f"{after.school}  {change.before.name}  {fields}"


def _shown(entry: RosterEntry, field: str) -> str:
    value = getattr(entry, field)
    return f"'{value}'" if isinstance(value, str) else str(value)
