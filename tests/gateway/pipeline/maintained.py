"""A school with places and devices, its open alerts, and maintenances, on a real store."""

from __future__ import annotations

from typing import Any

import msgspec
from judged import KINDS
from sqlalchemy import Connection, select

from alerts.alert import Alert
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from alerts.maintenance import Maintenance
from devices.model import Device, Place, School
from gateway.clock import ManualClock
from gateway.names import RegisterNames
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.upkeep import Upkeep, put
from gateway.pipeline.work import Work
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_places, put_schools
from gateway.store.sqlite import SqliteStore

HOUR = 3_600_000
DEVICES = (
    Device("no3", "lab-1", "smoke", row=1, place="floor-3", repeater="hub"),
    Device("no3", "lab-2", "smoke", row=2, place="floor-3", repeater="hub"),
    Device("no3", "hall", "temperature", row=3, place="block-b"),
    Device("no3", "hub", "repeater", row=4, place="block-a"),
    Device("no5", "lab-1", "smoke", row=5),
)


def register(store: SqliteStore) -> None:
    batch = Batch(now=0)
    batch.statements += put_schools([School("no3", "第三中学"), School("no5", "第五中学")])
    batch.statements += put_places(
        [
            Place("block-a", "no3", "教学楼"),
            Place("floor-3", "no3", "三层", parent="block-a"),
            Place("block-b", "no3", "体育馆"),
        ]
    )
    batch.statements += put_devices(DEVICES)
    store.commit(batch).result()


class Maintained:
    """What is known after a start on ``store``; every turn is committed."""

    def __init__(self, store: SqliteStore, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        snapshot = store.load()
        self.upkeep = Upkeep(RegisterNames(store))
        self.book = AlertBook(
            limits=Limits(), told=[], on_deadline=lambda _: None, upkeep=self.upkeep
        )
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        self.judge = Judge(
            dialects=[],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        self.judge.roster.load(snapshot.devices, {}, clock.now())
        self.upkeep.load(
            snapshot.maintenances,
            snapshot.last_maintenance,
            book=self.book,
            roster=self.judge.roster,
        )

    def work(self) -> Work:
        return Work(Batch(now=self.clock.now()))

    def keep(self, work: Work) -> None:
        """As the flow does: work that came to nothing is not committed."""
        if not work.empty:
            self.store.commit(work.batch).result()

    def announce(self, *, starts: int = 0, ends: int = HOUR, **of: Any) -> int:
        """From and until so many ms from now."""
        now = self.clock.now()
        one = Maintenance(
            row=self.upkeep.next_row(),
            school=of.pop("school", "no3"),
            starts=now + starts,
            ends=now + ends,
            reason="painting",
            actor="li",
            announced=now,
            **of,
        )
        work = self.work()
        put(work.batch, one, "announced", now, "li")
        self.keep(work)
        self.upkeep.stored(one)
        self.turn()
        return one.row

    def turn(self, milliseconds: int = 0) -> None:
        """Time passes; everything whose time has come is done."""
        now = self.clock.turn(milliseconds)
        while (due := self.upkeep.next()) is not None and due <= now:
            work = self.work()
            self.upkeep.tick(now, work)
            self.keep(work)

    def find(
        self,
        device: Device,
        *,
        active: bool = True,
        priority: Priority = Priority.MEDIUM,
        condition: str = "silent",
        scope: str = "",
    ) -> Alert | None:
        """A rule finds something; the open alert of it."""
        now = self.clock.turn(10)
        work = self.work()
        why = Explanation(rule="test", code=condition)
        finding = Finding(condition, active, priority, now, now, why, scope=scope)
        self.book.fold(finding, device, work)
        self.keep(work)
        return self.book.of(device.row, condition, scope, device.school)

    def hidden(self, device: Device, condition: str = "silent", scope: str = "") -> bool:
        alert = self.book.of(device.row, condition, scope, device.school)
        assert alert is not None
        return alert.suppressed

    def listed(self, row: int) -> list[int]:
        """The alerts that a maintenance has hidden, by number."""
        table = schema.maintenance_alerts.c

        def query(connection: Connection) -> list[int]:
            wanted = select(table.alert).where(table.maintenance == row).order_by(table.alert)
            return list(connection.scalars(wanted))

        return self.store.read(query)

    def steps(self, row: int) -> list[tuple[str, str]]:
        """What the facts tell of it, and who did each."""

        def query(connection: Connection) -> list[tuple[str, str]]:
            facts = schema.facts.c
            wanted = select(facts.body, facts.actor).where(facts.kind == "maintenance")
            found = [
                (msgspec.json.decode(body), actor) for body, actor in connection.execute(wanted)
            ]
            return [(body["step"], actor) for body, actor in found if body["row"] == row]

        return self.store.read(query)


def school_itself(school: str) -> Device:
    """What alerts with a scope hang on."""
    return Device(school, GATEWAY.id, GATEWAY.kind, row=GATEWAY.row)
