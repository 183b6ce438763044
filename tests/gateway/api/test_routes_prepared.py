"""What FastAPI would make with the first request, where alarms are judged, is made before it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import routing

from gateway.api.document import prepare_routes


async def test_the_first_request_finds_its_route_made(
    campus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = routing.get_dependant

    def counted(**what: Any) -> Any:
        made.append(what["path"])
        return make(**what)

    monkeypatch.setattr(routing, "get_dependant", counted)
    app = campus.api()
    before = len(made)
    prepare_routes(app)
    assert len(made) - before > 200  # or FastAPI makes them elsewhere now, and this shows nothing
    made.clear()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://campus"
    ) as client:
        assert (await client.get("/api/v1/alerts")).status_code == 401
        assert (await client.get("/api/nothing")).status_code in (401, 404)
        assert (await client.get("/healthz")).status_code == 200
    assert made == []
