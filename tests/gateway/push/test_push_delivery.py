"""Alerts reach people's browsers through the outbox: read, repeated, put together, let go of."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from alerts.alert import Refusal
from alerts.notification.event import EventExplanation, decode_event
from alerts.notification.webhook import Bilingual
from gateway.clock import ManualClock
from gateway.notification.delivery import Backoff
from gateway.notification.desk import NotificationDesk, ReceiverKind
from gateway.notification.message import Wording
from gateway.outbox import Outbox
from gateway.push.book import PushBook
from gateway.push.encryption import LONGEST
from gateway.push.key import NAME, push_key
from gateway.push.notice import Notices
from gateway.push.service import Pushes, Wanted
from gateway.push.subscription import Subscription, receiver_of
from gateway.settings_notification import NotificationSettings
from gateway.settings_push import PushSettings
from gateway.store.batch import DROPPED, Batch, OutboxEntry
from gateway.store.schema import facts, outbox, users
from gateway.store.sqlite import SqliteStore
from gateway.words import Words
from tests.gateway.notification.told_events import told
from tests.gateway.push.push_service import PushService

QUICK = Backoff(first=0.01, longest=0.05, aside=0.01)
WORDS = Words.load()


class House:
    """The store, the outbox and the browsers of a gateway that runs."""

    def __init__(
        self,
        store: SqliteStore,
        folder: Path,
        settings: PushSettings,
        clock: ManualClock | None = None,
    ) -> None:
        self.store = store
        self.clock = clock or ManualClock()
        self.outbox = Outbox(store, {}, self.clock, backoff=QUICK)
        self.pushes = Pushes(
            store=store,
            outbox=self.outbox,
            book=PushBook(),
            settings=settings,
            words=WORDS,
            clock=self.clock,
            key=lambda: push_key(folder, "mailto:duty@example.org"),
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[House]:
        tasks = [asyncio.create_task(self.outbox.run()), asyncio.create_task(self.pushes.run())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self.outbox.aclose()
            await self.pushes.aclose()

    async def subscribe(self, user: str, body: dict[str, Any]) -> Subscription:
        one = await self.pushes.subscribe(user, wanted(body))
        assert isinstance(one, Subscription), one
        return one

    def tell(self, one: Subscription, *numbers: int, **more: Any) -> list[OutboxEntry]:
        entries = [
            told(number, self.clock.turn(10), receiver=one.receiver, **more) for number in numbers
        ]
        self.store.commit(Batch(outbox=entries)).result(10)
        self.outbox.notify({one.receiver})
        return entries

    def rows(self, receiver: str) -> list[Any]:
        query = select(outbox).where(outbox.c.receiver == receiver).order_by(outbox.c.row)
        return self.store.read(lambda connection: connection.execute(query).all())

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not so():  # noqa: ASYNC110 - what is looked at is in the store
                await asyncio.sleep(0.01)

    async def error(self, one: Subscription) -> str:
        """Why its messages do not arrive, once they do not."""
        async with asyncio.timeout(30):
            while True:
                for status in await self.outbox.status():
                    if status.receiver == one.receiver and status.error:
                        return status.error
                await asyncio.sleep(0.01)

    def facts(self, kind: str) -> list[dict[str, Any]]:
        query = select(facts.c.actor, facts.c.body).where(facts.c.kind == kind)
        found = self.store.read(lambda connection: connection.execute(query).all())
        return [{"actor": row.actor, **json.loads(row.body)} for row in found]


def wanted(body: dict[str, Any]) -> Wanted:
    return Wanted(
        endpoint=body["endpoint"],
        **body["keys"],
        label=body["label"],
        language=body.get("language", "en"),
        priorities=tuple(body.get("priorities", ("emergency", "high"))),
    )


def for_tests(service: PushService, **more: Any) -> PushSettings:
    return PushSettings(services=(service.origin,), **more)


@pytest.fixture
async def house(store: SqliteStore, tmp_path: Path, service: PushService) -> AsyncIterator[House]:
    async with House(store, tmp_path, for_tests(service, per_user=2, most=3)).running() as here:
        yield here


async def test_the_browser_reads_what_where_and_how_urgent_and_the_service_none_of_it(
    house: House, service: PushService, tmp_path: Path
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))

    house.tell(one, 7, priority="emergency")

    (came,) = await asyncio.to_thread(service.until, 1)
    assert came.notice == {
        "kind": "alert",
        "tag": "alert-7",
        "title": "■ Emergency · Smoke · No. 3 Middle School",
        "body": came.notice["body"],
        "url": "/alerts/7",
        "lang": "en",
        "priority": "emergency",
        "again": True,
        "at": house.clock.now(),
    }
    for said in ("smoke 12 %/m", "Block A / 3F", "Lab 2"):
        assert said in came.notice["body"]
    assert "https://" not in came.notice["body"]
    assert (came.headers["Urgency"], came.headers["TTL"]) == ("high", "86400")
    assert came.headers["Topic"] == "alert-7"
    assert came.key == push_key(tmp_path, None).public
    assert came.claims["sub"] == "mailto:duty@example.org"
    await house.until(lambda: house.rows(one.receiver)[0].delivered is not None)


async def test_an_acknowledgement_replaces_what_is_shown_without_a_sound(
    house: House, service: PushService
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone", language="zh"))

    house.tell(one, 7)
    house.tell(one, 7, kind="acknowledged", acknowledged=5)

    await asyncio.to_thread(service.until, 2)
    raised, ended = service.of("phone")
    assert (raised["tag"], raised["kind"], raised["again"]) == ("alert-7", "alert", True)
    assert (ended["tag"], ended["kind"], ended["again"]) == ("alert-7", "end", False)
    assert ended["lang"] == "zh-CN"
    assert "高" in raised["title"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_no_more_is_let_go_of_and_nothing_waits_for_it(
    house: House, service: PushService, status: int
) -> None:
    phone = await house.subscribe("li.na", service.subscribed("phone"))
    desk = await house.subscribe("li.na", service.subscribed("desk"))
    service.usual["phone"] = status

    house.tell(phone, 1, 2, priority="emergency")
    house.tell(desk, 1)

    await house.until(lambda: phone.receiver not in house.outbox.receivers)
    await house.until(lambda: {row.due for row in house.rows(phone.receiver)} == {DROPPED})
    assert await house.pushes.mine("li.na") == [desk]
    assert [(one["browser"], one["why"]) for one in house.facts("push_off")] == [
        (phone.id, "the browser takes no more messages")
    ]
    assert phone.receiver not in {one.receiver for one in await house.outbox.status()}
    await asyncio.to_thread(service.until, 1)
    assert [one["tag"] for one in service.of("desk")] == ["alert-1"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_in_trouble_is_tried_again_and_the_order_is_kept(
    house: House, service: PushService, status: int
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))
    service.script["phone"] = deque([status] * 6)

    house.tell(one, 1, 2, 3)

    await house.until(lambda: _advance(house) and len(service.arrived) == 3)
    assert [each["tag"] for each in service.of("phone")] == ["alert-1", "alert-2", "alert-3"]
    assert len(service.refused) == 6


def _advance(house: House) -> bool:
    house.clock.turn(20)
    house.outbox.notify()
    return True


async def test_a_service_that_is_not_there_is_said_and_its_address_is_not(
    house: House, service: PushService
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))
    service.__exit__()

    house.tell(one, 1, priority="emergency")

    error = await house.error(one)
    assert "ConnectError on the way to the push service" in error
    assert "127.0.0.1" not in error


async def test_a_message_that_the_service_does_not_want_steps_aside(
    house: House, service: PushService
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))
    service.script["phone"] = deque([403] * 4)

    house.tell(one, 1, 2)

    await house.until(lambda: _advance(house) and len(service.arrived) == 2)
    assert [each["tag"] for each in service.of("phone")] == ["alert-2", "alert-1"]


async def test_a_flood_comes_together_and_emergencies_by_themselves(
    store: SqliteStore, tmp_path: Path, service: PushService
) -> None:
    async with House(store, tmp_path, for_tests(service, digest_over=3)).running() as house:
        one = await house.subscribe("li.na", service.subscribed("phone"))
        house.tell(one, *range(1, 41))
        await asyncio.to_thread(service.until, 1)
        house.tell(one, 99, priority="emergency")
        await house.until(lambda: "alert-99" in {each["tag"] for each in service.of("phone")})

    digest = next(each for each in service.of("phone") if each["kind"] == "digest")
    assert (digest["tag"], digest["url"]) == ("digest", "/")
    assert "Smoke" in digest["body"]
    assert sum(each["kind"] == "digest" for each in service.of("phone")) <= 2


async def test_what_is_told_survives_a_restart(
    store: SqliteStore, tmp_path: Path, service: PushService
) -> None:
    settings = for_tests(service)
    async with House(store, tmp_path, settings).running() as house:
        one = await house.subscribe("li.na", service.subscribed("phone"))
    # Written before anything delivers, as by a gateway that was killed then.
    house.tell(one, 5, priority="emergency")
    assert [each.subscription for each in store.load().browsers] == [one]

    async with House(store, tmp_path, settings, house.clock).running():
        await asyncio.to_thread(service.until, 1)
    assert [each["tag"] for each in service.of("phone")] == ["alert-5"]


async def test_only_the_services_of_the_settings_are_called(
    house: House, service: PushService
) -> None:
    body = service.subscribed("phone")
    for endpoint in (
        "http://127.0.0.1:1/x",
        "http://169.254.169.254/latest",
        service.endpoint("x").replace("http:", "https:"),
        service.endpoint("x").replace("//", "//evil@"),
        "file:///etc/passwd",
        service.origin.replace("127.0.0.1", "127.0.0.1.evil.example") + "/x",
        service.endpoint("x") + " y",
        "https://fcm.googleapis.com.evil.example/x",
        "https://fcm.googleapis.com/x",
    ):
        came = await house.pushes.subscribe("li.na", wanted({**body, "endpoint": endpoint}))
        assert isinstance(came, Refusal), endpoint
        assert came.code == "push_service"
    assert await house.pushes.mine("li.na") == []


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=BQY%2f", True),
        ("https://web.push.apple.com/QOXQ", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:444/fcm/send/abc", False),
        ("https://evilpush.apple.com.example/x", False),
        ("https://push.apple.com/x", False),
        ("https://fcm.googleapis.com\\@evil.example/", False),
        ("https://[::1]/x", False),
        ("https://fcm.googleapis.com/" + "x" * 2048, False),
        ("https://fcm.googleapis.com:nonsense/", False),
        ("", False),
    ],
)
def test_the_services_of_the_browsers_that_people_have(endpoint: str, allowed: bool) -> None:
    assert PushSettings().allows(endpoint) is allowed


@pytest.mark.parametrize(
    "service", ["push.example.org", "ftp://x", "https://*", "https://*.a.*.b", "https://a/path"]
)
def test_a_service_in_the_settings_is_an_origin(service: str) -> None:
    with pytest.raises(ValueError, match="must be like https"):
        PushSettings(services=(service,))


async def test_keys_that_are_none_and_too_many_browsers_are_refused(
    house: House, service: PushService
) -> None:
    bad = service.subscribed("bad", keys={"p256dh": "AAAA", "auth": "AAAA"})
    refusal = await house.pushes.subscribe("li.na", wanted(bad))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "push_keys"
    for name in ("one", "two"):
        await house.subscribe("li.na", service.subscribed(name))
    mine = await house.pushes.subscribe("li.na", wanted(service.subscribed("three")))
    assert isinstance(mine, Refusal)
    assert mine.code == "push_too_many_mine"
    await house.subscribe("east", service.subscribed("four"))
    all_in_all = await house.pushes.subscribe("west", wanted(service.subscribed("five")))
    assert isinstance(all_in_all, Refusal)
    assert all_in_all.code == "push_too_many"
    # Changing what one wants is no browser more.
    await house.subscribe("li.na", service.subscribed("two", priorities=["low"]))


async def test_the_next_person_at_a_browser_takes_it_over(
    house: House, service: PushService
) -> None:
    before = await house.subscribe("li.na", service.subscribed("shared"))
    after = await house.subscribe("east", service.subscribed("shared"))

    assert await house.pushes.mine("li.na") == []
    assert house.outbox.receivers == {after.receiver}
    assert before.id == after.id
    assert [one["why"] for one in house.facts("push_off")] == ["taken over"]


async def test_nobody_lets_go_of_anothers_browser(house: House, service: PushService) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))

    assert await house.pushes.unsubscribe("east", one.id) is False
    assert await house.pushes.unsubscribe("li.na", one.id) is True
    assert await house.pushes.unsubscribe("li.na", one.id) is False
    assert house.outbox.receivers == set()
    assert [(f["actor"], f["why"]) for f in house.facts("push_off")] == [
        ("user:li.na", "switched off")
    ]


async def test_a_user_who_was_disabled_hears_nothing_more(
    house: House, service: PushService
) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone"))
    disable = update(users).where(users.c.name == "li.na").values(disabled=True)
    house.store.commit(Batch(statements=[(disable, None)])).result(10)

    await house.pushes.follow()

    assert house.pushes.book.audiences() == ()
    assert house.outbox.receivers == set()
    assert one.receiver not in house.outbox.receivers


async def test_each_hears_of_the_schools_that_their_user_sees(
    house: House, service: PushService
) -> None:
    for user in ("li.na", "east", "west"):
        await house.subscribe(user, service.subscribed(user))

    seen = {one.user: one.schools for one in house.pushes.book.audiences()}
    # The county lies in the city: a region holds the schools of all regions inside it.
    assert seen == {"li.na": None, "east": {"no3"}, "west": {"no5"}}
    assert {each.subscription.user: each.schools for each in house.store.load().browsers} == seen


async def test_a_test_says_what_the_service_answered(house: House, service: PushService) -> None:
    one = await house.subscribe("li.na", service.subscribed("phone", language="zh"))
    desk = NotificationDesk(
        outbox=house.outbox,
        browsers=house.pushes.book,
        settings=NotificationSettings(),
        words=WORDS,
        clock=house.clock,
    )

    trial, _ = await desk.test(receiver_of("li.na", one.id), "li.na")
    assert (trial.arrived, trial.reason) == (True, "")
    (notice,) = service.of("phone")
    assert (notice["kind"], notice["lang"]) == ("test", "zh-CN")
    assert "Test phone" in notice["body"]
    service.script["phone"] = deque([400])
    trial, _ = await desk.test(one.receiver, "li.na")
    assert (trial.arrived, trial.reason) == (False, "the push service answered 400 Bad Request")
    (here,) = await desk.receivers()
    assert (here.kind, here.user, here.label) == (ReceiverKind.PUSH, "li.na", "Test phone")


async def test_without_its_key_messages_wait_and_the_file_is_named(
    store: SqliteStore, tmp_path: Path, service: PushService
) -> None:
    (tmp_path / NAME).write_text("no key", "ascii")
    async with House(store, tmp_path, for_tests(service)).running() as house:
        one = await house.subscribe("li.na", service.subscribed("phone"))
        house.tell(one, 1)

        assert NAME in await house.error(one)
        (tmp_path / NAME).unlink()
        await house.until(lambda: _advance(house) and len(service.arrived) == 1)


async def test_switched_off_in_the_settings_nobody_is_told(
    store: SqliteStore, tmp_path: Path, service: PushService
) -> None:
    async with House(store, tmp_path, for_tests(service)).running() as house:
        one = await house.subscribe("li.na", service.subscribed("phone"))
    house.tell(one, 1)

    off_settings = for_tests(service, enabled=False)
    async with House(store, tmp_path, off_settings, house.clock).running() as off:
        refusal = await off.pushes.subscribe("li.na", wanted(service.subscribed("other")))
        assert isinstance(refusal, Refusal)
        assert refusal.code == "push_off"
        await off.until(lambda: off.rows(one.receiver)[0].due == DROPPED)
    assert service.arrived == []


@pytest.mark.parametrize("sign", ["\x01", '"', "火", "🔥"])
def test_whatever_is_said_fits_into_a_message(sign: str) -> None:
    event = decode_event(told(7, 1).body)
    name = Bilingual(sign * 5000, sign * 5000)
    long = msgspec.structs.replace(event, place=name, explanation=EventExplanation(text=name))

    plain = Notices(Wording(WORDS, "zh"), "zh").single(long).plain()

    assert len(plain) <= LONGEST
    assert json.loads(plain)["url"] == "/alerts/7"
