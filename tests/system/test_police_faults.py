"""What may go wrong on the way to the police: the right result each time, and no alarm lost.

Each row runs over TCP and UDP, plain and encrypted. Two alarms are pressed while the primary
path is at fault and one after it is well again; whoever gets no acknowledgement asks again with
the same event, as the gateway does. What came of it is printed as a table at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import msgspec
import pytest

from benchmarks.proof.network import Network
from devices.police_link.dc09 import Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Code, LinkEvent, Path, Report, Result
from devices.simulator.receiver import Receiver
from devices.simulator.receiver_answers import Fault

HOST: Final = "127.0.0.1"
KEYS: Final = {"001234": None, "ABC1": b"sixteen secret b"}
LIMIT_S: Final = 0.5
"""For an answer of the primary while it is at fault."""

PATIENCE_S: Final = 5.0
"""For an answer that will come, however busy the machine is."""

PEOPLE_CALL_S: Final = 2.0
"""So soon after a press somebody has to have acknowledged it."""

ATTEMPTS: Final = 20


class Scene(msgspec.Struct):
    """A link with its two receivers."""

    link: Dc09Link
    primary: Receiver
    backup: Receiver


Trouble = Callable[[Scene], AbstractAsyncContextManager[None]]


def answering(fault: Fault) -> Trouble:
    """The primary receiver misbehaves in this way."""

    @asynccontextmanager
    async def trouble(scene: Scene) -> AsyncIterator[None]:
        scene.primary.fault = fault
        yield
        scene.primary.fault = Fault.NONE

    return trouble


@asynccontextmanager
async def clock_of_the_receiver(scene: Scene) -> AsyncIterator[None]:
    scene.primary.clock_offset_ms = 60_000
    yield
    scene.primary.clock_offset_ms = 0


@asynccontextmanager
async def another_key(scene: Scene) -> AsyncIterator[None]:
    """The receiver was given another key; where there was none, it now wants one."""
    right = dict(scene.primary.accounts)
    scene.primary.accounts.update(dict.fromkeys(right, b"another key, 16b"))
    yield
    scene.primary.accounts.update(right)


@asynccontextmanager
async def receiver_down(scene: Scene) -> AsyncIterator[None]:
    await scene.primary.aclose()
    yield
    await scene.primary.start()


@asynccontextmanager
async def firewall(scene: Scene) -> AsyncIterator[None]:
    """Packets to the primary receiver's port are dropped, and nobody is told."""
    with contextlib.ExitStack() as rules:
        for transport in Transport:
            rule = ["INPUT", "-i", "lo", "-p", transport, "--dport", str(scene.primary.port)]
            _iptables("-I", *rule, "-j", "DROP")
            rules.callback(_iptables, "-D", *rule, "-j", "DROP")
        yield


def _iptables(*arguments: str) -> None:
    subprocess.run(["iptables", "-w", "5", *arguments], check=True, capture_output=True, timeout=10)


def _firewall_obeys() -> bool:
    try:
        _iptables("-L", "INPUT", "-n")
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class Row(msgspec.Struct, frozen=True):
    """A fault, and what the primary path has to say of it."""

    name: str
    trouble: Trouble
    result: Result
    plain: Result | None = None
    datagrams: Result | None = None

    def expected(self, transport: Transport, *, encrypted: bool) -> Result:
        """The result over this transport, plain or encrypted."""
        if transport is Transport.UDP and self.datagrams is not None:
            return self.datagrams
        return self.result if encrypted or self.plain is None else self.plain


ROWS: Final = [
    Row("receiver silent", answering(Fault.SILENT), Result.SILENT),
    Row("NAK", answering(Fault.NAK), Result.REFUSED),
    Row("NAK with the receiver's clock", answering(Fault.CLOCK), Result.CLOCK),
    Row("DUH", answering(Fault.DUH), Result.UNABLE),
    Row("answer with a bad CRC", answering(Fault.BAD_CRC), Result.GARBLED),
    Row("answer to another sequence number", answering(Fault.WRONG_SEQUENCE), Result.GARBLED),
    Row("answer to another account", answering(Fault.WRONG_ACCOUNT), Result.GARBLED),
    Row("answer with another key", answering(Fault.WRONG_KEY), Result.GARBLED),
    Row(
        "answer in plain text",
        answering(Fault.PLAIN),
        Result.GARBLED,
        plain=Result.ACKNOWLEDGED,
    ),
    Row(
        "recorded answer of ten minutes ago",
        answering(Fault.RECORDED),
        Result.CLOCK,
        plain=Result.ACKNOWLEDGED,
    ),
    Row("answer in three pieces", answering(Fault.SPLIT), Result.ACKNOWLEDGED),
    Row("late answer to the frame before", answering(Fault.STALE), Result.ACKNOWLEDGED),
    Row("answer twice", answering(Fault.TWICE), Result.ACKNOWLEDGED),
    Row("answer too late", answering(Fault.LATE), Result.SILENT),
    Row("receiver hangs up", answering(Fault.CLOSE), Result.SILENT),
    Row("receiver's clock 60 s off", clock_of_the_receiver, Result.CLOCK),
    Row("receiver has another key", another_key, Result.REFUSED),
    Row("receiver down", receiver_down, Result.UNREACHABLE),
]
if _firewall_obeys():
    ROWS.append(
        Row("primary path cut (firewall)", firewall, Result.UNREACHABLE, datagrams=Result.SILENT)
    )


class Table:
    """What came of every row, for people."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, ...]] = []

    def add(
        self,
        fault: str,
        scene: Scene,
        alarms: int,
        result: str,
        over: str,
        worst_s: float | None = None,
    ) -> None:
        """What became of ``alarms``, numbered from 1: none lost, and none held twice."""
        config = scene.link.config
        how = f"{config.primary.transport}, {'AES' if config.identity.key else 'plain'}"
        worst = "-" if worst_s is None else f"{worst_s * 1000:.0f} ms"
        held = [sequences(scene.primary), sequences(scene.backup)]
        lost = set(range(1, alarms + 1)) - set(held[0]) - set(held[1])
        doubled = sum(len(one) - len(set(one)) for one in held)
        self._lines.append((fault, how, result, over, worst, str(len(lost)), str(doubled)))
        assert (lost, doubled) == (set(), 0), self._lines[-1]

    def __str__(self) -> str:
        head = ("fault of the primary", "over", "result", "carried by", "worst", "lost", "doubled")
        lines = [head, *self._lines]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    made = Table()
    yield made
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        print(f"\n\n{made}\n")


@pytest.fixture(params=list(Transport))
def transport(request: pytest.FixtureRequest) -> Transport:
    return Transport(request.param)


@pytest.fixture(params=list(KEYS), ids=["plain", "encrypted"])
async def scene(request: pytest.FixtureRequest, transport: Transport) -> AsyncIterator[Scene]:
    account = request.param
    async with Receiver(KEYS) as primary, Receiver(KEYS) as backup:
        primary.late_s = 2 * LIMIT_S
        link = Dc09Link(
            Dc09Config(
                identity=Identity(account=account, key=KEYS[account]),
                primary=_endpoint(primary.port, transport, LIMIT_S),
                backup=_endpoint(backup.port, transport),
                failed_path_rests_s=0.0,
            )
        )
        yield Scene(link, primary, backup)
        await link.aclose()


def _endpoint(port: int, transport: Transport, limit_s: float = PATIENCE_S) -> Endpoint:
    return Endpoint(
        host=HOST,
        port=port,
        transport=transport,
        answer_timeout_s=limit_s,
        connect_timeout_s=limit_s,
    )


def alarm(number: int) -> LinkEvent:
    now = time.time_ns() // 1_000_000
    return LinkEvent(
        key=f"alarm {number}",
        sequence=number,
        code=Code.PANIC,
        happened=now,
        known=now,
        school="s1",
        zone=number,
    )


async def deliver(link: Dc09Link, event: LinkEvent) -> list[Report]:
    """Ask until somebody acknowledges, with the event as it is."""
    reports: list[Report] = []
    while len(reports) < ATTEMPTS:
        reports.append(await link.send(event))
        if reports[-1].acknowledged is not None:
            return reports
    raise AssertionError(f"alarm {event.sequence} was never acknowledged: {reports[-1]}")


def sequences(receiver: Receiver) -> list[int]:
    """The alarms that a receiver holds, repetitions left out."""
    return [taken.sequence for taken in receiver.events]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_the_back_up_carries_what_the_primary_does_not(
    row: Row, scene: Scene, transport: Transport, table: Table
) -> None:
    encrypted = scene.link.config.identity.key is not None
    expected = row.expected(transport, encrypted=encrypted)
    over = "primary" if expected is Result.ACKNOWLEDGED else "backup"
    worst = 0.0
    async with row.trouble(scene):
        for number in (1, 2):
            started = time.perf_counter()
            (report,) = await deliver(scene.link, alarm(number))
            worst = max(worst, time.perf_counter() - started)
            first = report.exchanges[0]
            assert (first.path, first.result) == (Path.PRIMARY, expected), first
            carried = report.acknowledged
            assert carried is not None
            assert carried.path == over
            if expected is Result.CLOCK:
                assert first.offset_ms is not None
                assert abs(first.offset_ms) > 58_000
    assert worst < PEOPLE_CALL_S, "the back-up comes at once, when the limit of the primary is over"

    (report,) = await deliver(scene.link, alarm(3))
    assert report.acknowledged is not None
    assert report.acknowledged.path is Path.PRIMARY, "fail-back: the primary is well again"

    table.add(row.name, scene, 3, expected, over, worst)


async def test_a_path_that_swallows_everything_is_left_in_time(table: Table) -> None:
    """A black hole behind an open connection; what it swallowed comes out when it is mended."""
    async with (
        Receiver(KEYS) as primary,
        Receiver(KEYS) as backup,
        Network(primary.port) as network,
    ):
        link = Dc09Link(
            Dc09Config(
                identity=Identity(account="001234"),
                primary=_endpoint(network.port, Transport.TCP, LIMIT_S),
                backup=_endpoint(backup.port, Transport.TCP),
            )
        )
        assert (await deliver(link, alarm(1)))[0].exchanges[0].acknowledged
        network.stall()
        started = time.perf_counter()
        (report,) = await deliver(link, alarm(2))
        worst = time.perf_counter() - started
        assert [one.result for one in report.exchanges] == [Result.SILENT, Result.ACKNOWLEDGED]
        assert worst < PEOPLE_CALL_S
        network.heal()
        assert (await link.probe(Path.PRIMARY)).acknowledged
        (report,) = await deliver(link, alarm(3))
        assert report.exchanges[0].path is Path.PRIMARY
        scene = Scene(link, primary, backup)
        table.add("primary path cut (proxy)", scene, 3, Result.SILENT, "backup", worst)


async def test_both_receivers_down_and_one_comes_back(scene: Scene, table: Table) -> None:
    await scene.primary.aclose()
    await scene.backup.aclose()
    report = await scene.link.send(alarm(1))
    assert report.acknowledged is None
    assert [one.result for one in report.exchanges] == [Result.UNREACHABLE, Result.UNREACHABLE]
    await scene.backup.start()
    reports = await deliver(scene.link, alarm(1))
    assert reports[-1].exchanges[-1].path is Path.BACKUP
    assert sequences(scene.backup) == [1]
    table.add("both down, the back-up returns", scene, 1, Result.UNREACHABLE, "backup")


async def test_an_alarm_whose_acknowledgement_is_lost_is_one_alarm(
    scene: Scene, table: Table
) -> None:
    """Taken by both receivers, acknowledged by neither: repeated, and known by its number."""
    config = scene.link.config
    backup = _endpoint(scene.backup.port, config.primary.transport, LIMIT_S)
    scene.link = Dc09Link(msgspec.structs.replace(config, backup=backup))
    for receiver in (scene.primary, scene.backup):
        receiver.do(Fault.SILENT, Fault.BAD_CRC, Fault.LATE)
    reports = await deliver(scene.link, alarm(1))
    assert len(reports) == 4
    for receiver in (scene.primary, scene.backup):
        assert sequences(receiver) == [1]
        assert {taken.sequence for taken in receiver.taken} == {1}
    assert [taken.repeated for taken in scene.primary.taken] == [False, True, True, True]
    table.add("acknowledgements lost three times", scene, 1, "silent, garbled", "primary")


async def test_a_receiver_that_restarts_during_an_exchange_loses_nothing(
    scene: Scene, table: Table
) -> None:
    scene.primary.do(Fault.SILENT)
    delivering = asyncio.create_task(deliver(scene.link, alarm(1)))
    await scene.primary.until(lambda: len(scene.primary.taken) == 1)
    await scene.primary.aclose()
    await scene.primary.start()
    reports = await delivering
    assert reports[0].exchanges[0].result is Result.SILENT
    assert sequences(scene.backup) == [1]
    table.add("receiver restarted meanwhile", scene, 1, Result.SILENT, "backup")
