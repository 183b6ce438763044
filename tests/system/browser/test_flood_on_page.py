"""More alerts than a person can work through: the page says where, how many and what came first."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.async_api import expect

from devices.simulator.access import read_access

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL = "no7-vocational"
NAMES = [f"worn-{number}" for number in range(12)]


async def say_worn(gateway: DemoGateway, name: str) -> None:
    """Two readings of a battery that is nearly empty."""
    access = read_access(gateway.demo / "simulator.json")
    who = access.credentials(SCHOOL)
    assert who is not None
    body = msgspec.json.encode({"ts": int(time.time() * 1000), "battery_pct": 15}).decode()
    command = ["mosquitto_pub", "-h", access.host, "-p", str(access.port), "-q", "1"]
    command += ["-u", who.username, "-P", who.password, "--repeat", "2"]
    command += ["-t", f"campus/{SCHOOL}/temperature/{name}/telemetry", "-m", body]
    process = await asyncio.create_subprocess_exec(*command)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_flood_is_said_above_the_list_with_what_came_first(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}")
    await page.wait_for_selector("header.top")
    for name in NAMES:
        answer = await page.request.put(
            f"{own_gateway.url}/api/v1/devices/{SCHOOL}/{name}",
            headers={"X-Campus-Request": "1"},
            data={"kind": "temperature"},
        )
        assert answer.ok, await answer.text()
    flood = page.locator(f"[data-test=floods] [data-school={SCHOOL}]")
    await expect(flood).to_have_count(0)
    for name in NAMES:
        await say_worn(own_gateway, name)
    await expect(flood).to_contain_text("12 条报警")

    # Nothing is hidden: each of them stands in the list, and the first is a press away.
    await expect(page.locator(f"[data-alert][data-device^='{SCHOOL}/worn-']")).to_have_count(12)
    await flood.locator("a").click()
    await expect(page.locator("article.detail")).to_contain_text("worn-0")

    # What belongs together is put together by a press, and still there.
    await flood.locator("[data-test=group]").click()
    await expect(page.locator(f"[data-group='flood:{SCHOOL}']")).to_be_visible()
    await expect(flood.locator("[data-test=group]")).to_have_count(0)
    await expect(page.locator(f"[data-alert][data-device^='{SCHOOL}/worn-']")).to_have_count(12)
    assert screens.complaints == []
