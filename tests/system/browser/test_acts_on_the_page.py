"""What somebody is about to do stays theirs; and what else is done to several alerts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.opened_detectors import BUTTON, Detectors, listed, row_of

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SPOKEN: Final = "已电话报告，人员安全"


async def test_a_report_that_is_being_written_is_not_taken_away_by_a_newer_emergency(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=signs-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "signs")
    await detectors.register("gate", "hall", kind=BUTTON)
    await detectors.press("gate")
    await expect(page.locator(".detail")).to_contain_text("signs-gate")

    # By no pointer and no key: those alone would hold the list for some seconds.
    await page.locator("[data-tell=telephone]").dispatch_event("click")
    await page.locator("dialog textarea").fill(SPOKEN)
    await detectors.press("hall")

    await expect(page.locator("[data-waiting]")).to_be_visible()
    await expect(page.locator("dialog textarea")).to_have_value(SPOKEN)
    await page.keyboard.press("Escape")
    await expect(page.locator(".detail")).to_contain_text("signs-hall")
    await detectors.acknowledge("gate", "hall")
    assert screens.complaints == []


async def test_several_come_back_from_the_shelf_and_are_marked_false_with_one_reason(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=dust-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "dust")
    await detectors.register(1, 2)
    await detectors.open(1, 2)
    await listed(page, "dust-2", "dust-1")
    question = page.locator("dialog [data-test=together]")

    async def choose_both() -> None:
        """And nothing else: an emergency of another test is listed, whatever is filtered."""
        for number in (1, 2):
            await row_of(page, f"dust-{number}").click(modifiers=["Control"])

    await choose_both()
    await expect(page.locator("[data-together=unshelve], [data-together=reset]")).to_have_count(0)
    await page.keyboard.press("s")
    await question.locator("textarea").fill("装修，灰尘大")
    await page.keyboard.press("Control+Enter")
    await expect(row_of(page, "dust-1")).to_have_count(0)
    await page.get_by_role("button", name="屏蔽、停用和维护").click()
    await listed(page, "dust-2", "dust-1")

    await choose_both()
    await page.locator("[data-together=unshelve]").click()
    await expect(question).to_contain_text("解除选中的 2 条报警的屏蔽？")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    for number in (1, 2):
        assert (await detectors.history(number))[-1] == ("unshelved", "admin")

    await choose_both()
    await page.locator("[data-together=mark_false]").click()
    await expect(question.locator("[data-test=send]")).to_be_disabled()
    await page.keyboard.type("装修，灰尘大")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    for number in (1, 2):
        assert (await detectors.history(number))[-1] == ("false_confirmed", "admin")
    assert screens.complaints == []
    await detectors.acknowledge(1, 2)
