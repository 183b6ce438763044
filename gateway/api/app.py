"""The HTTP application: the entrance, the routes, the live stream's hub, the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.gzip import GZipMiddleware

from alerts.lifecycle import Limits
from gateway.api.broadcast import Hub
from gateway.api.counting import Counting
from gateway.api.document import TITLE, add_routes, document, program_version
from gateway.api.doorkeeper import Doorkeeper
from gateway.api.entrance import Entrance
from gateway.api.guard import Reader
from gateway.api.kinds import KindTable
from gateway.api.overview import Overviews
from gateway.api.page import BuiltPage
from gateway.api.police import LinkPresenter
from gateway.api.present import Presenter
from gateway.api.present_cameras import CameraPresenter
from gateway.api.present_causes import InCommon
from gateway.api.present_gate_video import GateVideoPresenter
from gateway.api.present_performance import PerformancePresenter
from gateway.api.present_recordings import RecordingPresenter
from gateway.api.present_response import Responses
from gateway.api.present_verifications import held_out
from gateway.api.problems import Problem, answer_problems, not_found
from gateway.api.reading import Readers
from gateway.api.register import Register
from gateway.api.services import Demo, Services, committed
from gateway.auditing import Audit, make_audit
from gateway.camera_pictures.vault import Vault
from gateway.camera_pictures.views import WallViews
from gateway.cameras.relearning import Relearning
from gateway.duty.rota import Rota
from gateway.duty.service import Duty, make_duty
from gateway.gate_video.desk import NO_GATE_VIDEO, GateVideo
from gateway.kinds import rule_models
from gateway.metrics import Metrics
from gateway.names import RegisterNames
from gateway.notification.acknowledging import Acknowledging
from gateway.notification.desk import NotificationDesk
from gateway.notification.link_key import link_key
from gateway.outbox import Outbox
from gateway.police.desk import LinksDesk, NoPolice
from gateway.push.service import Pushes, make_pushes
from gateway.recordings.desk import NoRecordings, RecordingsDesk
from gateway.replay.desk import Replays
from gateway.store.read.alerts import last_transition
from gateway.store.store import StoreError
from gateway.verification.service import Verifications
from gateway.work_orders.service import WorkOrders, make_work_orders

if TYPE_CHECKING:
    from alerts.response_plan import ResponsePlans
    from devices.kinds import KindSpec
    from gateway.clock import Clock
    from gateway.desk import Desk
    from gateway.maintenance.service import Maintenances
    from gateway.overview.survey import Survey
    from gateway.pipeline.causes import Causes
    from gateway.pipeline.floods import Floods
    from gateway.settings import Settings
    from gateway.store.batch import Batch
    from gateway.store.store import History, Store
    from gateway.words import Words

log = structlog.get_logger(__name__)

REFRESH_SECONDS: Final = 2.0
"""How often the register is looked at: an import shows on the page within this."""

PAGE_FOLDER: Final = Path(__file__).resolve().parent.parent / "web" / "dist"

COMPRESSED_FROM: Final = 8 * 1024
"""Bytes. The overview of a thousand schools, which screens ask for every few seconds, is a
twentieth of itself then. No answer with a secret in it (a new token) is nearly so long."""

COMPRESSION: Final = 3  # half a megabyte in 2 ms, off the loop; 9 takes four times as long


def create_api(
    *,
    desk: Desk,
    store: Store,
    history: History,
    kinds: Mapping[str, KindSpec],
    words: Words,
    maintenances: Maintenances,
    survey: Survey,
    settings: Settings,
    clock: Clock,
    demo: Demo | None = None,
    names: RegisterNames | None = None,
    metrics: Metrics | None = None,
    work_orders: WorkOrders | None = None,
    duty: Duty | None = None,
    verifications: Verifications | None = None,
    police: LinksDesk | None = None,
    outbox: Outbox | None = None,
    pushes: Pushes | None = None,
    plans: ResponsePlans | None = None,
    causes: Causes | None = None,
    floods: Floods | None = None,
    recordings: RecordingsDesk | None = None,
    gate_video: GateVideo = NO_GATE_VIDEO,
    relearning: Relearning | None = None,
    audit: Audit | None = None,
    page: Path = PAGE_FOLDER,
) -> FastAPI:
    """The application, to be served in the loop in which the desk runs.

    Its lifespan reads the register and runs the stream's hub. Before the server is stopped, call
    `close_streams`: it waits for open connections, and streams end only when told.
    """
    metrics = metrics or Metrics()
    readers = Readers(store)
    # the register and the stream do not wait behind the curves that people ask for
    own_readers = Readers(store, threads=2, waiting=100)
    register = Register(own_readers.read, names or RegisterNames(store))
    table = KindTable(kinds, rule_models())
    police = police or NoPolice()
    responses = Responses(settings.response, plans)
    in_common = InCommon(
        causes=causes, floods=floods, register=register, words=words, device_of=desk.device
    )
    presenter = Presenter(
        register=register,
        kinds=table,
        words=words,
        live=desk.live,
        connection=desk.connection,
        device_of=desk.device,
        read=readers.read,
        now=clock.now,
        links=police.links,
        maintenances=maintenances,
        responses=responses,
        in_common=in_common,
    )

    vault = Vault(settings.database.parent)

    async def commit(batch: Batch) -> None:
        await committed(store.commit(batch))

    doorkeeper = Doorkeeper(
        read=readers.read,
        commit=commit,
        register=register,
        clock=clock,
        web=settings.web,
        metrics=metrics,
    )
    hub = Hub(
        desk=desk,
        presenter=presenter,
        last_row=lambda: own_readers.read(last_transition),
        still=doorkeeper.still,
        streams=settings.web.limits.streams,
        metrics=metrics,
        links=police.counts,
        maintenances=maintenances.under_way,
        floods=in_common.floods,
        held=lambda: (
            []
            if verifications is None
            else [held_out(register, one) for one in verifications.held_presses()]
        ),
    )
    doorkeeper.ended = hub.end
    outbox = outbox or Outbox(store, {}, clock)
    pushes = pushes or make_pushes(
        store=store, outbox=outbox, settings=settings, words=words, clock=clock
    )
    services = Services(
        desk=desk,
        store=store,
        history=history,
        kinds=table,
        web=settings.web,
        clock=clock,
        demo=demo,
        words=words,
        verifications=verifications,
        maintenances=maintenances,
        work_orders=work_orders
        or make_work_orders(store=store, clock=clock, settings=settings, device_of=desk.device),
        duty=duty or make_duty(store=store, clock=clock, settings=settings, rota=Rota()),
        register=register,
        presenter=presenter,
        responses=responses,
        in_common=in_common,
        police=police,
        link_presenter=LinkPresenter(
            police=police, register=register, words=words, clock=clock, read=readers.read
        ),
        notification=NotificationDesk(
            outbox=outbox,
            browsers=pushes.book,
            settings=settings.notification,
            words=words,
            clock=clock,
        ),
        pushes=pushes,
        camera_pictures=vault,
        wall_views=WallViews(),
        cameras=CameraPresenter(register=register, words=words, recorders=settings.recorders),
        relearning=relearning or Relearning(store=store, clock=clock, vault=vault),
        acknowledging=Acknowledging(
            key=lambda: link_key(settings.database.parent),
            desk=desk,
            clock=clock,
            read=readers.read,
            commit=commit,
            schools_of=register.schools_of,
        ),
        counting=Counting(
            read=readers.read,
            presenter=PerformancePresenter(
                register=register,
                words=words,
                device_of=desk.device,
                in_common=in_common,
            ),
            clock=clock,
        ),
        overviews=Overviews(
            survey=survey,
            register=register,
            police=police,
            maintenances=maintenances,
            in_common=in_common,
            feed=desk.feed,
            clock=clock,
        ),
        recordings=RecordingPresenter(
            desk=recordings or NoRecordings(),
            register=register,
            words=words,
            zone=settings.recordings.zone,
            now=clock.now,
        ),
        replays=Replays(settings.database, kinds, clock),
        gate_video=GateVideoPresenter(
            gate_video, settings.recordings, register=register, words=words, now=clock.now
        ),
        audit=audit or make_audit(settings=settings, store=store, clock=clock, words=words),
        hub=hub,
        doorkeeper=doorkeeper,
        readers=readers,
        metrics=metrics,
        limits=Limits(max_shelve=settings.alarms.shelve_max_hours * 3_600_000),
        version=program_version(),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await register.refresh()
        await hub.start()
        running = asyncio.create_task(_run(hub, register, doorkeeper), name="api")
        running.add_done_callback(_tell_if_broken)
        try:
            yield
        finally:
            hub.close()
            running.cancel()
            await asyncio.wait([running])
            await services.replays.aclose()
            await services.audit.evidence.aclose()
            await services.audit.roster_imports.aclose()
            await services.audit.exports.aclose()

    app = FastAPI(
        title=TITLE,
        version=services.version,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    answer_problems(app)
    add_routes(app)

    app.add_api_route("/api/openapi.json", _describe, include_in_schema=False)
    app.add_api_route(
        "/api/{rest:path}", _find_nothing, include_in_schema=False, methods=["GET", "HEAD"]
    )
    app.mount("/", BuiltPage(page))
    # passes over the event stream, pictures, and the page's files, which come compressed
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=COMPRESSION)
    app.add_middleware(Entrance, doorkeeper=doorkeeper, web=settings.web, clock=clock)
    return app


# Not within `create_api`: FastAPI remembers endpoints for good, and with them the whole application
# that an inner function holds.


async def _describe(request: Request, _caller: Reader) -> JSONResponse:
    return JSONResponse(document(request.app))


async def _find_nothing(rest: str) -> None:
    raise not_found(f"resource /api/{rest}")


def close_streams(app: FastAPI) -> None:
    """End all live streams and take no more; call it before the server is told to stop."""
    services: Services = app.state.services
    services.hub.close()


async def _run(hub: Hub, register: Register, doorkeeper: Doorkeeper) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hub.run(), name="hub")
        tasks.create_task(_keep_fresh(register, doorkeeper), name="register")


def _tell_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        # Pages see it too: the stream's sign of life stops.
        log.critical("live_stream_broken", exc_info=error)


async def _keep_fresh(register: Register, doorkeeper: Doorkeeper) -> None:
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        try:
            if await register.refresh():
                doorkeeper.forget_all()
        except (StoreError, Problem) as error:
            log.warning("register_unread", error=str(error))
