"""The live stream on a real server: nothing missed, nothing doubled, slow readers cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from alerts.alert import Comment
from gateway.api import broadcast
from gateway.api.models.alerts import LiveAlertOut, LiveFeedOut
from gateway.security import accounts

WAIT = 20.0


class Frame(msgspec.Struct):
    event: str
    id: int | None
    data: object


class Reader:
    """One open stream, read frame by frame."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def frame(self) -> Frame | None:
        """The next frame; ``None`` when the stream has ended."""
        event, number, data = "", None, ""
        async with asyncio.timeout(WAIT):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "id":
                    number = int(value)
                elif name == "data":
                    data = value
                elif not line and event:
                    return Frame(event, number, json.loads(data))
        return None

    async def next(self, event: str) -> Frame:
        """The next frame of that name."""
        async with asyncio.timeout(WAIT):
            while (frame := await self.frame()) is not None:
                if frame.event == event:
                    return frame
        raise AssertionError(f"the stream ended before {event}")

    async def rows_until(self, row: int) -> list[int]:
        """The rows of all events up to that one."""
        rows: list[int] = []
        while not rows or rows[-1] < row:
            rows += [event["row"] for event in (await self.next("alerts")).data]
        return rows


@asynccontextmanager
async def listening(address: str, token: str, **more: object) -> AsyncIterator[Reader]:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    async with (
        httpx.AsyncClient(base_url=address, timeout=WAIT) as client,
        client.stream("GET", "/api/v1/stream", headers=headers, **more) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield Reader(response)


async def test_a_press_is_told_with_all_that_a_page_shows(campus, address) -> None:
    async with listening(address, campus.token("olga")) as reader:
        assert reader.response.headers["content-type"].startswith("text/event-stream")
        opening = await reader.next("feed")
        await campus.press()
        frame = await reader.next("alerts")

    (event,) = frame.data
    told = LiveAlertOut.model_validate(event)
    assert frame.id == told.row
    assert told.alert.device.name.zh == "门卫室"
    assert told.transition.kind == "raised"
    assert LiveFeedOut.model_validate(opening.data).counts.emergency.open == 0


async def test_a_device_is_told_by_the_name_it_has_now(campus, address) -> None:
    async with listening(address, campus.token("olga")) as reader:
        await campus.press()
        first = (await reader.next("alerts")).data[-1]["alert"]["device"]
        renamed = msgspec.structs.replace(campus.device(device="gate-01"), name_zh="东门")
        await campus.desk.register(renamed, "tim")
        await campus.press()
        second = (await reader.next("alerts")).data[-1]["alert"]["device"]
        row = campus.device(device="gate-01").row
        await campus.desk.remove("no3", "gate-01", "tim", "demolished")
        await campus.desk.act(1, Comment("who was it?"), "olga")
        third = (await reader.next("alerts")).data[-1]["alert"]["device"]

    assert first["name"]["zh"] == "门卫室"
    assert second["name"]["zh"] == "东门"
    assert third["id"] == str(row)


async def test_the_stream_tells_of_life_every_second_and_of_trouble_at_once(
    campus, address
) -> None:
    started = asyncio.get_running_loop().time()
    async with listening(address, campus.token("olga")) as reader:
        for _ in range(3):  # the first at once; a second lies between the others
            await reader.next("feed")
        assert asyncio.get_running_loop().time() - started >= 1.0

        campus.connected = False
        campus.trouble = ("broker_lost",)
        while not (feed := (await reader.next("feed")).data["feed"])["trouble"]:
            pass

    assert feed["connected"] is False
    assert feed["trouble"] == ["broker_lost"]


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(campus, address) -> None:
    """Reconnects again and again, mid-stream, while events keep coming."""
    token = campus.token("olga")
    await campus.press()
    last = first = campus.live.last
    seen: list[int] = []
    connections = 0
    enough = asyncio.Event()

    async def keep_pressing() -> None:
        while not enough.is_set():
            await campus.press()
            await asyncio.sleep(0.005)

    pressing = asyncio.create_task(keep_pressing())
    more = {"params": {"after": last}}
    while connections <= 2 or last < first + 120:
        connections += 1
        async with listening(address, token, **more) as reader:
            for _ in range(2):
                frame = await reader.next("alerts")
                seen += [event["row"] for event in frame.data]
                last = frame.id
        more = {"headers": {"Last-Event-ID": str(last)}}
    enough.set()
    await pressing
    if last < campus.live.last:
        async with listening(address, token, **more) as reader:
            seen += await reader.rows_until(campus.live.last)

    assert seen == list(range(first + 1, campus.live.last + 1))


@pytest.fixture
def watchful(monkeypatch) -> None:
    """It is asked all the time whether listeners may still listen."""
    monkeypatch.setattr(broadcast, "CHECK_SECONDS", 0.05)


async def test_who_was_away_for_long_is_told_from_the_store(forgetful, campus, address) -> None:
    await campus.press()
    since = campus.live.last
    for _ in range(40):
        await campus.press()

    async with listening(address, campus.token("olga"), params={"after": since}) as reader:
        rows = await reader.rows_until(since + 40)

    assert rows == list(range(since + 1, since + 41))


@pytest.mark.parametrize("after", [1, 10**9])
async def test_who_was_away_too_long_or_knows_another_past_loads_anew(
    forgetful, campus, address, after: int
) -> None:
    for _ in range(70):
        await campus.press()

    async with listening(address, campus.token("olga"), params={"after": after}) as reader:
        while (frame := await reader.frame()) is not None and frame.event == "alerts":
            assert after == 10**9, "events of long ago, told while the hub catches up"
        assert frame.event == "reload"
        await campus.press()
        rows = await reader.rows_until(campus.live.last)

    assert rows[-1] == campus.live.last


async def test_each_sees_the_alerts_of_their_schools_and_the_gateways_own(campus, address) -> None:
    async with (
        listening(address, campus.token("east")) as east,
        listening(address, campus.token("west")) as west,
    ):
        here = await campus.press("no3")
        there = await campus.press("no5")
        own = await campus.find("feed_lost")

        async def told(reader: Reader, number: int) -> list[int]:
            seen: list[int] = []
            while number not in seen:
                seen += [event["alert"]["id"] for event in (await reader.next("alerts")).data]
            return seen

        assert await told(east, own) == [here, own]
        assert await told(west, own) == [there, own]
        feed = (await east.next("feed")).data
    assert feed["counts"]["emergency"] == {"open": 1, "unacknowledged": 1}


async def test_a_reader_that_does_not_read_is_cut_and_resumes_where_it_stood(
    campus, address, monkeypatch
) -> None:
    monkeypatch.setattr(broadcast, "PENDING_BYTES", 512 * 1024)
    await campus.press()
    since = campus.live.last
    host, port = address.removeprefix("http://").split(":")
    token = campus.token("olga")
    reading, writing = await asyncio.open_connection(host, int(port), limit=1024)
    writing.write(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    await reading.readuntil(b"\r\n\r\n")

    async with asyncio.timeout(60):
        while campus.metrics.streams_cut == 0:
            await campus.press_often(200)
    got = bytearray()
    async with asyncio.timeout(WAIT):
        while piece := await reading.read(65536):
            got += piece
    writing.close()

    ids = [int(line[4:]) for line in bytes(got).split(b"\n") if line.startswith(b"id: ")]
    last = max([since, *ids])
    async with listening(address, token, headers={"Last-Event-ID": str(last)}) as reader:
        frame = await reader.frame()
    assert frame is not None
    assert frame.event == "reload" or frame.data[0]["row"] == last + 1
    assert campus.metrics.streams_open <= 1


async def test_a_stream_ends_with_the_session_it_was_opened_with(campus, address) -> None:
    secret = campus.cookie("olga")
    page = {"Cookie": f"campus_session={secret}", "X-Campus-Request": "1"}
    async with httpx.AsyncClient(base_url=address, headers=page, timeout=WAIT) as client:
        async with client.stream("GET", "/api/v1/stream") as response:
            reader = Reader(response)
            await reader.next("feed")
            assert (await client.delete("/api/v1/session")).status_code == 204
            while await reader.frame() is not None:
                pass

        assert (await client.get("/api/v1/stream")).status_code == 401


async def test_a_stream_ends_when_another_process_disables_its_user(
    watchful, campus, address
) -> None:
    async with listening(address, campus.token("olga")) as reader:
        await reader.next("feed")
        user = campus.store.read(accounts.user_named("olga"))
        disabled = accounts.with_changes(user, disabled=True)
        campus.store.commit(
            accounts.changed(user, disabled, by="", now=campus.clock.now())
        ).result()
        async with asyncio.timeout(WAIT):
            while await reader.frame() is not None:
                pass
    assert campus.metrics.streams_open == 0


async def test_streams_are_bounded_for_each_user(campus, address, monkeypatch) -> None:
    monkeypatch.setattr(broadcast, "STREAMS_PER_USER", 1)
    token = campus.token("olga")
    async with listening(address, token) as reader:
        await reader.next("feed")
        async with httpx.AsyncClient(base_url=address, timeout=WAIT) as client:
            answer = await client.get(
                "/api/v1/stream", headers={"Authorization": f"Bearer {token}"}
            )
        assert answer.status_code == 429
    async with listening(address, campus.token("oscar")) as reader:
        await reader.next("feed")


def failing(text: Callable[..., str], times: int) -> Callable[..., str]:
    """Words that cannot explain an event so many times."""
    failures = iter([True] * times)

    def tell(key: str, language: str, **inputs: object) -> str:
        if key.startswith("explain.") and next(failures, False):
            raise RuntimeError("a fault of one event")
        return text(key, language, **inputs)

    return tell


async def test_the_desks_stream_may_break_and_nothing_is_missed(
    campus, address, monkeypatch
) -> None:
    monkeypatch.setattr(broadcast, "RETRY_SECONDS", 0.05)
    async with listening(address, campus.token("olga")) as reader:
        await reader.next("feed")
        first = campus.live.last + 1
        real = campus.live.stream
        broken = iter([True])

        def breaking(after: int | None):
            if next(broken, False):
                raise RuntimeError("the desk's stream breaks")
            return real(after)

        monkeypatch.setattr(campus.words, "text", failing(campus.words.text, broadcast.TRIES - 1))
        monkeypatch.setattr(campus.live, "stream", breaking)
        for _ in range(5):
            await campus.press()
        rows = await reader.rows_until(first + 4)

    assert rows == list(range(first, first + 5))


async def test_an_event_that_can_never_be_told_keeps_nobody_from_those_behind_it(
    campus, address, monkeypatch
) -> None:
    monkeypatch.setattr(broadcast, "RETRY_SECONDS", 0.02)
    async with listening(address, campus.token("olga")) as reader:
        await reader.next("feed")
        first = campus.live.last + 1
        monkeypatch.setattr(campus.words, "text", failing(campus.words.text, broadcast.TRIES))
        await campus.press()
        await reader.next("reload")
        await campus.press()
        told = await reader.next("alerts")

    assert [event["row"] for event in told.data] == [first + 1]
