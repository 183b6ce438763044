"""The roster on the page: a list is brought in, and a baseline made smaller by two people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pytest
from playwright.async_api import FilePayload, Page, StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.furnished import Campus
from tests.system.browser.ten_fingers import Keys

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
LIST: Final = """\
学校标识码,学校名称,学校类型,所属区县,在校生数,寄宿生数,重点目标
no1-primary,星河市第一小学,小学,青禾区,900,0,否
no3-middle,星河第三中学,完全中学,柳溪县,2140,620,是
no9-primary,星河第九小学,小学,青禾区,410,0,否
liuxi-kindergarten-2,柳溪县第二幼儿园,幼儿园,柳西县,180,0,否
"""
LOOKS: Final[tuple[tuple[Literal["zh-CN", "en"], Literal["light", "dark"], int], ...]] = (
    ("zh-CN", "light", 1440),
    ("en", "dark", 390),
)


def file(text: str = LIST) -> FilePayload:
    return {"name": "名册.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


async def kept(page: Page, name: str) -> None:
    """For a look with one's own eyes: ``SHOTS=folder``."""
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=Path(folder) / f"roster-{name}.png", full_page=True)


async def opened(
    gateway: DemoGateway, screens: Screens, path: str, code: str = "", **how: object
) -> Page:
    page = await screens.open(f"{gateway.url}/#code={code or gateway.code}", **how)
    await page.wait_for_selector("header.top")
    await page.goto(gateway.url + path)
    return page


async def test_a_list_is_read_shown_and_taken_over(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    page = await opened(own_gateway, screens, "/roster")
    table = page.locator("[data-test=roster]")
    await expect(table.locator("tbody tr")).to_have_count(4)
    unconnected = table.locator("[data-school=liuxi-kindergarten-2]")
    await expect(unconnected).to_contain_text("未接入")

    await page.locator("[data-test=import]").click()
    await page.locator("[data-test=file]").set_input_files(file())
    preview = page.locator("[data-test=preview]")
    for sort, count in {
        "added": 1,
        "renamed": 1,
        "unchanged": 1,
        "missing": 1,
        "refused": 1,
    }.items():
        await expect(preview.locator(f"[data-sort={sort}] dd")).to_have_text(str(count))
    troubles = page.locator("[data-test=troubles]")
    await expect(troubles).to_contain_text("第 5 行 · 所属区县")
    await expect(troubles).to_contain_text("是“柳溪县”吗")
    await kept(page, "import-zh")
    assert await findings(page) == []
    take = page.locator("[data-test=take]")
    await expect(take).to_be_disabled()
    await page.locator("[data-test=skip]").check()
    await take.click()

    await expect(page.locator("[data-test=run]")).to_have_attribute("data-state", "done")
    await expect(table.locator("tbody tr")).to_have_count(5)
    await expect(table.locator("[data-school=no1-primary]")).to_contain_text("曾用名：星河第一小学")
    await page.locator("[data-test=search]").fill("第九")
    await expect(table.locator("tbody tr")).to_have_count(1)

    # Struck off with a reason, and still to be found.
    await table.get_by_role("button", name="更改 星河第九小学").click()
    await page.locator("dialog [data-act=strike_off]").click()
    send = page.locator("dialog [data-test=send]")
    await expect(send).to_be_disabled()
    await page.locator("dialog [data-test=reason]").fill("撤并")
    assert await findings(page) == []
    await send.click()
    await expect(page.locator("main")).to_contain_text("没有符合条件的学校")
    await page.get_by_label("已除名").check()
    await expect(table.locator("[data-school=no9-primary]")).to_be_visible()
    assert screens.complaints == []


async def test_less_takes_two_people_and_more_takes_one(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    admin = await opened(own_gateway, screens, "/")
    campus = Campus(own_gateway.url, admin.request)

    async def person(name: str, role: str) -> str:
        user = {"name": name, "display": name, "role": role, "scopes": [f"school:{SCHOOL}"]}
        return str((await campus.call("POST", "/users", user))["code"])

    where = f"/schools/{SCHOOL}/baseline"
    officer = await opened(
        own_gateway, screens, where, await person("wang.fang", "safety_officer"), language="en"
    )
    keys = Keys(officer)
    needs = officer.locator("[data-test=needs] tbody tr")
    await expect(officer.locator("[data-test=signed]")).to_contain_text("Version 1, signed by demo")
    asked = await needs.count()
    await kept(officer, "baseline-en")

    # With the keyboard alone: a row is removed, and the reason given.
    await keys.reach("[data-test=edit]")
    await keys.press("Enter")
    rows = officer.locator("[data-test=form] tbody tr")
    before = await rows.count()
    await keys.reach("[data-test=drop]")
    await keys.press("Enter")
    await expect(rows).to_have_count(before - 1)
    assert await keys.on("[data-test=drop]")
    assert await findings(officer) == []
    await keys.reach("[data-test=sign]")
    await keys.press("Enter")
    await expect(officer.locator("[data-test=form] [role=alert]")).to_contain_text("reason")
    await keys.reach("[data-test=form] [data-test=reason]", back=True)
    await keys.write("the building is torn down")
    await keys.reach("[data-test=sign]")
    await keys.press("Enter")

    waiting = officer.locator("[data-test=waiting]")
    await expect(waiting).to_contain_text("no longer asked for")
    await expect(waiting.locator("[data-test=confirm]")).to_have_count(0)
    await expect(needs).to_have_count(asked)
    assert await findings(officer) == []

    principal = await opened(
        own_gateway,
        screens,
        where,
        await person("zhao.lei", "principal"),
        width=390,
        height=844,
        scheme="dark",
        touch=True,
    )
    await expect(principal.locator("[data-test=waiting]")).to_contain_text("wang.fang")
    await kept(principal, "confirm-zh-phone")
    assert await principal.evaluate("() => document.documentElement.scrollWidth") == 390
    assert await findings(principal) == []
    await principal.locator("[data-test=confirm]").click()
    await expect(principal.locator("[data-test=waiting]")).to_have_count(0)
    await expect(principal.locator("[data-test=signed]")).to_contain_text("第二人：zhao.lei")
    # Who signed first sees it without doing anything.
    await expect(officer.locator("[data-test=signed]")).to_contain_text("Version 2")
    # More is in effect at once.
    await admin.goto(own_gateway.url + where)
    await admin.locator("[data-test=edit]").click()
    await admin.locator("[data-test=add]").click()
    last = admin.locator("[data-test=form] tbody tr").last
    await last.locator("select").first.select_option("gatehouse")
    await last.locator("[data-test=count]").fill("3")
    await last.locator("[data-test=gate]").check()
    await admin.locator("[data-test=sign]").click()
    await expect(admin.locator("[data-test=signed]")).to_contain_text("第 3 版，admin 签署于")
    missing = admin.locator("[data-test=needs] tr[data-stands=missing]")
    await expect(missing.first).to_contain_text("缺 3")
    # 422 is what asked for the reason.
    assert [one for one in screens.complaints if "422" not in one] == []


async def test_both_pages_fit_phones_and_desks(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    for language, scheme, width in LOOKS:
        for name, path in (("list", "/roster"), ("baseline", "/schools/no7-vocational/baseline")):
            page = await screens.open(
                demo_gateway.url + path,
                signed_in=signed_in,
                language=language,
                scheme=scheme,
                width=width,
                height=900,
            )
            await expect(page.locator("main table tbody tr").first).to_be_visible()
            await kept(page, f"{name}-{language}-{width}")
            assert await findings(page) == []
            assert await page.evaluate("() => document.documentElement.scrollWidth") == width
    assert screens.complaints == []
