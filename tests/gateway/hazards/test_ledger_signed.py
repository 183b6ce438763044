"""Signing on a real store: two at the same moment, sent twice, and what is kept of it."""

from __future__ import annotations

import asyncio
import json

from ledger_room import (
    FOUND,
    GWEN,
    INES,
    PAUL,
    SOFIA,
    TO_CLOSED,
    act,
    bodies,
    entries,
    ledger,
    to_remedy,
)

from alerts.alert import Refusal
from audit.ledger.hazard import Hazard, Signer, StepKind
from audit.ledger.hazard_actions import By, Comment, Sign
from gateway.clock import ManualClock
from gateway.store.read.hazards import one_hazard
from gateway.store.sqlite import SqliteStore


async def test_of_two_at_the_same_moment_the_second_is_told(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    entry = await desk.ledger.open_by_hand(FOUND, INES)
    assert isinstance(entry, Hazard)
    results = await asyncio.gather(
        desk.ledger.act(1, Comment("mine"), SOFIA, version=entry.version, key="a"),
        desk.ledger.act(1, Comment("other"), PAUL, version=entry.version, key="b"),
    )
    refusals = [one for one in results if isinstance(one, Refusal)]
    assert [one.code for one in refusals] == ["hazard_version"]
    assert len(entries(store)[0].steps) == 2


async def test_sent_twice_is_there_once(store: SqliteStore, clock: ManualClock) -> None:
    desk = ledger(store, clock)
    await asyncio.gather(*(desk.ledger.open_by_hand(FOUND, INES, key="k") for _ in range(5)))
    await ledger(store, clock).ledger.open_by_hand(FOUND, INES, key="k")
    assert len(entries(store)) == 1
    await asyncio.gather(
        *(desk.ledger.act(1, Comment("seen"), SOFIA, version=1, key="c") for _ in range(5))
    )
    assert len(entries(store)[0].steps) == 2


async def test_every_step_is_one_fact_and_nothing_else_is(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    await act(
        desk, 1, *to_remedy(clock, by_hand=True), (Sign(StepKind.REMEDIED), SOFIA), *TO_CLOSED
    )
    entry = store.read(one_hazard(1))
    assert entry is not None
    kept = store.read(bodies)
    kinds = [json.loads(body)["step"]["kind"] for body in kept]
    assert kinds == [step.kind.value for step in entry.steps]
    assert [json.loads(body)["version"] for body in kept] == sorted(
        json.loads(body)["version"] for body in kept
    )


async def test_two_leaders_who_sign_at_the_same_moment_sign_once(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    entry = await act(desk, 1, (Sign(StepKind.FINDING_SIGNED), PAUL))
    other = By("greta", Signer.GROUP_LEADER)
    review = Sign(StepKind.FINDING_REVIEWED)

    results = await asyncio.gather(
        *(desk.ledger.act(1, review, by, version=entry.version) for by in (GWEN, other))
    )

    (refusal,) = [one for one in results if isinstance(one, Refusal)]
    assert refusal.code == "hazard_version"
    (entry,) = entries(store)
    assert [step.kind for step in entry.steps].count(StepKind.FINDING_REVIEWED) == 1
