"""What lanes tell is written down: on the alert, as facts, and as the loudest alert there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import msgspec
import pytest
from linked import event, exchanged

from alerts.alert import Alert, AlertState
from alerts.lifecycle import Limits
from devices.model import Device
from devices.police_link.link import LinkEvent
from gateway.clock import ManualClock
from gateway.notification.rows import tallies
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.police.forwarding import receiver_for
from gateway.police.links import LinkInfo, infos_of
from gateway.police.record import UNREACHED, Record
from gateway.police.sendings import Attempt, Sending, Unreadable
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.open import open_store
from gateway.store.store import StoreError

DEVICE = Device("no3", "110", "police-link", dialect="gateway", row=9)


def info() -> LinkInfo:
    settings = {
        "name": "110",
        "telephone": "0101-110",
        "category": "SP5",
        "schools": {"no3": {"account": "1234"}},
        "dc09": {"primary": {"address": "127.0.0.1:1"}},
    }
    return infos_of([PoliceLinkSettings.model_validate(settings)])["no3/110"]


class Office:
    """A record over a real store."""

    def __init__(self, folder: FilePath) -> None:
        self.clock = ManualClock()
        self.store = open_store(folder / "campus.db", reserve_bytes=1 << 20)
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.device = DEVICE
        self.late = 0
        self.unread: list[StoreError] = []
        self.written: list[str] = []
        self.info = info()
        self.record = Record(
            keeper=self,
            book=self.book,
            device_of=lambda _: self.device,
            read_alert=self._read_alert,
            late=lambda: self.late,
            written=lambda _, key: self.written.append(key),
        )

    def work(self) -> Work:
        return Work(Batch(now=self.clock.now()))

    async def commit(self, work: Work) -> None:
        await asyncio.wrap_future(self.store.commit(work.batch))

    async def write_down(self, work: Work) -> bool:
        await self.commit(work)
        return True

    async def _read_alert(self, number: int) -> Alert | None:
        if self.unread:
            raise self.unread.pop()
        return None

    async def is_told(self, told: Attempt | Sending | Unreadable) -> None:
        self.clock.turn(1000)
        self.record.tell(self.info, told)
        await self.record.drain()

    async def is_late(self, one: LinkEvent) -> None:
        self.late += 1
        await self.is_told(sending(one, arrived=False, late=self.late))

    async def arrives(self, one: LinkEvent) -> None:
        self.late = max(0, self.late - 1)
        await self.is_told(sending(one, arrived=True, late=self.late))

    async def waits(self, key: str) -> None:
        row = OutboxEntry(receiver_for("no3/110", key), key, 1, b"{", 1)
        await self.commit(Work(Batch(outbox=[row], now=1)))

    def waiting(self) -> tuple[int, int]:
        """Rows that wait, and rows that are given up."""
        rows = self.store.read(tallies)
        return sum(one.waiting for one in rows), sum(one.given_up for one in rows)

    def unreached(self, device: Device = DEVICE) -> Alert:
        found = self.book.of(device.row, UNREACHED)
        assert found is not None
        return found


def sending(one: LinkEvent, *, arrived: bool, late: int = 0) -> Sending:
    return Sending(event=one, arrived=arrived, at=1000, attempts=1, late=late)


@pytest.fixture
async def office(tmp_path: FilePath) -> AsyncIterator[Office]:
    made = Office(tmp_path)
    yield made
    made.store.close()


async def test_what_is_late_calls_people_and_is_over_once_nothing_is_late(office: Office) -> None:
    await office.is_late(event(1))
    await office.is_late(event(2))
    assert office.unreached().occurrences == 2
    await office.arrives(event(1))
    assert office.unreached().active
    await office.arrives(event(2))
    assert office.unreached().state is AlertState.RETURNED


async def test_an_alarm_that_cannot_be_read_calls_people_and_waits_no_more(office: Office) -> None:
    key = "emergency/no3/5/1/1"
    await office.waits(key)
    await office.is_told(Unreadable(key, "no JSON"))
    alert = office.unreached()
    assert alert.explanation.code == "police_unreadable"
    assert alert.explanation.inputs["telephone"] == "0101-110"
    assert alert.state is AlertState.RETURNED, "nothing will end it later"
    assert office.waiting() == (0, 1), "given up, and never called delivered"
    assert office.written == [key]


async def test_an_alert_of_before_the_restart_ends_with_the_row_that_cannot_be_read(
    office: Office,
) -> None:
    await office.is_late(event(1))
    await office.is_told(Unreadable("emergency/no3/1/1/0", "no JSON", 0))
    alert = office.unreached()
    assert (alert.active, alert.occurrences) == (False, 2)


async def test_it_does_not_end_what_others_are_late_for(office: Office) -> None:
    await office.is_late(event(1))
    await office.is_told(Unreadable("emergency/no3/2/1/0", "no JSON", late=1))
    assert office.unreached().active


async def test_a_fault_that_cannot_be_read_calls_nobody(office: Office) -> None:
    key = "low/no3/5/1/1"
    await office.waits(key)
    await office.is_told(Unreadable(key, "no JSON"))
    assert office.waiting() == (0, 1)
    assert office.book.of(DEVICE.row, UNREACHED) is None


async def test_a_fault_that_arrives_says_nothing_of_alarms(office: Office) -> None:
    await office.is_late(event(1))
    fault = msgspec.structs.replace(event(2), key="low/no3/2/1/0")
    await office.is_told(sending(fault, arrived=True))
    assert office.unreached().active


async def test_a_link_that_gets_its_device_meanwhile_leaves_nothing_at_the_gateway(
    office: Office,
) -> None:
    office.device = GATEWAY
    await office.is_late(event(1))
    assert office.unreached(GATEWAY).active
    office.device = DEVICE
    await office.arrives(event(1))
    assert not office.unreached(GATEWAY).active


async def test_what_stands_for_another_link_without_a_device_stays(office: Office) -> None:
    office.device = GATEWAY
    office.late = 1  # of another link
    await office.is_late(event(1))
    office.late = 1
    await office.is_told(sending(event(1), arrived=True, late=0))
    assert office.unreached(GATEWAY).active


async def test_nothing_that_was_told_is_lost_when_the_store_cannot_be_read(office: Office) -> None:
    office.unread.append(StoreError("locked"))
    one = event(1)
    office.record.tell(office.info, Attempt(one, exchanged(1), 1))
    office.record.tell(office.info, sending(one, arrived=True))
    with pytest.raises(StoreError):
        await office.record.drain()
    assert office.written == []
    running = asyncio.create_task(office.record.run())  # begun anew, as parts of the gateway are
    async with asyncio.timeout(10):
        while not office.written:  # noqa: ASYNC110 - another task
            await asyncio.sleep(0)
    running.cancel()
    assert office.written == [one.key]
