"""A whole recorder offline is one alert, not one for each of its cameras."""

from __future__ import annotations

import json

import pytest
from town import HEARTBEAT_S, HOLD_S, Town

from alerts.alert import AlertState
from devices.model import Device
from gateway.ingest.source import Message
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.registry import put_devices
from gateway.store.sqlite import SqliteStore

CAMERAS = 16
PERIOD_S = 60


class FilmedTown(Town):
    """With a recorder and its cameras all over the school; a probe looks at each once a minute."""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store, per_room=1)

    def _register(self, per_room: int, repeater: bool) -> None:
        super()._register(per_room, repeater)
        found = [self._device("nvr-1", "gate", kind="recorder")]
        found += [
            self._device(
                f"cam-{number:02}",
                f"{'ab'[number % 2]}1{number % 4}",
                kind="camera",
                repeater="nvr-1",
            )
            for number in range(CAMERAS)
        ]
        batch = Batch(now=self.clock.now())
        batch.statements += put_devices(found)
        self.store.commit(batch).result()

    def says(self, device: Device, channel: str = "telemetry", **values: object) -> None:
        if device.kind != "camera":
            super().says(device, channel, **values)
            return
        now = self.clock.now()
        what = values or {"online": True, "faults": [], "width": 640, "height": 360}
        topic = f"probe/no3/camera/{device.id}/{channel}"
        work = Work(Batch(now=now))
        body = json.dumps({"ts": now, **what}).encode()
        self.judge.digest([Message(topic, body, 1, channel == "status")], now, work)
        self._keep(work)

    def lose(self, *names: str) -> None:
        """The probe finds that they cannot be reached, each at its moment of a minute."""
        self.cut(*names)
        for name in names:
            self.says(self.device(name), "status", online=False)
            self.pass_time(PERIOD_S // CAMERAS)


@pytest.fixture
def town(store: SqliteStore) -> FilmedTown:
    there = FilmedTown(store)
    there.pass_time(3 * HEARTBEAT_S)
    assert there.alerts() == []
    return there


def all_cameras() -> list[str]:
    return [f"cam-{number:02}" for number in range(CAMERAS)]


def test_a_recorder_that_loses_its_cameras_is_one_alert(town: FilmedTown) -> None:
    town.lose(*all_cameras())
    town.pass_time(2 * HEARTBEAT_S + HOLD_S)
    (alert,) = town.alerts()
    assert (alert.scope, alert.victims) == ("repeater:nvr-1", CAMERAS)
    assert town.ever_raised() == 1


def test_it_is_over_when_the_cameras_are_seen_again(town: FilmedTown) -> None:
    town.lose(*all_cameras())
    town.pass_time(2 * HEARTBEAT_S + HOLD_S)
    town.mend("cam-")
    for name in all_cameras():
        town.says(town.device(name), "status", online=True)
    town.pass_time(2 * HEARTBEAT_S)
    (alert,) = town.alerts()
    assert (alert.state, alert.active) == (AlertState.RETURNED, False)


def test_one_camera_that_is_lost_is_an_alert_of_its_own(town: FilmedTown) -> None:
    town.lose("cam-03")
    town.pass_time(2 * HEARTBEAT_S + HOLD_S)
    (alert,) = town.alerts()
    assert (alert.condition, alert.scope) == ("offline", "")


def test_a_camera_with_a_fault_is_heard_and_not_offline(town: FilmedTown) -> None:
    town.says(town.device("cam-03"), faults=["covered"], online=True)
    (alert,) = town.alerts()
    assert (alert.condition, alert.device) == ("camera_covered", town.device("cam-03").row)
