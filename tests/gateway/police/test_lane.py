"""Alarms over one link: in order, again and again until acknowledged, loud when late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from linked import OK, Road, ScriptedLink, entry, event

from devices.police_link.link import Result
from gateway.clock import SystemClock
from gateway.police import lane as lanes
from gateway.police.sendings import Attempt, Sending, Unreadable
from gateway.store.batch import OutboxEntry
from gateway.store.store import StoreError


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "AGAIN_S", 0.05)


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    clock = SystemClock()
    made = Road(ScriptedLink(clock), clock, late_after_s=30.0)
    yield made
    await made.close()


@pytest.fixture
async def hasty() -> AsyncIterator[Road]:
    """After a fifth of a second it is late."""
    clock = SystemClock()
    made = Road(ScriptedLink(clock), clock, late_after_s=0.2)
    yield made
    await made.close()


def sendings(road: Road) -> list[Sending]:
    return [one for one in road.told if isinstance(one, Sending)]


def now() -> int:
    return SystemClock().now()


async def test_what_is_committed_is_sent_at_once_and_told_with_its_exchange(road: Road) -> None:
    road.lane.offer([entry(event(1, known=now()))])
    await road.until(lambda: bool(sendings(road)))
    attempt, sending = road.told
    assert isinstance(attempt, Attempt)
    assert attempt.exchange.acknowledged
    assert isinstance(sending, Sending)
    assert (sending.arrived, sending.attempts, sending.late) == (True, 1, 0)
    assert road.lane.waiting == 0


@pytest.mark.usefixtures("quick")
async def test_what_is_not_acknowledged_is_sent_again_as_it_was(road: Road) -> None:
    road.link.answers.extend([Result.SILENT, Result.GARBLED, OK])
    road.lane.offer([entry(event(1, known=now()))])
    await road.until(lambda: bool(sendings(road)))
    assert {one.sequence for one in road.link.sent} == {1}
    assert len({one.key for one in road.link.sent}) == 1
    (sending,) = sendings(road)
    assert sending.attempts == 3


@pytest.mark.usefixtures("quick")
async def test_order_is_kept_while_the_receiver_is_away(road: Road) -> None:
    road.link.answers.extend([Result.UNREACHABLE, Result.UNREACHABLE])
    road.lane.offer([entry(event(1, known=now())), entry(event(2, known=now()))])
    road.lane.offer([entry(event(3, known=now()))])
    await road.until(lambda: len(sendings(road)) == 3)
    assert [one.event.sequence for one in sendings(road)] == [1, 2, 3]
    assert [one.sequence for one in road.link.sent] == [1, 1, 1, 2, 3]


@pytest.mark.usefixtures("quick")
async def test_an_alarm_that_is_refused_holds_up_no_other_but_its_own_end(road: Road) -> None:
    road.link.answers.extend([Result.UNABLE, OK, Result.UNABLE, OK, OK])
    alarm, end = event(1, alert=7, known=now()), event(2, alert=7, known=now())
    road.lane.offer([entry(alarm), entry(end), entry(event(3, known=now()))])
    await road.until(lambda: len(sendings(road)) == 3)
    assert [one.event.sequence for one in sendings(road)] == [3, 1, 2]


async def test_late_is_said_while_the_link_still_hangs(hasty: Road) -> None:
    hasty.link.hangs = asyncio.Event()
    hasty.lane.offer([entry(event(1, known=now()))])
    await hasty.until(lambda: bool(sendings(hasty)))
    (late,) = sendings(hasty)
    assert (late.arrived, late.late) == (False, 1)
    hasty.link.hangs.set()
    await hasty.until(lambda: len(sendings(hasty)) == 2)
    assert (sendings(hasty)[1].arrived, sendings(hasty)[1].late) == (True, 0)


@pytest.mark.usefixtures("quick")
async def test_what_is_late_says_what_its_last_exchange_came_to() -> None:
    clock = SystemClock()
    road = Road(ScriptedLink(clock), clock, late_after_s=1.0)
    road.link.answers.extend([Result.GARBLED, *[Result.SILENT] * 50])
    road.lane.offer([entry(event(1, known=now()))])
    await road.until(lambda: bool(sendings(road)))
    assert sendings(road)[0].result == "silent"
    await road.close()


async def test_those_behind_a_hanging_alarm_are_late_in_their_own_time(hasty: Road) -> None:
    hasty.link.hangs = asyncio.Event()
    hasty.lane.offer([entry(event(1, known=now())), entry(event(2, known=now()))])
    await hasty.until(lambda: len(sendings(hasty)) == 2)
    assert [one.late for one in sendings(hasty)] == [1, 2]
    hasty.link.hangs.set()
    await hasty.until(lambda: len(sendings(hasty)) == 4)
    assert hasty.lane.late == 0


async def test_what_is_offered_twice_is_sent_once(road: Road) -> None:
    one = entry(event(1, known=now()))
    road.lane.offer([one, one])
    await road.until(lambda: bool(sendings(road)))
    road.lane.offer([one])  # until it is written down the table still has it
    road.lane.offer([entry(event(2, known=now()))])
    await road.until(lambda: len(sendings(road)) == 2)
    assert [sent.sequence for sent in road.link.sent] == [1, 2]


async def test_a_fault_of_the_link_itself_ends_nothing(road: Road) -> None:
    road.link.answers.extend([ValueError("no frame holds this")])
    road.lane.offer([entry(event(1, known=now())), entry(event(2, known=now()))])
    await road.until(lambda: len(sendings(road)) == 2)
    assert [one.event.sequence for one in sendings(road)] == [2, 1]


async def test_what_cannot_be_read_is_told_and_not_sent(road: Road) -> None:
    road.lane.offer([OutboxEntry("police:no3/110", "k", now(), b"{", now())])
    await road.until(lambda: bool(road.told))
    assert isinstance(road.told[0], Unreadable)
    assert not road.link.sent


async def test_more_than_memory_holds_is_read_from_the_table_in_order(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "KEPT", 3)
    entries = [entry(event(number, known=now())) for number in range(1, 11)]
    road.table = list(entries)
    road.lane.offer(entries)

    def written() -> bool:
        for one in sendings(road):
            road.lane.written(one.event.key)
            road.table = [row for row in road.table if row.key != one.event.key]
        return not road.table

    await road.until(written)
    arrived = [one.event.sequence for one in sendings(road) if one.arrived]
    assert arrived == list(range(1, 11))


@pytest.mark.usefixtures("quick")
async def test_a_link_that_is_down_for_long_does_not_fill_the_facts(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "AGAIN_S", 0.0)
    monkeypatch.setattr(lanes, "TOLD_FULLY", 5)
    road.link.answers.extend([Result.SILENT] * 50)
    road.lane.offer([entry(event(1, known=now()))])
    await road.until(lambda: any(one.arrived for one in sendings(road)))
    attempts = [one for one in road.told if isinstance(one, Attempt)]
    assert [one.number for one in attempts] == [1, 2, 3, 4, 5, 51]


async def test_what_waits_in_the_table_is_read_though_nothing_new_comes(road: Road) -> None:
    """A start takes up so many rows of all links together; those behind them must not wait."""
    road.table = [entry(event(1, known=now()))]
    road.lane.more_waits()
    await road.until(lambda: bool(sendings(road)))
    road.table = []
    road.lane.written(sendings(road)[0].event.key)
    assert [one.sequence for one in road.link.sent] == [1]


@pytest.mark.usefixtures("quick")
async def test_a_table_that_cannot_be_read_is_read_again(road: Road) -> None:
    road.unread = [StoreError("locked")]
    road.table = [entry(event(1, known=now()))]
    road.lane.more_waits()
    await road.until(lambda: bool(sendings(road)))
    assert not road.task.done()


async def test_what_cannot_be_read_is_told_once_however_often_it_is_offered(road: Road) -> None:
    broken = OutboxEntry("police:no3/110", "k", now(), b"{", now())
    road.table = [broken]
    road.lane.offer([broken])
    road.lane.offer([broken], anew=False)
    assert len(road.told) == 1


async def test_what_calls_nobody_is_never_late_and_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "UNHURRIED_S", 0.02)
    clock = SystemClock()
    road = Road(ScriptedLink(clock), clock, late_after_s=None)
    road.link.answers.extend([Result.SILENT] * 3)
    began = clock.steady()
    road.lane.offer([entry(event(1, known=now()))])
    await road.until(lambda: bool(sendings(road)))
    took = clock.steady() - began
    await road.close()
    assert [one.arrived for one in sendings(road)] == [True]
    assert took >= 0.02 + 0.04 + 0.08, "twice as long each time"
