"""The ledger on a real store: faults that stay, work orders as remedy, restarts, two at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from alerts.alert import Alert, AlertState, Refusal
from alerts.finding import Explanation, Priority
from alerts.notification.event import decode_event
from audit.ledger.hazard import FiveThings, Grade, Hazard, HazardStep, Origin, Signer, StepKind
from audit.ledger.hazard_actions import (
    Accept,
    Action,
    Assess,
    By,
    Comment,
    LookBack,
    Monitor,
    Register,
    Sign,
)
from audit.ledger.notice import Notice
from audit.ledger.work_order import OrderState, WorkOrder, opened
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.hazards.making import LedgerDesk, make_ledger
from gateway.hazards.notices import Faulted, Wanted
from gateway.hazards.service import Failed, Inspected
from gateway.settings_ledger import LedgerReceiver, LedgerSettings
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.read.hazards import HazardFilter, hazard_counts, hazard_page, one_hazard
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from gateway.store.work_orders import put_covered, put_order
from gateway.words import Words
from gateway.work_orders.service import make_work_orders

HOUR = 3_600_000
DAY = 24 * HOUR
DEVICES = 10_000
SCHOOLS = 20

SOFIA = By("sofia", Signer.SAFETY_OFFICER)
PAUL = By("paul", Signer.PRINCIPAL)
INES = By("ines", Signer.INSPECTOR)
GWEN = By("gwen", Signer.GROUP_LEADER)
FOUND = Inspected(school="s1", text="the stairs are blocked")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "c.db", reserve_bytes=1 << 20, low_water=1 << 20)) as opened:
        yield opened


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def ledger(
    store: SqliteStore,
    clock: ManualClock,
    *receivers: LedgerReceiver,
    failed: list[Failed] | None = None,
    heard: list[str] | None = None,
) -> LedgerDesk:
    """The room as it is after a start."""
    settings = default_settings({"directory": "unused"})
    settings = settings.model_copy(update={"ledger": LedgerSettings(receivers=receivers)})

    async def found() -> list[Failed]:
        return failed or []

    return make_ledger(
        settings=settings,
        store=store,
        clock=clock,
        words=Words.load(),
        notify=(heard if heard is not None else []).extend,
        failed=found,
    )


def entries(store: SqliteStore, state: str = "all") -> list[Hazard]:
    found, _ = store.read(
        hazard_page(HazardFilter(state=state), now=2**52, after=None, limit=10_000)
    )
    return sorted(found, key=lambda entry: entry.number)


def alert(
    row: int, known: int, school: str = "s1", *, active: bool = True, number: int | None = None
) -> Alert:
    """A device that is silent, by its row; ``number`` of the alert is the same unless given."""
    return Alert(
        id=row if number is None else number,
        device=row,
        school=school,
        condition="silent",
        priority=Priority.MEDIUM,
        state=AlertState.UNACKNOWLEDGED if active else AlertState.RETURNED,
        active=active,
        raised=known,
        known=known,
        explanation=Explanation("silent", "silent"),
    )


def with_order(store: SqliteStore, clock: ManualClock, row: int = 1, number: int = 1) -> WorkOrder:
    """A device is silent from now on, and its work order stands."""
    now = clock.now()
    order = WorkOrder(
        id=number,
        school="s1",
        measure="",
        opened=now,
        due=now + DAY,
        device=row,
        device_id=f"d-{row}",
        kind="smoke",
        alert=100 * number,
        condition="silent",
        automatic=True,
    )
    batch = Batch(now=now)
    batch.statements += put_schools([School("s1", "第一小学", "First School")])
    batch.statements += put_devices([Device("s1", f"d-{row}", "smoke", row)])
    batch.alerts = {100 * number: alert(row, now, number=100 * number)}
    put_order(batch, opened(order, actor=""))
    put_covered(batch, number, [100 * number])
    store.commit(batch).result(10)
    return order


def closed(store: SqliteStore, clock: ManualClock, order: WorkOrder) -> None:
    """Tim has mended it, and the device has verified."""
    now = clock.now()
    steps = opened(order, actor="").steps
    done = msgspec.structs.replace(steps[0], kind="done", actor="tim", at=now)
    after = msgspec.structs.replace(
        order,
        steps=(*steps, msgspec.convert(msgspec.to_builtins(done), type(done))),
        state=OrderState.CLOSED,
        closed=now,
        verification="v" * 32,
        assignee="tim",
        version=3,
    )
    batch = Batch(now=now)
    assert order.alert is not None
    batch.alerts = {order.alert: alert(1, now - DAY, active=False, number=order.alert)}
    put_order(batch, after)
    store.commit(batch).result(10)


async def act(desk: LedgerDesk, number: int, *acts: tuple[Action, By]) -> Hazard:
    entry: Hazard | Refusal | None = None
    for action, by in acts:
        entry = await desk.ledger.act(number, action, by)
        assert isinstance(entry, Hazard), (action, entry)
    assert isinstance(entry, Hazard)
    return entry


def five(clock: ManualClock, days: int = 10) -> FiveThings:
    return FiveThings(
        responsible="mr. wang",
        measure="clear it",
        money=500,
        deadline=clock.now() + days * DAY,
        contingency="the other stairs",
    )


def to_remedy(clock: ManualClock, *, by_hand: bool) -> list[tuple[Action, By]]:
    return [
        (Sign(StepKind.FINDING_SIGNED), PAUL),
        (Sign(StepKind.FINDING_REVIEWED), GWEN),
        *([(Register(Grade.GENERAL), SOFIA)] if by_hand else []),
        (Assess(Grade.GENERAL, five(clock)), SOFIA),
        (Sign(StepKind.ASSESSMENT_SIGNED), PAUL),
        (Sign(StepKind.REPORTED), PAUL),
        (Monitor("watched", "a rope"), SOFIA),
    ]


TO_CLOSED: list[tuple[Action, By]] = [
    (Accept(met=True, text="seen"), INES),
    (Sign(StepKind.RESULT_SIGNED), PAUL),
    (Sign(StepKind.RESULT_REVIEWED), GWEN),
    (Sign(StepKind.CLOSED), INES),
]


# Faults


async def test_a_fault_is_entered_when_it_has_stood_longer_than_a_repair_may_take(
    store: SqliteStore, clock: ManualClock
) -> None:
    with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY - 1)
    await desk.ledger.look()
    assert entries(store) == []

    clock.turn(1)
    await desk.ledger.look()
    await desk.ledger.look()

    (entry,) = entries(store)
    assert (entry.origin, entry.device_id, entry.condition) == (Origin.FAULT, "d-1", "silent")
    assert entry.order is not None
    assert entry.order.number == 1
    assert entry.step is HazardStep.FIND


async def test_the_work_order_is_the_remedy_one_record(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.ledger.look()
    entry = await act(desk, 1, *to_remedy(clock, by_hand=False))
    assert entry.step is HazardStep.REMEDY
    refusal = await desk.ledger.act(1, Sign(StepKind.REMEDIED), SOFIA)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "hazard_order"

    clock.turn(HOUR)
    closed(store, clock, order)
    await desk.ledger.look()

    (entry,) = entries(store)
    assert (entry.step, entry.remedied_by) == (HazardStep.ACCEPT, ("tim",))
    entry = await act(desk, 1, *TO_CLOSED)
    assert entry.closed is not None
    assert _counted(store, "hazard") == len(entry.steps)


async def test_a_fault_that_comes_back_before_the_look_back_goes_on_in_a_linked_entry(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.ledger.look()
    closed(store, clock, order)
    await desk.ledger.look()
    await act(desk, 1, *to_remedy(clock, by_hand=False), *TO_CLOSED)
    clock.turn(2 * DAY)
    with_order(store, clock, number=2)
    clock.turn(DAY)

    await desk.ledger.look()

    old, new = entries(store)
    assert (old.continued, new.reopens, new.origin) == (2, 1, Origin.LOOK_BACK)
    assert old.steps[-1].kind is StepKind.LOOK_BACK_FAILED
    assert old.closed is not None
    assert new.order is not None
    assert new.order.number == 2


async def test_a_new_order_for_the_same_fault_is_taken_by_the_entry_that_stands(
    store: SqliteStore, clock: ManualClock
) -> None:
    order = with_order(store, clock)
    desk = ledger(store, clock)
    clock.turn(DAY)
    await desk.ledger.look()
    closed(store, clock, order)
    clock.turn(HOUR)
    with_order(store, clock, number=2)
    clock.turn(DAY)

    await desk.ledger.look()

    (entry,) = entries(store)
    assert entry.order is not None
    assert (entry.order.number, entry.order.verified) == (2, None)


async def test_a_power_cut_of_ten_thousand_devices_is_an_entry_a_school(
    store: SqliteStore, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    batch = Batch(now=now)
    batch.statements += put_schools([School(f"s{n}", f"学校{n}") for n in range(SCHOOLS)])
    batch.statements += put_devices(
        Device(f"s{row % SCHOOLS}", f"d-{row}", "smoke", row) for row in range(1, DEVICES + 1)
    )
    batch.alerts = {row: alert(row, now, f"s{row % SCHOOLS}") for row in range(1, DEVICES + 1)}
    store.commit(batch).result(60)
    orders = make_work_orders(
        store=store,
        clock=clock,
        settings=default_settings({"directory": str(tmp_path)}),
        device_of=lambda _: None,
    )
    clock.turn(HOUR)
    await orders.open_for_faults()
    clock.turn(DAY)
    desk = ledger(store, clock)
    sizes: list[int] = []
    commit = store.commit

    def counted(batch: Batch):
        sizes.append(len(batch.facts))
        return commit(batch)

    monkeypatch.setattr(store, "commit", counted)

    await desk.ledger.look()
    await desk.ledger.look()

    found = entries(store)
    assert len(found) == SCHOOLS
    assert {entry.faults for entry in found} == {DEVICES // SCHOOLS}
    assert max(sizes) <= 2 * 250


async def test_an_end_between_two_commits_loses_and_doubles_nothing(
    store: SqliteStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = with_order(store, clock)
    clock.turn(DAY)
    commit = store.commit

    def refuses(batch: Batch):
        raise StoreError("the power is gone")

    monkeypatch.setattr(store, "commit", refuses)
    with pytest.raises(StoreError):
        await ledger(store, clock).ledger.enter_faults()
    assert entries(store) == []
    monkeypatch.setattr(store, "commit", commit)

    await ledger(store, clock).ledger.enter_faults()
    await act(ledger(store, clock), 1, *to_remedy(clock, by_hand=False))
    closed(store, clock, order)
    monkeypatch.setattr(store, "commit", refuses)
    with pytest.raises(StoreError):
        await ledger(store, clock).ledger.follow_orders()
    monkeypatch.setattr(store, "commit", commit)
    await ledger(store, clock).ledger.look()
    await ledger(store, clock).ledger.look()

    (entry,) = entries(store)
    assert [step.kind for step in entry.steps].count(StepKind.REMEDIED) == 1
    assert entry.step is HazardStep.ACCEPT


# Items


async def test_a_failed_item_is_entered_once_and_not_beside_the_entry_of_its_device(
    store: SqliteStore, clock: ManualClock
) -> None:
    with_order(store, clock)
    clock.turn(DAY)
    failed = [
        Failed("s1", "six-100", "alarm", frozenset({"d-1"})),
        Failed("s1", "six-100", "guards"),
        Failed("s1", "three-100", "guards"),
    ]
    desk = ledger(store, clock, failed=failed)
    await desk.ledger.look()
    await desk.ledger.look()

    found = entries(store)
    assert [(entry.origin, entry.item) for entry in found] == [
        (Origin.FAULT, ""),
        (Origin.ITEM, "guards"),
    ]


# What the clock does


async def test_what_is_overdue_climbs_across_restarts_and_tells_each_rung_once(
    store: SqliteStore, clock: ManualClock
) -> None:
    heard: list[str] = []
    leaders = LedgerReceiver(name="leaders", language="en")
    desk = ledger(store, clock, leaders, heard=heard)
    await desk.ledger.open_by_hand(FOUND, INES)

    for days in (0, 3, 0, 7, 0, 8, 0, 30):
        clock.turn(days * DAY + 1)
        await ledger(store, clock, leaders, heard=heard).ledger.look()  # each time a new start

    (entry,) = entries(store)
    rungs = [step.kind for step in entry.steps[1:]]
    assert rungs == [StepKind.SUPERVISED, StepKind.CIRCULATED, StepKind.SUMMONED]
    told = _told(store, "leaders")
    assert [key.rpartition("/")[2] for key, _ in told] == ["supervised", "circulated", "summoned"]
    assert "overdue and now supervised: the stairs are blocked" in told[0][1]
    assert heard == ["leaders"] * 3


async def test_a_clock_that_jumps_climbs_one_rung_and_back_none(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    clock.turn(3650 * DAY)
    await desk.ledger.look()
    await desk.ledger.look()
    clock.turn(-3650 * DAY)
    await desk.ledger.look()
    (entry,) = entries(store)
    assert [step.kind for step in entry.steps] == [StepKind.FOUND, StepKind.SUPERVISED]


async def test_a_major_one_is_told_at_once_and_other_schools_are_not_heard_of(
    store: SqliteStore, clock: ManualClock
) -> None:
    mine = LedgerReceiver(name="mine", schools=("s1",), about=("major",))
    other = LedgerReceiver(name="other", schools=("s2",), about=("major",))
    desk = ledger(store, clock, mine, other)
    await desk.ledger.open_by_hand(msgspec.structs.replace(FOUND, grade=Grade.MAJOR), INES, key="k")
    assert len(_told(store, "mine")) == 1
    assert _told(store, "other") == []


async def test_a_closed_entry_is_looked_at_again_after_its_time_and_goes_on_when_it_failed(
    store: SqliteStore, clock: ManualClock
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    await act(
        desk, 1, *to_remedy(clock, by_hand=True), (Sign(StepKind.REMEDIED), SOFIA), *TO_CLOSED
    )
    clock.turn(30 * DAY - 1)
    await desk.ledger.look()
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 0
    clock.turn(1)
    await ledger(store, clock).ledger.look()
    await ledger(store, clock).ledger.look()
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 1
    (entry,) = entries(store)
    assert [step.kind for step in entry.steps].count(StepKind.LOOK_BACK_DUE) == 1

    old = await act(desk, 1, (LookBack(held=False, text="blocked again"), INES))

    new = entries(store)[1]
    assert (old.continued, new.reopens, new.text) == (2, 1, "blocked again")
    assert new.step is HazardStep.FIND
    assert store.read(hazard_counts(None, now=clock.now())).look_back == 0


# Two at the same moment


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


# Notices


def a_notice(clock: ManualClock, **changes: object) -> Wanted:
    wanted = Wanted(
        school="s1",
        school_name="第一小学",
        bureau="east",
        bureau_name="东区教育局",
        issuer="伊内斯",
        due=clock.now() + 15 * DAY,
        findings=(Faulted(text="疏散通道堵塞"), Faulted(text="灭火器过期")),
    )
    return msgspec.structs.replace(wanted, **changes)


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
    assert _counted(store, "notice") == 0


# What is kept


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
    bodies = store.read(_bodies)
    kinds = [json.loads(body)["step"]["kind"] for body in bodies]
    assert kinds == [step.kind.value for step in entry.steps]
    assert [json.loads(body)["version"] for body in bodies] == sorted(
        json.loads(body)["version"] for body in bodies
    )


def _bodies(connection) -> list[bytes]:
    facts = schema.facts.c
    statement = select(facts.body).where(facts.subject == "hazard:s1/1").order_by(facts.row)
    return list(connection.scalars(statement))


def _counted(store: SqliteStore, kind: str) -> int:
    return store.read(
        lambda connection: connection.scalar(
            select(func.count()).select_from(schema.facts).where(schema.facts.c.kind == kind)
        )
    )


def _told(store: SqliteStore, receiver: str) -> list[tuple[str, str]]:
    def query(connection) -> list[tuple[str, str]]:
        outbox = schema.outbox.c
        statement = (
            select(outbox.key, outbox.body).where(outbox.receiver == receiver).order_by(outbox.row)
        )
        return [(key, decode_event(body).text) for key, body in connection.execute(statement)]

    return store.read(query)
