"""Maintenance on the page: announced from a device, seen in the header, ended, and what it hid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

WRITE: Final = {"X-Campus-Request": "1"}
SCHOOL: Final = "no3-middle"
DEVICE: Final = "fire-lab-302"


async def call(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What another person or program does through the HTTP interface."""
    origin = "/".join(page.url.split("/")[:3])
    answer = await page.request.fetch(
        f"{origin}/api/v1{path}", method=method, data=body, headers=WRITE
    )
    assert answer.ok, await answer.text()
    return await answer.json()


async def announce(page: Page, **of: str) -> dict[str, Any]:
    now = (await call(page, "GET", "/summary"))["now"]
    body = {"school": SCHOOL, "ends": now + 3_600_000, "reason": "更换探头", **of}
    one: dict[str, Any] = await call(page, "POST", "/maintenance", body)
    return one


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
async def test_announced_from_the_device_it_hides_its_faults_until_it_is_ended(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    width: int,
    height: int,
) -> None:
    address = f"{demo_gateway.url}/devices/{SCHOOL}/{DEVICE}"
    page = await screens.open(address, signed_in=signed_in, width=width, height=height)
    await page.locator("[data-test=announce]").click()
    dialog = page.locator("dialog")
    await expect(dialog.locator("[data-test=device]")).to_have_value(DEVICE)
    send = dialog.locator("[data-test=send]")
    await expect(send).to_be_disabled()
    await dialog.locator("[data-test=reason]").fill("更换探头")
    await send.click()
    await expect(page.locator("header.about")).to_have_attribute("data-state", "under_way")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == width
    mark = page.locator("[data-test=maintenances]")
    await expect(mark).to_be_visible()
    number = re.search(r"/maintenance/(\d+)", page.url)
    assert number is not None

    await page.goto(address)
    await expect(page.locator("header [data-test=maintenance]")).to_contain_text("更换探头")

    await page.goto(f"{demo_gateway.url}/maintenance/{number[1]}")
    await page.locator("[data-test=end]").click()
    await page.locator("dialog textarea").fill("提前完工")
    await page.locator("dialog [data-test=send]").click()
    await expect(page.locator("header.about")).to_have_attribute("data-state", "over")
    await expect(page.locator("[data-test=ending]")).to_contain_text("提前完工")
    await expect(mark).to_have_count(0)
    assert screens.complaints == []


async def test_a_hidden_fault_says_by_what_and_stands_on_the_list_of_what_was_hidden(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    meter = {"kind": "electrical", "parameters": {"residual_current": {"for_s": 0}}}
    await call(page, "PUT", f"/devices/{SCHOOL}/worked-01", meter)
    one = await announce(page, device="worked-01")
    try:
        await say("electrical", "worked-01", "telemetry", {"seq": 1, "residual_current_ma": [420]})
        await page.goto(f"{demo_gateway.url}/maintenance/{one['id']}")
        hidden = page.locator("li[data-alert] a").first
        await hidden.click()
        await expect(page.locator("article header")).to_contain_text("维护抑制")
        link = page.locator("article [data-test=maintenance]")
        await expect(link).to_contain_text("更换探头")
        await link.click()
        await expect(page.locator("[data-test=standing]")).to_have_count(0)
    finally:
        await call(page, "POST", f"/maintenance/{one['id']}/end", {})
    await expect(page.locator("[data-test=standing]")).to_be_visible()
    await hidden.click()
    await expect(page.locator("article header")).not_to_contain_text("维护抑制")
    await expect(page.locator("article")).to_contain_text("维护结束")
    assert screens.complaints == []


async def test_with_the_keyboard_alone_and_in_english_one_is_announced_and_found_in_the_list(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/maintenance", signed_in=signed_in, language="en-GB", scheme="dark"
    )
    await page.locator("[data-test=announce]").focus()
    await page.keyboard.press("Enter")
    reason = page.locator("dialog [data-test=reason]")
    await expect(reason).to_be_focused()
    await page.keyboard.type("Painting the corridor")
    await page.locator("dialog [data-test=of]").select_option("place")
    await page.locator("dialog [data-test=place]").select_option(index=1)
    await page.locator("dialog [data-test=send]").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-test=state]")).to_contain_text("Under way")
    number = page.url.rsplit("/", 1)[1]
    try:
        await page.locator(".tools a.quiet").first.click()
        listed = page.locator(f"[data-maintenance='{number}']")
        await expect(listed).to_contain_text("Painting the corridor")
    finally:
        await call(page, "POST", f"/maintenance/{number}/end", {})
    assert screens.complaints == []
