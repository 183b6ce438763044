"""The receivers over HTTP: how each fares, a test, and what becomes of dead letters."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import select, update

from gateway.notification.webhook import WebhookReceiver
from gateway.outbox import Outbox
from gateway.store.batch import GIVEN_UP, Batch, OutboxEntry
from gateway.store.schema import outbox


class Desk(BaseHTTPRequestHandler):
    """A receiver that answers what it is told to."""

    answer = 200
    url = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(type(self).answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said of requests."""


class Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True


@pytest.fixture
def desk() -> Iterator[type[Desk]]:
    handler = type("DeskHere", (Desk,), {})
    server = Server(("127.0.0.1", 0), handler)
    handler.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def receiver(campus, desk) -> str:
    """One webhook, delivered to by a real outbox."""
    here = WebhookReceiver(url=desk.url, secret=b"key", clock=campus.clock, time_limit=5)
    campus.outbox = Outbox(campus.store, {"bureau": here}, campus.clock)
    return "bureau"


@pytest.fixture
async def admin(receiver, door) -> AsyncIterator:
    yield await door.as_("ada")
    await door.campus.outbox.aclose()


def put(campus, receiver: str = "bureau", *, alert: int = 7, priority: str = "high") -> int:
    """A message that waits; its row."""
    now = campus.clock.turn(10)
    key = f"{priority}/no3/{alert}/1/{now}"
    entry = OutboxEntry(receiver, key, now, b"{}", now, alert)
    campus.store.commit(Batch(outbox=[entry])).result(10)
    return campus.counted("SELECT max(row) FROM outbox")


def refused(campus, row: int, *, given_up: bool = False) -> None:
    """It was refused until it stepped aside."""
    values = {"attempts": 4, "failed": "answered 404"}
    if given_up:
        values["due"] = GIVEN_UP
    statement = update(outbox).where(outbox.c.row == row).values(**values)
    campus.store.commit(Batch(statements=[(statement, None)])).result(10)


def due_of(campus, row: int) -> tuple[int, int]:
    query = select(outbox.c.attempts, outbox.c.due).where(outbox.c.row == row)
    return tuple(campus.store.read(lambda connection: connection.execute(query).one()))


async def test_everybody_sees_whether_receivers_are_reached(door_with_receiver) -> None:
    campus, door = door_with_receiver
    put(campus)
    client = await door.as_("olga")
    (one,) = (await client.get("/api/v1/notification")).json()["items"]
    assert (one["name"], one["waiting"], one["failing"]) == ("bureau", 1, None)


async def emptied(campus) -> None:
    """Wait until nothing waits."""
    while True:
        status, *_ = await campus.outbox.status()
        if status.waiting == 0:
            return
        await asyncio.sleep(0.01)


@pytest.fixture
async def door_with_receiver(receiver, door) -> AsyncIterator:
    yield door.campus, door
    await door.campus.outbox.aclose()


async def test_a_test_says_whether_it_arrived_and_is_a_fact(admin, campus, desk) -> None:
    said = (await admin.post("/api/v1/notification/receivers/bureau/test")).json()
    assert (said["arrived"], said["reason"]) == (True, "")
    desk.answer = 404
    said = (await admin.post("/api/v1/notification/receivers/bureau/test")).json()
    assert not said["arrived"]
    assert "404" in said["reason"]
    facts = (await admin.get("/api/v1/facts?kind=receiver_tested")).json()["items"]
    assert [one["actor"] for one in facts] == ["user:ada", "user:ada"]
    # A test is no message of an alert: nothing is left of it in the outbox.
    assert campus.counted("SELECT count(*) FROM outbox") == 0


async def test_a_receiver_that_is_not_there_cannot_be_tested(admin) -> None:
    answer = await admin.post("/api/v1/notification/receivers/nobody/test")
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["olga", "tim", "anna", "east-ada"])
async def test_only_an_administrator_of_everything_tests_and_sees_dead_letters(
    door_with_receiver, name: str
) -> None:
    _, door = door_with_receiver
    client = await door.as_(name)
    for answer in (
        await client.post("/api/v1/notification/receivers/bureau/test"),
        await client.get("/api/v1/notification/dead-letters"),
        await client.post("/api/v1/notification/dead-letters/retry", json={"rows": [1]}),
        await client.post(
            "/api/v1/notification/dead-letters/drop", json={"rows": [1], "reason": "x"}
        ),
    ):
        assert answer.status_code == 403


async def test_dead_letters_are_those_refused_given_up_and_for_nobody(admin, campus) -> None:
    waits, aside, gone = put(campus), put(campus), put(campus, priority="emergency")
    nobody, police = put(campus, "gone-away"), put(campus, "police:no3/110")
    refused(campus, aside)
    refused(campus, gone, given_up=True)
    refused(campus, police, given_up=True)
    items = (await admin.get("/api/v1/notification/dead-letters")).json()["items"]
    assert [(one["row"], one["state"]) for one in items] == [
        (nobody, "waiting"),
        (gone, "given_up"),
        (aside, "aside"),
    ]
    assert items[1]["priority"] == "emergency"
    assert items[2]["reason"] == "answered 404"
    assert waits not in [one["row"] for one in items]
    (first,) = (await admin.get("/api/v1/notification/dead-letters?limit=1")).json()["items"]
    assert first["row"] == nobody


async def test_pages_of_dead_letters_follow_each_other(admin, campus) -> None:
    rows = [put(campus, "gone-away") for _ in range(5)]
    page = (await admin.get("/api/v1/notification/dead-letters?limit=3")).json()
    rest = (
        await admin.get(f"/api/v1/notification/dead-letters?limit=3&cursor={page['next']}")
    ).json()
    assert [one["row"] for one in [*page["items"], *rest["items"]]] == rows[::-1]
    assert rest["next"] is None


async def test_one_that_is_tried_again_is_in_turn_at_once(admin, campus) -> None:
    row = put(campus)
    refused(campus, row, given_up=True)
    said = (
        await admin.post("/api/v1/notification/dead-letters/retry", json={"rows": [row, 999]})
    ).json()
    assert said == {"messages": 1}
    assert due_of(campus, row) == (0, campus.clock.now())
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'delivery_retried'") == 1


async def test_one_that_is_dropped_stays_in_the_history_of_its_alert(admin, campus) -> None:
    alert = await campus.press()
    row = put(campus, alert=alert, priority="emergency")
    refused(campus, row)
    said = await admin.post(
        "/api/v1/notification/dead-letters/drop", json={"rows": [row], "reason": "wrong number"}
    )
    assert said.json() == {"messages": 1}
    assert (await admin.get("/api/v1/notification/dead-letters")).json()["items"] == []
    (told,) = (await admin.get(f"/api/v1/alerts/{alert}/deliveries")).json()["items"]
    assert (told["state"], told["reason"], told["version"]) == ("dropped", "wrong number", 1)
    again = await admin.post("/api/v1/notification/dead-letters/retry", json={"rows": [row]})
    assert again.json() == {"messages": 0}
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'delivery_dropped'") == 1


async def test_nobody_drops_a_message_to_the_police(admin, campus) -> None:
    row = put(campus, "police:no3/110", priority="emergency")
    refused(campus, row)
    said = await admin.post(
        "/api/v1/notification/dead-letters/drop", json={"rows": [row], "reason": "x"}
    )
    assert said.json() == {"messages": 0}
    assert due_of(campus, row)[0] == 4


async def test_whoever_sees_the_alert_sees_who_was_told_and_nobody_else(
    door_with_receiver,
) -> None:
    campus, door = door_with_receiver
    alert = await campus.press("no5")
    put(campus, alert=alert, priority="emergency")
    near, far = await door.as_("west"), await door.as_("east")
    (told,) = (await near.get(f"/api/v1/alerts/{alert}/deliveries")).json()["items"]
    assert (told["receiver"], told["state"]) == ("bureau", "waiting")
    assert (await far.get(f"/api/v1/alerts/{alert}/deliveries")).status_code == 404


async def test_a_retry_reaches_the_receiver_once_it_takes_messages_again(
    admin, campus, desk
) -> None:
    row = put(campus)
    refused(campus, row, given_up=True)
    running = asyncio.create_task(campus.outbox.run())
    try:
        await admin.post("/api/v1/notification/dead-letters/retry", json={"rows": [row]})
        async with asyncio.timeout(20):
            await emptied(campus)
    finally:
        running.cancel()
        await asyncio.wait([running])
