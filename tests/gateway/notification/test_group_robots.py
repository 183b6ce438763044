"""Robots of chat groups answer 200 whatever they think of a message; what they say counts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from http_listener import Listener

from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.notification.message import Message
from gateway.notification.robot_sender import HOSTS, Robot, RobotSender, came, robot_of

NOW = 1_795_161_600_000
MESSAGE = Message("■ 紧急 · 一键报警 · 第三中学", "按钮被按下")


async def sent(robot: Robot, listener: Listener) -> Outcome:
    host = f"http://127.0.0.1:{listener.port}"
    sender = RobotSender(robot, now=lambda: NOW, time_limit=5, host=host)
    outcome = await sender.send("key", MESSAGE)
    await sender.aclose()
    return outcome


@pytest.mark.parametrize(
    ("url", "robot"),
    [
        ("wecombot://0a1b-2c3d", Robot("wecombot", "0a1b-2c3d")),
        ("dingtalk://SECabc@token9", Robot("dingtalk", "token9", "SECabc")),
        ("dingtalk://token9/", Robot("dingtalk", "token9")),
        ("feishu://token_9", Robot("feishu", "token_9")),
        ("mailtos://u:p@example.org", None),
        ("dingtalk://token9/13800000000", None),
        ("json://127.0.0.1/x", None),
    ],
)
def test_which_addresses_are_those_of_robots(url: str, robot: Robot | None) -> None:
    assert robot_of(url) == robot


def test_each_has_an_address_over_tls_that_holds_its_token() -> None:
    for service, host in HOSTS.items():
        address = Robot(service, "token9").address(host, NOW)
        assert address.startswith("https://")
        assert "token9" in address


def test_dingtalk_is_signed_as_its_manual_says() -> None:
    query = parse_qs(urlsplit(Robot("dingtalk", "t", "SECabc").address("https://x", NOW)).query)
    digest = hmac.new(b"SECabc", f"{NOW}\nSECabc".encode(), hashlib.sha256).digest()
    assert query["timestamp"] == [str(NOW)]
    assert base64.b64decode(query["sign"][0]) == digest


@pytest.mark.parametrize("service", list(HOSTS))
async def test_the_text_arrives_whole(listener: Listener, service: str) -> None:
    listener.answer = b'{"errcode":0,"errmsg":"ok"}'
    assert await sent(Robot(service, "t"), listener) == Delivered()
    said = json.loads(listener.heard[0].body)
    text = said["content"]["text"] if service == "feishu" else said["text"]["content"]
    assert text == f"{MESSAGE.title}\n{MESSAGE.text}"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b'{"errcode":0,"errmsg":"ok"}', Delivered),
        (b'{"StatusCode":0,"StatusMessage":"success","code":0,"msg":"success"}', Delivered),
        (b'{"errcode":93000,"errmsg":"invalid webhook url"}', Refused),
        (b'{"errcode":310000,"errmsg":"keywords not in content"}', Refused),
        (b'{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}', Refused),
        (b'{"errcode":45009,"errmsg":"api freq out of limit"}', Retry),
        (b'{"errcode":130101,"errmsg":"send too fast"}', Retry),
        (b"<html>welcome to the hotel network</html>", Refused),
        (b"{}", Refused),
    ],
)  # fmt: skip
def test_what_the_body_says_counts(answer: bytes, outcome: type) -> None:
    assert isinstance(came(answer), outcome)


@pytest.mark.parametrize(("status", "outcome"), [(404, Refused), (500, Refused), (503, Retry)])
async def test_a_status_of_failure_counts_too(
    listener: Listener, status: int, outcome: type
) -> None:
    listener.usual = status
    assert isinstance(await sent(Robot("feishu", "t"), listener), outcome)


async def test_one_that_is_gone_is_waited_for_and_its_token_is_in_no_reason(
    listener: Listener,
) -> None:
    await listener.shut()
    came = await sent(Robot("wecombot", "the-token"), listener)
    assert isinstance(came, Retry)
    assert "the-token" not in came.reason
