"""A store in which facts are followed as in the gateway, with the clock turned by hand."""

from __future__ import annotations

from naive import Standing, known_by

from audit.fact import FactRow
from audit.policy import POLICY, POLICY_ENDED
from gateway.coverage.figures import listed_mark
from gateway.coverage.following import Follower
from gateway.coverage.school import gist_of
from gateway.store.batch import Batch, Fact
from gateway.store.coverage import reasons_of
from gateway.store.read.coverage import known_policies
from gateway.store.read.coverage_pages import listings, marks_by_school, verdict_rows
from gateway.store.read.facts import fact_page
from gateway.store.sqlite import SqliteStore


class Followed:
    """``most`` schools in memory, folded ones kept after ``save_after`` facts."""

    def __init__(self, store: SqliteStore, *, most: int = 4_000, save_after: int = 50_000) -> None:
        self.store = store
        self._most = most
        self._save_after = save_after
        self.follower = self._new()

    def _new(self) -> Follower:
        return Follower(self.store, most=self._most, save_after=self._save_after)

    def add(self, *facts: Fact) -> None:
        """Facts are committed, by whomever."""
        self.store.commit(Batch(facts=list(facts))).result(10)

    def piece(self, now: int, *, seconds: float = 0.02, save: bool = False) -> bool:
        """One piece of work, committed; false: there was none."""
        batch = self.follower.piece(now, seconds=seconds, save=save)
        if batch is None:
            return False
        if batch.statements:
            self.store.commit(batch).result(10)
        self.follower.committed()
        return True

    def follow(self, now: int, *, save: bool = False) -> None:
        """All there is to do by now."""
        while self.piece(now, save=save):
            pass

    def die(self, now: int) -> None:
        """In the midst of it: what was not committed is gone."""
        self.follower.piece(now, seconds=0)
        self.restart()

    def restart(self) -> None:
        """The next process begins with what is in the store."""
        self.follower = self._new()

    def facts(self) -> list[FactRow]:
        return self.store.read(fact_page(subject=None, kind=None, after=0, limit=1_000_000))

    def standings(self, at: int) -> dict[tuple[str, str, str], Standing]:
        """What the pages show of every listed school at ``at``."""
        found: dict[tuple[str, str, str], Standing] = {}
        kinds = (POLICY, POLICY_ENDED)
        known = [fact for fact in known_by(self.facts(), at) if fact.kind in kinds]
        if not known:
            return found
        policies = self.store.read(known_policies(row=known[-1].row))
        schools = list(self.store.read(listings()))
        for name, one in policies.items():
            items = [item.id for item in one.policy.items]
            keys = [(name, item) for item in items]
            for stored in self.store.read(verdict_rows(keys, at, schools)):
                row = stored.row
                gist = gist_of(reasons_of(stored.body))
                found[row.school, name, row.item] = row.verdict, row.region, gist
            # the other way of asking says the same
            marks = self.store.read(marks_by_school(name, items, at, None))
            asked = {
                (school, name, item): (mark.verdict, mark.region)
                for school, each in marks.items()
                if listed_mark(each) is not None
                for item, mark in zip(items, each, strict=True)
            }
            listed = {key: value[:2] for key, value in found.items() if key[1] == name}
            assert asked == listed
        return found
