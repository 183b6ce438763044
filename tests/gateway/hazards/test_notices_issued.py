"""Notices on a real store: numbered without a gap, their entries in the same commit."""

from __future__ import annotations

import asyncio

import pytest
from ledger_room import (
    FOUND,
    INES,
    PAUL,
    a_notice,
    counted,
    entries,
    ledger,
    messages_to,
)

from alerts.alert import Refusal
from audit.ledger.hazard import Hazard, StepKind
from audit.ledger.notice import Notice
from gateway.clock import ManualClock
from gateway.hazards import notices
from gateway.hazards.notices import Faulted
from gateway.settings_ledger import LedgerReceiver
from gateway.store.batch import Batch
from gateway.store.pictures import kept
from gateway.store.read.pictures import Picture
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError


async def test_a_notice_has_its_entries_in_the_ledger_at_once(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    standing = await desk.ledger.open_by_hand(FOUND, INES)
    assert isinstance(standing, Hazard)
    findings = (Faulted(text="the stairs", hazard=1), Faulted(text="灭火器过期"))

    notice = await desk.notices.issue(a_notice(clock, findings=findings), INES)

    assert isinstance(notice, Notice)
    assert notice.hazards == (1, 2)
    for entry in entries(store):
        assert entry.notices == (notice.number,)
        assert entry.notice_due == notice.due
        assert entry.steps[-1].kind is StepKind.NOTICED
    answered = await desk.notices.reply(notice.number, "都清了", (), PAUL, key="r")
    again = await desk.notices.reply(notice.number, "都清了", (), PAUL, key="r")
    assert isinstance(answered, Notice)
    assert again == answered
    assert [entry.steps[-1].kind for entry in entries(store)] == [StepKind.REPLIED] * 2


async def test_numbers_of_notices_have_no_gap_however_many_are_issued_at_once(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = ledger(store, clock)
    commit = store.commit
    calls = 0

    def sometimes(batch: Batch):
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise StoreError("no room")
        return commit(batch)

    monkeypatch.setattr(store, "commit", sometimes)
    wishes = [
        desk.notices.issue(a_notice(clock, bureau=bureau), INES)
        for _ in range(10)
        for bureau in ("east", "west")
    ]
    found = await asyncio.gather(*wishes, return_exceptions=True)
    issued = [one for one in found if isinstance(one, Notice)]
    assert 0 < len(issued) < 20
    for bureau in ("east", "west"):
        numbers = sorted(one.sequence for one in issued if one.bureau == bureau)
        assert numbers == list(range(1, len(numbers) + 1))
    assert len({one.number for one in issued}) == len(issued)


async def test_a_new_year_begins_at_one_where_the_bureau_is(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    new_year = 1_798_732_800_000  # 2027-01-01 00:00 in Shanghai
    clock.turn(new_year - 1 - clock.now())
    last = await desk.notices.issue(a_notice(clock), INES)
    clock.turn(1)
    first = await desk.notices.issue(a_notice(clock), INES)
    assert isinstance(last, Notice)
    assert isinstance(first, Notice)
    assert [(one.year, one.sequence) for one in (last, first)] == [(2026, 1), (2027, 1)]


async def test_a_notice_that_cannot_be_issued_leaves_nothing_behind(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    for changes in (
        {"due": clock.now()},
        {"findings": ()},
        {"findings": (Faulted(text="x", hazard=99),)},
        {"findings": (Faulted(text="x", photos=("a" * 64,)),)},
    ):
        assert isinstance(await desk.notices.issue(a_notice(clock, **changes), INES), Refusal)
    assert entries(store) == []
    assert counted(store, "notice") == 0


async def test_a_notice_its_entries_and_its_message_are_one_commit(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a kill leaves all of it or nothing (`tests/gateway/store/test_store_crash.py`)."""
    desk = ledger(store, clock, LedgerReceiver(name="leaders", about=("notice",)))
    batches: list[Batch] = []
    commit = store.commit

    def seen(batch: Batch):
        batches.append(batch)
        return commit(batch)

    monkeypatch.setattr(store, "commit", seen)
    assert isinstance(await desk.notices.issue(a_notice(clock), INES), Notice)
    (batch,) = batches
    assert [fact.kind for fact in batch.facts] == ["hazard"] * 4 + ["notice"]
    assert len(messages_to(store, "leaders")) == 1


async def test_photos_of_a_finding_that_stands_already_are_a_step_of_its_entry(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    picture = "a" * 64
    shown = Picture(picture, "image/png", 1, 1, "s1", b"png")
    store.commit(kept(shown, by=INES.name, now=clock.now())).result(10)
    findings = (Faulted(text="the stairs", hazard=1, photos=(picture,)),)
    assert isinstance(await desk.notices.issue(a_notice(clock, findings=findings), INES), Notice)
    (entry,) = entries(store)
    assert entry.steps[-1].photos == (picture,)


async def test_an_entry_full_of_steps_takes_no_further_notice(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MOST_REMARKS", 2)
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    findings = (Faulted(text="the stairs", hazard=1),)
    assert isinstance(await desk.notices.issue(a_notice(clock, findings=findings), INES), Notice)
    refusal = await desk.notices.issue(a_notice(clock, findings=findings), INES)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "hazard_full"
