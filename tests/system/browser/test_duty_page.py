"""Duty on the page: a shift is planned, the next one signs, and every page names who is there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

FIELD = "%Y-%m-%dT%H:%M"
SCHOOL = "no3-middle"
BUTTON = "duty-01"
WRITE = {"X-Campus-Request": "1"}


async def test_a_shift_is_planned_signed_for_and_named_on_every_page(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    api = f"{demo_gateway.url}/api/v1"
    button = {"kind": "alarm-button", "name_zh": "西门按钮", "dialect": "native"}
    answer = await page.request.put(f"{api}/devices/{SCHOOL}/{BUTTON}", data=button, headers=WRITE)
    assert answer.ok, await answer.text()
    await say("alarm-button", BUTTON, "event", {"seq": 1, "event": "pressed"})
    row = page.locator(f"[data-device='{SCHOOL}/{BUTTON}']")
    await expect(row).to_have_count(1)
    alert = await row.get_attribute("data-alert")

    await page.goto(f"{demo_gateway.url}/duty")
    here = page.locator("header [data-test=duty]")
    await expect(here).to_contain_text("无人当班")

    began = datetime.now() - timedelta(hours=1)  # noqa: DTZ005 - as the screen's clock shows it
    await page.locator("[data-test=plan-shift]").click()
    await page.locator("[data-test=shift-user]").select_option("admin")
    times = page.locator("dialog input[type=datetime-local]")
    await times.first.fill(began.strftime(FIELD))
    await times.last.fill((began + timedelta(hours=8)).strftime(FIELD))
    await page.locator("dialog [data-test=send]").click()
    await expect(page.locator("li[data-shift]")).to_have_count(1)
    standing = page.locator("[data-test=standing]")
    await expect(standing).to_contain_text("admin")
    await expect(standing).to_contain_text("尚未交接班")
    await expect(here).to_contain_text("admin")

    await page.locator("[data-test=take-over]").click()
    sign = page.locator("dialog [data-test=send]")
    await expect(page.locator("dialog textarea")).to_be_visible()
    await expect(page.locator(f"dialog [data-tick='{alert}']")).to_be_visible()
    ticks = page.locator("dialog input[type=checkbox]")
    for number in range(await ticks.count()):
        await expect(sign).to_be_disabled()
        await ticks.nth(number).check()
    await page.locator("dialog textarea").fill("五号楼烟感待更换")
    await sign.click()
    past = page.locator("[data-test=hand-over]")
    await expect(past).to_have_count(1)
    await expect(past).to_contain_text("五号楼烟感待更换")
    # Whoever hands over leaves nothing ringing for the tests that follow.
    taken = {"action": "acknowledge"}
    answer = await page.request.post(f"{api}/alerts/{alert}/actions", data=taken, headers=WRITE)
    assert answer.ok, await answer.text()
    await expect(standing).not_to_have_class(re.compile("unsigned"))

    await page.goto(demo_gateway.url)
    await expect(here).to_contain_text("admin")
    assert screens.complaints == []


async def test_the_rota_fits_a_phone_and_a_dark_room(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/duty",
        signed_in=signed_in,
        width=390,
        height=844,
        scheme="dark",
        language="en",
    )
    button = page.locator("[data-test=take-over]")
    await expect(button).to_be_visible()
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []
