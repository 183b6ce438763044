"""Large answers are compressed for whoever takes them so; the live stream never is."""

from __future__ import annotations

import asyncio

import httpx

from devices.model import School
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_schools

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


async def register_schools(door, number: int) -> None:
    batch = Batch(now=door.campus.clock.now())
    schools = [School(f"school-{one}", f"第{one}小学", f"No. {one}") for one in range(number)]
    batch.statements += [*put_schools(schools), *next_register_version()]
    door.campus.store.commit(batch).result(10)
    await door.app.state.services.register.refresh()


async def test_the_overview_of_many_schools_takes_a_fifth_at_most(door) -> None:
    await register_schools(door, 200)
    olga = await door.as_("olga")
    plain = await olga.get("/api/v1/overview", headers=PLAIN)
    small = await olga.get("/api/v1/overview", headers=GZIP)
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert len(small.json()["schools"]) == 202
    assert small.content == plain.content
    assert int(small.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert small.headers["cache-control"] == "no-store"


async def test_what_is_small_goes_as_it_is(door) -> None:
    olga = await door.as_("olga")
    answer = await olga.get("/api/v1/session", headers=GZIP)
    assert "content-encoding" not in answer.headers


async def test_the_live_stream_is_told_frame_by_frame(campus, address) -> None:
    cookies = {"campus_session": campus.cookie("olga")}
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(base_url=address, cookies=cookies, headers=GZIP) as client,
        client.stream("GET", "/api/v1/stream") as stream,
    ):
        assert "content-encoding" not in stream.headers
        async for line in stream.aiter_lines():
            if line == "event: feed":
                return
    raise AssertionError("the stream ended before its first frame")
