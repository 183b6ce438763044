"""What tasks of the police links fold into alerts while the store refuses is on record at last."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from judged import BUTTON
from running import Running, until

from alerts.course import replay
from alerts.rules.link_state import UNVERIFIED
from devices.model import Device
from devices.police_link.link import Path
from devices.police_link.states import Cause, LinkState, PathState, PathView, View
from gateway.clock import ManualClock
from gateway.police.links import infos_of
from gateway.police.service import Police
from gateway.police.testing import ANNOUNCED, Schedule
from gateway.settings_police import PoliceLinkSettings
from gateway.store.read.alerts import transitions_of
from gateway.store.read.facts import fact_page
from gateway.store.store import StoreError

MINUTE = 60_000
HOST = Device("no3", "host", "police-link", row=9)


def refuses_twice(running: Running) -> None:
    failures = iter([StoreError("the disk is full"), StoreError("the disk is full")])
    running.gate.refuse = lambda batch: next(failures, None) if batch.transitions else None


def recorded(running: Running, condition: str, device: Device) -> bool:
    """Whether the record proves the alert as memory has it."""
    alert = running.judged.book.of(device.row, condition)
    assert alert is not None
    record = running.store.read(transitions_of(alert.id))
    return bool(record) and replay(one for _, one in record) == alert


def link(**more: object) -> PoliceLinkSettings:
    return PoliceLinkSettings.model_validate({"name": "host", "schools": {"no3": {}}, **more})


class NobodyTests:
    """The notice comes first: no test is begun."""

    async def begin_link(self, link: str, **_: object) -> Any:
        raise AssertionError(link)


async def test_the_notice_of_a_test_is_on_record_though_the_store_refused_it(
    running: Running,
) -> None:
    infos = infos_of(
        [
            link(
                schools={"no3": {"account": "1234"}},
                dc09={
                    "primary": {"address": "127.0.0.1:1"},
                    "backup": {"address": "127.0.0.1:2"},
                },
                test_notice={"hours": 24},
            )
        ]
    )
    paths = tuple(PathView(path=path, state=PathState.UP) for path in (Path.PRIMARY, Path.BACKUP))
    view = View(state=LinkState.UNVERIFIED, since=0, cause=Cause.NO_TEST, paths=paths)
    schedule = Schedule(
        list(infos.values()),
        clock=running.judged.clock,
        flow=running.flow,
        book=running.judged.book,
        view=lambda _: view,
        device_of=lambda _: BUTTON,
        tester=NobodyTests(),
    )
    refuses_twice(running)
    assert await schedule.look(infos["no3/host"])
    assert recorded(running, ANNOUNCED, BUTTON)


async def test_that_nobody_attests_a_link_is_on_record_though_the_store_refused_it(
    running: Running,
) -> None:
    clock = ManualClock()
    running.judged.judge.register(HOST, clock.now())
    police = Police(
        [link(observed={})],
        flow=running.flow,
        judge=running.judged.judge,
        book=running.judged.book,
        store=running.store,
        clock=clock,
        waiting=[],
        saved={},
    )
    clock.turn(11 * MINUTE)
    host = running.judged.judge.roster.state_of(HOST.row)
    assert host is not None
    host.values["state"], host.heard = "up", clock.now()
    refuses_twice(running)
    tasks: list[asyncio.Task[Any]] = []

    def keep(_: str, body: Any) -> None:
        coroutine: Coroutine[Any, Any, Any] = body()
        tasks.append(asyncio.create_task(coroutine))

    police.begin_watching(keep)
    try:
        await until(lambda: running.judged.book.of(HOST.row, UNVERIFIED) is not None)
        await until(lambda: recorded(running, UNVERIFIED, HOST))
        page = fact_page(subject="link:no3/host", kind="link_state", after=0, limit=10)
        (fact,) = running.store.read(page)
        assert b'"cause":"no_attestation"' in fact.body
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
