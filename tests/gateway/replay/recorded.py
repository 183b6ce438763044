"""A gateway's past, lived through quickly: judged, raised and stored as it would have been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.lifecycle import Limits
from alerts.rules.fire_sign import SIGN
from devices.dialects.native import Native
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_schools
from tests.gateway.new_store import opened

KINDS = load_kinds(default_settings().kinds)
HOUR = 3_600_000
MINUTE = 60_000


class Recorded:
    """One school's devices; ``lab`` measures smoke and heat, ``board`` is electrical."""

    def __init__(self, folder: Path, devices: Sequence[Device] | None = None) -> None:
        self.store = opened(folder)
        self.begin = ManualClock().now()
        self.now = self.begin
        self._seq = 0
        batch = Batch(now=self.now)
        batch.statements += put_schools([School("no3", "第三中学", "No. 3")])
        batch.statements += put_devices(
            devices
            or [
                Device("no3", "lab", "smoke-temperature"),
                Device("no3", "board", "electrical"),
                Device("no3", "gate", "alarm-button"),
            ]
        )
        self.store.commit(batch).result()
        snapshot = self.store.load()
        self.devices = {device.id: device for device in snapshot.devices}
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.judge = Judge(
            dialects=[Native()],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
            # As the gateway does, which looks at the signs of a room together.
            sift=lambda finding, _device, _work: finding.condition == SIGN,
        )
        hearing = self.judge.roster.hearing
        hearing.connected, hearing.since = True, self.now
        self.judge.roster.load(snapshot.devices, {}, self.now)
        while not self.judge.roster.all_awake:
            self.judge.roster.wake_some()

    def pass_time(self, milliseconds: int) -> None:
        until = self.now + milliseconds
        while (due := self.judge.next()) is not None and due <= until:
            self.now = max(self.now, due)
            work = Work(Batch(now=self.now))
            self.judge.tick(self.now, work)
            self.keep(work)
        self.now = until

    def says(self, name: str, channel: str = "telemetry", **said: Any) -> None:
        device = self.devices[name]
        self._seq += 1
        body = json.dumps({"ts": self.now, "seq": self._seq, **said}).encode()
        topic = f"campus/no3/{device.kind}/{name}/{channel}"
        work = Work(Batch(now=self.now))
        self.judge.digest([Message(topic, body, 1, False)], self.now, work)
        self.keep(work)

    def keep(self, work: Work) -> None:
        self.judge.finish(work)
        if not work.empty:
            self.store.commit(work.batch).result()

    def minutes(self, count: int, *, hot: range = range(0), off: range = range(0)) -> None:
        """An ordinary while: both devices speak once a minute, but ``board`` not when ``off``;
        ``lab`` is as hot as in a fire when ``hot``."""
        for minute in range(count):
            self.pass_time(MINUTE)
            self.says("lab", temperature_c=60.5 if minute in hot else 21.5, battery_pct=80)
            if minute not in off:
                self.says("board", voltage_v=[230, 231, 229], residual_current_ma=30)
