"""The runs under way: each goes on as it is told of something, and all that counts is committed.

What devices say is seen after its commit, and only of devices that are being verified. Test
windows and held presses are the pipeline's (`gateway.pipeline.windows`): what goes wrong here can
make a verdict unknown, and never keeps an alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec
import structlog

from alerts.alert import Refusal
from audit.verification.button import NOT_OPENED
from audit.verification.cause import wants_cause, with_cause
from audit.verification.model import Verdict, Verification
from audit.verification.procedure import (
    Ask,
    Confirmed,
    Course,
    Exchanged,
    Input,
    OpenWindow,
    PoliceTold,
    SendTest,
    Sent,
    WindowOver,
)
from audit.verification.steps import ended, present
from devices.model import Device
from gateway.clock import Clock
from gateway.pipeline.flow import Flow
from gateway.pipeline.windows import Held, Notice, Why, Windows
from gateway.pipeline.work import Work
from gateway.store.encoding import canonical
from gateway.store.store import StoreError
from gateway.store.verifications import put_verification
from gateway.verification.ports import ReasonsOf, TestSender
from gateway.verification.running import Running
from gateway.verification.translating import pressed, said

_log: Final = structlog.get_logger(__name__)

SEND_S: Final = 45.0
"""A link has its own limits, of seconds; this is for one that never comes back."""

CAUSE_S: Final = 2.0
"""So long the store is asked why a device was not verified; then the verdict does without."""


class Engine:
    """Owns the tasks of all runs; one lock a run keeps their steps in order."""

    def __init__(
        self,
        *,
        flow: Flow,
        windows: Windows,
        clock: Clock,
        sender: TestSender,
        reasons_of: ReasonsOf,
    ) -> None:
        self._flow: Final = flow
        self._windows: Final = windows
        self._clock: Final = clock
        self._sender: Final = sender
        self._reasons_of: Final = reasons_of
        self.runs: Final[dict[str, Running]] = {}
        self.by_row: Final[dict[int, Running]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self, take_up: Callable[[], Awaitable[None]]) -> None:
        """Do what ``take_up`` does first, then run what is asked for, until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self.runs.clear()
                self.by_row.clear()
                await take_up()
                await asyncio.Event().wait()
        finally:
            self._group = None

    def tell(self, name: str, heard: Input) -> None:
        """Something came for a run, if it is under way."""
        running = self.runs.get(name)
        if running is not None:
            running.tell(heard)

    # Told by the flow

    def committed(self, work: Work) -> None:
        """After each commit. With nothing under way this is all it costs."""
        if not self.runs:
            return
        for notice in work.tests:
            self._noticed(notice)
        by_row = self.by_row
        for row, channel, happened, received, body in work.batch.readings:
            running = by_row.get(row)
            if running is not None:
                running.tell(said(channel, happened, received, body))

    def _noticed(self, notice: Notice) -> None:
        if isinstance(notice, Held):
            running = self.runs.get(notice.press.window.verification)
            if running is not None:
                running.tell(pressed(notice.press))
            return
        running = self.runs.get(notice.window.verification)
        if running is not None:
            running.tell(WindowOver(why=notice.why.value, alarm=notice.press is not None))

    # One run

    async def see_through(
        self, work: Coroutine[Any, Any, Verification | Refusal]
    ) -> Verification | Refusal:
        """Have it done to its end, though whoever asked may hang up meanwhile."""
        if self._group is None:
            work.close()
            return Refusal("not_ready", "the gateway is still starting, or about to stop")
        result = await asyncio.shield(self._group.create_task(_caught(work)))
        if isinstance(result, Exception):
            raise result
        return result

    async def start(self, running: Running) -> Verification | Refusal:
        """Begin the run; true once it is committed. Raises `StoreError`."""
        run = running.run
        course = running.procedure.begin(run, run.started)
        work = self._flow.work()
        refusal = self._open(running, course, work)
        if refusal is not None:
            return refusal
        running.run = course.run
        put_verification(work.batch, course.run, running.subject, fact=True)
        self._ask(running, course, work)
        self._remember(running)
        try:
            await self._commit(running, work)
        except BaseException:
            self._forget(running)
            raise
        self._send(running, course)
        self.follow(running)
        return running.run

    def follow(self, running: Running) -> None:
        """Go on with a run until it has a verdict."""
        if self._group is None:
            raise RuntimeError("verifications do not run")
        self._remember(running)
        if running.over:
            self._forget(running)
            return
        running.task = self._group.create_task(
            self._go_on(running), name=f"verification {running.run.id}"
        )

    async def _go_on(self, running: Running) -> None:
        try:
            while True:
                heard = await running.heard(self._clock.now())
                async with running.lock:
                    # People act on it, too, while this waits.
                    if not running.over:
                        await self.fold(running, heard, self._flow.work())
                    if running.over:
                        return
        except Exception:  # noqa: BLE001 - a fault in one run ends that run
            _log.exception("verification.failed", verification=running.run.id)
            await self.give_up(running, "fault")
        finally:
            self._forget(running)

    async def fold(self, running: Running, heard: Input | None, work: Work) -> bool:
        """Take in what was heard (``None`` = time); true when something came of it, and is kept."""
        run, now = running.run, self._clock.now()
        procedure = running.procedure
        if heard is None:
            step = present(run)
            if step is None or step.due is None or now < step.due:
                return False
            course = procedure.tick(run, now)
        else:
            course = procedure.take(run, heard, now)
        if course.run is run:
            return False
        if self._open(running, course, work) is not None:
            course = Course(NOT_OPENED.of(course.run, now))
        after = await self._with_cause(running.device, course.run)
        after = msgspec.structs.replace(after, version=run.version + 1)
        put_verification(work.batch, after, running.subject, fact=after.ended is not None)
        self._ask(running, course, work)
        if isinstance(heard, Confirmed | PoliceTold):
            # Somebody waits for the answer, and is told that it was not kept.
            await self._commit(running, work)
        else:
            await self.keep(work)
        running.set(after)
        self._send(running, course)
        return True

    async def _with_cause(self, device: Device | None, run: Verification) -> Verification:
        """The run with what is known of its device, if that tells why it was not verified."""
        if device is None or not wants_cause(run):
            return run
        try:
            async with asyncio.timeout(CAUSE_S):
                return with_cause(run, await self._reasons_of(device))
        except Exception as error:  # noqa: BLE001 - the verdict stands without
            _log.warning("verification.not_diagnosed", verification=run.id, error=repr(error))
            return run

    def _open(self, running: Running, course: Course, work: Work) -> Refusal | None:
        """Open the window that it asks for."""
        run, device = running.run, running.device
        for effect in course.effects:
            if isinstance(effect, OpenWindow) and device is not None:
                window = self._windows.open(
                    device,
                    actor=run.actor,
                    verification=run.id,
                    milliseconds=effect.milliseconds,
                    work=work,
                )
                if isinstance(window, Refusal):
                    return window
        return None

    async def _commit(self, running: Running, work: Work) -> None:
        """Commit it now or not at all. Raises `StoreError`."""
        try:
            await self._flow.commit(work)
        except BaseException:
            # Not kept, or not known to be: no window stays open for it.
            if running.device is not None:
                self._windows.doubt(running.device.row, Why.STORE)
            raise
        finally:
            self._flow.wake_timers()

    async def shut(self, run: Verification) -> None:
        """Close its window, and let out a press in it: by itself, whatever becomes of the run."""
        work = self._flow.work()
        self._windows.cancel(run.id, work)
        await self.keep(work)

    async def keep(self, work: Work) -> None:
        """Commit it, however often the store refuses."""
        try:
            await self._flow.commit(work)
        except StoreError as error:
            await self._flow.keep_trying(work, error)

    def _ask(self, running: Running, course: Course, work: Work) -> None:
        device = running.device
        for effect in course.effects:
            if isinstance(effect, Ask) and device is not None:
                topic = f"campus/{device.school}/{device.kind}/{device.id}/command"
                body = {"id": effect.id, "command": effect.command, "expires": effect.expires}
                work.replies.append((topic, canonical(body)))

    def _send(self, running: Running, course: Course) -> None:
        for effect in course.effects:
            if isinstance(effect, SendTest) and self._group is not None:
                self._group.create_task(
                    self._send_test(running, effect), name=f"test over {effect.link}"
                )

    async def _send_test(self, running: Running, wanted: SendTest) -> None:
        device = running.device
        try:
            async with asyncio.timeout(SEND_S):
                report = await self._sender.send_test(
                    wanted.link,
                    wanted.code,
                    actor=running.run.actor,
                    device=None if device is None else device.id,
                    paths=wanted.paths or None,
                    on_exchange=lambda exchange: running.tell(Exchanged(exchange)),
                )
        except TimeoutError:
            running.tell(Sent(error=f"no report within {SEND_S:.0f} s"))
        except Exception as error:  # noqa: BLE001 - the verdict says it; alarms go their own way
            _log.exception("verification.not_sent", link=wanted.link)
            running.tell(Sent(error=f"{type(error).__name__}: {error}"[:200]))
        else:
            running.tell(Sent(report.exchanges))

    async def give_up(self, running: Running, code: str) -> None:
        """Nothing can be said of it. Its window closes; a press in it goes out."""
        run = running.run
        await self.shut(run)
        work = self._flow.work()
        after = msgspec.structs.replace(
            ended(run, Verdict.UNKNOWN, code, work.batch.now, advice="again"),
            version=run.version + 1,
        )
        put_verification(work.batch, after, running.subject, fact=True)
        await self.keep(work)
        running.set(after)

    def _remember(self, running: Running) -> None:
        self.runs[running.run.id] = running
        if running.device is not None:
            self.by_row[running.device.row] = running

    def _forget(self, running: Running) -> None:
        self.runs.pop(running.run.id, None)
        device = running.device
        if device is not None and self.by_row.get(device.row) is running:
            del self.by_row[device.row]


async def _caught(
    work: Coroutine[Any, Any, Verification | Refusal],
) -> Verification | Refusal | Exception:
    """What it comes to; a failure is for who asked, and ends no other run."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        return error
