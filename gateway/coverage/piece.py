"""What one commit of the coverage writes: verdicts, reasons, folded schools, the position."""

from __future__ import annotations

from typing import Final

from audit.coverage import ItemVerdict, SchoolRecord
from audit.roster import RosterEntry
from audit.verification.model import Verdict
from gateway.coverage.school import Key
from gateway.store.batch import Batch
from gateway.store.coverage import (
    Cursor,
    VerdictRow,
    drop_later,
    put_cursor,
    put_listings,
    put_reasons,
    put_records,
    put_verdicts,
    reasons_body,
)


class Piece:
    """Gathers it. ``reasons`` is the last number that was given out."""

    def __init__(self, reasons: int) -> None:
        self.reasons = reasons
        self.rows: Final[list[VerdictRow]] = []
        self._bodies: Final[list[tuple[int, bytes]]] = []
        self._dropped: Final[list[tuple[str, list[Key], int]]] = []
        self._records: Final[list[tuple[SchoolRecord, int | None]]] = []
        self._listings: Final[list[RosterEntry]] = []
        self._numbers: Final[dict[tuple[str, bytes], int]] = {}

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.rows or self._dropped or self._records or self._listings)

    def add(
        self, key: Key, school: str, at: int, verdict: ItemVerdict | None, region: str = ""
    ) -> None:
        """A verdict that changed at ``at``; ``None``: the school is no longer listed.

        Reasons that several items of a school have in common are written once.
        """
        number = None
        if verdict is not None and verdict.reasons:
            body = reasons_body(verdict.reasons)
            number = self._numbers.get((school, body))
            if number is None:
                self.reasons += 1
                number = self._numbers[school, body] = self.reasons
                self._bodies.append((number, body))
        policy, item = key
        self.rows.append(
            VerdictRow(
                policy=policy,
                item=item,
                school=school,
                at=at,
                verdict=Verdict.UNKNOWN if verdict is None else verdict.verdict,
                listed=verdict is not None,
                region=region,
                reasons=number,
            )
        )

    def take_back(self, school: str, keys: list[Key], after: int) -> None:
        """What an earlier piece wrote of a school for instants after ``after``."""
        self._dropped.append((school, keys, after))

    def keep(self, record: SchoolRecord, due: int | None) -> None:
        """A folded school, and when it is due."""
        self._records.append((record, due))

    def enlist(self, entry: RosterEntry) -> None:
        """How a school is on the roster from now on."""
        self._listings.append(entry)

    def batch(self, now: int, cursor: Cursor) -> Batch:
        """As one transaction. What is taken back goes first."""
        batch = Batch(now=now)
        for school, keys, after in self._dropped:
            drop_later(batch, school, keys, after)
        put_verdicts(batch, self.rows)
        put_reasons(batch, self._bodies)
        put_records(batch, self._records)
        put_listings(batch, self._listings)
        put_cursor(batch, cursor)
        return batch
