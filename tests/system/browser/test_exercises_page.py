"""Exercises on the page: a plan, one large button per step, a score, a table to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]


async def test_an_exercise_is_planned_run_by_thumb_and_scored(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/exercises"
    page = await screens.open(address, signed_in=signed_in, width=390, height=844)
    await page.locator("[data-test=plan]").click()
    steps = page.locator("dialog ol li")
    await expect(steps).to_have_count(10)
    for _ in range(8):
        await steps.last.get_by_role("button").click()
    await page.locator("dialog input[maxlength='200']").first.fill("十一月演练")
    await page.locator("[data-test=send]").click()

    head = page.locator("header.head")
    await expect(head).to_have_attribute("data-running", "true")
    await expect(head).to_contain_text("真实报警")
    done = page.locator("li .done.main")
    box = await done.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    await done.click()
    await expect(page.locator("li[data-result=in_time]")).to_have_count(1)

    await page.locator("[data-test=end]").click()
    await page.locator("dialog .button.main").click()
    await expect(head).to_have_attribute("data-running", "false")
    await expect(page.locator("[data-test=score]")).to_contain_text("50 %")
    await expect(page.locator("li[data-result=missed]")).to_have_count(1)
    table = await page.request.get(
        demo_gateway.url + (await page.get_by_role("link", name="CSV").get_attribute("href") or "")
    )
    assert "十一月演练" in await table.text()
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []
