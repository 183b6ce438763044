"""Replay on the page: figures are tried on stored days, and what comes of them is on the curve."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.furnished import WRITE

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000


async def test_todays_rules_are_replayed_from_the_form(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/replays", signed_in=signed_in, width=390, height=844
    )
    await page.locator("[data-test=school]").select_option("no3-middle")
    await page.locator("[data-test=kind]").select_option("smoke-temperature")
    await expect(page.locator("form details").first).to_be_visible()
    await page.locator("[data-test=begin]").click()
    await expect(page).to_have_url(re.compile(r"/replays/[0-9a-f]{32}$"))
    head = page.locator("header.head")
    await expect(head).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    await expect(head).to_contain_text("现行规则")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []


async def test_what_tried_figures_would_raise_is_shown_on_the_curve(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/replays", signed_in=signed_in)
    now = round(time.time() * 1000)
    cold = {"rule": "threshold", "metric": "temperature_c", "above": -40, "condition": "heat"}
    answer = await page.request.post(
        f"{demo_gateway.url}/api/v1/replays",
        data={
            "since": now - 3_600_000,
            "until": now + 60_000,
            "school": "no3-middle",
            "changes": {"schools": {"no3-middle": {"smoke-temperature": {"cold": cold}}}},
        },
        headers=WRITE,
    )
    assert answer.ok, await answer.text()
    await page.goto(f"{demo_gateway.url}/replays/{(await answer.json())['id']}")
    await expect(page.locator("header.head")).to_have_attribute(
        "data-state", "done", timeout=PATIENCE_MS
    )
    await page.locator("button[data-verdict=only_replayed]").click()
    row = page.locator("li[data-verdict=only_replayed]").first
    await row.locator("summary").click()
    await expect(row.locator("canvas")).to_be_visible()
    await expect(row).to_contain_text("重演")
    assert screens.complaints == []
