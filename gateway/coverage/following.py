"""Follows the facts by row and writes every verdict that changes, at the instant it changed.

A verdict at T is that of all facts known by T, in the order of their rows, judged at T. So facts
and what falls due between them are taken in the order of time: at each instant the facts known then
are folded, and the schools they touch, or that are due, are judged. ``known`` counts as the latest
so far in row order: a clock that was set back does not reorder the past.

When the gateway gives no sign of life any more, all schools change at one instant, and again when
it is there again: that is no due of each school's, or every sign of life would concern all of them.

Everything written is an upsert by policy, item, school and instant, in one transaction with the
position (`Cursor`). Wherever the process ends, the next one goes on from there and writes the same.

Blocks and computes: runs in a thread, a piece at a time.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from sqlalchemy import Connection

from audit.coverage import KINDS, LIFE, ItemVerdict, fold, judge_all
from audit.fact import FactRow, school_of
from audit.policy import POLICY, POLICY_ENDED, Policy, policy_named, policy_of
from audit.roster import ROSTER
from audit.verification.model import Verdict
from gateway.coverage.piece import Piece
from gateway.coverage.school import Key, School, Written, due_of, gist_of, written_of
from gateway.store.batch import Batch
from gateway.store.coverage import SHAPE, Cursor, forget_records, put_cursor
from gateway.store.read.coverage import (
    EVER,
    coverage_cursor,
    coverage_dues,
    known_policies,
    last_verdicts,
    school_record,
    schools_by_first_fact,
)
from gateway.store.read.facts import fact_page
from gateway.store.store import Store

FACTS: Final = 500
"""Facts that are read at once."""

ROWS: Final = 2_000
"""Verdicts in one commit: alarms get in between."""

RECORDS: Final = 100
"""Folded schools in one commit."""

SAVE_AFTER: Final = 50_000
"""Facts after which folded schools are kept, however busy: so many a start has to read at most."""

SCHOOLS: Final = 4_000
"""Schools in memory. Of others the folded record is read when something happens there."""


class Follower:
    """``piece`` gives what to write next, ``committed`` says that it is written.

    Should it fail, throw this away and make a new one: memory is ahead of the store then.
    """

    def __init__(self, store: Store, *, most: int = SCHOOLS, save_after: int = SAVE_AFTER) -> None:
        """Reads where the last one ended. Blocks."""
        self._store: Final = store
        self._most: Final = most
        self._save_after: Final = save_after
        self.cursor: Cursor = store.read(coverage_cursor)
        known = store.read(known_policies(row=self.cursor.row))
        self.policies: dict[str, Policy] = {name: one.policy for name, one in known.items()}
        # What fell due up to `time` is written. Nothing is judged before that again: the records
        # hold facts that were known later.
        self._dues: dict[str, int | None] = {
            school: None if due is None else max(due, self.cursor.time + 1)
            for school, due in store.read(coverage_dues).items()
        }
        self._heap = [(due, school) for school, due in self._dues.items() if due is not None]
        heapq.heapify(self._heap)
        self._schools: dict[str, School] = {}
        self._facts: deque[FactRow] = deque()
        self._read = self.cursor.saved
        self._refolded = self.cursor.saved_known
        # The instant under way, and where it leads to.
        self._at = self.cursor
        self._touched: dict[str, None] = {}
        self._everywhere: Iterator[str] = iter(())
        self._under_way = False
        self._enlisted: set[str] = set()
        self._saving: deque[str] = deque()
        self._saving_to = self._saving_known = 0

    def piece(self, now: int, *, seconds: float = 0.02, save: bool = False) -> Batch | None:
        """Go on for about so long; ``None``: there is nothing to do until something happens.

        ``now`` (ms) is the clock. ``save``: keep folded schools when nothing else is to be done.
        A batch without statements needs no commit.
        """
        end = time.monotonic() + seconds
        if self.cursor.shape != SHAPE:
            return self._begin_anew(now)
        if self._read < self.cursor.row:
            self._refold(end)
            return Batch(now=now)
        out, begun, worked = Piece(self.cursor.reasons), self.cursor, False
        while self._step(max(now, self.cursor.known), out):
            worked = True
            if time.monotonic() >= end or len(out.rows) >= ROWS:
                break
        if not self._under_way:
            self._save_some(out, save=save and not worked)
        changes = self.cursor.changes + len(out.rows)
        self.cursor = msgspec.structs.replace(self.cursor, reasons=out.reasons, changes=changes)
        if out.empty and (self.cursor.row, self.cursor.saved) == (begun.row, begun.saved):
            return Batch(now=now) if worked else None
        return out.batch(now, self.cursor)

    def committed(self) -> None:
        """What `piece` gave is in the store: schools in it can be forgotten."""
        spare = len(self._schools) - self._most
        if spare > 0:
            kept = (name for name, one in self._schools.items() if one.kept)
            for name in [name for name, _ in zip(kept, range(spare), strict=False)]:
                del self._schools[name]

    @property
    def due(self) -> int | None:
        """When something may change by time alone next (ms)."""
        silences = self.cursor.life.silences(self.policies.values())
        ahead = [at for at in silences if at > self.cursor.time]
        if (school := self._school_due) is not None:
            ahead.append(school)
        return min(ahead, default=None)

    @property
    def _school_due(self) -> int | None:
        while self._heap and self._dues.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def judged(self, name: str, now: int) -> dict[Key, ItemVerdict]:
        """The verdicts on a school as they are now, with their newest evidence; nothing is
        written. Empty for one that is not listed, and while a start is not through."""
        school = self._school(name)
        if school.entry is None or self._read < self.cursor.row:
            return {}
        at = max(now, self.cursor.known)
        return judge_all(self.policies.values(), school.record, at, self.cursor.life)

    # Facts and time, in their order

    def _begin_anew(self, now: int) -> Batch:
        """Folded schools are of a shape that another version wrote: all facts are read again."""
        self.cursor = msgspec.structs.replace(self.cursor, saved=0, saved_known=0, shape=SHAPE)
        self._read = self._refolded = 0
        batch = Batch(now=now)
        forget_records(batch)
        put_cursor(batch, self.cursor)
        return batch

    def _refold(self, end: float) -> None:
        """Bring the records to where the verdicts are. They were judged before: nothing is
        written."""
        while self._read < self.cursor.row:
            for fact in self._store.read(self._page()):
                self._read = min(fact.row, self.cursor.row)
                if fact.row > self.cursor.row:
                    return
                self._refolded = max(self._refolded, fact.known)
                name = self._school_of(fact)
                if name and self._fold(name, fact, self._refolded):
                    self._falls_due(name, self.cursor.time + 1)
            if time.monotonic() >= end:
                return

    def _step(self, now: int, out: Piece) -> bool:
        """One school judged, or the next instant begun; false: there is none up to ``now``."""
        if not self._under_way:
            self._under_way = self._begin(now, out)
            if not self._under_way:
                return False
        name = next(iter(self._touched), None) or next(self._everywhere, None)
        if name is not None:
            self._touched.pop(name, None)
            self._judge(name, self._at.time, out)
        else:
            self._under_way = False
            self.cursor = msgspec.structs.replace(
                self.cursor,
                row=self._at.row,
                known=self._at.known,
                time=self._at.time,
                life=self._at.life,
            )
        return True

    def _begin(self, now: int, out: Piece) -> bool:
        """Take up all facts of the next instant, and all that is due then."""
        if not self._facts:
            self._facts.extend(self._store.read(self._page()))
            self._read = self._facts[-1].row if self._facts else self._read
        due = self.due
        if self._facts:
            known = max(self.cursor.known, self._facts[0].known)
            if known < self.cursor.time and out.rows:
                return False  # what it takes back must be in the store
            if due is None or known <= due:
                self._at = msgspec.structs.replace(self.cursor, known=known, time=known)
                while self._facts and self._facts[0].known <= known:
                    self._take(self._facts.popleft())
            else:
                self._at = msgspec.structs.replace(self.cursor, time=due)
        elif due is not None and due <= now:
            self._at = msgspec.structs.replace(self.cursor, time=due)
        else:
            # Nothing falls due until now.
            self.cursor = msgspec.structs.replace(self.cursor, time=max(self.cursor.time, now))
            return False
        silences = self._at.life.silences(self.policies.values())
        if any(self.cursor.time < at <= self._at.time for at in silences):
            self._everywhere = iter(list(self._dues))
        while (due := self._school_due) is not None and due <= self._at.time:
            self._touched[heapq.heappop(self._heap)[1]] = None
        return True

    def _take(self, fact: FactRow) -> None:
        self._at = msgspec.structs.replace(self._at, row=fact.row)
        if fact.kind == POLICY:
            try:
                policy = policy_of(fact.body)
            except msgspec.MsgspecError:
                return  # the one before stays in effect
            self.policies[policy.id] = policy
            self._everywhere = iter(list(self._dues))
            return
        if fact.kind == POLICY_ENDED:
            self.policies.pop(policy_named(fact.subject), None)
            return
        if fact.kind == LIFE:
            self._live(fact)
            return
        name = self._school_of(fact)
        if name and self._fold(name, fact, self._at.known):
            self._touched[name] = None
            if fact.kind == ROSTER:
                self._enlisted.add(name)

    def _live(self, fact: FactRow) -> None:
        """A sign of life. After a silence, also one that was written too soon, all are judged."""
        known = self._at.known
        silences = self._at.life.silences(self.policies.values())
        if any(at <= max(known, self.cursor.time) for at in silences):
            self._everywhere = iter(list(self._dues))
        self._at = msgspec.structs.replace(self._at, life=self._at.life.after(known, fact.row))

    def _page(self) -> Callable[[Connection], list[FactRow]]:
        return fact_page(subject=None, kind=None, after=self._read, limit=FACTS)

    def _school_of(self, fact: FactRow) -> str:
        """Whose record it can change; empty: nobody's."""
        if fact.kind not in KINDS:
            return ""
        name = school_of(fact)
        if not name and fact.subject.startswith("alert:"):
            first = self._store.read(schools_by_first_fact([fact.subject]))
            return first.get(fact.subject, "")
        return name

    # Schools

    def _school(self, name: str) -> School:
        school = self._schools.get(name)
        if school is None:
            school = self._schools[name] = School(self._store.read(school_record(name)))
        return school

    def _fold(self, name: str, fact: FactRow, known: int) -> bool:
        """Whether the school is to be judged. ``known`` counts as when the fact was known."""
        school = self._school(name)
        if fact.row > school.record.row:
            if fact.known != known:
                fact = msgspec.structs.replace(fact, known=known)
            record = fold(school.record, fact)
            if record is school.record:
                return False
            school.record, school.kept = record, False
            self._dues.setdefault(name, None)
        return True

    def _falls_due(self, name: str, due: int | None) -> None:
        if due is not None and due != self._dues.get(name):
            heapq.heappush(self._heap, (due, name))
        self._dues[name] = due

    def _judge(self, name: str, at: int, out: Piece) -> None:
        school = self._school(name)
        self._look_up(name, school)
        if any(one.at > at for one in school.written.values()):
            # Written when it fell due, before a fact that was known earlier was committed.
            keys = list(school.written)
            out.take_back(name, keys, at)
            school.written = self._last(name, keys, at)
        if name in self._enlisted and school.record.roster is not None:
            out.enlist(school.record.roster)
            self._enlisted.discard(name)
        entry = school.entry
        verdicts = {}
        if entry is not None:
            verdicts = judge_all(self.policies.values(), school.record, at, self._at.life)
            region = entry.region or ""
            for key, verdict in verdicts.items():
                gist = gist_of(verdict.reasons)
                before = school.written.get(key)
                if before is None or not before.stands(verdict.verdict, region, gist):
                    out.add(key, name, at, verdict, region)
                    school.written[key] = Written(at, verdict.verdict, True, region, gist)
        else:
            # Only of items that are asked for: of others nobody that begins anew knows.
            for key in self._keys():
                before = school.written.get(key)
                if before is not None and before.listed:
                    out.add(key, name, at, None)
                    school.written[key] = Written(at, Verdict.UNKNOWN, False, "", ())
        due = due_of(verdicts, at)
        if due != self._dues.get(name):
            school.kept = False
        self._falls_due(name, due)

    def _look_up(self, name: str, school: School) -> None:
        """What is in the store of items that were not looked up yet: of a school just read, or of
        a policy just known."""
        keys = [key for key in self._keys() if key not in school.looked_up]
        if keys:
            school.looked_up.update(keys)
            school.written |= self._last(name, keys, EVER)

    def _keys(self) -> list[Key]:
        return [(policy.id, item.id) for policy in self.policies.values() for item in policy.items]

    def _last(self, name: str, keys: list[Key], at: int) -> dict[Key, Written]:
        found = self._store.read(last_verdicts(name, keys, at))
        return {key: written_of(stored) for key, stored in found.items()}

    # Folded schools are kept now and then

    def _save_some(self, out: Piece, *, save: bool) -> None:
        if not self._saving:
            behind = self.cursor.row - self.cursor.saved
            crowded = len(self._schools) > self._most
            if not (behind >= self._save_after or crowded or (save and behind)):
                return
            self._saving.extend(name for name, one in self._schools.items() if not one.kept)
            self._saving_to, self._saving_known = self.cursor.row, self.cursor.known
        for _ in range(min(RECORDS, len(self._saving))):
            name = self._saving.popleft()
            school = self._schools[name]
            school.kept = True
            out.keep(school.record, self._dues.get(name))
        if not self._saving:
            self.cursor = msgspec.structs.replace(
                self.cursor, saved=self._saving_to, saved_known=self._saving_known
            )
