"""Runs verifications: one task a run, everything that counts through the one sequence of the flow.

What devices say is seen after its commit, and only of devices that are being verified. Test
windows and held presses are the pipeline's (`gateway.pipeline.windows`): what goes wrong here can
make a verdict unknown, and never keeps an alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from alerts.alert import AlertState, Refusal
from alerts.rules.pressed import CONDITION as PANIC
from audit.verification.choose import procedure_for
from audit.verification.link import LinkTest
from audit.verification.model import Verdict, Verification
from audit.verification.procedure import (
    Ask,
    Cancelled,
    Confirmed,
    Course,
    Exchanged,
    Input,
    OpenWindow,
    Procedure,
    SendTest,
    Sent,
    Subject,
    Typed,
    WindowOver,
)
from audit.verification.steps import ended, present
from devices.dialects.native import Native
from devices.kinds import KindSpec, spec_for
from devices.model import Device
from devices.police_link.link import Code, Path
from gateway.clock import Clock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.windows import LONGEST_MS, Held, HeldPress, Notice
from gateway.pipeline.work import Work
from gateway.store.encoding import canonical
from gateway.store.read.verifications import one_verification, unended
from gateway.store.store import Store, StoreError
from gateway.store.verifications import put_verification
from gateway.verification.exercises import Exercises
from gateway.verification.ports import TestSender
from gateway.verification.running import Running
from gateway.verification.translating import name_of, pressed, said, uses_link

_log: Final = structlog.get_logger(__name__)

MOST: Final = 500
"""Runs at once. More people than that do not stand before devices at the same time."""

SEND_S: Final = 45.0
"""A link has its own limits, of seconds; this is for one that never comes back."""


class Verifications:
    """All runs under way. `run` is the body of a task; everything is on the event loop."""

    def __init__(
        self,
        *,
        flow: Flow,
        judge: Judge,
        book: AlertBook,
        store: Store,
        clock: Clock,
        kinds: Mapping[str, KindSpec],
        sender: TestSender,
    ) -> None:
        self._flow: Final = flow
        self._judge: Final = judge
        self._book: Final = book
        self._store: Final = store
        self._clock: Final = clock
        self._kinds: Final = kinds
        self._sender: Final = sender
        self.exercises: Final = Exercises(flow=flow, store=store)
        self._runs: dict[str, Running] = {}
        self._by_row: dict[int, Running] = {}
        self._group: asyncio.TaskGroup | None = None
        self._beginning: Final = asyncio.Lock()

    async def run(self) -> None:
        """Take up what was under way, then run what is asked for, until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._runs.clear()
                self._by_row.clear()
                await self._take_up()
                await asyncio.Event().wait()
        finally:
            self._group = None

    # Asked for by people

    async def begin(
        self,
        school: str,
        device: str,
        *,
        actor: str,
        key: str | None = None,
        window_ms: int = LONGEST_MS,
    ) -> Verification | Refusal:
        """Begin to verify a device in the name of ``actor``; returns when that is committed.

        The same ``key`` of the same person for the same device is the same run. Raises
        `StoreError`.
        """
        return await self._see_through(self._begin(school, device, actor, key, window_ms))

    async def _begin(
        self, school: str, device: str, actor: str, key: str | None, window_ms: int
    ) -> Verification | Refusal:
        name = name_of(actor, f"{school}/{device}", key)
        async with self._beginning:
            known = await self._known(name, key)
            if known is not None:
                return known
            state = self._judge.roster.state(school, device)
            if state is None:
                return Refusal("unknown_device", f"{school}/{device} is not registered")
            refusal = self._may_begin(state.device)
            if refusal is not None:
                return refusal
            found = state.device
            subject = self._subject(found, window_ms)
            procedure = procedure_for(subject, lambda number: f"{name[:16]}-{number}")
            run = Verification(
                id=name,
                kind=procedure.kind,
                school=school,
                actor=actor,
                started=self._clock.now(),
                device=found.row,
                link=subject.links[0] if subject.links and uses_link(found) else None,
                place=found.place or "",
            )
            return await self._start(Running(run, procedure, found))

    async def begin_link(
        self,
        link: str,
        *,
        actor: str,
        code: Code = Code.MANUAL_TEST,
        paths: Sequence[Path] = (),
        key: str | None = None,
    ) -> Verification | Refusal:
        """Test a police link ``{school}/{name}`` from here: each of ``paths`` (none = as an alarm
        would go) has to acknowledge. An empty ``actor`` is the gateway itself, by its schedule.
        Raises `StoreError`.
        """
        return await self._see_through(self._begin_link(link, actor, code, paths, key))

    async def _begin_link(
        self, link: str, actor: str, code: Code, paths: Sequence[Path], key: str | None
    ) -> Verification | Refusal:
        school, _, device = link.partition("/")
        name = name_of(actor, link, key)
        async with self._beginning:
            known = await self._known(name, key)
            if known is not None:
                return known
            state = self._judge.roster.state(school, device)
            found = None if state is None else state.device
            refusal = self._may_begin(found)
            if refusal is not None:
                return refusal
            procedure = LinkTest(link, code=code, paths=paths)
            run = Verification(
                id=name,
                kind=procedure.kind,
                school=school,
                actor=actor,
                started=self._clock.now(),
                device=None if found is None else found.row,
                link=link,
                place="" if found is None else found.place or "",
            )
            return await self._start(Running(run, procedure, found))

    async def confirm(self, name: str, actor: str) -> Verification | Refusal:
        """The press that waits was the technician's own. Raises `StoreError`: then it goes out."""
        running = self._runs.get(name)
        if running is None:
            return await self._over(name, "confirm")
        # Seen through, though the phone may hang up: half a confirmation would be none.
        return await self._see_through(self._confirm(running, actor))

    async def _confirm(self, running: Running, actor: str) -> Verification | Refusal:
        async with running.lock:
            if any(step.code == "press_confirmed" for step in running.run.steps):
                return running.run  # asked once more, from a poor network
            work = self._flow.work()
            held = self._judge.windows.confirm(running.run.id, actor, work)
            if isinstance(held, Refusal):
                return held
            try:
                if not await self._fold(running, Confirmed(), work):
                    await self._flow.commit(work)
            except StoreError:
                self._judge.windows.take_back(held)
                self._flow.wake_timers()
                raise
            return running.run

    async def type_in(
        self, name: str, value: float, *, load: bool = False
    ) -> Verification | Refusal:
        """The figure that the technician read. Raises `StoreError`."""
        running = self._runs.get(name)
        if running is None:
            return await self._over(name, "reading")
        return await self._see_through(self._type_in(running, Typed(value, load)))

    async def _type_in(self, running: Running, typed: Typed) -> Verification | Refusal:
        async with running.lock:
            if running.run.waits_for != "reading":
                if any(step.step == "reading" and step.ended for step in running.run.steps):
                    return running.run
                return Refusal("not_waiting", "this verification waits for no figure now")
            await self._fold(running, typed, self._flow.work())
            return running.run

    async def cancel(self, name: str, actor: str) -> Verification | Refusal:
        """Give it up. A press that is held goes out: nobody said that it was a test."""
        running = self._runs.get(name)
        if running is None:
            return await self._over(name, "")
        return await self._see_through(self._cancel(running, actor))

    async def _cancel(self, running: Running, actor: str) -> Verification | Refusal:
        async with running.lock:
            if running.over:
                return running.run
            work = self._flow.work()
            self._judge.windows.cancel(running.run.id, work)
            if not await self._fold(running, Cancelled(actor), work):
                await self._keep(work)
            return running.run

    async def wait(self, name: str, version: int, seconds: float) -> Verification | None:
        """The run once it is newer than ``version``, or as it is after ``seconds``."""
        running = self._runs.get(name)
        if running is None:
            return await self._stored(name)
        return await running.changed(version, seconds)

    def held_presses(self) -> list[HeldPress]:
        """Presses that wait for their confirmation, for whoever watches the school."""
        return self._judge.windows.held_presses()

    # Told by the flow

    def committed(self, work: Work) -> None:
        """After each commit. With nothing under way this is all it costs."""
        if not self._runs:
            return
        for notice in work.tests:
            self._noticed(notice)
        by_row = self._by_row
        for row, channel, happened, received, body in work.batch.readings:
            running = by_row.get(row)
            if running is not None:
                running.tell(said(channel, happened, received, body))

    def _noticed(self, notice: Notice) -> None:
        if isinstance(notice, Held):
            running = self._runs.get(notice.press.window.verification)
            if running is not None:
                running.tell(pressed(notice.press))
            return
        running = self._runs.get(notice.window.verification)
        if running is not None:
            running.tell(WindowOver(why=notice.why.value, alarm=notice.press is not None))

    # One run

    async def _see_through(
        self, work: Coroutine[Any, Any, Verification | Refusal]
    ) -> Verification | Refusal:
        if self._group is None:
            work.close()
            return Refusal("not_ready", "the gateway is still starting, or about to stop")
        result = await asyncio.shield(self._group.create_task(_caught(work)))
        if isinstance(result, Exception):
            raise result
        return result

    async def _start(self, running: Running) -> Verification | Refusal:
        run = running.run
        course = running.procedure.begin(run, run.started)
        work = self._flow.work()
        for effect in course.effects:
            if isinstance(effect, OpenWindow) and running.device is not None:
                window = self._judge.windows.open(
                    running.device,
                    actor=run.actor,
                    verification=run.id,
                    milliseconds=effect.milliseconds,
                    work=work,
                )
                if isinstance(window, Refusal):
                    return window
        running.run = course.run
        put_verification(work.batch, course.run, running.subject, fact=True)
        self._ask(running, course, work)
        self._runs[run.id] = running
        if running.device is not None:
            self._by_row[running.device.row] = running
        try:
            await self._flow.commit(work)
        except BaseException:
            # Not kept, or not known to be: no window stays open for it.
            self._forget(running)
            work = self._flow.work()
            self._judge.windows.cancel(run.id, work)
            await self._keep(work)
            raise
        self._flow.wake_timers()
        self._send(running, course)
        self._follow(running)
        return running.run

    def _follow(self, running: Running) -> None:
        if self._group is None:
            raise RuntimeError("verifications do not run")
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
                        await self._fold(running, heard, self._flow.work())
                    if running.over:
                        return
        except Exception:  # noqa: BLE001 - a fault in one run ends that run
            _log.exception("verification.failed", verification=running.run.id)
            await self._give_up(running, "fault")
        finally:
            self._forget(running)

    async def _fold(self, running: Running, heard: Input | None, work: Work) -> bool:
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
        after = msgspec.structs.replace(course.run, version=run.version + 1)
        put_verification(work.batch, after, running.subject, fact=after.ended is not None)
        self._ask(running, course, work)
        if isinstance(heard, Confirmed):
            await self._flow.commit(work)
        else:
            await self._keep(work)
        running.set(after)
        self._send(running, course)
        return True

    async def _keep(self, work: Work) -> None:
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

    async def _give_up(self, running: Running, code: str) -> None:
        """Nothing can be said of it. Its window closes; a press in it goes out."""
        run = running.run
        work = self._flow.work()
        self._judge.windows.cancel(run.id, work)
        after = msgspec.structs.replace(
            ended(run, Verdict.UNKNOWN, code, work.batch.now, advice="again"),
            version=run.version + 1,
        )
        put_verification(work.batch, after, running.subject, fact=True)
        await self._keep(work)
        running.set(after)

    def _forget(self, running: Running) -> None:
        self._runs.pop(running.run.id, None)
        device = running.device
        if device is not None and self._by_row.get(device.row) is running:
            del self._by_row[device.row]

    # What there is

    async def _known(self, name: str, key: str | None) -> Verification | None:
        running = self._runs.get(name)
        if running is not None:
            return running.run
        return None if key is None else await self._stored(name)

    async def _stored(self, name: str) -> Verification | None:
        return await asyncio.to_thread(self._store.read, one_verification(name))

    async def _over(self, name: str, wanted: str) -> Verification | Refusal:
        """A run that is not under way: what was asked for has happened, or cannot any more."""
        run = await self._stored(name)
        if run is None:
            return Refusal("unknown_verification", f"there is no verification {name}")
        done = {"confirm": "press_confirmed", "reading": "reading_typed"}.get(wanted)
        if done is None or any(step.code == done for step in run.steps):
            return run
        return Refusal("not_waiting", "this verification is over")

    def _may_begin(self, device: Device | None) -> Refusal | None:
        if len(self._runs) >= MOST:
            return Refusal("too_many_verifications", f"{MOST} verifications are under way")
        if device is None:
            return None
        if device.row in self._by_row:
            return Refusal("verification_running", f"{device.school}/{device.id} is being verified")
        alarm = self._book.of(device.row, PANIC)
        if alarm is not None and alarm.state in (AlertState.UNACKNOWLEDGED, AlertState.RETURNED):
            return Refusal("alarm_stands", f"alarm {alarm.id} of this device is unacknowledged")
        return None

    def _subject(self, device: Device, window_ms: int = LONGEST_MS) -> Subject:
        spec = spec_for(self._kinds, device.kind)
        state = self._judge.roster.state(device.school, device.id)
        links = tuple(self._sender.links_of(device.school))
        if device.kind == "police-link":
            own = f"{device.school}/{device.id}"
            links = (own,) if own in links else ()
        return Subject(
            school=device.school,
            id=device.id,
            kind=device.kind,
            heartbeat=spec.expected_heartbeat_s * 1000,
            grace=spec.grace_s * 1000,
            heard=None if state is None else state.heard or None,
            online=None if state is None else state.online,
            values={} if state is None else dict(state.values),
            links=links,
            answers=device.dialect == Native.name and device.kind != "police-link",
            window=max(1000, min(window_ms, LONGEST_MS)),
        )

    # After a start

    async def _take_up(self) -> None:
        """Go on with tests whose window or press is still there; nothing is known of the rest."""
        for run in await asyncio.to_thread(self._store.read, unended):
            if run.id in self._runs:
                continue
            device = None if run.device is None else self._judge.roster.device(run.device)
            running = Running(run, self._procedure(run, device), device)
            if self._stands(run) and device is not None:
                self._runs[run.id] = running
                self._by_row[device.row] = running
                self._follow(running)
            else:
                await self._give_up(running, "interrupted")

    def _procedure(self, run: Verification, device: Device | None) -> Procedure:
        if device is None or run.kind == LinkTest.kind:
            return LinkTest(run.link or "")
        return procedure_for(self._subject(device), lambda number: f"{run.id[:16]}-{number}")

    def _stands(self, run: Verification) -> bool:
        """Whether its window or its press is; what came of it meanwhile is told again."""
        windows = self._judge.windows
        if any(one.verification == run.id for one in windows.open_windows()):
            return True
        for held in windows.held_presses():
            if held.window.verification == run.id:
                step = present(run)
                if step is not None and step.step == "press":
                    # Killed between the press and the row of the run.
                    asyncio.get_running_loop().call_soon(self._tell, run.id, pressed(held))
                return True
        return False

    def _tell(self, name: str, heard: Input) -> None:
        running = self._runs.get(name)
        if running is not None:
            running.tell(heard)


async def _caught(
    work: Coroutine[Any, Any, Verification | Refusal],
) -> Verification | Refusal | Exception:
    """What it comes to; a failure is for who asked, and ends no other run."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - raised again where it was asked for
        return error
