"""Two thousand supervised links in one process: how late, and at what cost?

Real DC-09 links, half over TCP and half over UDP, half of each encrypted, with intervals of 20 to
90 s, to a receiver in another process. One in twenty goes to a receiver that takes connections and
never says a word: it has to be called down in its time, and to delay nobody. How late a probe is
is measured where the link is asked, against the first probe of its path and not against what the
supervisor had planned.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

from benchmarks import measure
from devices.police_link.categories import Category, demand
from devices.police_link.dc09 import Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Exchange, LinkEvent, OnExchange, Path, PoliceLink, Report
from devices.police_link.states import LinkState, StateChange
from devices.police_link.supervision import Supervision
from devices.police_link.supervisor import Supervisor
from devices.simulator.receiver import Receiver

LINKS: Final = 2_000
ONE_SILENT_IN: Final = 20
SHORTEST_S: Final = 20.0
LONGEST_S: Final = 90.0
WARM_UP_S: Final = 65.0
MEASURED_S: Final = 150.0
LATE_SHARE: Final = 0.01
CORES: Final = 0.2
KEY: Final = bytes(range(16))


@dataclass
class _Watched:
    """A link, and when it was asked."""

    link: PoliceLink
    interval: float
    silent: bool
    asked: list[float] = field(default_factory=list)
    acknowledged: int = 0

    @property
    def paths(self) -> Sequence[Path]:
        return self.link.paths

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        self.asked.append(asyncio.get_running_loop().time())
        exchange = await self.link.probe(path, event)
        self.acknowledged += exchange.acknowledged
        return exchange

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        return await self.link.send(event, on_exchange=on_exchange)

    async def aclose(self) -> None:
        await self.link.aclose()

    def late_shares(self) -> list[float]:
        """Of the interval, for each probe but the first."""
        first = self.asked[0]
        return [
            max(0.0, at - first - number * self.interval) / self.interval
            for number, at in enumerate(self.asked)
        ][1:]


def main() -> dict[str, Any]:
    """CPU of the supervising process, lateness, and whether every state was right."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    receiver = context.Process(target=_receive, args=(theirs,), daemon=True)
    receiver.start()
    try:
        if not ours.poll(30):
            raise TimeoutError("the receiver did not start within 30 s")
        spoken, mute = ours.recv()
        return asyncio.run(_supervise(spoken, mute))
    finally:
        receiver.terminate()
        receiver.join(10)


def _receive(pipe: Connection) -> None:
    asyncio.run(_receivers(pipe))


async def _receivers(pipe: Connection) -> None:
    accounts = {f"{number:04X}": _key(number) for number in range(LINKS)}
    mute = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with Receiver(accounts) as receiver, mute:
        pipe.send((receiver.port, mute.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()


def _key(number: int) -> bytes | None:
    return KEY if number // 2 % 2 else None


def _links(spoken: int, mute: int) -> list[_Watched]:
    links = []
    for number in range(LINKS):
        silent = number % ONE_SILENT_IN == 0  # even: over TCP
        endpoint = Endpoint(
            host="127.0.0.1",
            port=mute if silent else spoken,
            transport=Transport.UDP if number % 2 else Transport.TCP,
        )
        identity = Identity(account=f"{number:04X}", key=_key(number))
        config = Dc09Config(identity=identity, primary=endpoint)
        interval = SHORTEST_S + (LONGEST_S - SHORTEST_S) * number / (LINKS - 1)
        links.append(_Watched(Dc09Link(config), interval, silent))
    return links


async def _supervise(spoken: int, mute: int) -> dict[str, Any]:
    changes: dict[str, list[StateChange]] = {}

    def told(name: str, change: StateChange) -> None:
        changes.setdefault(name, []).append(change)

    supervisor = Supervisor(now=_now, on_change=told)
    links = _links(spoken, mute)
    begun = _now()
    for number, link in enumerate(links):
        asked = demand(Category.SP6, silence_ms=round(2 * link.interval * 1000))
        supervision = Supervision(asked, link.paths, begun)
        supervision.tested(Path.PRIMARY, True, begun)  # the states are to show acknowledgements
        supervisor.add(f"school{number}/main", link, supervision, interval_s=link.interval)
    running = asyncio.create_task(supervisor.run())
    await asyncio.wait([running], timeout=WARM_UP_S)
    measure.say(f"{supervisor.figures.probes} probes in the first {WARM_UP_S:.0f} s")
    cpu, clock = time.process_time(), time.monotonic()
    probes = supervisor.figures.probes
    await asyncio.wait([running], timeout=MEASURED_S)
    cores = (time.process_time() - cpu) / (time.monotonic() - clock)
    probes = supervisor.figures.probes - probes
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return _figures(supervisor, links, changes, begun, cores=cores, probes=probes)


def _figures(
    supervisor: Supervisor,
    links: list[_Watched],
    changes: dict[str, list[StateChange]],
    begun: int,
    *,
    cores: float,
    probes: int,
) -> dict[str, Any]:
    late: list[float] = []
    wrong = false_up = 0
    called_down: list[float] = []
    for number, link in enumerate(links):
        name = f"school{number}/main"
        state = supervisor.supervision(name).state
        told = changes.get(name, [])
        if link.silent:
            false_up += any(change.state is LinkState.UP for change in told)
            wrong += state is not LinkState.DOWN
            called_down += [
                (change.at - begun) / (2000 * link.interval)
                for change in told
                if change.state is LinkState.DOWN
            ]
        else:
            late += link.late_shares()
            wrong += state is not LinkState.UP or any(
                change.state in {LinkState.DOWN, LinkState.DEGRADED} for change in told
            )
    p99 = measure.percentile(late, 0.99)
    figures = {
        "links": len(links),
        "silent_links": sum(link.silent for link in links),
        "probes_per_s": round(probes / MEASURED_S, 1),
        "cores": round(cores, 3),
        "late_share_p50": round(measure.percentile(late, 0.50), 5),
        "late_share_p99": round(p99, 5),
        "late_share_max": round(max(late), 5),
        "late_probes_measured": len(late),
        "acknowledged": sum(link.acknowledged for link in links),
        "silent_called_down_after_share_of_silence_max": round(max(called_down), 4),
        "wrong_states": wrong,
        "false_up": false_up,
        "most_under_way": supervisor.figures.most_under_way,
    }
    measure.say(
        f"{len(links)} links: {figures['probes_per_s']} probes/s with {cores:.3f} cores, "
        f"late p99 {100 * p99:.3f} % of the interval, {wrong} wrong states"
    )
    figures["holds"] = (
        p99 <= LATE_SHARE and cores <= CORES and wrong == 0 and false_up == 0 and bool(called_down)
    )
    return figures


def _now() -> int:
    return time.time_ns() // 1_000_000
