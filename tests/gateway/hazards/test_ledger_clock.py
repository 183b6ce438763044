"""What the clock does to the ledger: overdue climbs, what is closed is looked at again."""

from __future__ import annotations

import msgspec
from ledger_room import (
    DAY,
    FOUND,
    INES,
    SOFIA,
    TO_CLOSED,
    act,
    entries,
    ledger,
    messages_to,
    to_remedy,
)

from audit.ledger.hazard import Grade, HazardStep, StepKind
from audit.ledger.hazard_actions import LookBack, Sign
from gateway.clock import ManualClock
from gateway.hazards.entering import Failed
from gateway.settings_ledger import LedgerReceiver
from gateway.store.read.hazards import hazard_counts
from gateway.store.sqlite import SqliteStore


async def test_what_is_overdue_climbs_across_restarts_and_tells_each_rung_once(
    store: SqliteStore, clock: ManualClock
) -> None:
    heard: list[str] = []
    leaders = LedgerReceiver(name="leaders", language="en")
    desk = ledger(store, clock, leaders, heard=heard)
    await desk.ledger.open_by_hand(FOUND, INES)

    for days in (0, 3, 0, 7, 0, 8, 0, 30):
        clock.turn(days * DAY + 1)
        await ledger(store, clock, leaders, heard=heard).rounds.look()  # each time a new start

    (entry,) = entries(store)
    rungs = [step.kind for step in entry.steps[1:]]
    assert rungs == [StepKind.SUPERVISED, StepKind.CIRCULATED, StepKind.SUMMONED]
    told = messages_to(store, "leaders")
    assert [key.rpartition("/")[2] for key, _ in told] == ["supervised", "circulated", "summoned"]
    assert "overdue and now supervised: the stairs are blocked" in told[0][1]
    assert heard == ["leaders"] * 3


async def test_a_clock_that_jumps_climbs_one_rung_and_back_none(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    clock.turn(3650 * DAY)
    await desk.rounds.look()
    await desk.rounds.look()
    clock.turn(-3650 * DAY)
    await desk.rounds.look()
    (entry,) = entries(store)
    assert [step.kind for step in entry.steps] == [StepKind.FOUND, StepKind.SUPERVISED]


async def test_a_clock_that_was_ahead_keeps_nobody_from_being_circulated(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    clock.jump(3650 * DAY)
    await desk.rounds.look()
    clock.jump(-3650 * DAY)
    await desk.rounds.look()
    clock.turn(3 * DAY + 7 * DAY)
    await desk.rounds.look()
    assert entries(store)[0].rung is StepKind.SUPERVISED
    clock.turn(1)
    await desk.rounds.look()
    assert entries(store)[0].rung is StepKind.CIRCULATED


async def test_so_it_is_when_the_gateway_was_started_anew_in_between(
    store: SqliteStore, clock: ManualClock
) -> None:
    await ledger(store, clock).ledger.open_by_hand(FOUND, INES)
    clock.jump(3650 * DAY)
    await ledger(store, clock).rounds.look()
    clock.jump(-3650 * DAY)
    desk = ledger(store, clock)
    await desk.rounds.look()
    clock.turn(10 * DAY + 1)
    await desk.rounds.look()
    assert entries(store)[0].rung is StepKind.CIRCULATED


async def test_a_major_one_is_told_at_once_and_other_schools_are_not_heard_of(
    store: SqliteStore, clock: ManualClock
) -> None:
    mine = LedgerReceiver(name="mine", schools=("s1",), about=("major",))
    other = LedgerReceiver(name="other", schools=("s2",), about=("major",))
    desk = ledger(store, clock, mine, other)
    await desk.ledger.open_by_hand(msgspec.structs.replace(FOUND, grade=Grade.MAJOR), INES, key="k")
    assert len(messages_to(store, "mine")) == 1
    assert messages_to(store, "other") == []


async def test_a_closed_entry_is_looked_at_again_after_its_time_and_goes_on_when_it_failed(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    await act(
        desk, 1, *to_remedy(clock, by_hand=True), (Sign(StepKind.REMEDIED), SOFIA), *TO_CLOSED
    )
    clock.turn(30 * DAY - 1)
    await desk.rounds.look()
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 0
    clock.turn(1)
    await ledger(store, clock).rounds.look()
    await ledger(store, clock).rounds.look()
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 1
    (entry,) = entries(store)
    assert [step.kind for step in entry.steps].count(StepKind.LOOK_BACK_DUE) == 1

    old = await act(desk, 1, (LookBack(held=False, text="blocked again"), INES))

    new = entries(store)[1]
    assert (old.continued, new.reopens, new.text) == (2, 1, "blocked again")
    assert new.step is HazardStep.FIND
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 0


async def test_a_failed_item_of_a_policy_of_its_own_is_told_by_its_name(
    store: SqliteStore, clock: ManualClock
) -> None:
    leaders = LedgerReceiver(name="leaders", language="zh")
    failed = [Failed("s1", "own-policy", "校车定位")]
    await ledger(store, clock, leaders, failed=failed).rounds.look()
    clock.turn(3 * DAY + 1)
    await ledger(store, clock, leaders).rounds.look()
    ((_, text),) = messages_to(store, "leaders")
    assert "校车定位" in text
    assert "coverage.item" not in text
