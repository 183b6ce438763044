"""Messages over Apprise to real HTTP and SMTP servers, friendly and not."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from http_listener import Listener
from smtp_listener import Mailbox
from told_events import PAGE, told

from gateway.clock import SystemClock
from gateway.notification.apprise_sender import AppriseSender, clean, outcome_of
from gateway.notification.delivery import Delivered, Digesting, Refused, Retry
from gateway.notification.message import Wording
from gateway.notification.messenger import Messenger
from gateway.words import Words

CLOCK = SystemClock()
WORDING = Wording(Words.load(), "zh")


def receiver(url: str, *, time_limit: float = 20, **more: object) -> Messenger:
    sender = AppriseSender(url, time_limit=time_limit)
    return Messenger(sender=sender, wording=WORDING, page=PAGE, time_limit=time_limit, **more)


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox() as open_one:
        yield open_one


@pytest.fixture
def log_of_everything() -> Iterator[io.StringIO]:
    """What reaches the log of the gateway, whose handler is at the root."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def over_http(listener: Listener) -> str:
    return f"json://127.0.0.1:{listener.port}/hook"


async def test_a_message_arrives_with_its_key_over_http(listener: Listener) -> None:
    entry = told(7, CLOCK.now())
    here = receiver(over_http(listener))
    assert await here.deliver(entry) == Delivered()
    (heard,) = listener.heard
    assert heard.event == entry.key
    said = json.loads(heard.body)
    assert said["title"] == "▲ 高 · 烟雾报警 · 第三中学"
    assert "实验室" in said["message"]
    await here.aclose()


async def test_a_mail_arrives_with_its_key_and_can_be_read(mailbox: Mailbox) -> None:
    entry = told(7, CLOCK.now(), "emergency")
    here = receiver(mailbox.url)
    assert await here.deliver(entry) == Delivered()
    (mail,) = mailbox.mails
    assert mailbox.keys == [entry.key]
    assert mail["Subject"] == "■ 紧急 · 烟雾报警 · 第三中学"
    body = mail.get_body(("plain", "html"))
    assert body is not None
    assert "教学楼 / 三层" in body.get_content()
    await here.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome"), [(500, Refused), (404, Refused), (503, Retry), (429, Retry)]
)
async def test_an_answer_that_speaks_of_the_moment_is_waited_for_and_another_is_a_refusal(
    listener: Listener, answer: int, outcome: type
) -> None:
    listener.usual = answer
    here = receiver(over_http(listener))
    came = await here.deliver(told(7, CLOCK.now()))
    assert isinstance(came, outcome)
    assert str(answer) in came.reason
    await here.aclose()


async def test_a_receiver_that_is_gone_is_waited_for(listener: Listener, mailbox: Mailbox) -> None:
    await listener.shut()
    await mailbox.shut()
    for url in (over_http(listener), mailbox.url):
        here = receiver(url)
        assert isinstance(await here.deliver(told(7, CLOCK.now())), Retry)
        await here.aclose()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("550 no such mailbox", Refused), ("451 come back later", Retry), ("cut", Retry)],
)
async def test_a_mail_server_says_for_itself_whether_to_come_back(
    mailbox: Mailbox, answer: str, outcome: type
) -> None:
    mailbox.script.append(answer)
    here = receiver(mailbox.url)
    came = await here.deliver(told(7, CLOCK.now()))
    assert isinstance(came, outcome)
    assert answer == "cut" or answer[:3] in came.reason
    await here.aclose()


async def test_a_yes_that_comes_late_counts_and_the_message_is_not_sent_twice(
    listener: Listener,
) -> None:
    release = asyncio.Event()
    listener.usual = 200
    listener.hold = release
    entry = told(7, CLOCK.now())
    here = receiver(over_http(listener), time_limit=10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await here.deliver(entry)
    await listener.until(1)
    other = await here.deliver(told(8, CLOCK.now()))
    assert isinstance(other, Retry)
    release.set()
    assert await here.deliver(entry) == Delivered()
    assert listener.events == [entry.key]
    await here.aclose()


async def test_several_go_in_one_message(listener: Listener) -> None:
    entries = [told(number, CLOCK.now()) for number in range(12)]
    here = receiver(over_http(listener), digest_over=5)
    assert isinstance(here, Digesting)
    assert await here.deliver_together(entries) == Delivered()
    (heard,) = listener.heard
    assert json.loads(heard.body)["title"] == "12 条报警消息汇总"
    await here.aclose()


async def test_a_link_is_offered_for_the_event_and_when_it_was_written(listener: Listener) -> None:
    entry = told(7, CLOCK.now())
    here = receiver(
        over_http(listener), offer=lambda event, created: f"{PAGE}/{event.event}/{created}"
    )
    await here.deliver(entry)
    assert f"{PAGE}/{entry.key}/{entry.created}" in json.loads(listener.heard[0].body)["message"]
    await here.aclose()


async def test_an_address_that_apprise_does_not_know_is_a_refusal_in_words() -> None:
    here = receiver("carrier-pigeon://loft/9")
    came = await here.deliver(told(7, CLOCK.now()))
    assert isinstance(came, Refused)
    assert "address" in came.reason
    await here.aclose()


async def test_nothing_of_the_address_is_in_a_reason_or_in_the_log(
    listener: Listener, log_of_everything: io.StringIO
) -> None:
    await listener.shut()
    here = receiver(f"json://user-name:pass-word-9@127.0.0.1:{listener.port}/token-abcdef")
    came = await here.deliver(told(7, CLOCK.now()))
    assert isinstance(came, Retry)
    logging.getLogger("apprise.other").warning("something of the library")
    logging.getLogger("somebody").warning("something else")
    logged = log_of_everything.getvalue()
    assert "something else" in logged
    assert "something of the library" not in logged
    for secret in ("pass-word-9", "token-abcdef"):
        assert secret not in came.reason
        assert secret not in logged
    await here.aclose()


def test_a_reason_is_one_short_line_without_what_the_address_holds() -> None:
    url = "wecombot://0a1b2c3d-key"
    said = "HTTPSConnectionPool(host='qyapi', port=443): Max retries exceeded with url: /x?0a1b2c3d"
    assert clean(f"{said}\n refused 0a1b2c3d-key", url) == (
        "HTTPSConnectionPool(host='qyapi', port=443): Max retries exceeded refused …"
    )
    assert len(clean("x" * 5000, url)) == 200


def test_a_library_that_says_nothing_is_believed_to_refuse() -> None:
    assert isinstance(outcome_of([], "x://y"), Refused)
