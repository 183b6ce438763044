"""The page of the receivers in a real browser, on a demonstration."""

from __future__ import annotations

import sqlite3
import time

import pytest
from playwright.async_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

SCHOOL = "no3-middle"
BUTTON = "told-01"
WRITE = {"X-Campus-Request": "1"}


async def test_every_receiver_says_how_it_fares_and_can_be_tested(
    demo_gateway, screens, signed_in
) -> None:
    page = await screens.open(f"{demo_gateway.url}/notification", signed_in=signed_in)
    row = page.locator("[data-receiver=mqtt]")
    await expect(row).to_have_attribute("data-standing", "well")
    await row.locator("[data-test=test]").click()
    await expect(row.locator(".test")).to_contain_text("测试消息已送达")
    await expect(page.get_by_text("没有未送达的消息")).to_be_visible()
    assert screens.complaints == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_a_desk(
    demo_gateway, screens, signed_in, width: int, height: int, scheme: str
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/notification",
        signed_in=signed_in,
        width=width,
        height=height,
        scheme=scheme,
    )
    await expect(page.locator("[data-receiver=mqtt]")).to_be_visible()
    overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0


async def test_an_alert_says_who_was_told_of_it(demo_gateway, screens, signed_in, say) -> None:
    api = f"{demo_gateway.url}/api/v1"
    page = await screens.open(f"{demo_gateway.url}/", signed_in=signed_in)
    button = {"kind": "alarm-button", "name_zh": "北门按钮", "dialect": "native"}
    answer = await page.request.put(f"{api}/devices/{SCHOOL}/{BUTTON}", data=button, headers=WRITE)
    assert answer.ok, await answer.text()
    await say("alarm-button", BUTTON, "event", {"seq": 1, "event": "pressed"})
    row = page.locator(f"[data-device='{SCHOOL}/{BUTTON}']")
    await row.click()
    alert = await row.get_attribute("data-alert")
    await page.locator("[data-test=deliveries] summary").click()
    told = page.locator("[data-test=deliveries] [data-receiver=mqtt]").first
    await expect(told).to_contain_text("送达")
    assert any(one.endswith(f"/alerts/{alert}/deliveries") for one in screens.requests)

    # Nothing is left ringing for the tests that follow.
    taken = {"action": "acknowledge"}
    answer = await page.request.post(f"{api}/alerts/{alert}/actions", data=taken, headers=WRITE)
    assert answer.ok, await answer.text()


async def test_a_message_for_a_receiver_that_is_no_more_can_be_dropped_with_a_reason(
    demo_gateway, screens, signed_in
) -> None:
    left_over(demo_gateway)
    page = await screens.open(f"{demo_gateway.url}/notification", signed_in=signed_in)
    row = page.locator("tr[data-row]", has_text="former-chat")
    await expect(row).to_contain_text("等待中")
    await expect(page.locator("[data-receiver=former-chat]")).to_have_attribute(
        "data-standing", "unknown"
    )
    await row.get_by_role("checkbox").check()
    await page.locator("[data-test=drop]").click()
    await page.locator("dialog textarea").fill("群已解散")
    await page.locator("dialog [data-test=send]").click()
    await expect(page.get_by_text("没有未送达的消息")).to_be_visible()
    assert screens.complaints == []


def left_over(demo_gateway) -> None:
    """The settings named a chat once, and a message was written for it."""
    now = int(time.time() * 1000)
    (path,) = demo_gateway.demo.rglob("campus.db")
    statement = (
        "INSERT INTO outbox(receiver, key, created, body, due) VALUES('former-chat', ?, ?, ?, ?)"
    )
    with sqlite3.connect(path, timeout=20) as store:
        store.execute(statement, (f"high/no3-middle/1/1/{now}", now, b"{}", now))
