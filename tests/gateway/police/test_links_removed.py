"""A link that the settings no longer name: nothing of it stands for ever, or ends unsaid."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import msgspec
import pytest
from linked import entry, event

from alerts.alert import Alert, AlertState, ForwardState, Refusal
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits
from devices.model import Device, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.kinds import load_kinds
from gateway.notification.rows import tallies
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.police.forwarding import Forwarding, Surroundings, receiver_of
from gateway.police.links import LinkInfo, infos_of
from gateway.police.record import UNREACHED
from gateway.police.removal import WHY, Removal
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.links import next_state, save_watches, standing_states
from gateway.store.open import open_store
from gateway.store.read.facts import fact_page
from gateway.store.registry import put_devices, put_schools, read_registry, remove_device

LINK = "no3/110"
SETTINGS = PoliceLinkSettings.model_validate(
    {
        "name": "110",
        "category": "SP5",
        "schools": {"no3": {"account": "1234"}},
        "dc09": {"primary": {"address": "127.0.0.1:1"}},
    }
)
KINDS = load_kinds(default_settings().kinds)
DEVICES = [
    Device("no3", "gate-01", "alarm-button"),
    Device("no3", "110", "police-link", dialect="gateway"),
    Device("no3", "host", "police-link"),
]


class Gateway:
    """A store, what is known of it, and a register to take devices off."""

    def __init__(self, folder: FilePath) -> None:
        self.clock = ManualClock()
        self.store = open_store(folder / "campus.db", reserve_bytes=1 << 20)
        statements = [*put_schools([School("no3", "第三中学")]), *put_devices(DEVICES)]
        self.store.commit(Batch(statements=statements, now=1)).result()
        self.book = AlertBook(
            limits=Limits(),
            told=[],
            on_deadline=lambda _: None,
            forwarding=Forwarding([SETTINGS], lambda _: Surroundings(None, "第三中学", "", "")),
        )
        self.judge = Judge(
            dialects=[],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        devices = self.store.read(read_registry).devices
        self.judge.roster.load(devices, {}, self.clock.now())
        self.button, self.link, self.host = (
            next(one for one in devices if one.id == name) for name in ("gate-01", "110", "host")
        )

    def work(self) -> Work:
        return Work(Batch(now=self.clock.turn(1000)))

    async def commit(self, work: Work) -> None:
        await asyncio.wrap_future(self.store.commit(work.batch))

    async def write_down(self, work: Work) -> bool:
        await self.commit(work)
        return True

    async def register(self, device: Device, actor: str, reason: str = "") -> Device | Refusal:
        raise AssertionError((device, actor, reason))

    async def remove(self, school: str, device: str, actor: str, reason: str) -> Refusal | None:
        assert (actor, reason) == ("", "police_links")
        await self.commit(Work(Batch(statements=remove_device(school, device), now=1)))
        return None

    async def finds(
        self, device: Device, condition: str, priority: Priority, **inputs: str
    ) -> Alert:
        work = self.work()
        now = work.batch.now
        why = Explanation("test", condition, dict(inputs))
        self.book.fold(Finding(condition, True, priority, now, now, why), device, work)
        await self.commit(work)
        return self.alert(device, condition)

    def alert(self, device: Device, condition: str) -> Alert:
        found = self.book.of(device.row, condition)
        assert found is not None
        return found

    def waiting(self) -> int:
        return sum(one.waiting for one in self.store.read(tallies))

    def facts(self) -> list[dict[str, Any]]:
        page = fact_page(subject=f"link:{LINK}", kind="link_state", after=0, limit=10)
        return [msgspec.json.decode(fact.body) for fact in self.store.read(page)]

    def registered(self) -> set[str]:
        return {one.id for one in self.store.read(read_registry).devices}

    async def starts(self, *links: PoliceLinkSettings) -> None:
        infos: dict[str, LinkInfo] = infos_of(links)
        removal = Removal(
            infos,
            served={receiver_of(info.id) for info in infos.values() if info.own},
            flow=self,
            book=self.book,
            roster=self.judge.roster,
            store=self.store,
            registering=self,
        )
        await removal.run()


@pytest.fixture
def gateway(tmp_path: FilePath) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.store.close()


async def test_it_is_down_from_then_on_whatever_it_was(gateway: Gateway) -> None:
    watched = Batch(
        statements=[*next_state(LINK, "up", 1, "acknowledged", b"{}"), *save_watches({LINK: b"{}"})]
    )
    await gateway.commit(Work(watched))
    await gateway.starts(SETTINGS)
    assert gateway.facts() == []
    for _ in range(2):
        await gateway.starts()
        (fact,) = gateway.facts()
        assert (fact["before"], fact["state"], fact["cause"]) == ("up", "down", "removed")
    assert gateway.store.read(standing_states) == {}
    assert gateway.store.load().link_watches == {}, "another one of that name begins anew"


async def test_its_alerts_end_with_the_reason_and_its_device_goes(gateway: Gateway) -> None:
    await gateway.finds(gateway.link, UNREACHED, Priority.EMERGENCY)
    await gateway.finds(gateway.link, "police_link_down", Priority.HIGH)
    await gateway.starts()
    for condition in (UNREACHED, "police_link_down"):
        alert = gateway.alert(gateway.link, condition)
        assert alert.state is AlertState.RETURNED, "it has ended, and somebody has to take note"
    assert gateway.registered() == {"gate-01", "host"}


async def test_a_link_that_is_there_is_left_alone(gateway: Gateway) -> None:
    await gateway.finds(gateway.button, "panic", Priority.EMERGENCY)
    await gateway.finds(gateway.link, UNREACHED, Priority.EMERGENCY)
    await gateway.starts(SETTINGS)
    assert gateway.alert(gateway.link, UNREACHED).active
    assert "110" in gateway.registered()
    assert gateway.waiting() == 1


async def test_an_alarm_that_still_waits_for_it_calls_people(gateway: Gateway) -> None:
    panic = await gateway.finds(gateway.button, "panic", Priority.EMERGENCY)
    assert panic.police is ForwardState.SENDING
    await gateway.starts()
    assert gateway.waiting() == 0
    (forward,) = gateway.alert(gateway.button, "panic").forwards
    assert (forward.state, forward.error) == (ForwardState.UNACKNOWLEDGED, WHY)
    called = gateway.alert(gateway.link, UNREACHED)
    assert called.emergency
    assert called.explanation.code == "police_link_removed_untold"
    assert called.state is AlertState.RETURNED
    await gateway.starts()
    assert gateway.alert(gateway.link, UNREACHED).version == called.version, (
        "killed before its device was gone, it calls nobody twice"
    )


async def test_who_was_called_already_is_not_called_again(gateway: Gateway) -> None:
    await gateway.finds(gateway.button, "panic", Priority.EMERGENCY)
    before = await gateway.finds(gateway.link, UNREACHED, Priority.EMERGENCY)
    await gateway.starts()
    after = gateway.alert(gateway.link, UNREACHED)
    assert (after.occurrences, after.active) == (before.occurrences, False)


async def test_what_stands_for_it_at_the_gateway_itself_ends_too(gateway: Gateway) -> None:
    gateway.judge.roster.remove(gateway.link.row)
    await gateway.finds(gateway.button, "panic", Priority.EMERGENCY)
    await gateway.finds(GATEWAY, UNREACHED, Priority.EMERGENCY, link="110")
    await gateway.finds(GATEWAY, "feed_lost", Priority.HIGH)
    await gateway.starts()
    assert not gateway.alert(GATEWAY, UNREACHED).active
    assert gateway.alert(GATEWAY, "feed_lost").active
    assert gateway.waiting() == 0


async def test_faults_that_a_platform_is_no_longer_told_of_wait_no_more(gateway: Gateway) -> None:
    one = entry(event(1))
    faults = OutboxEntry(receiver_of(LINK, urgent=False), "low/no3/1/1/1", 1, one.body, 1)
    await gateway.commit(Work(Batch(outbox=[faults], now=1)))
    await gateway.starts(SETTINGS)
    assert gateway.waiting() == 0
    assert gateway.book.of(gateway.link.row, UNREACHED) is None


async def test_nobody_is_asked_any_more_to_attest_tests_of_a_hosts_link(gateway: Gateway) -> None:
    await gateway.finds(
        gateway.host, "police_link_unverified", Priority.LOW, cause="no_attestation"
    )
    await gateway.starts()
    assert not gateway.alert(gateway.host, "police_link_unverified").active
    assert "host" in gateway.registered(), "people registered it"
