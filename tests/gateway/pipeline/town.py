"""What the tests of causes work with: a school whose devices speak until they are cut off."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import ClassVar

from alerts.alert import Alert
from alerts.correlation import CUT_OFF, CauseLimits
from alerts.lifecycle import Limits
from devices.dialects.native import Native
from devices.model import Device, Place, School
from gateway.clock import ManualClock
from gateway.ingest.source import Message
from gateway.names import RegisterNames
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.causes import Causes
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Victim
from gateway.store.registry import put_devices, put_places, put_schools
from gateway.store.sqlite import SqliteStore

from judged import KINDS  # isort: skip

HEARTBEAT_S = 60
HOLD_S = 30


class Town:
    """One school, `no3`, with two blocks of three floors with four rooms, and a gatehouse.

    Devices speak once a minute, each at a second of its own, and are silent after two.
    """

    recorded: ClassVar[dict[tuple[str, str], list[str]]] = {}
    """The cameras of recorders, as the settings name them."""

    def __init__(self, store: SqliteStore, per_room: int = 5, repeater: bool = False) -> None:
        self.store = store
        self.clock = ManualClock()
        self.devices: list[Device] = []
        self._cut: set[str] = set()
        self._seq = 0
        self._register(per_room, repeater)
        self.start()

    def _register(self, per_room: int, repeater: bool) -> None:
        places = [Place("gate", "no3", "门卫室", "Gatehouse")]
        found = [self._device("gate-1", "gate"), self._device("loose-1", None)]
        for block in ("a", "b"):
            places.append(Place(block, "no3", f"{block} 楼", f"Block {block}"))
            for floor in (1, 2, 3):
                places.append(Place(f"{block}{floor}", "no3", f"{floor} 层", f"{floor}F", block))
                for room in range(4):
                    place = f"{block}{floor}{room}"
                    places.append(Place(place, "no3", place, place, f"{block}{floor}"))
                    found += [
                        self._device(f"{place}-{number}", place) for number in range(per_room)
                    ]
        if repeater:
            found += [
                self._device("rep-1", "gate", kind="repeater"),
                *(self._device(f"radio-{n}", f"a1{n % 4}", repeater="rep-1") for n in range(8)),
            ]
        batch = Batch(now=self.clock.now())
        batch.statements += put_schools([School("no3", "第三中学", "No. 3")])
        batch.statements += put_places(places)
        batch.statements += put_devices(found)
        self.store.commit(batch).result()

    def _device(
        self, name: str, place: str | None, kind: str = "temperature", **more: str
    ) -> Device:
        quick = {"expected_s": HEARTBEAT_S, "grace_s": HEARTBEAT_S, "shortest_s": HEARTBEAT_S}
        return Device("no3", name, kind, place=place, parameters={"silent": quick}, **more)

    def start(self) -> None:
        """Start the gateway on what the store holds: also after it was killed."""
        snapshot = self.store.load()
        self.devices = snapshot.devices
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        names = RegisterNames(self.store)
        names.at("1")
        self.causes = Causes(
            book=self.book,
            roster=lambda: self.judge.roster,
            names=names,
            limits=CauseLimits(),
            hold_ms=HOLD_S * 1000,
            recorded=self.recorded,
        )
        self.judge = Judge(
            dialects=[Native()],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
            sift=self.causes.take,
        )
        self.judge.roster.load(snapshot.devices, snapshot.states, self.clock.now())
        self.causes.load(snapshot.victims, snapshot.deadlines)
        hearing = self.judge.roster.hearing
        hearing.connected, hearing.since = True, self.clock.now()

    # What happens

    def cut(self, *beginnings: str) -> None:
        """Devices whose ids begin so are without power from now on."""
        self._cut |= set(self._named(beginnings))

    def mend(self, *beginnings: str) -> None:
        """They have power again."""
        self._cut -= set(self._named(beginnings))

    def _named(self, beginnings: Iterable[str]) -> list[str]:
        return [one.id for one in self.devices if one.id.startswith(tuple(beginnings))]

    def says(self, device: Device, channel: str = "telemetry", **values: object) -> None:
        """A message of one device comes in and is kept."""
        self._seq += 1
        now = self.clock.now()
        what = values or {"temperature_c": 21.0}
        body = json.dumps({"ts": now, "seq": self._seq, **what}).encode()
        topic = f"campus/no3/{device.kind}/{device.id}/{channel}"
        work = Work(Batch(now=now))
        self.judge.digest([Message(topic, body, 1, False)], now, work)
        self._keep(work)

    def wills(self, *beginnings: str) -> None:
        """The broker publishes the last wills of devices that are cut off, a second apart."""
        for name in self._named(beginnings):
            self.says(self.device(name), "status", online=False)
            self.clock.turn(1000)

    def device(self, name: str) -> Device:
        return next(one for one in self.devices if one.id == name)

    def pass_time(self, seconds: int) -> None:
        """Time passes, second by second: devices speak, rules and causes act in their time."""
        for _ in range(seconds):
            now = self.clock.turn(1000)
            second = now // 1000
            for device in self.devices:
                if (second + 7 * device.row) % HEARTBEAT_S == 0 and device.id not in self._cut:
                    self.says(device)
            work = Work(Batch(now=now))
            self.judge.tick(now, work)
            self.causes.tick(now, work)
            self._keep(work)

    def _keep(self, work: Work) -> None:
        self.judge.finish(work)
        if work.concluded:
            self.store.commit(work.batch).result()
            self.causes.committed(work)

    # What came of it

    def alerts(self) -> list[Alert]:
        return sorted(self.book, key=lambda alert: alert.id)

    def causes_standing(self) -> list[Alert]:
        return [one for one in self.alerts() if one.condition == CUT_OFF and one.active]

    def cause(self) -> Alert:
        (alert,) = self.causes_standing()
        return alert

    def cut_off_by(self, device: int) -> int | None:
        """The alert of what keeps a device (by its row) from being heard, 0 while nobody knows;
        ``None``: it is heard, or has an alert of its own."""
        found = self.causes.cut_off(device)
        return None if found is None else found.alert

    def own(self) -> list[Alert]:
        """Alerts of single devices that are active."""
        return [
            one for one in self.alerts() if one.condition in {"silent", "offline"} and one.active
        ]

    def ever_raised(self) -> int:
        """How many alerts there ever were."""
        return int(
            self.store.read(lambda db: db.exec_driver_sql("SELECT count(*) FROM alerts").scalar())
            or 0
        )

    def victims(self) -> list[Victim]:
        """All that are on record."""
        query = "SELECT alert, device, since, back, alone FROM victims ORDER BY alert, device"
        return [Victim(*row) for row in self.store.read(lambda db: db.exec_driver_sql(query).all())]
