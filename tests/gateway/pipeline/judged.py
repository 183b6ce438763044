"""What the tests of this room work with: a judge, its book, and a clock turned by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence

from alerts.alert import Alert
from alerts.lifecycle import Limits
from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.model import Device
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.fire_rooms import FireRooms
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.batch import Batch

KINDS = load_kinds(default_settings().kinds)

BUTTON = Device("no3", "gate-01", "alarm-button", row=1)
SMOKE = Device("no3", "lab-2", "smoke", row=2)
WARM = Device("no3", "lab-3", "temperature", row=3)
DEVICES = (BUTTON, SMOKE, WARM)


class Judged:
    """A judge that knows ``DEVICES``. ``say`` gives the work that a message leads to."""

    def __init__(
        self,
        saved: dict[int, bytes] | None = None,
        now: int | None = None,
        *,
        foreign: Sequence[Dialect] = (),
        devices: Sequence[Device] = DEVICES,
    ) -> None:
        self.clock = ManualClock() if now is None else ManualClock(now)
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.discoveries = Discoveries(per_school=3, total=5)
        self.rejects = Rejects(samples_a_second=2)
        self.fire_rooms = FireRooms(book=self.book, roster=lambda: self.judge.roster)
        self.judge = Judge(
            dialects=[Native(), *foreign],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=self.discoveries,
            rejects=self.rejects,
            sift=self.fire_rooms.take,
        )
        self.judge.roster.hearing.connected = True
        self.judge.roster.hearing.since = self.clock.now()
        self.judge.roster.load(devices, saved or {}, self.clock.now())
        while not self.judge.roster.all_awake:
            self.judge.roster.wake_some()

    @property
    def now(self) -> int:
        return self.clock.now()

    def say(
        self, device: Device, channel: str, *, retained: bool = False, **values: object
    ) -> Work:
        topic = f"campus/{device.school}/{device.kind}/{device.id}/{channel}"
        return self.hear(topic, json.dumps(values).encode(), retained=retained)

    def hear(self, topic: str, body: bytes, *, retained: bool = False) -> Work:
        work = Work(Batch(now=self.now))
        self.judge.digest([Message(topic, body, 1, retained)], self.now, work)
        self.judge.finish(work)
        return work

    def press(self, seq: int, at: int | None = None) -> Work:
        return self.say(BUTTON, "event", ts=at or self.now, seq=seq, event="pressed")

    def pass_time(self, milliseconds: int, step: int = 60_000) -> list[Work]:
        """Let time pass, and rules act whenever it is their time."""
        works = []
        while milliseconds > 0:
            self.clock.turn(min(step, milliseconds))
            milliseconds -= step
            work = Work(Batch(now=self.now))
            self.judge.tick(self.now, work)
            works.append(work)
        return works

    def alert(self, device: Device, condition: str) -> Alert | None:
        return self.book.of(device.row, condition)
