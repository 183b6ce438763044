"""The response to an emergency on a phone: call, tick off, sign for the report, take it along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, StorageState, expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
BUTTON: Final = "response-01"
WRITE: Final = {"X-Campus-Request": "1"}
ROW: Final = f".row[data-device='{SCHOOL}/{BUTTON}']"
LEFT: Final = re.compile(r"剩 (29|30|59|60|1:00):\d\d")
ROWS: Final = "角色,姓名,电话\n门卫室,,010-5550101\n教育局值班室,,010-5550102\n校长,,演示 1003\n"


async def call(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What another person or program does through the HTTP interface."""
    origin = "/".join(page.url.split("/")[:3])
    answer = await page.request.fetch(
        f"{origin}/api/v1{path}", method=method, data=body, headers=WRITE
    )
    assert answer.ok, await answer.text()
    return await answer.json()


async def fits(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


async def test_an_emergency_is_answered_from_a_phone(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    say: Say,
    tmp_path: Path,
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/schools/{SCHOOL}/contacts",
        signed_in=signed_in,
        width=390,
        height=844,
        touch=True,
    )
    before = await call(page, "GET", f"/schools/{SCHOOL}/contacts")

    # A list with a mistake changes nothing and says where; a good one is there at once.
    field = page.locator("[data-test=import]")
    bad = {"name": "bad.csv", "mimeType": "text/csv", "buffer": "角色,电话\n校长,无\n".encode()}
    await field.set_input_files(bad)
    await expect(page.locator("[data-test=troubles]")).to_contain_text("第 2 行")
    good = {"name": "list.csv", "mimeType": "text/csv", "buffer": ROWS.encode("gb18030")}
    await field.set_input_files(good)
    await expect(page.locator("[data-test=imported]")).to_be_visible()
    await expect(page.locator("[data-test=list] li")).to_have_count(3)
    await page.locator("[data-test=edit]").click()
    await page.locator("[data-test=add]").click()
    await page.locator("[data-field=role]").last.fill("电工")
    await page.locator("[data-field=telephone]").last.fill("010-5550104")
    assert await fits(page)
    await page.locator("[data-test=save]").click()
    await expect(page.locator("[data-test=list] li")).to_have_count(4)

    await call(
        page,
        "PUT",
        f"/devices/{SCHOOL}/{BUTTON}",
        {"kind": "alarm-button", "name_zh": "操场按钮", "dialect": "native"},
    )
    await say("alarm-button", BUTTON, "event", {"seq": 1, "event": "pressed"})
    await page.goto(demo_gateway.url)
    # Of all that other people have not reported yet, the first few are above the list.
    await expect(page.locator("[data-test=reports-due]")).to_be_visible()
    assert await fits(page)
    await expect(page.locator(ROW)).to_have_count(1)
    raised = await call(page, "GET", f"/alerts?device={SCHOOL}/{BUTTON}")
    await page.goto(f"{demo_gateway.url}/alerts/{raised['items'][0]['id']}")

    # The steps of the plan, with the number beside each that is about calling somebody.
    step = page.locator("[data-step=listen]")
    await expect(step.locator("a.telephone")).to_have_attribute("href", "tel:010-5550101")
    await step.locator("label").click()
    await expect(step).to_have_attribute("data-done", "true")
    await expect(step).to_contain_text("admin")

    # Whom to call: a number dials, words do not.
    contacts = page.locator("[data-test=contacts]")
    await expect(contacts.locator("a.telephone")).to_have_count(3)
    await expect(contacts).to_contain_text("演示 1003")

    # The report by telephone is signed for; the one in writing still counts down.
    telephone = page.locator("[data-form=telephone]")
    await expect(telephone).to_contain_text(LEFT)
    await page.locator("[data-tell=telephone]").click()
    told = page.locator("[data-test=told]")
    await expect(told).to_have_value("教育局值班室")
    assert await fits(page)
    await page.locator("dialog [data-test=send]").click()
    await expect(telephone).to_have_attribute("data-done", "true")
    await expect(telephone).to_contain_text("教育局值班室")
    await expect(page.locator("[data-form=written]")).to_contain_text(LEFT)

    # And the report leaves as a file.
    async with page.expect_download() as downloading:
        await page.locator("[data-test=report-pdf]").click()
    report = tmp_path / "report.pdf"
    await (await downloading.value).save_as(report)
    assert report.read_bytes().startswith(b"%PDF-")

    assert await fits(page)
    small = await page.locator("[data-test=response] :is(a.telephone, label, button)").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().height < 44).length"
    )
    assert small == 0, "every control is large enough for a thumb"
    assert screens.complaints == []
    await call(page, "PUT", f"/schools/{SCHOOL}/contacts", {"contacts": before["contacts"]})
