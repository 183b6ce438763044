"""Recordings on the page: totals, each camera's days, and a recorder asked on the spot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.axe_core import findings

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000


async def test_the_demonstrations_cameras_are_shown_with_what_is_wrong(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/recordings", signed_in=signed_in, language="en")
    rows = page.locator("[data-camera]")
    await expect(rows).to_have_count(9, timeout=PATIENCE_MS)
    for status, count in (("short", 1), ("gaps", 1), ("unknown", 1), ("met", 6)):
        await expect(page.locator(f"tr.{status}[data-camera]")).to_have_count(
            count, timeout=PATIENCE_MS
        )
    everything = page.locator("[data-row=all] td.number")
    await expect(everything).to_have_text(["6", "1", "1", "1", "0"], timeout=PATIENCE_MS)
    await expect(rows.first).to_have_class("short")
    strip = page.locator("tr.gaps svg.strip")
    await expect(strip).to_have_attribute("aria-label", re.compile(r"^From 20.*Gaps \d days"))

    # One gate is met; of the others 90 days were never asked for, which nobody may take for met.
    lacking = page.locator("[data-test=gates-lacking] [data-gate]")
    await expect(lacking).to_have_count(2, timeout=PATIENCE_MS)
    await expect(lacking.first).to_have_attribute("data-verdict", "unknown")
    await expect(lacking.first.locator("[data-test=why]")).to_contain_text("30 days")
    await page.locator("[data-test=gates-met] summary").click()
    gate = page.locator("[data-gate='no3-middle/gatehouse']")
    await expect(gate).to_have_attribute("data-verdict", "met")
    await expect(gate.locator("a")).to_have_attribute(
        "href", "/recordings/no3-middle/camera-gatehouse"
    )

    # Its folder tells nothing of the police: a person has to answer for that.
    await page.locator("[data-test=recorders] summary").click()
    recorder = page.locator("[data-recorder='no3-middle/nvr']")
    await expect(recorder).to_have_attribute("data-away", "false")
    await expect(recorder.locator("[data-test=police]")).to_contain_text("police")
    await recorder.locator("[data-test=enter]").click()
    await expect(page.locator("[data-test=send]")).to_be_disabled()
    assert await findings(page) == []
    await page.get_by_label("Not registered").check()
    await page.get_by_label("What was seen").fill("platform access: off line")
    await page.locator("[data-test=send]").click()
    # What somebody saw to be wrong is in sight.
    away = page.locator("[data-test=troubled] [data-recorder='no3-middle/nvr']")
    await expect(away.locator("[data-test=stated]")).to_contain_text("platform access: off line")

    await page.locator("tr.gaps a").click()
    await expect(page.locator("header[data-status=gaps]")).to_be_visible()
    await expect(page.locator(".day.gaps")).not_to_have_count(0)
    await expect(page.locator("[data-test=gaps] li")).not_to_have_count(0)
    await expect(page.locator("[data-test=sample]")).to_contain_text("Played")

    check = page.locator("[data-test=check]")
    async with page.expect_response(lambda one: one.url.endswith("/check")) as answered:
        await check.click()
    assert (await answered.value).status == 202
    await expect(check).to_be_enabled(timeout=PATIENCE_MS)
    assert not screens.complaints
