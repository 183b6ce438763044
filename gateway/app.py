"""The composition root: what runs, with what. Read this file to know the running gateway.

`serve` puts the rooms together, starts them, tells when they are ready, and stops them in order:
first nothing more is taken from the broker, then what was taken is committed, then the store and
the broker close.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import structlog

from alerts.flood import FloodLimits
from alerts.rules.gateway_health import HealthLimits
from devices.dialects import bind as bind_dialects
from devices.dialects.dialect import BoundDialect, Dialect
from devices.dialects.native import Native
from devices.model import School
from gateway.broker.connection import OwnBroker, Way, way_by_url
from gateway.clock import Clock, SystemClock
from gateway.history.retention import Policy
from gateway.ingest.connecting import filters_of, lessons_of, make_source
from gateway.ingest.session import Recovery
from gateway.ingest.source import Source
from gateway.judging import make_judging
from gateway.kinds import load_kinds
from gateway.listening import listen, url_of
from gateway.looking import follow_register, look_at_room, read_names
from gateway.metrics import Metrics
from gateway.parts import Parts
from gateway.pipeline.device_days import DeviceDays
from gateway.pipeline.floods import Floods
from gateway.pipeline.flow import Flow, Pace
from gateway.pipeline.live import Live, older_events
from gateway.pipeline.watch import Watch
from gateway.pipeline.windows import Windows
from gateway.pipeline.work import Work
from gateway.police.service import Police
from gateway.policies.loading import load_policies
from gateway.responses import load_responses
from gateway.settings import Settings
from gateway.store.open import open_store
from gateway.store.store import Store
from gateway.words import Words

if TYPE_CHECKING:
    from gateway.pipeline.control import Control
    from gateway.recordings.desk import RecordingsDesk

_log: Final = structlog.get_logger(__name__)
SESSIONS: Final = (("events", True), ("telemetry", False))
"""The two sessions to the broker, with whether they carry events. Alarms never wait behind
telemetry: they have their own window and their own commits."""

LATE: Final = (
    "gateway.store.engines",
    "gateway.history.keeping",
    "gateway.pipeline.control",
    "gateway.pipeline.refill",
    "gateway.people",
    "gateway.camera_pictures.keeping",
    "gateway.pictures.keeping",
    "gateway.verification.service",
    "gateway.work_orders.service",
    "gateway.duty.service",
    "gateway.push.service",
    "gateway.auditing",
)
"""Imported once messages are taken in: what neither readings nor alarms need to be kept."""

HEAD_START_S: Final = 0.3
"""How long the first messages are waited for: long enough to connect and to commit them."""

POLICE_START_S: Final = 5.0
"""How long the links to the police are waited for before anything else is loaded."""


class Running(msgspec.Struct, frozen=True):
    """What whoever started it needs to know once it runs."""

    url: str
    store: Store
    control: Control


class Demo(Protocol):
    """The simulated campus beside the gateway."""

    async def run(self) -> None:
        """Keep it running until cancelled."""
        ...

    @property
    def buttons(self) -> Collection[tuple[str, str]]:
        """School and id of every alarm button that can be pressed."""
        ...

    async def press(self, school: str, device: str) -> bool:
        """Press a simulated alarm button; false when there is no such button."""
        ...


async def serve(  # noqa: PLR0915 - one list of what runs with what, in the order it is made
    settings: Settings,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[Running], Awaitable[None]],
    make_demo: Callable[[OwnBroker, Way], Demo] | None = None,
    clock: Clock | None = None,
) -> None:
    """Run the gateway until ``stop`` is set.

    ``on_ready`` is awaited once everything listens. ``make_demo`` gives the simulated campus, when
    this is a demonstration. Raises what keeps it from starting: `StoreError`, `BrokerError`,
    `ConfigurationError`, `OSError` (the port is taken).
    """
    clock = clock or SystemClock()
    kinds = load_kinds(settings.kinds)
    plans = load_responses(settings.response.plans)  # a mistake is said before anything starts
    load_policies(settings.policies, kinds)  # as well; the coverage takes them up when it begins
    words = Words.load()
    metrics = Metrics()
    dialects = bind_dialects(
        (one.dialect, one.school, one.topic, one.offset_minutes) for one in settings.dialects
    )
    everyone: list[Dialect] = [Native(), *dialects]

    # Bound first: a taken port is found before anything is changed on the disk.
    listening = listen(settings)
    async with contextlib.AsyncExitStack() as closing:
        closing.callback(listening.close)
        store = open_store(settings.database, reserve_bytes=settings.store.reserve_mb << 20)
        closing.callback(store.close)
        # Nothing that is loaded is garbage: the collector would look through it again and again.
        gc.disable()
        closing.callback(gc.enable)

        snapshot = store.load()
        judging = make_judging(settings, store, snapshot, kinds, words, everyone, clock)
        judge, book, names = judging.judge, judging.book, judging.names
        snapshot.devices, snapshot.states = [], {}  # the roster's now, to let go of as it sees fit

        # The broker, and the two sessions to it.
        own, way = await _reach_broker(settings, dialects, snapshot.schools, closing)
        sources: list[tuple[Source, bool]] = []
        recovery = Recovery()
        for session, events in SESSIONS:
            source = make_source(
                session,
                way=way,
                broker=settings.broker,
                filters=filters_of(everyone, events=events),
                clock=clock,
                rest_s=0.0 if events else settings.ingest.linger_ms / 1000,
                recovery=recovery,
                again=lessons_of(everyone),
            )
            source.recall(snapshot.acknowledging.get(session, []))
            sources.append((source, events))

        # The flow, and what follows a commit.
        live = Live(older=older_events(store))
        live.start(snapshot.last_transition)
        notify: list[Callable[[Iterable[str]], None]] = []
        follow: list[Callable[[Work], None]] = []
        taken_in = asyncio.Event()
        flow = Flow(
            sources=sources,
            judge=judge,
            store=store,
            live=live,
            clock=clock,
            pace=Pace(most=settings.ingest.max_batch),
            metrics=metrics,
            after_commit=_after_commit(taken_in, notify, judge.windows, follow),
        )
        police = Police(
            settings.police_links,
            flow=flow,
            judge=judge,
            book=book,
            store=store,
            clock=clock,
            waiting=snapshot.for_police,
            saved=snapshot.link_watches,
        )
        closing.push_async_callback(police.aclose)
        follow.insert(0, police.committed)  # an alarm is on its way before anybody is told
        watch = Watch(
            sources=[source for source, _ in sources],
            flow=flow,
            judge=judge,
            book=book,
            rejects=judging.rejects,
            store=store,
            clock=clock,
            limits=_health_limits(settings),
            metrics=metrics,
        )
        flow.add(watch, before_rules=True)  # who is not listened to is not silent
        flow.add(judging.deadlines, judging.upkeep, judge.windows, judging.discoveries)
        flow.add(judging.causes, judging.fire_rooms, judge.asking)

        # Nor will it become any.
        gc.freeze()
        gc.enable()
        gc.set_threshold(50_000, 20, 50)

        async with asyncio.TaskGroup() as tasks:
            running: list[asyncio.Task[None]] = []

            def start(name: str, work: Coroutine[Any, Any, Any]) -> None:
                running.append(tasks.create_task(work, name=name))

            # Alarms first: from here on messages are taken in, judged and committed.
            if own is not None:
                start("broker", own.watch())
            start("flow", flow.run())
            for source, _ in sources:
                start(f"source {source.session}", source.run())
            # None of these ends the gateway, nor the others, by a fault of its own.
            parts = Parts(clock)

            def keep(name: str, begin: Callable[[], Coroutine[Any, Any, Any]]) -> None:
                start(name, parts.keep(name, begin))

            police.begin_forwarding(keep)

            # Then people, the past and machines outside. Loading what they need (SQLAlchemy, the
            # web framework) takes seconds, in which messages are taken in all the same, only more
            # slowly: what waited at the broker goes first.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(taken_in.wait(), HEAD_START_S)
            # The same for what links to the police are made of: it competes with nothing else.
            await police.ready(POLICE_START_S)
            for name in LATE:
                await asyncio.to_thread(import_module, name)
            from gateway.auditing import begin_audit  # noqa: PLC0415
            from gateway.camera_pictures.keeping import keep_camera_pictures  # noqa: PLC0415
            from gateway.camera_pictures.vault import Vault  # noqa: PLC0415
            from gateway.cameras.relearning import Relearning  # noqa: PLC0415
            from gateway.comparing import Comparing  # noqa: PLC0415
            from gateway.diagnosing import reasons_of  # noqa: PLC0415
            from gateway.duty.service import make_duty  # noqa: PLC0415
            from gateway.gate_video.desk import NO_GATE_VIDEO  # noqa: PLC0415
            from gateway.history.beginning import begin_history  # noqa: PLC0415
            from gateway.history.keeping import keep_history  # noqa: PLC0415
            from gateway.maintenance.service import Maintenances  # noqa: PLC0415
            from gateway.overview.survey import make_survey  # noqa: PLC0415
            from gateway.people import make_outbox, make_page  # noqa: PLC0415
            from gateway.pictures.keeping import keep_pictures  # noqa: PLC0415
            from gateway.pipeline.control import Control  # noqa: PLC0415
            from gateway.pipeline.refill import refill_windows  # noqa: PLC0415
            from gateway.push.service import make_pushes  # noqa: PLC0415
            from gateway.recordings.beginning import begin_recordings  # noqa: PLC0415
            from gateway.recordings.desk import NoRecordings  # noqa: PLC0415
            from gateway.verification.service import Verifications  # noqa: PLC0415
            from gateway.verification.stopping import let_out  # noqa: PLC0415
            from gateway.work_orders.service import make_work_orders  # noqa: PLC0415

            await asyncio.to_thread(read_names, store, names)
            control = Control(
                flow=flow,
                judge=judge,
                book=book,
                live=live,
                store=store,
                clock=clock,
                kinds=kinds,
                school_parameters=snapshot.school_parameters,
                check_parameters=judging.binder.mistakes,
                feed=watch.feed,
                upkeep=judging.upkeep,
                cut_off=judging.causes.cut_off,
            )
            held, history = await begin_history(
                settings.history,
                store=store,
                clock=clock,
                metrics=metrics,
                watch=watch,
                keep=keep,
                closing=closing,
            )
            outbox = make_outbox(
                store=store,
                settings=settings,
                way=way,
                clock=clock,
                metrics=metrics,
                words=words,
                elsewhere=police.receivers,
            )
            closing.push_async_callback(outbox.aclose)
            pushes = make_pushes(
                store=store,
                outbox=outbox,
                settings=settings,
                words=words,
                clock=clock,
                book=judging.browsers,
            )
            closing.push_async_callback(pushes.aclose)
            notify.append(outbox.notify)
            watch.add(outbox.finding, parts.finding)
            keep("outbox", outbox.run)
            keep("push", pushes.run)
            demo = None if make_demo is None or own is None else make_demo(own, way)
            if demo is not None:
                keep("demo", demo.run)
            policy = _policy(settings)
            keep("history", lambda: keep_history(store, held, clock, stop, policy=policy))
            keep("register", lambda: follow_register(store, control, names, own))
            keep("room", lambda: look_at_room(watch))
            days = DeviceDays(judge.roster, store, clock)
            keep("device days", days.run)
            keep("windows", lambda: refill_windows(judge.roster, history, clock))
            comparing = Comparing(flow=flow, judge=judge, store=store, names=names, clock=clock)
            keep("comparing", comparing.run)
            work_orders = make_work_orders(
                store=store, clock=clock, settings=settings, device_of=control.device
            )
            keep("work orders", work_orders.run)
            keep("pictures", lambda: keep_pictures(store, clock))
            seen = settings.database.parent
            keep("camera pictures", lambda: keep_camera_pictures(seen, clock))
            relearning = Relearning(
                store=store,
                clock=clock,
                vault=Vault(seen),
                notify=outbox.notify,
                registered=lambda *key: control.live(*key) is not None,
            )
            relearning.load(snapshot.deadlines)
            keep("relearning", relearning.run)
            verifications = Verifications(
                flow=flow,
                judge=judge,
                book=book,
                store=store,
                clock=clock,
                kinds=kinds,
                sender=police,
                reasons_of=reasons_of(control, clock, store),
            )
            floods = await asyncio.to_thread(_floods, settings, store, clock)
            follow += [verifications.committed, work_orders.committed, floods.committed]
            follow.append(judging.causes.committed)
            follow.append(relearning.committed)
            keep("verifications", verifications.run)
            recordings: RecordingsDesk = NoRecordings()
            gate_video = NO_GATE_VIDEO
            if settings.recorders:
                recordings, gate_video = await begin_recordings(
                    settings,
                    closing=closing,
                    keep=keep,
                    flow=flow,
                    judge=judge,
                    book=book,
                    store=store,
                    clock=clock,
                    names=lambda: names.book,
                    registering=control,
                    discoveries=judging.discoveries,
                    rejects=judging.rejects,
                    metrics=metrics,
                )
            audit = await begin_audit(
                settings=settings, store=store, clock=clock, words=words, outbox=outbox, keep=keep
            )
            follow.append(audit.committed)
            police.begin_watching(keep)
            police.begin_testing(
                keep,
                tester=verifications,
                registering=control,
                has_school=lambda school: school in names.book.schools,
            )
            # In a thread: it is long enough for an alarm's acknowledgement to come too late.
            page = await asyncio.to_thread(
                make_page,
                desk=control,
                store=store,
                history=history,
                kinds=kinds,
                words=words,
                names=names,
                settings=settings,
                clock=clock,
                demo=demo,
                metrics=metrics,
                work_orders=work_orders,
                duty=make_duty(store=store, clock=clock, settings=settings, rota=judging.rota),
                verifications=verifications,
                maintenances=Maintenances(flow=flow, upkeep=judging.upkeep, clock=clock),
                survey=make_survey(judge.roster, book, judging.causes, clock),
                police=police,
                plans=plans,
                causes=judging.causes,
                floods=floods,
                outbox=outbox,
                pushes=pushes,
                recordings=recordings,
                gate_video=gate_video,
                relearning=relearning,
                audit=audit,
                listening=listening,
            )
            serving = tasks.create_task(page.run(), name="page")
            await page.ready()
            await on_ready(Running(url_of(settings, listening), store, control))
            await stop.wait()

            _log.info("stopping")
            await let_out(flow, judge.windows, store)
            page.stop()
            await serving
            await flow.drain()
            await days.finish()
            for task in running:
                task.cancel()
    _log.info("stopped")


async def _reach_broker(
    settings: Settings,
    dialects: list[BoundDialect],
    schools: list[School],
    closing: contextlib.AsyncExitStack,
) -> tuple[OwnBroker | None, Way]:
    embedded = settings.embedded_broker
    if embedded is None:
        return None, way_by_url(settings.broker)
    own = OwnBroker(embedded, settings.directory / "broker", dialects)
    way = await own.start([school.id for school in schools])
    closing.push_async_callback(own.stop)
    return own, way


def _floods(settings: Settings, store: Store, clock: Clock) -> Floods:
    from gateway.store.read.causes import activations_since  # noqa: PLC0415 - see `LATE`

    limits = FloodLimits(
        more_than=settings.floods.more_than,
        fewer_than=settings.floods.fewer_than,
        within=settings.floods.minutes * 60_000,
    )
    floods = Floods(limits, clock)
    floods.load(store.read(activations_since(clock.now() - 6 * limits.within)))
    return floods


def _after_commit(
    taken_in: asyncio.Event,
    notify: list[Callable[[Iterable[str]], None]],
    windows: Windows,
    follow: list[Callable[[Work], None]],
) -> Callable[[Work], None]:
    """``notify`` is told for whom there is something, ``follow`` of all that is kept."""

    def committed(work: Work) -> None:
        if work.deliveries:
            taken_in.set()
        if work.tests:
            windows.committed(work)
        for one in follow:
            one(work)
        if work.batch.outbox:
            receivers = {entry.receiver for entry in work.batch.outbox}
            for each in notify:
                each(receivers)

    return committed


def _policy(settings: Settings) -> Policy:
    keep = settings.store.keep
    return Policy(raw_days=keep.raw_days, minute_days=keep.minutes_days, hour_days=keep.hours_days)


def _health_limits(settings: Settings) -> HealthLimits:
    ingest = settings.ingest
    return HealthLimits(
        stalled_after_s=ingest.stalled_after_s,
        slow_commit_ms=ingest.slow_commit_ms,
        clock_jump_ms=ingest.clock_error_s * 1000,
        rejects_per_minute=ingest.rejects_per_minute,
    )
