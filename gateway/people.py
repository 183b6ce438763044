"""What people and other machines outside see: the HTTP interface, the page, notifications.

Apart from `gateway.app`, which imports it once alarms are being judged: these libraries take longer
to load than all of the rest, and nobody must wait for a page to have an alarm taken in.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Collection, Iterator
from typing import Final

import uvicorn
from fastapi import FastAPI

from alerts.response_plan import ResponsePlans
from devices.kinds import KindSpec
from gateway.api.app import close_streams, create_api
from gateway.api.services import Demo
from gateway.auditing import Audit
from gateway.broker.connection import Way
from gateway.cameras.relearning import Relearning
from gateway.clock import Clock
from gateway.desk import Desk
from gateway.duty.service import Duty
from gateway.gate_video.desk import GateVideo
from gateway.maintenance.service import Maintenances
from gateway.metrics import Metrics
from gateway.names import RegisterNames
from gateway.notification.link_key import link_key
from gateway.notification.receivers import receivers_of
from gateway.outbox import Outbox
from gateway.overview.survey import Survey
from gateway.pipeline.causes import Causes
from gateway.pipeline.floods import Floods
from gateway.police.desk import LinksDesk
from gateway.push.service import Pushes
from gateway.recordings.desk import RecordingsDesk
from gateway.settings import Settings
from gateway.store.store import History, Store
from gateway.verification.service import Verifications
from gateway.words import Words
from gateway.work_orders.service import WorkOrders


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the gateway; says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens: Final = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listens.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Page:
    """The HTTP interface and the page on a socket that is bound already."""

    def __init__(self, api: FastAPI, settings: Settings, listening: socket.socket) -> None:
        self._api: Final = api
        self._listening: Final = listening
        self._server: Final = _Server(_uvicorn(settings, api))

    async def run(self) -> None:
        """Serve until `stop`."""
        await self._server.serve(sockets=[self._listening])

    async def ready(self) -> None:
        """Return once it listens."""
        await self._server.listens.wait()

    def stop(self) -> None:
        """End all streams, finish what is under way, take no more."""
        close_streams(self._api)
        self._server.should_exit = True


def make_page(
    *,
    desk: Desk,
    store: Store,
    history: History,
    kinds: dict[str, KindSpec],
    words: Words,
    names: RegisterNames,
    settings: Settings,
    clock: Clock,
    demo: Demo | None,
    metrics: Metrics,
    work_orders: WorkOrders,
    duty: Duty,
    verifications: Verifications,
    maintenances: Maintenances,
    survey: Survey,
    police: LinksDesk,
    plans: ResponsePlans,
    causes: Causes,
    floods: Floods,
    outbox: Outbox,
    pushes: Pushes,
    recordings: RecordingsDesk,
    gate_video: GateVideo,
    relearning: Relearning,
    audit: Audit,
    listening: socket.socket,
) -> Page:
    """The page, not yet running."""
    api = create_api(
        desk=desk,
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
        duty=duty,
        verifications=verifications,
        maintenances=maintenances,
        survey=survey,
        police=police,
        plans=plans,
        causes=causes,
        floods=floods,
        outbox=outbox,
        pushes=pushes,
        recordings=recordings,
        gate_video=gate_video,
        relearning=relearning,
        audit=audit,
    )
    return Page(api, settings, listening)


def make_outbox(
    *,
    store: Store,
    settings: Settings,
    way: Way,
    clock: Clock,
    metrics: Metrics,
    words: Words,
    elsewhere: Collection[str] = (),
) -> Outbox:
    """The outbox with the receivers that the settings ask for, but for those ``elsewhere``."""
    receivers = receivers_of(
        settings, way, clock, words, lambda: link_key(settings.database.parent)
    )
    return Outbox(store, receivers, clock, metrics=metrics, elsewhere=elsewhere)


def _uvicorn(settings: Settings, api: FastAPI) -> uvicorn.Config:
    tls = settings.web.tls
    return uvicorn.Config(
        api,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=5,
        # Longer than browsers and proxies (60 s) keep an idle connection: who closes it first must
        # not be the one whose peer is just about to ask again.
        timeout_keep_alive=75,
        proxy_headers=bool(settings.web.trusted_proxies),
        forwarded_allow_ips=list(settings.web.trusted_proxies),
        ssl_certfile=None if tls is None else str(tls.cert_file),
        ssl_keyfile=None if tls is None else str(tls.key_file),
    )
