"""What is wrong with a file that a person wrote: where, what, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake. ``line`` counts from 1 and is ``None`` when the file could not be read at all.

    ``field`` is the dotted path of a YAML value or the header of a CSV column.
    """

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        """``file:line: field: message``, as editors and terminals understand it."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.field, self.message) if part)


class ConfigurationError(Exception):
    """The configuration cannot be used. ``problems`` holds every mistake found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(
            problems, key=lambda problem: (problem.file, problem.line or 0, problem.field)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def near_miss(word: str, allowed: Iterable[str]) -> str:
    """A question naming the allowed word that was probably meant; empty when none is near."""
    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.7)
    return f" (did you mean '{near[0]}'?)" if near else ""


def listing(words: Iterable[str], limit: int = 30) -> str:
    """Words joined for a message, cut after ``limit``."""
    known = list(words)
    shown = ", ".join(known[:limit])
    return shown if len(known) <= limit else f"{shown} and {len(known) - limit} more"
