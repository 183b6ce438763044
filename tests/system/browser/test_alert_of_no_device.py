"""An alert about the gateway itself or a device that is gone: its page asks for no device."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, Response, expect

from devices.simulator.access import read_access

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL = "no3-middle"
LEFT = "left-for-good"
MORE_THAN_A_MINUTE_MAY_HOLD = 700
WRITE = {"X-Campus-Request": "1"}


async def say(gateway: DemoGateway, body: str, times: int) -> None:
    access = read_access(gateway.demo / "simulator.json")
    who = access.credentials(SCHOOL)
    assert who is not None
    command = ["mosquitto_pub", "-h", access.host, "-p", str(access.port), "-q", "1"]
    command += ["-u", who.username, "-P", who.password, "--repeat", str(times)]
    command += ["-t", f"campus/{SCHOOL}/temperature/{LEFT}/telemetry", "-m", body]
    process = await asyncio.create_subprocess_exec(*command)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def refused_on(page: Page, address: str) -> list[str]:
    """What the gateway refused while the page of an alert was shown to its end."""
    asked: set[str] = set()
    refused: list[str] = []

    def answered(answer: Response) -> None:
        asked.discard(answer.url)
        if answer.status >= 400:
            refused.append(answer.url)

    page.on("request", lambda request: asked.add(request.url))
    page.on("response", answered)
    page.on("requestfailed", lambda request: asked.discard(request.url))
    await page.goto(address)
    await expect(page.locator("[data-test=history] li").first).to_be_visible()
    async with asyncio.timeout(60):
        while asked:  # noqa: ASYNC110 - the browser says it in its own time
            await asyncio.sleep(0.05)
    return refused


async def alert_of(page: Page, api: str, device: str) -> int:
    async with asyncio.timeout(60):
        while True:
            answer = await page.request.get(f"{api}/alerts")
            assert answer.ok, await answer.text()
            for one in (await answer.json())["items"]:
                if one["device"]["id"] == device:
                    return int(one["id"])
            await asyncio.sleep(0.2)


async def test_the_page_of_such_an_alert_asks_for_nothing_that_is_not_there(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}")
    await page.wait_for_selector("header.top")
    # Away from the alerts: there the device would be looked for just when it leaves.
    await page.goto(f"{own_gateway.url}/settings")
    api = f"{own_gateway.url}/api/v1"
    device = f"{api}/devices/{SCHOOL}/{LEFT}"
    answer = await page.request.put(device, headers=WRITE, data={"kind": "temperature"})
    assert answer.ok, await answer.text()
    await say(own_gateway, '{"battery_pct": 5}', 2)
    number = await alert_of(page, api, LEFT)
    answer = await page.request.delete(device, headers=WRITE, data={"reason": "拆除"})
    assert answer.ok, await answer.text()
    assert await refused_on(page, f"{own_gateway.url}/alerts/{number}") == []
    await expect(page.locator("article.detail header a", has_text=LEFT)).to_have_count(0)

    await say(own_gateway, "no JSON", MORE_THAN_A_MINUTE_MAY_HOLD)
    number = await alert_of(page, api, "gateway")
    assert await refused_on(page, f"{own_gateway.url}/alerts/{number}") == []
    await expect(page.locator("article.detail header")).to_contain_text("网关")
    await expect(page.locator("article.detail header a[href='/devices//gateway']")).to_have_count(0)
    assert screens.complaints == []
