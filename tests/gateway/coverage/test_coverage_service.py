"""The coverage of a running gateway: woken, put off, begun anew, drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from histories import DAY, HOUR, START, shipped
from test_following import attested, listed

from audit.drawing import DRAWN, Drawing, drawn_subject
from audit.policy import POLICY, POLICY_ENDED, policy_of
from gateway.clock import ManualClock
from gateway.coverage.service import Coverage
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.read.coverage import (
    coverage_cursor,
    first_policy,
    known_policies,
    last_verdicts,
)
from gateway.store.read.facts import fact_page
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from tests.gateway.new_store import opened

KEY = "six-100", "closed_management"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    there = opened(tmp_path)
    yield there
    there.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@asynccontextmanager
async def running(coverage: Coverage) -> AsyncIterator[None]:
    task = asyncio.create_task(coverage.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not there():  # noqa: ASYNC110 - what is looked at is in the store
            await asyncio.sleep(0.01)


def facts_of(store: SqliteStore, kind: str) -> list[bytes]:
    page = fact_page(subject=None, kind=kind, after=0, limit=1_000)
    return [fact.body for fact in store.read(page)]


def verdict(store: SqliteStore) -> str | None:
    stored = store.read(last_verdicts("no1", [KEY])).get(KEY)
    return None if stored is None else stored.row.verdict.value


async def test_policies_are_facts_when_they_are_loaded_and_again_when_they_change(
    store: SqliteStore, clock: ManualClock
) -> None:
    await Coverage(store=store, clock=clock, load=shipped).follow()
    assert [policy_of(body) for body in facts_of(store, POLICY)] == [*shipped()]
    await Coverage(store=store, clock=clock, load=shipped).follow()
    assert len(facts_of(store, POLICY)) == len(shipped())
    changed = msgspec.structs.replace(shipped()[0], version=2)
    await Coverage(store=store, clock=clock, load=lambda: [changed, *shipped()[1:]]).follow()
    assert policy_of(facts_of(store, POLICY)[-1]) == changed
    assert len(facts_of(store, POLICY)) == len(shipped()) + 1


async def test_a_policy_whose_file_is_gone_ends_and_begins_again_with_it(
    store: SqliteStore, clock: ManualClock
) -> None:
    store.commit(Batch(facts=[listed(0), attested(0)])).result(5)
    await Coverage(store=store, clock=clock, load=shipped).follow()
    six = next(policy for policy in shipped() if policy.id == "six-100")
    others = [policy for policy in shipped() if policy is not six]
    ended = clock.turn(HOUR)
    for _ in range(2):
        coverage = Coverage(store=store, clock=clock, load=lambda: others)
        await coverage.follow()
        assert coverage.policies() == tuple(others)
    assert facts_of(store, POLICY_ENDED) == [b'{"version":1}']
    assert "six-100" in store.read(known_policies(known=ended - 1))
    assert "six-100" not in store.read(known_policies(known=ended))
    clock.turn(HOUR)
    coverage = Coverage(store=store, clock=clock, load=shipped)
    await coverage.follow()
    assert {one.id for one in coverage.policies()} == {one.id for one in shipped()}
    assert policy_of(facts_of(store, POLICY)[-1]) == six
    assert store.read(first_policy) == START


async def test_an_empty_folder_ends_nothing(store: SqliteStore, clock: ManualClock) -> None:
    await Coverage(store=store, clock=clock, load=shipped).follow()
    coverage = Coverage(store=store, clock=clock, load=tuple)
    await coverage.follow()
    assert len(coverage.policies()) == len(shipped())
    assert facts_of(store, POLICY_ENDED) == []


async def test_a_fact_shows_without_anybody_announcing_it(
    store: SqliteStore, clock: ManualClock
) -> None:
    coverage = Coverage(store=store, clock=clock, load=shipped)
    async with running(coverage):
        await until(lambda: len(facts_of(store, DRAWN)) == len(shipped()))
        clock.turn(HOUR)
        store.commit(Batch(facts=[listed(HOUR)])).result(5)
        await until(lambda: verdict(store) == "unknown")
        clock.turn(HOUR)
        work = Work(Batch(facts=[attested(2 * HOUR)]))
        store.commit(work.batch).result(5)
        coverage.committed(work)
        await until(lambda: verdict(store) == "met")
        clock.turn(101 * DAY)
        await until(lambda: verdict(store) == "unknown")


async def test_verdicts_are_drawn_once_a_day_and_not_again_after_a_restart(
    store: SqliteStore, clock: ManualClock
) -> None:
    store.commit(Batch(facts=[listed(0), attested(0)])).result(5)
    for _ in range(2):
        async with running(Coverage(store=store, clock=clock, load=shipped)):
            await until(lambda: len(facts_of(store, DRAWN)) == len(shipped()))
            clock.turn(5_000)
            await until(lambda: store.read(coverage_cursor).row >= len(shipped()) * 2 + 2)
    clock.turn(DAY)
    async with running(Coverage(store=store, clock=clock, load=shipped)):
        await until(lambda: len(facts_of(store, DRAWN)) == 2 * len(shipped()))
    drawn = [msgspec.json.decode(body, type=Drawing) for body in facts_of(store, DRAWN)]
    six = [one for one in drawn if one.policy == "six-100"]
    assert [one.items["closed_management"] for one in six] == [(1, 0, 0)] * 2
    assert six[0].regions["east"].schools == 1
    assert six[0].digest == six[1].digest


async def test_a_drawing_on_demand_is_given_again_within_a_minute(
    store: SqliteStore, clock: ManualClock
) -> None:
    coverage = Coverage(store=store, clock=clock, load=shipped)
    store.commit(Batch(facts=[listed(0)])).result(5)
    first = await coverage.draw("ines")
    assert first is not None
    clock.turn(59_999)
    assert await coverage.draw("ines") is first
    clock.turn(1)
    again = await coverage.draw("ines")
    assert again is not None
    assert again.at == first.at + 60_000
    subject = drawn_subject("six-100")
    facts = store.read(fact_page(subject=subject, kind=DRAWN, after=0, limit=10))
    assert [fact.actor for fact in facts] == ["user:ines"] * 2


async def test_a_drawing_holds_what_fell_due_by_then(
    store: SqliteStore, clock: ManualClock
) -> None:
    coverage = Coverage(store=store, clock=clock, load=shipped)
    store.commit(Batch(facts=[listed(0), attested(0, lasts=DAY)])).result(5)
    first = await coverage.draw()
    clock.turn(DAY)
    second = await coverage.draw()
    assert first is not None
    assert second is not None
    of = [next(d for d in drawn.drawings if d.policy == "six-100") for drawn in (first, second)]
    assert [one.items["closed_management"] for one in of] == [(1, 0, 0), (0, 0, 1)]
    assert of[0].digest != of[1].digest


async def test_a_store_that_refuses_is_asked_again_and_nothing_is_lost(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = 0
    commit = store.commit

    def full(batch: Batch) -> Future[None]:
        nonlocal refused
        if batch.statements and refused < 3:
            refused += 1
            future: Future[None] = Future()
            future.set_exception(StoreError("no room"))
            return future
        return commit(batch)

    monkeypatch.setattr(store, "commit", full)
    store.commit(Batch(facts=[listed(0), attested(0)])).result(5)
    async with running(Coverage(store=store, clock=clock, load=shipped)):
        await until(lambda: verdict(store) == "met")
    assert refused == 3


async def test_the_newest_evidence_of_a_school_is_judged_when_asked_for(
    store: SqliteStore, clock: ManualClock
) -> None:
    coverage = Coverage(store=store, clock=clock, load=shipped)
    assert await coverage.judged("no1") == {}
    store.commit(Batch(facts=[listed(0), attested(0, lasts=DAY)])).result(5)
    await coverage.follow()
    found = await coverage.judged("no1")
    assert found[KEY].until == START + DAY
    assert await coverage.judged("nobody") == {}
