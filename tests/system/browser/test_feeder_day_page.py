"""A feeder's day: what was recognised behind it is named, timed, and stands on its curve."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.furnished import SCHOOL, Campus, publish_all

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000
FEEDER = "dorm-3-feeder"
OWN = {"appliances": {"judged": True}, "silent": {"expected_s": 86_400, "grace_s": 86_400}}
EVERY_S = 3
LONG_S = 600
KETTLE_S = range(200, 380)


def an_evening() -> list[dict[str, object]]:
    """Ten minutes up to now: 400 W all the time, and a kettle of 1,980 W for three of them."""
    begin = int(time.time() * 1000) - LONG_S * 1000
    return [
        {
            "ts": begin + second * 1000,
            "power_w": 2380 if second in KETTLE_S else 400,
            "reactive_var": 20,
        }
        for second in range(0, LONG_S, EVERY_S)
    ]


@pytest.mark.parametrize("width", [390, 1440])
async def test_a_kettle_is_named_timed_and_drawn_on_the_feeders_curve(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, width: int
) -> None:
    feeder = f"{FEEDER}-{width}"
    page = await screens.open(
        demo_gateway.url,
        signed_in=signed_in,
        language="en",
        width=width,
    )
    campus = Campus(demo_gateway.url, page.request)
    device = {"kind": "electrical", "name_en": feeder, "name_zh": feeder, "parameters": OWN}
    await campus.call("PUT", f"/devices/{SCHOOL}/{feeder}", device)
    await publish_all(demo_gateway.demo, f"electrical/{feeder}/telemetry", an_evening())

    await page.goto(f"{demo_gateway.url}/devices/{SCHOOL}/{feeder}")
    day = page.locator("[data-test=appliances]")
    await expect(day).to_contain_text("Kettle", timeout=PATIENCE_MS)
    await expect(day).to_contain_text("1,980 W")
    await expect(day).to_contain_text("3 min")
    await expect(day.locator("li")).to_have_count(1)
    await expect(day.locator("canvas")).to_be_visible()
    assert await findings(page) == []
    assert not screens.complaints
