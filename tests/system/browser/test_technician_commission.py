"""A new device by thumb, from its label to its proof: also where the network is poor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Locator, Page, Route, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
REGISTER: Final = re.compile(r"/api/v1/devices/[^/]+/[^/]+$")


async def begin(screens: Screens, gateway: DemoGateway, signed_in: StorageState) -> Page:
    return await screens.open(f"{gateway.url}/commission", signed_in=signed_in, **PHONE)


async def look_up(page: Page, code: str) -> None:
    await page.get_by_label("或输入编号").fill(code)
    await page.locator("[data-test=look-up]").tap()


def kind_of(page: Page) -> Locator:
    return page.locator("label.field", has_text="类型").locator("select")


async def adopt(page: Page, name: str) -> None:
    await page.get_by_label("名称", exact=True).fill(name)
    await page.get_by_role("button", name="接入").tap()


async def test_a_new_button_is_typed_in_adopted_pressed_and_done(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    await say("alarm-button", "fresh-01", "telemetry", {"seq": 1, "battery_pct": 97})
    page = await begin(screens, demo_gateway, signed_in)
    await look_up(page, "fresh-01")
    await expect(page.get_by_label("编号", exact=True)).to_have_value("fresh-01")
    await expect(kind_of(page)).to_have_value("alarm-button")
    await adopt(page, "图书馆一键报警")
    await expect(page.locator(".subject")).to_contain_text("图书馆一键报警")

    await page.locator("[data-test=skip-place]").tap()
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await say("alarm-button", "fresh-01", "event", {"seq": 2, "event": "pressed"})
    await page.locator("[data-test=confirm]").tap()
    await expect(page.locator("[data-run]")).not_to_have_attribute("data-verdict", "")
    await page.locator("[data-test=finish]").tap()
    await expect(page.locator(".done .verdict")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.locator("[data-test=next-device]").tap()
    await expect(page.locator("[data-test=scan]")).to_be_visible()
    assert screens.complaints == []


async def test_a_device_that_is_powered_up_late_is_found_without_another_tap(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page = await begin(screens, demo_gateway, signed_in)
    await look_up(page, "fresh-02")
    await expect(page.locator(".found")).to_contain_text("还没有收到 fresh-02 的消息")
    await say("temperature", "fresh-02", "telemetry", {"seq": 1, "temperature_c": 20})
    await expect(kind_of(page)).to_have_value("temperature")


async def test_a_registration_waits_for_the_network_and_what_follows_waits_behind_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    await say("temperature", "fresh-03", "telemetry", {"seq": 1, "temperature_c": 20})
    page = await begin(screens, demo_gateway, signed_in)
    await look_up(page, "fresh-03")
    reached: list[str] = []

    async def lost(route: Route) -> None:
        if route.request.method == "PUT":
            await route.abort()
        else:
            await route.continue_()

    await page.route(REGISTER, lost)
    await adopt(page, "机房温感")
    await page.locator("[data-test=skip-place]").tap()
    await expect(page.locator(".commission")).to_contain_text("还有 1 项等待发送")
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator(".outbox")).to_contain_text("等待发送（2）")

    page.on("request", lambda request: reached.append(f"{request.method} {request.url}"))
    await page.locator(".outbox .line").tap()
    hurry = page.get_by_role("button", name="立即发送")
    await expect(hurry).to_be_visible()
    await page.unroute(REGISTER)
    await hurry.evaluate("button => button.click()")  # it may go out by itself just now
    await expect(page.locator("[data-waits=trigger]")).to_be_visible()
    sent = [one for one in reached if "/fresh-03" in one and not one.startswith("GET")]
    assert [one.split()[0] for one in sent] == ["PUT", "POST"]


async def test_what_is_no_id_is_not_looked_up(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await begin(screens, demo_gateway, signed_in)
    await look_up(page, "https://example.org/a?b")
    await expect(page.get_by_role("alert")).to_contain_text("不是设备编号")
    assert not [one for one in screens.requests if "/lookup" in one]
