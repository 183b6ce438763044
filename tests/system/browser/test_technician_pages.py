"""What a technician's phone shows of a device: why it is red, its ninety days, what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from playwright.async_api import Page, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
WRITE: Final = {"X-Campus-Request": "1"}
LOW_CONTRAST: Final = (Path(__file__).parent / "low_contrast.js").read_text("utf-8")


async def registered(page: Page, device: str, kind: str) -> None:
    api = "/".join(page.url.split("/")[:3]) + "/api/v1"
    answer = await page.request.put(
        f"{api}/devices/{SCHOOL}/{device}",
        data={"kind": kind, "name_zh": "三楼温感", "dialect": "native", "address": device},
        headers=WRITE,
    )
    assert answer.ok, await answer.text()


async def test_the_card_of_a_device_that_left_says_why_and_what_to_do(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, **PHONE)
    await registered(page, "left-01", "temperature")
    await say("temperature", "left-01", "telemetry", {"seq": 1, "temperature_c": 21.5})
    await page.goto(f"{demo_gateway.url}/devices/{SCHOOL}/left-01")
    card = page.locator("header.head")
    await expect(card).to_have_attribute("data-health", "ok")

    await say("temperature", "left-01", "status", {"online": False})
    await expect(card).to_have_attribute("data-health", "trouble")
    await expect(page.locator("[data-test=why]")).to_contain_text("断开了连接")
    await expect(page.locator("[data-test=next]")).to_contain_text("下一步")
    await expect(page.locator("[data-test=next]")).to_contain_text("电源")
    assert screens.complaints == []


async def test_a_device_that_never_spoke_is_unknown_and_says_so(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, **PHONE)
    await registered(page, "never-01", "temperature")
    await page.goto(f"{demo_gateway.url}/devices/{SCHOOL}/never-01")
    card = page.locator("header.head")
    await expect(card).to_have_attribute("data-health", "unknown")
    await expect(page.locator("[data-test=why]")).not_to_be_empty()
    await expect(page.get_by_text("从未上报", exact=True)).to_be_visible()


async def test_ninety_days_are_read_by_finger_by_key_and_as_a_table(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/devices/{SCHOOL}/fire-lab-302"
    page = await screens.open(address, signed_in=signed_in, **PHONE)
    strip = page.get_by_role("slider")
    await expect(strip.locator(".day")).to_have_count(90)
    await expect(strip).to_have_attribute("aria-valuenow", "90")
    today = await strip.get_attribute("aria-valuetext")
    assert today is not None
    assert "条消息" in today
    # Nobody listened before the demonstration began: unknown, never "well".
    await strip.tap(position={"x": 2, "y": 20})
    await expect(strip).to_have_attribute("aria-valuenow", "1")
    await expect(strip.locator(".day").first).to_have_attribute("data-state", "unknown")
    await strip.press("ArrowRight")
    await expect(strip).to_have_attribute("aria-valuenow", "2")

    await page.locator("summary", has_text="逐日列表").tap()
    await expect(page.locator("figcaption tbody tr")).to_have_count(90)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert screens.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_every_text_fits_a_phone_and_can_be_read(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    scheme: Literal["light", "dark"],
    language: str,
) -> None:
    page = await screens.open(
        demo_gateway.url, signed_in=signed_in, scheme=scheme, language=language, **PHONE
    )
    for room in (f"/devices/{SCHOOL}/fire-lab-302", "/commission", "/verifications"):
        await page.goto(demo_gateway.url + room)
        await expect(page.locator("main h1").first).to_be_visible()
        if "fire" in room:
            await expect(page.get_by_role("slider")).to_be_visible()
        assert await page.evaluate(LOW_CONTRAST) == [], room
        beyond = await page.evaluate(
            "[...document.querySelectorAll('.frame > :not(.unseen), main')]"
            ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
        )
        assert beyond == [], room
    assert screens.complaints == []
