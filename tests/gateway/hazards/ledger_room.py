"""The ledger's room on a real store: its people, faults with their orders, and what was kept."""

from __future__ import annotations

import msgspec
from sqlalchemy import func, select

from alerts.alert import Alert, AlertState, Refusal
from alerts.finding import Explanation, Priority
from alerts.notification.event import decode_event
from audit.ledger.hazard import FiveThings, Grade, Hazard, Signer, StepKind
from audit.ledger.hazard_actions import Accept, Action, Assess, By, Monitor, Register, Sign
from audit.ledger.work_order import OrderState, WorkOrder, opened
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.hazards.entering import Failed
from gateway.hazards.making import LedgerDesk, make_ledger
from gateway.hazards.notices import Faulted, Wanted
from gateway.hazards.service import Inspected
from gateway.settings_ledger import LedgerReceiver, LedgerSettings
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.read.hazards import HazardFilter, hazard_page
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.store.work_orders import put_covered, put_order
from gateway.words import Words

HOUR = 3_600_000
DAY = 24 * HOUR

SOFIA = By("sofia", Signer.SAFETY_OFFICER)
PAUL = By("paul", Signer.PRINCIPAL)
INES = By("ines", Signer.INSPECTOR)
GWEN = By("gwen", Signer.GROUP_LEADER)
FOUND = Inspected(school="s1", text="the stairs are blocked")


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


def with_order(
    store: SqliteStore,
    clock: ManualClock,
    row: int = 1,
    number: int = 1,
    condition: str = "silent",
) -> WorkOrder:
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
        condition=condition,
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


def bodies(connection) -> list[bytes]:
    facts = schema.facts.c
    statement = select(facts.body).where(facts.subject == "hazard:s1/1").order_by(facts.row)
    return list(connection.scalars(statement))


def counted(store: SqliteStore, kind: str) -> int:
    return store.read(
        lambda connection: connection.scalar(
            select(func.count()).select_from(schema.facts).where(schema.facts.c.kind == kind)
        )
    )


def messages_to(store: SqliteStore, receiver: str) -> list[tuple[str, str]]:
    def query(connection) -> list[tuple[str, str]]:
        outbox = schema.outbox.c
        statement = (
            select(outbox.key, outbox.body).where(outbox.receiver == receiver).order_by(outbox.row)
        )
        return [(key, decode_event(body).text) for key, body in connection.execute(statement)]

    return store.read(query)
