"""Evidence on the page: the browser itself works out the proof of a fact, and says what fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Route, StorageState, expect

from audit.evidence.notes import read_verifier
from audit.evidence.trusting import Trusted
from audit.evidence.verify import check
from tests.system.browser.furnished import WRITE

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 60_000
STEPS = ["subject", "actor", "body", "leaf", "path", "head", "signature"]


async def a_fact(page: Page, url: str) -> int:
    """The row of a fact about a school that is under a signed head."""
    answer = await page.request.post(f"{url}/api/v1/evidence/heads", data={}, headers=WRITE)
    assert answer.ok, await answer.text()
    found = await (await page.request.get(f"{url}/api/v1/facts?kind=school&limit=1")).json()
    return int(found["items"][0]["row"])


async def test_the_browser_works_out_the_proof_step_by_step(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/evidence", signed_in=signed_in, width=390, height=844
    )
    row = await a_fact(page, demo_gateway.url)
    await page.locator("form.find input").fill(str(row))
    await page.locator("[data-test=look]").click()
    await page.locator("[data-test=verify]").click()
    steps = page.locator("li[data-step]")
    await expect(steps).to_have_count(len(STEPS), timeout=PATIENCE_MS)
    for name in STEPS[:-1]:
        await expect(page.locator(f"li[data-step={name}]")).to_have_attribute(
            "data-outcome", "holds"
        )
    # Not every browser knows Ed25519; what it cannot check it does not call fine.
    signature = await page.locator("li[data-step=signature]").get_attribute("data-outcome")
    assert signature in {"holds", "unknown"}
    await expect(page.locator(".result")).to_have_attribute("data-outcome", signature)
    # and the head has gone to the broker, over the outbox
    await expect(page.locator("li[data-target=mqtt]")).to_have_attribute(
        "data-standing", "well", timeout=PATIENCE_MS
    )
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []


async def test_a_fact_that_was_changed_on_the_way_fails_at_its_step(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/evidence", signed_in=signed_in)
    row = await a_fact(page, demo_gateway.url)

    async def forged(route: Route) -> None:
        answer = await route.fetch()
        proof = await answer.json()
        await route.fulfill(response=answer, body=json.dumps({**proof, "body": '{"after":null}'}))

    await page.route("**/proof", forged)
    await page.goto(f"{demo_gateway.url}/evidence?row={row}")
    await page.locator("[data-test=verify]").click()
    await expect(page.locator(".result")).to_have_attribute(
        "data-outcome", "fails", timeout=PATIENCE_MS
    )
    failed = page.locator("li[data-step][data-outcome=fails]")
    await expect(failed).to_have_count(1)
    await expect(failed).to_have_attribute("data-step", "body")
    await expect(page.locator(".result")).to_contain_text("不成立")
    assert screens.complaints == []


async def test_a_bundle_is_made_fetched_and_holds_elsewhere(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, tmp_path: Path
) -> None:
    page = await screens.open(f"{demo_gateway.url}/evidence", signed_in=signed_in)
    await page.locator(".bundles select").select_option("school:no3-middle")
    await page.locator("[data-test=export]").click()
    link = page.locator("[data-test=download]").first
    await expect(link).to_be_visible(timeout=PATIENCE_MS)
    async with page.expect_download() as begun:
        await link.click()
    path = tmp_path / "bundle.zip"
    await (await begun.value).save_as(path)
    state = await (await page.request.get(f"{demo_gateway.url}/api/v1/evidence/state")).json()
    found = check(path, Trusted(keys=(read_verifier(state["key"]),)))
    assert found.anchored
    assert found.manifest.scope.id == "no3-middle"
    assert screens.complaints == []
