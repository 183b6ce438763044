"""Floor plans on the page: brought in, devices put on them, and the one that alarms found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

WRITE: Final = {"X-Campus-Request": "1"}
SCHOOL: Final = "no1-primary"
PLAN: Final = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 700">
<rect width="1200" height="700" fill="#ffffff"/>
<g fill="none" stroke="#333333" stroke-width="6">
<rect x="60" y="60" width="1080" height="580"/><path d="M60 400h1080M420 60v340M780 60v340"/></g>
</svg>"""


async def test_a_plan_is_uploaded_and_the_alarm_is_found_on_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/plans/{SCHOOL}", signed_in=signed_in)
    file = page.locator("[data-test=plan-file]")
    await file.set_input_files({"name": "p.svg", "mimeType": "image/svg+xml", "buffer": PLAN})
    sheet = page.locator(".sheet img")
    await expect(sheet).to_be_visible()
    await sheet.evaluate("(one) => one.decode()")

    api = f"{demo_gateway.url}/api/v1"
    found = await (await page.request.get(f"{api}/places", params={"school": SCHOOL})).json()
    place = next(one["id"] for one in found["items"] if one["has_plan"])
    await page.goto(demo_gateway.url)
    option = page.locator(f"aside option[value^='{SCHOOL}/']").first
    await expect(option).to_be_attached()
    button = (await option.get_attribute("value") or "").split("/")[1]
    where = {"place": place, "x": 0.25, "y": 0.5}
    answer = await page.request.put(
        f"{api}/devices/{SCHOOL}/{button}/position", data=where, headers=WRITE
    )
    assert answer.ok
    await page.request.post(
        f"{api}/demo/press", data={"school": SCHOOL, "device": button}, headers=WRITE
    )

    row = page.locator(f".row[data-device='{SCHOOL}/{button}']")
    await row.click()
    mark = page.locator(f"[data-test=alert-plan] .spot[data-device='{button}']")
    await expect(mark).to_be_visible()
    assert await mark.evaluate("(one) => one.style.left") == "25%"
    number = await row.get_attribute("data-alert")
    await page.request.post(
        f"{api}/alerts/{number}/actions", data={"action": "acknowledge"}, headers=WRITE
    )
    await expect(row).to_have_attribute("data-state", "acknowledged")
    assert screens.complaints == []


async def test_a_device_is_put_on_the_plan_by_a_tap_and_moved_finely_by_keys(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    school, device = "no3-middle", "fire-lab-302"
    page = await screens.open(demo_gateway.url, signed_in=signed_in, width=390, height=844)
    api = f"{demo_gateway.url}/api/v1"
    found = await (await page.request.get(f"{api}/devices/{school}/{device}")).json()
    place = found["place_id"]
    picture = await (
        await page.request.put(
            f"{api}/pictures?school={school}",
            data=PLAN,
            headers={**WRITE, "Content-Type": "image/svg+xml"},
        )
    ).json()
    answer = await page.request.put(
        f"{api}/places/{school}/{place}/plan", data={"picture": picture["hash"]}, headers=WRITE
    )
    assert answer.ok

    await page.goto(f"{demo_gateway.url}/commission?step=place&school={school}&id={device}")
    sheet = page.locator("[data-test=placer] .sheet").last
    await expect(sheet).to_be_visible()
    box = await sheet.bounding_box()
    assert box is not None
    await sheet.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    pin = page.locator("[data-test=pin]")
    await pin.press("ArrowLeft")
    await page.locator("[data-key=ArrowDown]").click()
    await page.locator("[data-test=keep-place]").click()
    await expect(page.locator("[data-test=placer]")).to_have_count(0)

    found = await (await page.request.get(f"{api}/devices/{school}/{device}")).json()
    assert found["position"]["place"] == place
    assert abs(found["position"]["x"] - 0.495) < 0.003
    assert abs(found["position"]["y"] - 0.255) < 0.005
    assert screens.complaints == []
