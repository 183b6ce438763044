"""Folds the facts of one school into its record, one after the other, in row order."""

from __future__ import annotations

from typing import Final

from audit.coverage.record import SchoolRecord
from audit.fact import FactRow

KINDS: Final = frozenset({"device", "transition"})
"""The kinds of facts that can change a record; all others are passed over."""


def fold(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    """The record after ``fact``, which is of its school (`audit.fact.school_of`).

    The same record when the fact changes nothing that is judged. A fact of a known kind whose body
    cannot be read is passed over as well: what is written can never stop a bureau's verdicts.
    """
    raise NotImplementedError
