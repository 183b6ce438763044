"""Looks at hundreds of cameras: a few processes, and room for every look to last its whole limit.

A camera that does not answer costs its own look's time and nobody else's: there are as many slots
as looks can be under way when all of them last as long as they may. A process that keeps a look
beyond its limit, or dies over one, is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import sys
import time
from typing import Final, Self

import msgspec

from devices.camera.addresses import Address
from devices.camera.eye import LENGTH, Answer, Order
from devices.camera.look import Look, Outcome
from devices.camera.stream import LIMIT_S

GRACE_S: Final = 3.0
"""After a look's limit its process is held to be stuck: the rest is a slow machine's decoding."""

START_S: Final = 120.0
"""A process may take so long to start, on a machine that is busy with everything else."""

_answer: Final = msgspec.msgpack.Decoder(Answer).decode
_MEMORY: Final = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576"}
"""For glibc: a process of a hundred threads would have a heap for each of them and give nothing
back; pictures are given back one by one when each is a mapping of its own."""


def slots_for(cameras: int, period_s: float, limit_s: float = LIMIT_S) -> int:
    """Looks under way at once when every camera takes the whole limit."""
    return math.ceil(cameras * min(1.0, limit_s / period_s)) + 1


def offsets(cameras: int, period_s: float) -> list[float]:
    """When in the period each camera is looked at: evenly spread. Neighbours in the list, which
    often share a switch or a recorder, are far apart (steps of the golden ratio)."""
    ranks = sorted(range(cameras), key=lambda index: index * 0.618_033_988_749_895 % 1.0)
    spread = [0.0] * cameras
    for rank, index in enumerate(ranks):
        spread[index] = rank * period_s / cameras
    return spread


class _Gone(Exception):  # noqa: N818 - no fault of ours: the process is gone
    """The process ended while it looked."""


class _Process:
    """One eye: orders in, looks out."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Look]] = {}
        self._encode = msgspec.msgpack.Encoder().encode
        self._reading = asyncio.create_task(self._read(), name="eye")
        self.ready = asyncio.Event()
        """It has loaded what it needs, or ended."""
        self.tired = False
        """No more orders: it is stuck with one, or gone."""

    @classmethod
    async def started(cls) -> _Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "devices.camera.eye",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **_MEMORY},
            start_new_session=True,  # an interrupt at the terminal is ours to handle
            limit=1 << 22,
        )
        made = cls(process)
        try:
            async with asyncio.timeout(START_S):
                await made.ready.wait()
        except BaseException:
            await made.end()
            raise
        return made

    @property
    def busy(self) -> int:
        """Looks under way."""
        return len(self._waiting)

    async def look(self, order: Order) -> Look:
        """Raises `_Gone`, and ``TimeoutError`` when the process keeps it beyond all limits."""
        stdin = self._process.stdin
        if self.tired or stdin is None:
            raise _Gone
        answer: asyncio.Future[Look] = asyncio.get_running_loop().create_future()
        self._waiting[order.id] = answer
        try:
            body = self._encode(order)
            stdin.write(len(body).to_bytes(LENGTH) + body)
            async with asyncio.timeout(order.limit + GRACE_S):
                return await answer
        finally:
            self._waiting.pop(order.id, None)

    async def _read(self) -> None:
        stdout = self._process.stdout
        try:
            while stdout is not None:
                length = int.from_bytes(await stdout.readexactly(LENGTH))
                self.ready.set()
                if not length:
                    continue
                answer = _answer(await stdout.readexactly(length))
                waiting = self._waiting.get(answer.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.look())
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            pass  # it died, perhaps in the middle of a word
        finally:
            self.tired = True
            self.ready.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(_Gone())

    async def end(self, patience: float = 0.0) -> None:
        """Kill it once its looks are over, or patience (s) is, and wait until it is gone."""
        if patience and self._waiting:
            await asyncio.wait(self._waiting.values(), timeout=patience)
        self.tired = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading


class Pool:
    """Takes looks for whoever asks. ``async with`` starts its processes and ends them."""

    def __init__(self, *, processes: int, slots: int) -> None:
        self._wanted: Final = processes
        self._slots: Final = asyncio.Semaphore(slots)
        self._processes: list[_Process] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._ids = itertools.count()
        self._starting = asyncio.Lock()
        self.replaced = 0
        """Processes that had to be replaced so far."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            await process.end()
        for task in self._ending:
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def look(self, address: Address, *, seconds: float = 0.0, limit: float = LIMIT_S) -> Look:
        """Take one look, of ``limit`` seconds at most once there is a slot for it."""
        async with self._slots:
            begun = time.time_ns() // 1_000_000
            order = Order(
                next(self._ids),
                address.url,
                address.user,
                address.password,
                address.transport,
                address.ca_file,
                seconds,
                limit,
            )
            # Once more when the process died: most likely over another one's camera.
            for _ in range(2):
                process = await self._least_busy()
                try:
                    return await process.look(order)
                except _Gone:
                    continue
                except TimeoutError:
                    self._retire(process, limit)
                    return _failed(begun, Outcome.OFFLINE, "the look did not end within its limit")
            return _failed(begun, Outcome.UNREADABLE, "the process that looked at it died, twice")

    async def _least_busy(self) -> _Process:
        async with self._starting:
            for process in [each for each in self._processes if each.tired]:
                self._retire(process, 0)
            while len(self._processes) < self._wanted:
                self._processes.append(await _Process.started())
            return min(self._processes, key=lambda each: each.busy)

    def _retire(self, process: _Process, patience: float) -> None:
        """Give it no more orders; end it when the looks that it still takes are over."""
        process.tired = True
        if process not in self._processes:
            return
        self._processes.remove(process)
        self.replaced += 1
        task = asyncio.create_task(process.end(patience + GRACE_S))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _failed(begun: int, outcome: Outcome, detail: str) -> Look:
    ended = time.time_ns() // 1_000_000
    return Look(begun=begun, ended=ended, outcome=outcome, detail=detail)
