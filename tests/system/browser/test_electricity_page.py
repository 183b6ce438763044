"""The electrical panel: load beside the rating, what nobody knows, and trouble first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, StorageState, expect

from tests.system.browser.furnished import SCHOOL, Campus, publish

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000
RATED = "panel-rated"
UNRATED = "panel-unrated"
NEVER = "panel-never"
PATIENT = {"silent": {"expected_s": 86_400, "grace_s": 86_400}}
"""However slowly the test goes, nobody is called silent meanwhile."""
SAID = {
    "voltage_v": [231.2, 230.8, 229.9],
    "current_a": [4.0, 31.5, 2.0],
    "power_w": [905, 7243, 440],
    "residual_current_ma": 38,
    "cable_temperature_c": [41.2, 44.0],
    "switch": "closed",
}


async def furnish(gateway: DemoGateway, page: Page) -> None:
    """Three feeders of one building, of which two have said how they are."""
    campus = Campus(gateway.url, page.request)
    for name, own in ((RATED, {"overload": {"rating_a": 63}}), (UNRATED, {}), (NEVER, {})):
        parameters = {**own, **PATIENT}
        feeder = {"kind": "electrical", "name_en": name, "name_zh": name, "parameters": parameters}
        await campus.call("PUT", f"/devices/{SCHOOL}/{name}", feeder)
    for name in (RATED, UNRATED):
        await publish(gateway.demo, f"electrical/{name}/telemetry", SAID)


async def test_each_feeder_shows_its_load_and_what_nobody_knows_is_hatched(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/electricity"
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    await furnish(demo_gateway, page)
    await page.goto(address)
    rated = page.locator(f"[data-feeder='{SCHOOL}/{RATED}']")
    await expect(rated).to_have_attribute("data-state", "good", timeout=PATIENCE_MS)
    await expect(rated).to_contain_text("50 %")
    await expect(rated).to_contain_text("31.5 of 63 A")
    await expect(rated).to_contain_text("38 of 300 mA")
    await expect(rated).to_contain_text("26 °C to the limit")
    await expect(rated).to_contain_text("closed")
    await expect(rated.locator(".phase")).to_have_count(3)

    unrated = page.locator(f"[data-feeder='{SCHOOL}/{UNRATED}']")
    await expect(unrated.locator("[data-test=unrated]")).to_have_class("percent unknown")
    await expect(unrated).to_contain_text("Rating not set")
    await expect(unrated).to_contain_text("31.5 A")
    await expect(unrated.locator(".bar.unknown")).to_have_count(3)

    never = page.locator(f"[data-feeder='{SCHOOL}/{NEVER}']")
    await expect(never).to_contain_text("never heard")
    await expect(never).to_have_attribute("data-state", "unknown")

    # An alert brings its feeder, and with it the building, to the front.
    high = {**SAID, "residual_current_ma": 620}
    await publish(demo_gateway.demo, f"electrical/{RATED}/telemetry", high)
    await expect(rated).to_have_attribute("data-state", "trouble", timeout=PATIENCE_MS)
    await expect(rated).to_contain_text("620 of 300 mA")
    await page.mouse.move(2, 2)
    await expect(page.locator("[data-feeder]").first).to_have_attribute("data-state", "trouble")

    await page.locator("[data-count=unknown]").click()
    await expect(page).to_have_url(f"{address}?state=unknown")
    await expect(rated).to_have_count(0)
    await expect(never).to_be_visible()
    await never.click()
    await expect(page).to_have_url(f"{demo_gateway.url}/devices/{SCHOOL}/{NEVER}")
    assert not screens.complaints
