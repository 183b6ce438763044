"""The full-load test of a feeder on a phone, with a real monitor on MQTT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
FEEDER: Final = "load-tested-01"
PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
WRITE: Final = {"X-Campus-Request": "1"}


async def test_a_feeder_is_tested_room_by_room_by_thumb(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, **PHONE)
    answer = await page.request.put(
        f"{demo_gateway.url}/api/v1/devices/{SCHOOL}/{FEEDER}",
        data={"kind": "electrical", "name_zh": "宿舍三层", "dialect": "native"},
        headers=WRITE,
    )
    assert answer.ok, await answer.text()

    async def flows(power: float) -> None:
        told = {"power_w": power, "current_a": round(power / 230, 2), "voltage_v": 230}
        await say("electrical", FEEDER, "telemetry", told)

    await page.goto(f"{demo_gateway.url}/devices/{SCHOOL}/{FEEDER}")
    await page.locator("[data-test=load-test]").tap()
    await expect(page.locator("[data-waits=device]")).to_be_visible()
    await flows(120)
    await expect(page.locator("[data-waits=load]")).to_contain_text("请输入下一间房")
    await expect(page.locator("[data-test=load-finish]")).to_have_count(0)
    await page.get_by_label("下一间房").fill("301")
    await page.locator("[data-test=load-name]").tap()
    await page.locator("[data-test=load-on]").tap()
    await expect(page.locator("[data-waits=device]")).to_be_visible()
    await flows(2300)
    await flows(2290)
    measured = page.locator("[data-step=load][data-verdict=met]")
    await expect(measured).to_contain_text("301：增加 2170 W")
    await page.locator("[data-test=load-finish]").tap()
    await expect(page.locator("[data-step=hold]")).to_contain_text("全部负荷保持运行")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390

    await flows(125)  # somebody switches off, or a breaker trips
    run = page.locator("[data-run]")
    await expect(run).to_have_attribute("data-verdict", "failed")
    await expect(run).to_contain_text("负荷消失")
    assert screens.complaints == []
