"""Many links supervised in one process: in time, apart from each other, and cleanly ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from supervised import BOTH, wall

from devices.police_link.categories import Category, demand
from devices.police_link.link import Exchange, LinkEvent, OnExchange, Path, Report, Result
from devices.police_link.states import Cause, LinkState, StateChange
from devices.police_link.supervision import Supervision
from devices.police_link.supervisor import Supervisor, interval_for

BUSY_MS = 2_000
"""What a machine that is busy with other tests may add."""


class Receiver:
    """A link to a receiver that answers as told; ``delay`` in s, ``None`` = never."""

    def __init__(self, paths: Sequence[Path] = (Path.PRIMARY,)) -> None:
        self.paths = paths
        self.result = Result.ACKNOWLEDGED
        self.delay: float | None = 0.0
        self.probed: list[tuple[Path, float]] = []
        self.cancelled = 0
        self.fault: Exception | None = None
        self.was_probed = asyncio.Event()

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        started = wall()
        self.probed.append((path, asyncio.get_running_loop().time()))
        self.was_probed.set()
        if self.fault is not None:
            raise self.fault
        try:
            await (asyncio.Event().wait() if self.delay is None else asyncio.sleep(self.delay))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Exchange(
            path=path,
            started=started,
            elapsed_ms=float(wall() - started),
            sent=b"NULL",
            received=b"ACK",
            result=self.result,
        )

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        raise AssertionError("supervision sends no events")

    async def aclose(self) -> None:
        raise AssertionError("links belong to who made them")


class Told:
    """What the supervisor told, and a way to wait for it."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, StateChange]] = []
        self.probes: list[tuple[str, Exchange]] = []
        self._news = asyncio.Event()

    def change(self, name: str, change: StateChange) -> None:
        self.changes.append((name, change))
        self._news.set()

    def probe(self, name: str, exchange: Exchange) -> None:
        self.probes.append((name, exchange))
        self._news.set()

    async def until(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                self._news.clear()
                await self._news.wait()


def supervision(silence_ms: int = 1_000, paths: Sequence[Path] = (Path.PRIMARY,)) -> Supervision:
    category = Category.DP4 if len(paths) > 1 else Category.SP6
    link = Supervision(demand(category, silence_ms=silence_ms), paths, wall())
    for path in paths:
        link.tested(path, True, wall())
    return link


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(supervisor.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_healthy_link_comes_up_and_stays_up() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    patient = supervision(silence_ms=10_000, paths=BOTH)
    supervisor.add("s1/main", Receiver(BOTH), patient, interval_s=0.25)
    async with running(supervisor):
        await told.until(lambda: len(told.probes) >= 8)
    assert [change.state for _, change in told.changes if change.of_state] == [LinkState.UP]
    assert {exchange.path for _, exchange in told.probes} == set(BOTH)


async def test_a_receiver_that_falls_silent_is_down_after_the_longest_silence() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change)
    receiver = Receiver()
    supervisor.add("s1/main", receiver, supervision())
    async with running(supervisor):
        await told.until(lambda: supervisor.supervision("s1/main").state is LinkState.UP)
        receiver.delay = None
        await told.until(lambda: told.changes[-1][1].state is LinkState.DOWN)
        change = told.changes[-1][1]
        last_ack = change.view.paths[0].last_ack
        assert last_ack is not None
        assert 1_000 < change.at - last_ack < 1_000 + BUSY_MS
        assert change.cause is Cause.SILENT
        receiver.delay = 0.0
        await told.until(lambda: told.changes[-1][1].state is LinkState.UP)


async def test_a_lost_message_is_asked_again_before_the_time_is_up() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    receiver = Receiver()
    supervisor.add("s1/main", receiver, supervision(silence_ms=4_000), interval_s=2.0)
    async with running(supervisor):
        await told.until(lambda: bool(told.probes))
        receiver.result = Result.SILENT
        await told.until(lambda: len(told.probes) == 2)
        receiver.result = Result.ACKNOWLEDGED
        await told.until(lambda: len(told.probes) == 3)
    assert receiver.probed[2][1] - receiver.probed[1][1] < 1.0
    assert all(change.state is LinkState.UP for _, change in told.changes)


async def test_one_slow_receiver_delays_no_other() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change)
    slow, quick = [Receiver() for _ in range(50)], [Receiver() for _ in range(50)]
    for number, (one, other) in enumerate(zip(slow, quick, strict=True)):
        one.delay = None
        supervisor.add(f"slow/{number}", one, supervision())
        supervisor.add(f"quick/{number}", other, supervision(silence_ms=10_000), interval_s=0.5)
    async with running(supervisor):
        await told.until(
            lambda: all(
                supervisor.supervision(f"slow/{number}").state is LinkState.DOWN
                for number in range(50)
            )
        )
    for number in range(50):
        assert supervisor.supervision(f"quick/{number}").state is LinkState.UP
    lost = {name for name, change in told.changes if change.state is LinkState.DOWN}
    assert all(name.startswith("slow/") for name in lost)


async def test_any_acknowledged_exchange_restarts_the_interval() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    receiver = Receiver()
    supervisor.add("s1/main", receiver, supervision(silence_ms=20_000), interval_s=1.5)
    loop = asyncio.get_running_loop()
    async with running(supervisor):
        await told.until(lambda: bool(told.probes))
        alarm = Exchange(
            path=Path.PRIMARY,
            started=0,
            elapsed_ms=1.0,
            sent=b"ADM-CID",
            received=b"ACK",
            result=Result.ACKNOWLEDGED,
        )
        first = receiver.probed[0][1]
        last = first
        while last < first + 2.0:
            last = loop.time()
            supervisor.seen("s1/main", alarm)
            await asyncio.sleep(0.05)
        await told.until(lambda: len(told.probes) == 2)
        assert receiver.probed[1][1] >= last + 1.5 - 0.05


async def test_starts_are_spread_over_the_interval() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    receivers = [Receiver() for _ in range(100)]
    for number, receiver in enumerate(receivers):
        supervisor.add(f"s{number}/main", receiver, supervision(silence_ms=4_000))
    async with running(supervisor):
        await told.until(lambda: all(receiver.probed for receiver in receivers))
    starts = sorted(receiver.probed[0][1] for receiver in receivers)
    assert 1.0 < starts[-1] - starts[0] < 2.0 + BUSY_MS / 1000
    assert max(after - before for before, after in pairwise(starts)) < 1.0


async def test_never_more_probes_under_way_than_allowed() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe, most_at_once=3)
    for number in range(12):
        receiver = Receiver()
        receiver.delay = 0.05
        supervisor.add(f"s{number}/main", receiver, supervision())
        supervisor.probe_soon(f"s{number}/main", Path.PRIMARY)
    async with running(supervisor):
        await told.until(lambda: len({name for name, _ in told.probes}) == 12)
    assert supervisor.figures.most_under_way == 3
    assert supervisor.figures.waited > 0


async def test_a_link_that_breaks_its_contract_is_unreachable_and_ends_nothing() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    broken, sound = Receiver(), Receiver()
    broken.fault = OSError("no file descriptors left")
    supervisor.add("s1/broken", broken, supervision())
    supervisor.add("s1/sound", sound, supervision(silence_ms=10_000), interval_s=0.5)
    async with running(supervisor):
        await told.until(lambda: supervisor.supervision("s1/broken").state is LinkState.DOWN)
    assert supervisor.supervision("s1/sound").state is LinkState.UP
    reasons = {exchange.reason for name, exchange in told.probes if name == "s1/broken"}
    assert reasons == {"our own fault: OSError: no file descriptors left"}


async def test_a_listener_that_fails_ends_the_supervision_loudly() -> None:
    def fail(name: str, change: StateChange) -> None:
        raise RuntimeError(f"cannot keep what became of {name}")

    supervisor = Supervisor(now=wall, on_change=fail)
    supervisor.add("s1/main", Receiver(), supervision())
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(supervisor.run(), 10)
    assert "s1/main" in str(raised.value.exceptions[0])


async def test_cancelling_ends_probes_under_way() -> None:
    supervisor = Supervisor(now=wall, on_change=Told().change)
    receivers = [Receiver() for _ in range(5)]
    for number, receiver in enumerate(receivers):
        receiver.delay = None
        supervisor.add(f"s{number}/main", receiver, supervision())
        supervisor.probe_soon(f"s{number}/main", Path.PRIMARY)
    async with running(supervisor):
        for receiver in receivers:
            await asyncio.wait_for(receiver.was_probed.wait(), 10)
    assert [receiver.cancelled for receiver in receivers] == [1] * 5
    assert supervisor.figures.under_way == 0


async def test_a_link_added_while_running_is_supervised_and_one_removed_no_longer() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change, on_probe=told.probe)
    async with running(supervisor):
        await asyncio.sleep(0)
        supervisor.add("s1/main", Receiver(), supervision())
        supervisor.add("s2/main", Receiver(), supervision())
        await told.until(lambda: {name for name, _ in told.probes} == {"s1/main", "s2/main"})
        supervisor.remove("s1/main")
        assert list(supervisor) == ["s2/main"]
        told.probes.clear()
        await told.until(lambda: len(told.probes) >= 4)
        assert {name for name, _ in told.probes} == {"s2/main"}


async def test_a_test_told_from_elsewhere_verifies_the_link() -> None:
    told = Told()
    supervisor = Supervisor(now=wall, on_change=told.change)
    fresh = Supervision(demand(Category.SP6, silence_ms=1_000), (Path.PRIMARY,), wall())
    supervisor.add("s1/main", Receiver(), fresh)
    async with running(supervisor):
        await told.until(lambda: fresh.cause is Cause.NO_TEST)
        supervisor.tested("s1/main", Path.PRIMARY, True)
        assert told.changes[-1][1].state is LinkState.UP


async def test_a_clock_set_back_keeps_links_up_and_makes_silence_no_shorter() -> None:
    told = Told()
    back = 0
    supervisor = Supervisor(now=lambda: wall() - back, on_change=told.change)
    receiver = Receiver()
    supervisor.add("s1/main", receiver, supervision())
    async with running(supervisor):
        await told.until(lambda: supervisor.supervision("s1/main").state is LinkState.UP)
        told.changes.clear()
        receiver.delay = None
        back = 3_600_000
        begun = asyncio.get_running_loop().time()
        await told.until(lambda: bool(told.changes))
        assert asyncio.get_running_loop().time() - begun < 1 + BUSY_MS / 1000
    assert [change.state for _, change in told.changes] == [LinkState.DOWN]
    assert supervisor.figures.clock_steps == 1


async def test_the_same_id_twice_and_an_interval_too_long_are_refused() -> None:
    supervisor = Supervisor(now=wall, on_change=Told().change)
    supervisor.add("s1/main", Receiver(), supervision())
    with pytest.raises(ValueError, match="already"):
        supervisor.add("s1/main", Receiver(), supervision())
    with pytest.raises(ValueError, match="shorter than its longest silence"):
        supervisor.add("s2/main", Receiver(), supervision(), interval_s=1.0)


@pytest.mark.parametrize(
    ("silence_ms", "seconds"), [(20_000, 10.0), (90_000, 45.0), (25 * 3_600_000, 3600.0)]
)
def test_the_interval_is_half_the_longest_silence_and_an_hour_at_most(
    silence_ms: int, seconds: float
) -> None:
    assert interval_for(silence_ms) == seconds
