"""What the routes work with: the desk, the store, the register, and bounded ways to use them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, Protocol, TypeVar

from fastapi import Depends, Request

from gateway.api.problems import Problem

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from alerts.lifecycle import Limits
    from gateway.api.broadcast import Hub
    from gateway.api.counting import Counting
    from gateway.api.doorkeeper import Doorkeeper
    from gateway.api.kinds import KindTable
    from gateway.api.overview import Overviews
    from gateway.api.police import LinkPresenter
    from gateway.api.present import Presenter
    from gateway.api.present_cameras import CameraPresenter
    from gateway.api.present_causes import InCommon
    from gateway.api.present_gate_video import GateVideoPresenter
    from gateway.api.present_recordings import RecordingPresenter
    from gateway.api.present_response import Responses
    from gateway.api.reading import Readers
    from gateway.api.register import Register
    from gateway.auditing import Audit
    from gateway.camera_pictures.vault import Vault
    from gateway.camera_pictures.views import WallViews
    from gateway.cameras.relearning import Relearning
    from gateway.clock import Clock
    from gateway.desk import Desk
    from gateway.duty.service import Duty
    from gateway.maintenance.service import Maintenances
    from gateway.metrics import Metrics
    from gateway.notification.acknowledging import Acknowledging
    from gateway.notification.desk import NotificationDesk
    from gateway.police.desk import LinksDesk
    from gateway.push.service import Pushes
    from gateway.replay.desk import Replays
    from gateway.settings import WebSettings
    from gateway.store.batch import Batch
    from gateway.store.store import History, Store
    from gateway.verification.service import Verifications
    from gateway.words import Words
    from gateway.work_orders.service import WorkOrders

Result = TypeVar("Result")

COMMIT_SECONDS: Final = 15.0
"""How long a person waits for a commit before they are told that it takes too long."""


class Demo(Protocol):
    """The simulated campus, when there is one."""

    @property
    def buttons(self) -> Collection[tuple[str, str]]:
        """School and id of every alarm button that can be pressed."""
        ...

    async def press(self, school: str, device: str) -> bool:
        """Press a simulated alarm button; false when there is no such button."""
        ...


async def committed(future: Future[None]) -> None:
    """Wait for a commit; raises what the store raised, or a 503 `Problem` when it takes long."""
    try:
        # shielded: a commit handed over is done whether or not anybody waits
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), COMMIT_SECONDS)
    except TimeoutError as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "slow_commits",
            f"The store did not confirm within {COMMIT_SECONDS:.0f} s; look before trying again.",
        ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """All a route may need; made once by `create_api`."""

    desk: Desk
    store: Store
    history: History
    kinds: KindTable
    web: WebSettings
    clock: Clock
    demo: Demo | None
    words: Words
    work_orders: WorkOrders
    maintenances: Maintenances
    duty: Duty
    verifications: Verifications | None
    register: Register
    presenter: Presenter
    responses: Responses
    in_common: InCommon
    police: LinksDesk
    link_presenter: LinkPresenter
    notification: NotificationDesk
    pushes: Pushes
    camera_pictures: Vault
    wall_views: WallViews
    cameras: CameraPresenter
    relearning: Relearning
    acknowledging: Acknowledging
    counting: Counting
    overviews: Overviews
    recordings: RecordingPresenter
    replays: Replays
    gate_video: GateVideoPresenter
    audit: Audit
    hub: Hub
    doorkeeper: Doorkeeper
    readers: Readers
    metrics: Metrics
    limits: Limits
    version: str
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever reads what stands and writes what follows from it."""

    async def read(self, query: Callable[[Connection], Result]) -> Result:
        """Run a reading query in a thread."""
        return await self.readers.read(query)

    async def commit(self, batch: Batch) -> None:
        """Write a batch and wait until it is durable."""
        await committed(self.store.commit(batch))


def services_of(request: Request) -> Services:
    """The services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    return services_of(request)


ServicesHere = Annotated[Services, Depends(_services)]
