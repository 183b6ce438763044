"""Devices that fall silent together are one row on the page, and its detail lists them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL = "no3-middle"
NAMES = [f"cut-{number}" for number in range(6)]
QUICK = {"silent": {"expected_s": 5, "grace_s": 0, "shortest_s": 5, "settle_s": 1}}


async def asked(page: Page, url: str) -> Any:
    answer = await page.request.get(url)
    assert answer.ok, await answer.text()
    return await answer.json()


async def test_a_room_that_is_cut_off_is_one_row_with_its_devices(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    api = f"{demo_gateway.url}/api/v1"
    page = await screens.open(f"{demo_gateway.url}/", signed_in=signed_in)
    places = (await asked(page, f"{api}/places?school={SCHOOL}"))["items"]
    devices = (await asked(page, f"{api}/devices?school={SCHOOL}&limit=500"))["items"]
    taken = Counter(one["place_id"] for one in devices)
    parents = {one["parent"] for one in places}
    room = min((one for one in places if one["id"] not in parents), key=lambda p: taken[p["id"]])
    for name in NAMES:
        answer = await page.request.put(
            f"{api}/devices/{SCHOOL}/{name}",
            headers={"X-Campus-Request": "1"},
            data={"kind": "temperature", "place": room["id"], "parameters": QUICK},
        )
        assert answer.ok, await answer.text()

    # They speak, and then the room has no power any more.
    for _ in range(2):
        await asyncio.gather(
            *(say("temperature", name, "telemetry", {"temperature_c": 20.5}) for name in NAMES)
        )
    row = page.locator(f"[data-alert][data-device='{SCHOOL}/{room['id']}']")
    await expect(row).to_have_count(1, timeout=60_000)
    await expect(row).to_contain_text(room["path"]["zh"])
    await expect(row).to_contain_text("6 台设备")
    for name in NAMES:
        await expect(page.locator(f"[data-alert][data-device='{SCHOOL}/{name}']")).to_have_count(0)

    await row.click()
    listed = page.locator("[data-test=victims]")
    await expect(listed.locator("[data-victim]")).to_have_count(6)
    await expect(listed).to_contain_text("6 台仍失联，共 6 台")
    await expect(listed.locator("tr", has_text="cut-3")).to_contain_text("仍失联")

    # On a phone and in the dark the list fits, too.
    number = await row.get_attribute("data-alert")
    phone = await screens.open(
        f"{demo_gateway.url}/alerts/{number}",
        signed_in=signed_in,
        width=390,
        height=844,
        scheme="dark",
    )
    await expect(phone.locator("[data-victim]")).to_have_count(6)
    assert await phone.evaluate("() => document.documentElement.scrollWidth") == 390

    # The power is back: each of them is heard, and the row says so.
    await asyncio.gather(
        *(say("temperature", name, "telemetry", {"temperature_c": 20.5}) for name in NAMES)
    )
    await expect(row).to_have_attribute("data-state", "returned")
    await expect(listed).to_contain_text("恢复")
    for name in NAMES:
        await page.request.delete(
            f"{api}/devices/{SCHOOL}/{name}",
            headers={"X-Campus-Request": "1"},
            data={"reason": "test"},
        )
    assert screens.complaints == []
