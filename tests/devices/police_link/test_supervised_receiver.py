"""Real DC-09 links under supervision, to receivers that misbehave: the right state, in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from supervised import wall

from devices.police_link.categories import Category, demand
from devices.police_link.dc09 import Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint
from devices.police_link.link import Exchange, Path
from devices.police_link.states import Cause, LinkState, StateChange
from devices.police_link.supervision import Supervision
from devices.police_link.supervisor import Supervisor
from devices.simulator.receiver import Receiver
from devices.simulator.receiver_answers import Fault

ACCOUNT = "1234"
KEY = bytes(range(16))
SILENCE_MS = 6_000
ANSWER_S = 1.2
SLACK_MS = 4_000
"""For a machine that is busy with other tests."""

EXPECTED = {
    Fault.NONE: (LinkState.UP, Cause.ACKNOWLEDGED),
    Fault.SPLIT: (LinkState.UP, Cause.ACKNOWLEDGED),
    Fault.TWICE: (LinkState.UP, Cause.ACKNOWLEDGED),
    Fault.SILENT: (LinkState.DOWN, Cause.SILENT),
    Fault.LATE: (LinkState.DOWN, Cause.SILENT),
    Fault.NAK: (LinkState.DOWN, Cause.REFUSED),
    Fault.CLOCK: (LinkState.DOWN, Cause.CLOCK),
    Fault.DUH: (LinkState.DOWN, Cause.UNABLE),
    Fault.BAD_CRC: (LinkState.DOWN, Cause.GARBLED),
    Fault.WRONG_ACCOUNT: (LinkState.DOWN, Cause.GARBLED),
    Fault.WRONG_KEY: (LinkState.DOWN, Cause.GARBLED),
    Fault.PLAIN: (LinkState.DOWN, Cause.GARBLED),
    Fault.RECORDED: (LinkState.DOWN, Cause.CLOCK),  # or a clock ten minutes slow: who can tell
}


def endpoint(port: int) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=port, answer_timeout_s=ANSWER_S)


class Watch:
    """A supervisor at work, and what it told."""

    def __init__(self) -> None:
        self.changes: dict[str, list[StateChange]] = {}
        self.probes: dict[str, list[Exchange]] = {}
        self.news = asyncio.Event()
        self.supervisor = Supervisor(now=wall, on_change=self._changed, on_probe=self._probed)

    def _changed(self, name: str, change: StateChange) -> None:
        self.changes.setdefault(name, []).append(change)
        self.news.set()

    def _probed(self, name: str, exchange: Exchange) -> None:
        self.probes.setdefault(name, []).append(exchange)
        self.news.set()

    def add(self, name: str, config: Dc09Config) -> None:
        link = Dc09Link(config)
        category = Category.SP6 if config.backup is None else Category.DP4
        asked = demand(category, silence_ms=SILENCE_MS)
        supervision = Supervision(asked, link.paths, wall())
        for path in link.paths:
            supervision.tested(path, True, wall())
        self.supervisor.add(name, link, supervision)

    def state(self, name: str) -> LinkState:
        return self.supervisor.supervision(name).state

    async def until(self, name: str, state: LinkState) -> None:
        async with asyncio.timeout(40):
            while self.state(name) is not state:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def watching() -> AsyncIterator[Watch]:
    watch = Watch()
    task = asyncio.create_task(watch.supervisor.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_each_fault_of_a_receiver_gives_its_state_in_time_and_is_got_over() -> None:
    async with AsyncExitStack() as stack:
        watch = await stack.enter_async_context(watching())
        receivers = {}
        for fault in EXPECTED:
            receiver = await stack.enter_async_context(Receiver({ACCOUNT: KEY}))
            receiver.late_s = 2 * ANSWER_S
            receivers[fault] = receiver
            identity = Identity(account=ACCOUNT, key=KEY)
            watch.add(fault, Dc09Config(identity=identity, primary=endpoint(receiver.port)))
        for fault in EXPECTED:
            await watch.until(fault, LinkState.UP)
        for fault, receiver in receivers.items():
            receiver.fault = fault
            watch.probes[fault].clear()
        for fault, (state, cause) in EXPECTED.items():
            await watch.until(fault, state)
            change = watch.changes[fault][-1]
            assert (fault, change.state, change.cause) == (fault, state, cause)
            if state is LinkState.DOWN:
                last_ack = change.view.paths[0].last_ack
                assert last_ack is not None
                assert SILENCE_MS < change.at - last_ack < SILENCE_MS + SLACK_MS
                assert not any(one.acknowledged for one in watch.probes[fault])
                assert change.evidence[0].acknowledged
                assert not change.evidence[-1].acknowledged
        for fault, (state, _) in EXPECTED.items():
            if state is LinkState.UP:  # through all the time the others took to go down
                assert all(one.acknowledged for one in watch.probes[fault])
                assert not any(change.state is LinkState.DOWN for change in watch.changes[fault])
        offset = watch.supervisor.supervision(Fault.CLOCK).view().clock_offset_ms
        assert offset is not None
        assert 58_000 < offset < 62_000
        for receiver in receivers.values():
            receiver.fault = Fault.NONE
        for fault in EXPECTED:
            await watch.until(fault, LinkState.UP)


async def test_a_primary_that_dies_and_returns_is_degraded_and_up_again() -> None:
    async with (
        Receiver({ACCOUNT: None}) as first,
        Receiver({ACCOUNT: None}) as second,
        watching() as watch,
    ):
        watch.add(
            "s1/main",
            Dc09Config(
                identity=Identity(account=ACCOUNT),
                primary=endpoint(first.port),
                backup=endpoint(second.port),
            ),
        )
        await watch.until("s1/main", LinkState.UP)
        await first.aclose()
        await watch.until("s1/main", LinkState.DEGRADED)
        assert watch.changes["s1/main"][-1].cause is Cause.PRIMARY_UNREACHABLE
        await second.aclose()
        await watch.until("s1/main", LinkState.DOWN)
        await second.start()
        await watch.until("s1/main", LinkState.DEGRADED)
        await first.start()
        await watch.until("s1/main", LinkState.UP)
    paths = {one.path for one in watch.probes["s1/main"]}
    assert paths == set(Path)
