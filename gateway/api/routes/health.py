"""For machines that watch the gateway: alive, ready, metrics. Outside the versioned prefix."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from sqlalchemy import Connection, text

from gateway.api.models.shapes import Out
from gateway.api.problems import Problem
from gateway.api.services import ServicesHere
from gateway.exposition import exposition
from gateway.store.store import StoreError

router = APIRouter(tags=["health"])

_NOT_COMMITTING: Final = frozenset({"broker_lost", "disk_full", "slow_commits"})
_STORE_SECONDS: Final = 3.0


class AliveOut(Out):
    """The process answers."""

    status: str = Field(examples=["alive"])


class ReadyOut(Out):
    """Whether it does its work; if not, why: `store`, `broker_lost`, `disk_full`, …"""

    ready: bool
    reasons: list[str] = Field(examples=[["broker_lost"]])


def _looks(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


@router.get("/healthz", operation_id="get_alive")
async def get_alive() -> AliveOut:
    """The process is alive and its loop turns."""
    return AliveOut(status="alive")


_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": ReadyOut, "description": "Not ready, and why."}
}


@router.get("/readyz", operation_id="get_ready", responses=_READY)
async def get_ready(services: ServicesHere, response: Response) -> ReadyOut:
    """The store is open, the broker connected, batches are committed."""
    feed = services.desk.feed()
    reasons = sorted(_NOT_COMMITTING & set(feed.trouble))
    if not feed.connected and "broker_lost" not in reasons:
        reasons.append("broker_lost")
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            await services.read(_looks)
    except (StoreError, TimeoutError, Problem):
        reasons.append("store")
    response.status_code = 503 if reasons else 200
    response.headers["Cache-Control"] = "no-store"
    return ReadyOut(ready=not reasons, reasons=reasons)


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(services: ServicesHere) -> Response:
    """Prometheus' text format. Needs a token or sign-in unless `metrics_open` is set."""
    return Response(exposition(services.metrics), media_type=CONTENT_TYPE_LATEST)
