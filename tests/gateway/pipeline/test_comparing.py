"""Sensors are compared with those in the same room or building, from what is stored of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from judged import Judged

from alerts.neighbours import HOUR
from devices.model import Device, Place, School
from gateway.comparing import MOST, Comparing, groups
from gateway.history.sqlite import SqliteHistory
from gateway.metrics import Metrics
from gateway.names import NameBook, RegisterNames
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.live import Live
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_places, put_schools
from gateway.store.sqlite import SqliteStore

NOW = 1_795_161_600_000 // HOUR * HOUR
HOURS = 6 * 24

SCHOOL = School("no3", "三中")
PLACES = [
    Place("block", "no3", "教学楼"),
    Place("floor", "no3", "三层", parent="block"),
    Place("lab", "no3", "实验室", parent="floor"),
    Place("attic", "no3", "阁楼", parent="block"),
]
LAB = [Device("no3", f"lab-{row}", "temperature", row=row, place="lab") for row in range(1, 6)]
ATTIC = Device("no3", "attic", "temperature", row=6, place="attic")
NOWHERE = Device("no3", "nowhere", "temperature", row=7)
DEVICES = [*LAB, ATTIC, NOWHERE]


def said(device: Device, hour: int) -> float:
    """The room warms by day; the fifth sensor in the laboratory reads too high."""
    swing = 3.0 * (hour % 24) / 24 + 0.1 * (device.row % 3)
    return 18.0 + swing + (3.2 if device.id == "lab-5" else 0.0) + (6.0 if device is ATTIC else 0.0)


class Compared:
    """A gateway's flow over stored readings of six days."""

    def __init__(self, store: SqliteStore) -> None:
        store.commit(Batch(statements=put_schools([SCHOOL]), now=1)).result()
        store.commit(Batch(statements=put_places(PLACES), now=1)).result()
        store.commit(Batch(statements=put_devices(DEVICES), now=1)).result()
        readings = [
            (device.row, 0, at, at, b'{"temperature_c":%.2f}' % said(device, hour))
            for hour in range(HOURS)
            for device in DEVICES
            for at in (NOW - (HOURS - hour) * HOUR + 60_000,)
        ]
        store.commit(Batch(readings=readings, now=NOW)).result()
        SqliteHistory(store).roll_up()
        self.judged = Judged(now=NOW, devices=DEVICES)
        self.flow = Flow(
            sources=[],
            judge=self.judged.judge,
            store=store,
            live=Live(older=lambda _a, _m: []),
            clock=self.judged.clock,
            pace=Pace(),
            metrics=Metrics(),
        )
        self.comparing = Comparing(
            flow=self.flow,
            judge=self.judged.judge,
            store=store,
            names=RegisterNames(store),
            clock=self.judged.clock,
            look_s=0.001,
        )


@pytest.fixture
async def compared(store: SqliteStore) -> AsyncIterator[Compared]:
    compared = Compared(store)
    task = asyncio.create_task(compared.flow.run())
    yield compared
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_the_one_that_reads_too_high_is_told_from_its_neighbours(compared: Compared) -> None:
    assert await compared.comparing.compare_all() == len(LAB) + 1, "nowhere has no neighbours"
    alert = compared.judged.alert(LAB[4], "out_of_calibration")
    assert alert is not None
    assert alert.explanation.inputs["neighbours"] == 4
    assert alert.explanation.inputs["offset"] == pytest.approx(3.1, abs=0.2)
    assert alert.explanation.inputs["days"] == 6
    for device in (*LAB[:4], ATTIC, NOWHERE):
        assert compared.judged.alert(device, "out_of_calibration") is None


async def test_a_comparison_is_no_sign_of_life(compared: Compared) -> None:
    await compared.comparing.compare_all()
    state = compared.judged.judge.roster.state_of(LAB[0].row)
    assert state is not None
    assert state.heard == 0
    assert "beside_neighbours" in state.values


async def test_it_is_done_soon_after_each_full_hour(compared: Compared, until) -> None:
    running = asyncio.create_task(compared.comparing.run())
    await asyncio.sleep(0)  # it knows the hour now
    compared.judged.clock.turn(2 * HOUR)
    await until(lambda: compared.judged.alert(LAB[4], "out_of_calibration") is not None)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def test_rooms_are_compared_by_themselves_and_the_rest_by_building() -> None:
    book = NameBook([SCHOOL], PLACES)
    found = groups([(device, "temperature_c") for device in DEVICES], book)
    assert [(group.room, group.wanted) for group in found] == [
        (True, (1, 2, 3, 4, 5)),
        (False, (6,)),
    ]
    assert found[1].rows == (1, 2, 3, 4, 5, 6)


def test_sensors_of_one_floor_are_not_taken_for_sensors_of_one_room() -> None:
    floor = [Device("no3", f"s{row}", "temperature", row=row, place="floor") for row in range(1, 5)]
    (group,) = groups([(device, "temperature_c") for device in floor], NameBook([SCHOOL], PLACES))
    assert not group.room


def test_in_a_large_building_every_sensor_has_its_group_and_none_is_large() -> None:
    many = [Device("no3", f"s{row}", "temperature", row=row, place="lab") for row in range(1, 120)]
    found = groups([(device, "temperature_c") for device in many], NameBook([SCHOOL], PLACES))
    assert sorted(row for group in found for row in group.wanted) == list(range(1, 120))
    assert all(3 < len(group.rows) <= MOST for group in found)


def test_what_is_out_of_service_is_no_neighbour() -> None:
    away = [
        Device("no3", f"s{row}", "temperature", row=row, place="lab", out_of_service=row == 4)
        for row in range(1, 5)
    ]
    found = groups([(device, "temperature_c") for device in away], NameBook([SCHOOL], PLACES))
    assert found == []
