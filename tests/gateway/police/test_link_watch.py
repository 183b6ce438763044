"""What the watch of links finds is kept: states, days, and what outlives a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import pytest
from linked import ScriptedLink, exchanged

from alerts.lifecycle import Limits
from devices.dialects.native import Native
from devices.model import Device, School
from devices.police_link.link import Path, Result
from devices.police_link.states import LinkState
from devices.reading import Route
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.work import Work
from gateway.police.links import DAY, infos_of
from gateway.police.watch import LinkWatch
from gateway.settings_police import PoliceLinkSettings
from gateway.store.batch import Batch
from gateway.store.links import days_since, states_of
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_schools
from gateway.store.sqlite import SqliteStore

LINKS = infos_of(
    [
        PoliceLinkSettings.model_validate(
            {
                "name": "110",
                "category": "SP5",
                "schools": {"no3": {"account": "1234"}},
                "dc09": {"primary": {"address": "127.0.0.1:1"}},
            }
        )
    ]
)
LINK = "no3/110"
KINDS = load_kinds(default_settings().kinds)


class Control:
    """A store, a judge that knows the link's device, and the watch."""

    def __init__(self, folder: FilePath) -> None:
        self.clock = ManualClock()
        self.folder = folder
        self.store: SqliteStore
        self.watch: LinkWatch
        self.start()
        device = Device("no3", "110", "police-link", dialect="gateway")
        statements = [*put_schools([School("no3", "第三中学")]), *put_devices([device])]
        self.store.commit(Batch(statements=statements, now=1)).result()
        self.stop()
        self.start()

    def start(self) -> None:
        self.store = open_store(self.folder / "campus.db", reserve_bytes=1 << 20)
        snapshot = self.store.load()
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.book.load(snapshot.open_alerts, snapshot.last_alert, snapshot.last_transition)
        self.judge = Judge(
            dialects=[],
            rules_of=Binder(KINDS, {}).rules_of,
            book=self.book,
            discoveries=Discoveries(),
            rejects=Rejects(),
        )
        self.judge.roster.load(snapshot.devices, snapshot.states, self.clock.now())
        self.watch = LinkWatch(
            LINKS, flow=self, judge=self.judge, clock=self.clock, saved=snapshot.link_watches
        )

    def stop(self) -> None:
        self.store.close()

    def work(self) -> Work:
        return Work(Batch(now=self.clock.now()))

    async def commit(self, work: Work) -> None:
        work.batch.urgent = True
        self.judge.finish(work)
        await asyncio.wrap_future(self.store.commit(work.batch))

    async def write_down(self, work: Work) -> bool:
        await self.commit(work)
        return True

    def hears(self, result: Result) -> None:
        self.clock.turn(1000)
        self.watch.seen(LINK, exchanged(self.clock.now() - 10, result))

    def state_of_device(self) -> object:
        state = self.judge.roster.state("no3", "110")
        assert state is not None
        return state.values.get("state")


@pytest.fixture
async def control(tmp_path: FilePath) -> AsyncIterator[Control]:
    made = Control(tmp_path)
    made.watch.add({LINK: ScriptedLink(made.clock)})
    yield made
    made.stop()


async def test_a_test_that_is_acknowledged_makes_it_up_and_everybody_can_see_it(
    control: Control,
) -> None:
    control.hears(Result.ACKNOWLEDGED)
    assert control.watch.state(LINK) is LinkState.UNVERIFIED
    control.watch.tested(LINK, Path.PRIMARY, exchanged(control.clock.now()))
    assert control.watch.state(LINK) is LinkState.UP
    await control.watch.drain()
    assert control.state_of_device() == "up"
    (row,) = control.store.read(states_of(LINK, 10))
    assert (row.state, row.cause, row.until) == ("up", "acknowledged", None)


async def test_silence_takes_it_down_with_an_alert_and_the_outage_is_kept(
    control: Control,
) -> None:
    control.hears(Result.ACKNOWLEDGED)
    control.watch.tested(LINK, Path.PRIMARY, exchanged(control.clock.now()))
    for _ in range(10):
        control.clock.turn(9_000)
        control.hears(Result.SILENT)
    assert control.watch.state(LINK) is LinkState.DOWN
    await control.watch.drain()
    device = control.judge.roster.state("no3", "110")
    assert device is not None
    alert = control.book.of(device.device.row, "police_link_down")
    assert alert is not None
    assert alert.explanation.inputs == {"cause": "silent"}
    up, down = control.store.read(states_of(LINK, 10))
    assert up.until == down.since
    assert (down.state, down.cause) == ("down", "silent")


async def test_days_add_up_over_a_restart_and_the_proof_outlives_it(control: Control) -> None:
    control.hears(Result.ACKNOWLEDGED)
    control.watch.tested(LINK, Path.PRIMARY, exchanged(control.clock.now()))
    control.hears(Result.ACKNOWLEDGED)
    await control.watch.drain()
    control.stop()
    control.clock.turn(5_000)
    control.start()
    control.watch.add({LINK: ScriptedLink(control.clock)})
    assert control.watch.state(LINK) is LinkState.UP
    control.hears(Result.ACKNOWLEDGED)
    await control.watch.drain()
    days = control.store.read(days_since([LINK], control.clock.now() // DAY - 1))[LINK]
    assert sum(day.exchanges for day in days) == 3
    assert sum(day.up_ms for day in days) > 0
    assert max(day.ack_max_ms for day in days) == 3.0


async def test_nothing_over_mqtt_can_speak_for_a_link_that_is_ours(control: Control) -> None:
    route = Native().route("campus/no3/police-link/110/telemetry")
    assert isinstance(route, Route)
    assert control.judge.roster.found(route) is None


async def test_a_device_that_only_has_the_name_of_a_link_is_not_spoken_for(
    control: Control,
) -> None:
    control.judge.roster.put(Device("no3", "110", "smoke", row=1), control.clock.now())
    control.hears(Result.ACKNOWLEDGED)
    await control.watch.drain()
    assert control.state_of_device() is None


async def test_the_newest_exchanges_are_kept_for_whoever_looks(control: Control) -> None:
    for _ in range(60):
        control.hears(Result.ACKNOWLEDGED)
    control.hears(Result.REFUSED)
    kept = control.watch.exchanges(LINK)
    assert len(kept) == 50
    assert kept[0].result is Result.REFUSED
