"""A campaign on the page: begun from a notice, a checklist by phone, progress, the zero report."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.furnished import WRITE

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no7-vocational"
CAMPAIGN: Final = "winter-by-phone"
BEGUN_DAYS_AGO: Final = 14
"""Of the notice's weekly reports, which begin a week after it does, one is due to be signed now."""


async def kept(page: Page, name: str) -> None:
    """For a look with one's own eyes: ``SHOTS=folder``."""
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=Path(folder) / f"campaigns-{name}.png", full_page=True)


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wrong with it, and nothing of it lies beside the screen."""
    await kept(page, name)
    assert await findings(page) == []
    width = await page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]


async def officer(gateway: DemoGateway, admin: Page) -> str:
    """The one-time code of the school's safety officer."""
    user = {"name": "han.mei", "display": "韩梅", "role": "safety_officer"}
    body: dict[str, Any] = {**user, "scopes": [f"school:{SCHOOL}"]}
    answer = await admin.request.post(f"{gateway.url}/api/v1/users", data=body, headers=WRITE)
    assert answer.ok, await answer.text()
    return str((await answer.json())["code"])


async def test_from_the_notice_to_the_zero_report(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    url = demo_gateway.url
    admin = await screens.open(f"{url}/campaigns", signed_in=signed_in, language="en")
    await admin.locator("[data-test=begin]").click()
    begins = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=BEGUN_DAYS_AGO)
    await admin.locator("[data-test=template]").select_option("jiangxi-winter")
    await admin.locator("[data-test=begins]").fill(begins.isoformat())
    await admin.locator("[data-test=id]").fill(CAMPAIGN)
    await looked_at(admin, "begin-en")
    await admin.locator("dialog [data-test=send]").click()
    await expect(admin.locator("h1")).to_have_text("Search for hazards and their remedy")
    own = admin.locator(f"[data-school={SCHOOL}]")
    await expect(own).to_contain_text("0 of 9 checks")

    # The school signs its checks by phone; what it finds goes into the ledger.
    phone = await screens.open(
        f"{url}/#code={await officer(demo_gateway, admin)}", width=390, height=844, touch=True
    )
    await phone.wait_for_selector("header.top")
    await phone.goto(f"{url}/campaigns/{CAMPAIGN}/schools/{SCHOOL}")
    circuits, appliances, guards = (
        phone.locator(f"[data-check={name}]") for name in ("circuits", "appliances", "guards")
    )
    await expect(guards.locator("[data-test=mark]")).to_have_count(0)  # a statement proves it
    await circuits.locator("[data-test=mark]").click()
    await phone.locator("dialog [data-test=send]").click()
    await expect(circuits).to_have_attribute("data-state", "done")
    await appliances.locator("[data-test=mark]").click()
    await phone.locator("[data-test=state-finding]").check()
    await expect(phone.locator("dialog [data-test=send]")).to_be_disabled()  # without a word
    await phone.locator("[data-test=text]").fill("201 宿舍发现热得快")
    await looked_at(phone, "mark-phone-zh")
    await phone.locator("dialog [data-test=send]").click()
    await expect(appliances).to_have_attribute("data-state", "finding")
    await looked_at(phone, "checklist-phone-zh")
    await appliances.locator("[data-hazard]").click()
    await expect(phone.locator("header.about")).to_have_attribute("data-step", "find")
    await expect(phone.locator("main")).to_contain_text("201 宿舍发现热得快")

    # How far everybody is, the school among them.
    await admin.reload()
    await expect(own).to_contain_text("2 of 9 checks")
    await expect(admin.locator("[data-region=qinghe]")).to_contain_text("of 18 checks")
    await looked_at(admin, "progress-en")

    # The week before last Thursday: nothing happened, and that is reported, too.
    await phone.goto(f"{url}/audit-reports")
    own_report = phone.locator("[data-report]:is([data-state=due], [data-state=overdue])").first
    await expect(own_report).to_be_visible()
    await looked_at(phone, "reports-phone-zh")
    thursday = date.fromisoformat(await own_report.get_attribute("data-report") or "")
    await own_report.click()
    await expect(phone.locator("[data-test=nothing]")).to_be_visible()
    await expect(phone.locator("[data-test=zero]")).to_be_checked()
    await looked_at(phone, "report-phone-zh")
    await phone.locator("[data-test=sign]").click()
    await expect(phone.locator("[data-test=said-zero]")).to_have_text("是")
    await expect(phone.locator("main")).to_contain_text("han.mei")
    await looked_at(phone, "signed-phone-zh")

    # The district above it sees who has handed in that week's, each by its own day.
    friday = thursday + timedelta(days=1)
    await admin.goto(f"{url}/audit-reports/{CAMPAIGN}/weekly/{friday}/region:qinghe")
    below = admin.locator("[data-test=below] a[data-state]")
    await expect(below).to_have_count(2)
    await expect(below.filter(has_text="No. 7")).to_contain_text("han.mei")
    await looked_at(admin, "below-en")
    assert screens.complaints == []
