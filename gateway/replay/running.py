"""Runs a replay: shares the devices among processes, gathers what they find, and compares.

Blocks; whoever must not wait runs it in a thread of its own. The store is only read.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.episodes import Episode
from alerts.replay import Range, compare
from devices.model import Device
from gateway.replay import apart, stored
from gateway.replay.changes import Figured
from gateway.replay.judging import Stretch, companies
from gateway.replay.order import (
    MOST_EPISODES,
    Answer,
    Outside,
    Progress,
    Question,
    ReplayError,
    RulesOf,
    Share,
)

SHORTEST_DEAF: Final = 60_000
"""ms. Shorter times without any reading are nothing to anybody's silence."""

DEAF_TIMES: Final = 5
"""So many times as long as devices together need between two readings: nobody could be heard."""

PATIENCE: Final = 600.0
"""Seconds without a word from any process, after which it is given up: a piece takes one or two."""

_LOOK: Final = 0.2
"""Seconds between looks whether it is to be broken off."""


class Cancelled(Exception):  # noqa: N818 - it is no error
    """It was broken off."""


class Replay:
    """One replay. `run` it once; `cancel` it from any thread."""

    def __init__(
        self,
        store: Path,
        question: Question,
        *,
        today: Figured,
        tried: Figured,
        processes: int | None = None,
        most: int = MOST_EPISODES,
    ) -> None:
        """``today`` are the rules as they are, ``tried`` those that are replayed."""
        self._store: Final = store
        self._question: Final = question
        self._today: Final = today
        self._tried: Final = tried
        self._processes: Final = processes or os.cpu_count() or 1
        self._most: Final = most
        self._cancelled: Final = threading.Event()
        self._progress: list[Progress] = []

    @property
    def progress(self) -> Progress:
        """How far it has got."""
        parts = self._progress or [Progress(0.0, 0)]
        return Progress(
            sum(one.done for one in parts) / len(parts), sum(one.readings for one in parts)
        )

    def cancel(self) -> None:
        """Break it off; `run` raises `Cancelled` soon."""
        self._cancelled.set()

    def run(self, tell: Callable[[Progress], None] = lambda _progress: None) -> Answer:
        """Do it; ``tell`` hears how far it is. Raises `ReplayError`, `Cancelled`."""
        begun = time.monotonic()
        try:
            return self._run(begun, tell)
        except sqlite3.Error as error:
            raise ReplayError(f"{self._store}: the store cannot be read: {error}") from error

    def _run(self, begun: float, tell: Callable[[Progress], None]) -> Answer:
        question = self._question
        with closing(stored.opened(self._store)) as connection:
            everybody = stored.registered_devices(connection)
            devices = _with_repeaters(everybody, self._asked(everybody))
            kept = stored.kept(connection)
            longest = self._longest_pause(everybody) if everybody else 0
            covered = _covered(kept, question, longest)
            if covered is None or not devices:
                return self._nothing(devices, begun)
            since, until = covered
            begin = min(since, max(since - question.warm_up, kept.first or since))
            deaf = stored.joined(
                [
                    *stored.gaps(connection, begin, until, longest),
                    *stored.lost(connection, begin, until),
                ]
            )
            stored.want(connection, (device.row for device in devices))
            past = stored.past(connection, devices, begin, until)
        shares = self._shares(devices, begin, covered, deaf, past)
        found, readings = self._judged(shares, tell)
        by_row = {device.row: device for device in devices}
        asked = {device.row: device for device in self._asked(devices)}
        names = {row: self._compared(device) for row, device in asked.items()}
        replayed = [one for one in found if one.explanation.rule in names.get(one.device, ())]
        raised, outside = self._comparable(
            [one for one in past.raised if one.device in asked], names, since
        )
        pairs = compare(raised, replayed, Range(since, until, question.tolerance), past.shared)
        return Answer(
            since=question.since,
            until=question.until,
            covered=covered,
            deaf=tuple(one for one in deaf if one[1] > since),
            devices=len(asked),
            readings=readings,
            seconds=time.monotonic() - begun,
            pairs=pairs,
            named={row: by_row[row] for row in {pair.episode.device for pair in pairs}},
            outside=outside,
        )

    def _asked(self, devices: Sequence[Device]) -> list[Device]:
        """Those of the devices that are to be compared."""
        found = [device for device in devices if self._question.concerns(device)]
        if self._question.only_changed:
            found = [device for device in found if self._compared(device)]
        return found

    def _compared(self, device: Device) -> frozenset[str]:
        """The names of the rules of a device that are compared."""
        today, tried = self._today.rules(device), self._tried.rules(device)
        names = today.keys() | tried.keys()
        if self._question.only_changed:
            names = {name for name in names if today.get(name) != tried.get(name)}
        return frozenset(names) - NOT_FROM_READINGS

    def _nothing(self, devices: Sequence[Device], begun: float) -> Answer:
        """There is nothing to replay: nobody is asked for, or no reading is kept of that time."""
        question = self._question
        return Answer(
            since=question.since,
            until=question.until,
            covered=None,
            deaf=(),
            devices=len(self._asked(devices)),
            readings=0,
            seconds=time.monotonic() - begun,
            pairs=[],
            named={},
        )

    def _longest_pause(self, devices: Sequence[Device]) -> int:
        """The longest time (ms) without a reading of anybody that is nothing strange."""
        a_second = sum(1 / self._today.spec(device).expected_heartbeat_s for device in devices)
        return max(SHORTEST_DEAF, int(DEAF_TIMES * 1000 / a_second))

    def _shares(
        self,
        devices: Sequence[Device],
        begin: int,
        covered: Stretch,
        deaf: tuple[Stretch, ...],
        past: stored.Past,
    ) -> list[Share]:
        together = sorted(companies(devices), key=lambda some: (some[0].kind, some[0].row))
        count = min(self._processes, len(together))
        rules = _Numbered(self._tried, self._judging(devices))
        shares = []
        for number in range(count):
            # Dealt out like cards, sorted by kind: devices of one kind speak alike.
            mine = [device for some in together[number::count] for device in some]
            rows = {device.row for device in mine}
            shares.append(
                Share(
                    store=str(self._store),
                    begin=begin,
                    since=covered[0],
                    until=covered[1],
                    devices=mine,
                    rules=rules.all,
                    rules_of=[rules.of(device) for device in mine],
                    deaf=deaf,
                    registered={row: at for row, at in past.registered.items() if row in rows},
                    tests=[one for one in past.tests if one[0] in rows],
                    most=self._most,
                )
            )
        return shares

    def _judging(self, devices: Sequence[Device]) -> Callable[[Device], frozenset[str]]:
        """The rules that have to judge each device: of repeaters all, because others look at how
        they are heard."""
        repeaters = {(device.school, device.repeater) for device in devices}

        def judging(device: Device) -> frozenset[str]:
            if device.key in repeaters:
                return frozenset(self._tried.rules(device))
            return self._compared(device)

        return judging

    def _judged(
        self, shares: list[Share], tell: Callable[[Progress], None]
    ) -> tuple[list[Episode], int]:
        """What the processes find, and how many readings there were."""
        self._progress = [Progress(0.0, 0) for _ in shares]
        processes: list[subprocess.Popen[bytes]] = []
        pipes: dict[Connection, int] = {}
        try:
            for number, share in enumerate(shares):
                process, pipe = _begun()
                processes.append(process)
                pipes[pipe] = number
                pipe.send_bytes(apart.encode(share))
            return self._gathered(pipes, tell)
        finally:
            for pipe in pipes:
                pipe.close()
            for process in processes:
                process.kill()  # it only reads
                process.wait()

    def _gathered(
        self, pipes: Mapping[Connection, int], tell: Callable[[Progress], None]
    ) -> tuple[list[Episode], int]:
        waiting: dict[Any, int] = dict(pipes)
        episodes: list[Episode] = []
        heard = time.monotonic()
        while waiting:
            if self._cancelled.is_set():
                raise Cancelled
            ready = wait(list(waiting), timeout=_LOOK)
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > PATIENCE:
                raise ReplayError(f"no word from a process for {PATIENCE:.0f} s; it was given up")
            for pipe in ready:
                number = waiting[pipe]
                match _told(pipe):
                    case Progress() as progress:
                        self._progress[number] = progress
                        tell(self.progress)
                    case apart.Found(readings, found):
                        self._progress[number] = Progress(1.0, readings)
                        episodes += found
                        del waiting[pipe]
                        tell(self.progress)
                    case apart.Failed(reason):
                        raise ReplayError(reason)
            if len(episodes) > self._most:
                raise ReplayError(_too_many(self._most))
        return episodes, self.progress.readings

    def _comparable(
        self, raised: Sequence[Episode], names: Mapping[int, frozenset[str]], since: int
    ) -> tuple[list[Episode], tuple[Outside, ...]]:
        """What rules over readings raised; the rest is counted by who raised it."""
        inside: list[Episode] = []
        outside: Counter[str] = Counter()
        for one in raised:
            if one.explanation.rule in names[one.device]:
                inside.append(one)
            elif one.began >= since and not self._question.only_changed:
                outside[one.explanation.rule] += 1
        return inside, tuple(Outside(*one) for one in sorted(outside.items()))


NOT_FROM_READINGS: Final = frozenset({"rejected"})
"""Rules that judge what is not among the readings: messages that were not understood."""


class _Numbered:
    """Rules with a number each; devices with the same figures share one."""

    def __init__(self, figured: Figured, judging: Callable[[Device], frozenset[str]]) -> None:
        """``judging`` names the rules of a device that have to judge it."""
        self._figured: Final = figured
        self._judging: Final = judging
        self._numbers: dict[bytes, int] = {}
        self._specs: dict[str, str] = {}
        self.all: Final[list[RulesOf]] = []

    def of(self, device: Device) -> int:
        spec = self._figured.spec(device)
        if spec.kind not in self._specs:
            self._specs[spec.kind] = spec.model_dump_json()
        judging = self._judging(device)
        rules = {
            name: figures
            for name, figures in self._figured.rules(device).items()
            if name in judging
        }
        key = msgspec.json.encode([spec.kind, rules])
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.all)
            self.all.append(RulesOf(self._specs[spec.kind], rules))
        return number


def _with_repeaters(devices: Sequence[Device], asked: Sequence[Device]) -> list[Device]:
    """Those that are asked for, and the repeaters through which they are heard."""
    known = {device.key: device for device in devices}
    found: dict[int, Device] = {}
    for device in asked:
        one: Device | None = device
        while one is not None and one.row not in found:
            found[one.row] = one
            one = None if one.repeater is None else known.get((one.school, one.repeater))
    return list(found.values())


def _covered(kept: stored.Kept, question: Question, slack: int) -> Stretch | None:
    """What of the time asked for there are readings of; a pause as ever (``slack``, ms) is none
    without."""
    if kept.first is None or kept.last is None:
        return None
    since, until = question.since, question.until
    if kept.first - since > slack:
        since = kept.first
    if until - kept.last > slack:
        until = kept.last + 1
    return (since, until) if since < until else None


def _too_many(most: int) -> str:
    return (
        f"these rules would raise more than {most:,} alerts in these days; "
        "ask for fewer devices or days, or choose figures that do not alarm without end"
    )


def _begun() -> tuple[subprocess.Popen[bytes], Connection]:
    ours, its = socket.socketpair()
    with ours, its:
        process = subprocess.Popen(  # noqa: S603 - this program itself
            [sys.executable, "-m", apart.__name__, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
        )
        return process, Connection(ours.detach())


def _told(pipe: Any) -> apart.Told:
    try:
        return apart.decode_told(pipe.recv_bytes())
    except (EOFError, OSError) as error:
        raise ReplayError("a process of the replay ended before it was done; try again") from error
