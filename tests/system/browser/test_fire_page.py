"""A room as its detectors see it: levels beside limits, and in a fire who was first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.furnished import SCHOOL, Campus, publish

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000
ROOM = "gatehouse"
SMOKE = "gatehouse-smoke"
BOTH = "gatehouse-both"
KINDS = {SMOKE: "smoke", BOTH: "smoke-temperature"}
PATIENT = {"silent": {"expected_s": 86_400, "grace_s": 86_400}}
"""However slowly the test goes, nobody is called silent meanwhile."""


async def test_a_room_shows_its_levels_and_in_a_fire_who_was_first(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    for name, kind in KINDS.items():
        device = {"kind": kind, "name_en": name, "place": ROOM, "parameters": PATIENT}
        await campus.call("PUT", f"/devices/{SCHOOL}/{name}", device)
    read = {"obscuration_pct_m": 0.4, "temperature_c": 21.5, "chamber_dirty_pct": 35}
    await publish(demo_gateway.demo, f"smoke-temperature/{BOTH}/telemetry", read)
    await publish(demo_gateway.demo, f"smoke/{SMOKE}/telemetry", {"obscuration_pct_m": 0.2})

    await page.goto(f"{demo_gateway.url}/fire/{SCHOOL}/{ROOM}")
    verdict = page.locator("[data-test=verdict]")
    await expect(verdict).to_have_text("No sign of fire", timeout=PATIENCE_MS)
    both = page.locator(f"[data-detector='{BOTH}']")
    await expect(both).to_contain_text("0.4 of 3 %/m")
    await expect(both).to_contain_text("21.5 of 54 °C")
    await expect(both.locator("[data-test=chamber]")).to_contain_text("35 of 80 %")
    await expect(both.locator("[data-test=tested]")).to_contain_text("never verified")
    await expect(page.locator("[data-curve] canvas")).to_have_count(2)
    await page.locator("[data-metric=temperature_c]").click()
    await expect(page.locator("[data-curve]")).to_have_count(1)

    for name, kind in KINDS.items():
        await publish(demo_gateway.demo, f"{kind}/{name}/event", {"event": "alarm"})
    await expect(verdict).to_have_text("Fire: several detectors bear each other out")
    order = page.locator("[data-turn]")
    await expect(order).to_have_count(2)
    await expect(order.first).to_have_attribute("data-turn", SMOKE)
    await expect(order.first).to_contain_text("first")
    await expect(order.last).to_contain_text("+")
    await expect(page.locator("[data-test=why]")).to_contain_text(f"{SMOKE} was first")

    # To the alert, and back from it as its reader would go.
    await page.locator("[data-test=alert]").click()
    await expect(page).to_have_url(f"{demo_gateway.url}/alerts/{await fire_of(campus)}")
    await page.locator("[data-test=fire-room]").click()
    await expect(verdict).to_contain_text("Fire")

    await page.goto(f"{demo_gateway.url}/fire")
    card = page.locator(f"[data-room='{SCHOOL}/{ROOM}']")
    await expect(card).to_have_attribute("data-verdict", "confirmed")
    await expect(card).to_contain_text(f"First: {SMOKE}")

    for name, kind in KINDS.items():
        await publish(demo_gateway.demo, f"{kind}/{name}/event", {"event": "alarm_cleared"})
    await card.click()
    await expect(verdict).to_have_text("Over: look at the place, then reset")
    await expect(order).to_have_count(2)
    for name in KINDS:
        for alert in (await campus.call("GET", f"/alerts?device={SCHOOL}/{name}"))["items"]:
            for action in ("acknowledge", "reset"):
                await campus.call("POST", f"/alerts/{alert['id']}/actions", {"action": action})
    await expect(verdict).to_have_text("No sign of fire")
    assert not screens.complaints


async def fire_of(campus: Campus) -> int:
    """The number of the room's own alert."""
    found = await campus.call("GET", f"/alerts?device={SCHOOL}/{SMOKE}&condition=room_fire")
    number: int = found["items"][0]["id"]
    return number
