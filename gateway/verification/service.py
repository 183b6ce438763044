"""Verifications: what people ask for, and what becomes of runs that a restart cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from alerts.alert import AlertState, Refusal
from alerts.rules.pressed import CONDITION as PANIC
from audit.verification.attested import STEP as ATTEST
from audit.verification.choose import has_test, procedure_for
from audit.verification.link import LinkTest
from audit.verification.load_test import LoadTest, repeats
from audit.verification.model import Step, Verification
from audit.verification.notice import GIVEN
from audit.verification.notice import STEP as NOTICE
from audit.verification.procedure import (
    Cancelled,
    Confirmed,
    Limits,
    LinkNotice,
    LoadTold,
    PoliceTold,
    Procedure,
    Subject,
    Typed,
)
from audit.verification.steps import present
from devices.dialects.native import Native
from devices.kinds import KindSpec, spec_for
from devices.model import Device
from devices.police_link.link import Code, Path
from gateway.clock import Clock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.flow import Flow
from gateway.pipeline.judge import Judge
from gateway.pipeline.windows import LONGEST_MS, HeldPress
from gateway.pipeline.work import Work
from gateway.store.read.verifications import last_notice, one_verification, unended
from gateway.store.store import Store
from gateway.store.verifications import put_notice
from gateway.verification.engine import Engine
from gateway.verification.exercises import Exercises
from gateway.verification.limits import limits_of
from gateway.verification.ports import ReasonsOf, TestSender, no_reasons
from gateway.verification.running import Running
from gateway.verification.translating import link_of, name_of, pressed

_log: Final = structlog.get_logger(__name__)

MOST: Final = 500
"""Runs at once. More people than that do not stand before devices at the same time."""

_DONE: Final = {
    "notice": frozenset({GIVEN}),
    "confirm": frozenset({"press_confirmed", "attest_confirmed"}),
    "reading": frozenset({"reading_typed"}),
    "load": frozenset({"load_baseline"}),
}
"""By what people are asked for: the codes of the steps in which they have given it."""


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
        reasons_of: ReasonsOf = no_reasons,
    ) -> None:
        """``reasons_of`` tells why a device that was not verified is red."""
        self._flow: Final = flow
        self._judge: Final = judge
        self._book: Final = book
        self._store: Final = store
        self._clock: Final = clock
        self._kinds: Final = kinds
        self._sender: Final = sender
        self.exercises: Final = Exercises(flow=flow, store=store)
        self._engine: Final = Engine(
            flow=flow,
            windows=judge.windows,
            clock=clock,
            sender=sender,
            reasons_of=reasons_of,
        )
        self._beginning: Final = asyncio.Lock()

    async def run(self) -> None:
        """Take up what was under way, then run what is asked for, until cancelled."""
        await self._engine.run(self._take_up)

    def committed(self, work: Work) -> None:
        """After each commit: devices that are being verified are heard here."""
        self._engine.committed(work)

    # Asked for by people

    async def begin(
        self,
        school: str,
        device: str,
        *,
        actor: str,
        key: str | None = None,
        window_ms: int = LONGEST_MS,
        test: str = "",
    ) -> Verification | Refusal:
        """Begin to verify a device in the name of ``actor``; returns when that is committed.

        ``test`` is the kind of a test other than the usual one of its kind. The same ``key`` of the
        same person for the same device is the same run. Raises `StoreError`.
        """
        return await self._engine.see_through(
            self._begin(school, device, actor, key, window_ms, test)
        )

    async def _begin(
        self, school: str, device: str, actor: str, key: str | None, window_ms: int, test: str
    ) -> Verification | Refusal:
        name = name_of(actor, f"{school}/{device}", key)
        async with self._beginning:
            known = await self._known(name, key)
            if known is not None:
                return known
            notices = await self._notices(self._sender.links_of(school))
            state = self._judge.roster.state(school, device)
            if state is None:
                return Refusal("unknown_device", f"{school}/{device} is not registered")
            found = state.device
            if not has_test(found.kind, test):
                return Refusal("no_such_test", f"there is no {test} of a {found.kind}")
            subject = self._subject(found, window_ms, notices, test)
            procedure = procedure_for(subject, lambda number: f"{name[:16]}-{number}")
            link = link_of(found, subject)
            return await self._start(name, actor, school, link, procedure, found)

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
        return await self._engine.see_through(self._begin_link(link, actor, code, paths, key))

    async def _begin_link(
        self, link: str, actor: str, code: Code, paths: Sequence[Path], key: str | None
    ) -> Verification | Refusal:
        school, _, device = link.partition("/")
        name = name_of(actor, link, key)
        async with self._beginning:
            known = await self._known(name, key)
            if known is not None:
                return known
            # What the schedule tests has been announced.
            notices = await self._notices([link]) if actor else ()
            state = self._judge.roster.state(school, device)
            found = None if state is None else state.device
            procedure = LinkTest(link, code=code, paths=paths, notices=notices)
            return await self._start(name, actor, school, link, procedure, found)

    async def _start(
        self,
        name: str,
        actor: str,
        school: str,
        link: str | None,
        procedure: Procedure,
        device: Device | None,
    ) -> Verification | Refusal:
        refusal = self._may_begin(device)
        if refusal is not None:
            return refusal
        run = Verification(
            id=name,
            kind=procedure.kind,
            school=school,
            actor=actor,
            started=self._clock.now(),
            device=None if device is None else device.row,
            link=link,
            place="" if device is None else device.place or "",
        )
        return await self._engine.start(Running(run, procedure, device))

    async def tell_police(
        self, name: str, actor: str, *, link: str, told: str
    ) -> Verification | Refusal:
        """``actor`` says that the police behind ``link`` were told beforehand: whom, and how.

        Raises `StoreError`: then it has not been said.
        """
        notice = PoliceTold(link, actor, told)
        return await self._asked(name, "notice", lambda it: self._tell_police(it, notice))

    async def _tell_police(self, running: Running, told: PoliceTold) -> Verification | Refusal:
        run = running.run
        if any(_gives(step, told.link) and step.code == GIVEN for step in run.steps):
            return run
        step = present(run)
        if step is None or not _gives(step, told.link):
            return Refusal("not_waiting", f"nobody waits for a notice over {told.link} now")
        if told.actor != run.actor:
            return Refusal("not_yours", f"{run.actor} began this, and tells the police")
        refusal = None if running.device is None else self._alarm_stands(running.device)
        if refusal is not None:
            return refusal  # it came after the run was begun: no window opens over it
        work = self._flow.work()
        put_notice(work.batch, run.id, told)
        await self._engine.fold(running, told, work)
        return running.run

    async def confirm(self, name: str, actor: str) -> Verification | Refusal:
        """The press that waits was the technician's own. Raises `StoreError`: then it goes out."""
        return await self._asked(name, "confirm", lambda it: self._confirm(it, actor))

    async def _confirm(self, running: Running, actor: str) -> Verification | Refusal:
        if any(step.code in _DONE["confirm"] for step in running.run.steps):
            return running.run  # asked once more, from a poor network
        step = present(running.run)
        if step is not None and step.step == ATTEST:
            return await self._attest(running, actor)
        if step is None or step.step != "confirm":
            return Refusal("not_waiting", "no press waits for this confirmation")
        work = self._flow.work()
        held = self._judge.windows.confirm(running.run.id, actor, work)
        if isinstance(held, Refusal):
            return held
        try:
            if not await self._engine.fold(running, Confirmed(), work):
                await self._flow.commit(work)
        except BaseException:
            # The store's refusal or a fault of ours: nobody knows that it is kept.
            self._judge.windows.take_back(held)
            self._flow.wake_timers()
            raise
        return running.run

    async def _attest(self, running: Running, actor: str) -> Verification | Refusal:
        if actor != running.run.actor:
            return Refusal("not_yours", f"{running.run.actor} began this, and attests it")
        await self._engine.fold(running, Confirmed(), self._flow.work())
        return running.run

    async def type_in(
        self, name: str, value: float, *, load: bool = False
    ) -> Verification | Refusal:
        """The figure that the technician read. Raises `StoreError`."""
        typed = Typed(value, load)
        return await self._asked(name, "reading", lambda it: self._type_in(it, typed))

    async def _type_in(self, running: Running, typed: Typed) -> Verification | Refusal:
        if running.run.waits_for != "reading":
            if any(step.step == "reading" and step.ended for step in running.run.steps):
                return running.run
            return Refusal("not_waiting", "this verification waits for no figure now")
        await self._engine.fold(running, typed, self._flow.work())
        return running.run

    async def tell_load(self, name: str, told: LoadTold) -> Verification | Refusal:
        """What the technician says in a full-load test. Raises `StoreError`."""
        return await self._asked(name, "load", lambda it: self._tell_load(it, told))

    async def _tell_load(self, running: Running, told: LoadTold) -> Verification | Refusal:
        wanted = "switch_on" if told.on else "load"
        if running.run.waits_for != wanted:
            if running.run.kind == LoadTest.kind and repeats(running.run, told):
                return running.run
            return Refusal("not_waiting", "this verification does not wait for that now")
        await self._engine.fold(running, told, self._flow.work())
        return running.run

    async def cancel(self, name: str, actor: str) -> Verification | Refusal:
        """Give it up. A press that is held goes out: nobody said that it was a test."""
        return await self._asked(name, "", lambda it: self._cancel(it, actor))

    async def _cancel(self, running: Running, actor: str) -> Verification | Refusal:
        if not running.over:
            await self._engine.shut(running.run)
            await self._engine.fold(running, Cancelled(actor), self._flow.work())
        return running.run

    async def _asked(
        self,
        name: str,
        wanted: str,
        act: Callable[[Running], Coroutine[Any, Any, Verification | Refusal]],
    ) -> Verification | Refusal:
        """Do it to the run, one act after the other; of one that is over, what became of it.

        Seen through, though the phone may hang up: half a confirmation would be none.
        """
        running = self._engine.runs.get(name)
        if running is None:
            return await self._over(name, wanted)

        async def in_turn() -> Verification | Refusal:
            async with running.lock:
                return await act(running)

        return await self._engine.see_through(in_turn())

    async def wait(self, name: str, version: int, seconds: float) -> Verification | None:
        """The run once it is newer than ``version``, or as it is after ``seconds``."""
        running = self._engine.runs.get(name)
        if running is None:
            return await self._stored(name)
        return await running.changed(version, seconds)

    def held_presses(self) -> list[HeldPress]:
        """Presses that wait for their confirmation, for whoever watches the school."""
        return self._judge.windows.held_presses()

    # What there is

    async def _known(self, name: str, key: str | None) -> Verification | None:
        running = self._engine.runs.get(name)
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
        done = _DONE.get(wanted)
        if done is None or any(step.code in done for step in run.steps):
            return run
        return Refusal("not_waiting", "this verification is over")

    def _may_begin(self, device: Device | None) -> Refusal | None:
        if len(self._engine.runs) >= MOST:
            return Refusal("too_many_verifications", f"{MOST} verifications are under way")
        if device is None:
            return None
        if device.row in self._engine.by_row:
            return Refusal("verification_running", f"{device.school}/{device.id} is being verified")
        return self._alarm_stands(device)

    def _alarm_stands(self, device: Device) -> Refusal | None:
        alarm = self._book.of(device.row, PANIC)
        if alarm is not None and alarm.state in (AlertState.UNACKNOWLEDGED, AlertState.RETURNED):
            return Refusal("alarm_stands", f"alarm {alarm.id} of this device is unacknowledged")
        return None

    async def _notices(self, links: Sequence[str]) -> tuple[LinkNotice, ...]:
        """Over which of these links the police want to be told, and when they last were."""
        found = []
        for link in links:
            notice = self._sender.notice_of(link)
            if notice is not None:
                given = await asyncio.to_thread(self._store.read, last_notice(link))
                found.append(msgspec.structs.replace(notice, given=given))
        return tuple(found)

    def _subject(
        self,
        device: Device,
        window_ms: int = LONGEST_MS,
        notices: tuple[LinkNotice, ...] = (),
        test: str = "",
    ) -> Subject:
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
            notices=tuple(one for one in notices if one.link in links),
            answers=device.dialect == Native.name and device.kind != "police-link",
            window=max(1000, min(window_ms, LONGEST_MS)),
            test=test,
            limits=Limits() if state is None else limits_of(state.rules),
        )

    # After a start

    async def _take_up(self) -> None:
        """Go on with tests whose window or press is still there; nothing is known of the rest."""
        for run in await asyncio.to_thread(self._store.read, unended):
            if run.id in self._engine.runs:
                continue
            device = None if run.device is None else self._judge.roster.device(run.device)
            running = Running(run, self._procedure(run, device), device)
            if self._stands(run) and device is not None:
                self._engine.follow(running)
            else:
                await self._engine.give_up(running, "interrupted")

    def _procedure(self, run: Verification, device: Device | None) -> Procedure:
        if device is None or run.kind == LinkTest.kind:
            return LinkTest(run.link or "")
        test = run.kind if has_test(device.kind, run.kind) else ""
        return procedure_for(
            self._subject(device, test=test), lambda number: f"{run.id[:16]}-{number}"
        )

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
                    asyncio.get_running_loop().call_soon(self._engine.tell, run.id, pressed(held))
                return True
        return False


def _gives(step: Step, link: str) -> bool:
    """Whether the step is the notice over that link."""
    return step.step == NOTICE and step.inputs.get("link") == link
