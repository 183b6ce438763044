"""By thumb, before the test: the police are told; and after it: the police say that it came."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, StorageState, expect

from tests.system.walked_school import BUTTONS, SCHOOL, ZONES, school

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
WRITE: Final = {"X-Campus-Request": "1"}
THUMB_PX: Final = 64
NOTICE: Final = {"hours": 24, "text": "市局指挥中心，说明学校和时间"}


async def fits_a_thumb(page: Page, name: str) -> None:
    box = await page.locator(f"[data-test={name}]").bounding_box()
    assert box is not None
    assert box["height"] >= THUMB_PX
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_no_window_opens_before_the_technician_has_told_the_police(
    screens: Screens, tmp_path: Path
) -> None:
    first, second = BUTTONS[:2]
    async with school(tmp_path, telephone="0101-5550102", test_notice=NOTICE) as it:
        url = it.gateway.url
        page = await screens.open(f"{url}/#code={await it.code()}", **PHONE)
        await page.wait_for_selector("header.top")
        await page.goto(f"{url}/devices/{SCHOOL}/{first.id}")
        await page.locator("[data-test=verify]").tap()
        run = page.locator("[data-waits=notice]")
        await expect(run).to_contain_text("须在测试前 24 小时告知")
        await expect(run).to_contain_text("市局指挥中心，说明学校和时间")
        await expect(run.locator("a[href='tel:0101-5550102']")).to_be_visible()
        told = page.locator("[data-test=told]")
        await expect(told).to_be_disabled()
        await page.get_by_label("告知了谁、怎样告知").fill("昨天电话告知值班民警")
        await fits_a_thumb(page, "told")
        await told.tap()

        await expect(page.locator("[data-waits=press]")).to_contain_text("请按下报警按钮")
        await expect(page.locator("[data-step=notice]")).to_contain_text("昨天电话告知值班民警")
        await it.press(first)
        await page.locator("[data-test=confirm]").tap()
        await expect(page.locator("[data-run]")).to_have_attribute("data-verdict", "met")
        assert it.tests() == {ZONES[first.id]: 1}
        assert it.alarms(first) == 0
        (fact,) = (await it.get("/facts?kind=police_notice"))["items"]
        assert fact["actor"] == "user:admin"

        await page.goto(f"{url}/devices/{SCHOOL}/{second.id}")
        await page.locator("[data-test=verify]").tap()
        await expect(page.locator("[data-waits=press]")).to_be_visible()
        await expect(page.locator("[data-step=notice]")).to_contain_text("近期已告知")
        await page.get_by_role("button", name="取消测试").tap()
        await expect(page.locator("[data-run]")).to_have_attribute("data-verdict", "unknown")
        assert screens.complaints == []


async def test_the_test_of_a_vendors_host_is_attested_by_thumb(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, **PHONE)
    answer = await page.request.put(
        f"{demo_gateway.url}/api/v1/devices/no3-middle/vendor-host",
        data={"kind": "police-link", "name_zh": "报警主机", "dialect": "native"},
        headers=WRITE,
    )
    assert answer.ok, await answer.text()
    await page.goto(f"{demo_gateway.url}/devices/no3-middle/vendor-host")
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=attest]")).to_contain_text("电话询问公安接收端")
    await fits_a_thumb(page, "attest")
    await page.locator("[data-test=attest]").tap()
    await expect(page.locator("[data-run]")).to_have_attribute("data-verdict", "met")
    await expect(page.locator(".result")).to_contain_text("并非网关测得")
    assert screens.complaints == []
