"""Items that a named person's statement proves, and what of it is held against a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from audit.attestation import Stands, Terms, ends, standing
from audit.coverage.clockwork import Clockwork
from audit.coverage.record import SchoolRecord
from audit.coverage.verdict import Code, Part, Reason
from audit.policy import Item, Platform
from audit.roster import RosterEntry
from audit.staffing import StaffingRule, guards_needed
from audit.verification.model import Verdict

GUARDS: Final = "guards"
"""The figure of an attestation that the staffing rule is held against."""

_CODES: Final[Mapping[Stands, Code]] = {
    Stands.NONE: Code.STATEMENT_NONE,
    Stands.NOT_YET: Code.STATEMENT_NOT_YET,
    Stands.STANDING: Code.STATEMENT_STANDS,
    Stands.UNCONFIRMED: Code.STATEMENT_UNCONFIRMED,
    Stands.LACKING: Code.STATEMENT_LACKING,
    Stands.EXPIRED: Code.STATEMENT_EXPIRED,
    Stands.WITHDRAWN: Code.STATEMENT_WITHDRAWN,
}


class Statements:
    """What was attested of a school that is listed as ``roster``."""

    __slots__ = ("_clock", "_record", "_roster")

    def __init__(self, record: SchoolRecord, roster: RosterEntry, clock: Clockwork) -> None:
        self._record = record
        self._roster = roster
        self._clock = clock

    def of_item(self, item: Item, rule: StaffingRule) -> Iterator[Reason]:
        """How an attested item stands."""
        why, figures, _ = self._statement(item.statement, item.terms)
        yield why
        if why.verdict is Verdict.MET and item.staffed:
            yield from self._staffing(rule, figures.get(GUARDS), why.evidence)

    def of_platform(self, platform: Platform, terms: Terms) -> Reason:
        """What somebody's word says of the way to a platform."""
        name = platform.attested_as
        why, _, stands = self._statement(name, terms)
        met = why.verdict is Verdict.MET
        return Reason(
            code=Code.PLATFORM_ATTESTED if met else Code.PLATFORM_NOT_ATTESTED,
            part=Part.PLATFORM,
            verdict=why.verdict,
            since=why.since,
            due=why.due,
            evidence=why.evidence,
            inputs={} if met else {"item": name, "stands": stands.value},
        )

    def _statement(self, name: str, terms: Terms) -> tuple[Reason, Mapping[str, int], Stands]:
        stated, clock = self._record.stated, self._clock
        for each in stated.values():
            clock.passed(each.attestation.at)
        kind = self._roster.kind.value
        every = [each.attestation for each in stated.values()]
        found = standing(every, name, terms, kind, clock.now)
        if found.until is not None:
            clock.passed(found.until)
        one, due, since = found.attestation, None, None
        if one is not None and found.stands is Stands.STANDING:
            since, due = one.valid_from, ends(one, terms, kind)
        elif one is not None and found.stands is Stands.NOT_YET:
            due = one.valid_from
        why = Reason(
            code=_CODES[found.stands],
            part=Part.STATEMENT,
            verdict=Verdict.MET if found.stands is Stands.STANDING else Verdict.UNKNOWN,
            since=since,
            due=due,
            evidence=0 if one is None else stated[one.id].row,
            inputs={"lacking": " ".join(found.lacking)} if found.lacking else {},
        )
        return why, {} if one is None else one.figures, found.stands

    def _staffing(self, rule: StaffingRule, guards: int | None, row: int) -> Iterator[Reason]:
        roster = self._roster
        if guards is None:
            yield unknown(Code.GUARDS_NOT_STATED, Part.STAFFING, row)
            return
        try:
            needed = guards_needed(rule, roster.pupils, roster.boarders)
        except ValueError:
            yield unknown(Code.NUMBERS_IMPOSSIBLE, Part.STAFFING, self._record.roster_row)
            return
        if guards < needed.guards:
            yield Reason(
                code=Code.TOO_FEW_GUARDS,
                part=Part.STAFFING,
                verdict=Verdict.FAILED,
                evidence=row,
                inputs={
                    "guards": guards,
                    "needed": needed.guards,
                    "from_memory": needed.from_memory,
                },
            )


def unknown(code: Code, part: Part, evidence: int = 0) -> Reason:
    """Nothing is known of it."""
    return Reason(code=code, part=part, verdict=Verdict.UNKNOWN, evidence=evidence)
