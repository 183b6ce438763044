"""The bureau's pages: figures equal the interface's, any past instant, the keyboard, the paper."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Locator, Page, StorageState, expect

from tests.system.browser.furnished import SCHOOL, SETTLED, Campus

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

POLICY: Final = "six-100"
PATIENCE_S: Final = 60.0
MOST_TABS: Final = 80
PAPER_PAGES: Final = re.compile(rb"/Type\s*/Page[^s]")
CODE_ALONE: Final = re.compile(r"^[a-z]+(_[a-z]+)*$")


async def judged(campus: Campus, at: int | None = None) -> dict[str, Any]:
    """The figures of the policy once all facts there are have been judged."""
    until = time.monotonic() + PATIENCE_S
    when = "" if at is None else f"&at={at}"
    while True:
        found: dict[str, Any] = await campus.call("GET", f"/coverage?policy={POLICY}{when}")
        if found["policies"] and found["policies"][0]["schools"] > 0 and found["behind"] == 0:
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.1)


def rate(met: int, schools: int) -> str:
    """As the page tells it: cut at the tenth, so that only all of them are 100 %."""
    tenths = 1000 * met // schools
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


async def gauges_tell(page: Page, items: list[dict[str, Any]]) -> None:
    """Each gauge shows what the interface says of its item."""
    for item in items:
        gauge = page.locator(f"[data-gauge={item['item']}]")
        await expect(gauge.locator(".rate")).to_have_text(rate(item["met"], item["schools"]))
        await expect(gauge).to_contain_text(f"{item['met']} of {item['schools']} schools")
        await expect(gauge).to_contain_text(f"{item['failed']} not met")
        await expect(gauge).to_contain_text(f"? {item['unknown']} unknown")


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus: what cannot be reached that way fails."""
    for _ in range(MOST_TABS):
        if await wanted.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{wanted} is not reached with {MOST_TABS} presses of Tab")


def instant(page: Page) -> int:
    """The instant that the address names."""
    return int(parse_qs(urlsplit(page.url).query)["at"][0])


async def test_figures_on_the_page_are_those_of_the_interface(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    at = (await judged(campus))["at"]  # of this instant the figures stay as they are
    figures = (await judged(campus, at))["policies"][0]
    regions = (await campus.call("GET", f"/coverage/regions?policy={POLICY}&at={at}"))["regions"]
    await page.goto(f"{demo_gateway.url}/bureau?at={at}")

    assert len(figures["items"]) == 6
    await expect(page.locator("[data-gauge]")).to_have_count(6)
    await gauges_tell(page, figures["items"])
    whole = page.locator("[data-test=whole]")
    await expect(whole).to_contain_text(
        f"{figures['complete']} of {figures['schools']} schools meet every item"
    )

    tree = page.locator("[data-test=tree]")
    shut = tree.locator("[role=row][aria-expanded=false]")
    while await shut.count():
        await shut.first.click()
    assert len(regions) > 1
    for region in regions:
        row = tree.locator(f"[data-row='region:{region['region'] or ''}']")
        for item in region["items"]:
            cell = row.locator(f"[data-item={item['item']}] .rate")
            await expect(cell).to_have_text(rate(item["met"], item["schools"]))
    listed = tree.locator("[data-row^='school:']")
    await expect(listed).to_have_count(figures["schools"])
    assert not screens.complaints


async def test_a_change_shows_by_itself_and_rewrites_nothing_of_the_past(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}", language="en")
    await page.wait_for_selector("header.top")
    campus = Campus(own_gateway.url, page.request)
    before = await judged(campus)
    standing = await campus.call("GET", "/attestations?state=standing&limit=100")
    items = {one["item"]: one for one in before["policies"][0]["items"]}
    stated = next(one for one in standing["items"] if items.get(one["item"], {}).get("met"))
    item = items[stated["item"]]

    await page.goto(f"{own_gateway.url}/bureau")
    gauge = page.locator(f"[data-gauge={item['item']}] .of")
    await expect(gauge).to_have_text(f"{item['met']} of {item['schools']} schools")
    await campus.call("POST", f"/attestations/{stated['id']}/withdraw", {"reason": "走访发现不符"})
    await expect(gauge).to_have_text(f"{item['met'] - 1} of {item['schools']} schools")

    # As it was known then, it stays.
    await page.goto(f"{own_gateway.url}/bureau?at={before['at']}")
    await expect(gauge).to_have_text(f"{item['met']} of {item['schools']} schools")
    await expect(page.locator("[data-test=as-of]")).to_contain_text("As of")
    await page.locator("[data-test=now]").click()
    await expect(gauge).to_have_text(f"{item['met'] - 1} of {item['schools']} schools")
    assert not screens.complaints


async def test_everything_is_reached_with_the_keyboard_alone(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    await judged(campus)
    await page.goto(f"{demo_gateway.url}/bureau")
    slider = page.locator("[data-test=slider]")
    # Of the first instant nothing is known yet: a few steps of ten seconds have to be there.
    await expect(slider).to_have_attribute("max", re.compile(r"^([4-9]|\d\d+)$"))
    await page.evaluate(SETTLED)

    # The slider: one step back, and the page shows what was known then.
    await tab_to(page, slider)
    await page.keyboard.press("ArrowLeft")
    await expect(page).to_have_url(re.compile(r"[?&]at=\d+"))
    past = await campus.call("GET", f"/coverage?policy={POLICY}&at={instant(page)}")
    await gauges_tell(page, past["policies"][0]["items"])
    await page.keyboard.press("End")
    await expect(page).not_to_have_url(re.compile(r"[?&]at="))

    # A gauge narrows the page to its item, and lets it go.
    gauge = page.locator("[data-gauge]").first
    await tab_to(page, gauge)
    await page.keyboard.press("Enter")
    await expect(gauge).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Enter")
    await expect(gauge).to_have_attribute("aria-pressed", "false")

    # The tree: down into a region, open it, to a school, and to its sheet.
    focused = page.locator("[data-test=tree] [role=row]:focus")
    await tab_to(page, page.locator("[data-row=all]"))
    for _ in range(MOST_TABS):
        row = await focused.get_attribute("data-row")
        assert row is not None
        if row.startswith("school:"):
            break
        if await focused.get_attribute("aria-expanded") == "false":
            await page.keyboard.press("ArrowRight")
            await expect(focused).to_have_attribute("aria-expanded", "true")
            await page.evaluate(SETTLED)
        await page.keyboard.press("ArrowDown")
    school = (await focused.get_attribute("data-row") or "").removeprefix("school:")
    await page.keyboard.press("ArrowLeft")
    await expect(focused).to_have_attribute("data-row", re.compile("^region:"))
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"/bureau/schools/{re.escape(school)}"))
    assert not screens.complaints


async def test_the_gap_list_is_that_of_the_interface_and_narrows(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    at = (await judged(campus))["at"]
    gaps = await campus.call("GET", f"/coverage/gaps?policy={POLICY}&at={at}&limit=100")
    assert gaps["items"], "a demonstration without gaps shows nothing of this page"
    await page.goto(f"{demo_gateway.url}/bureau/gaps?at={at}")
    rows = page.locator("[data-gap]")
    await expect(rows).to_have_count(len(gaps["items"]))
    wanted = [f"{one['school']}/{one['item']}/{one['reason']['code']}" for one in gaps["items"]]
    assert await rows.evaluate_all("all => all.map(one => one.dataset.gap)") == wanted

    item = gaps["items"][0]["item"]
    await page.locator("[data-test=item]").select_option(item)
    await expect(page).to_have_url(re.compile(f"item={item}"))
    await expect(rows).to_have_count(sum(one["item"] == item for one in gaps["items"]))
    for text in await rows.locator(".what").all_inner_texts():
        assert not CODE_ALONE.match(text), f"{text} is a code and no sentence"
    assert not screens.complaints


async def test_a_schools_sheet_says_why_and_fits_on_a_page_of_paper(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    at = (await judged(campus))["at"]
    sheet = await campus.call("GET", f"/coverage/schools/{SCHOOL}?at={at}")
    items = next(one for one in sheet["policies"] if one["policy"] == POLICY)["items"]
    await page.goto(f"{demo_gateway.url}/bureau/schools/{SCHOOL}?at={at}")
    for item in items:
        shown = page.locator(f"[data-item={item['item']}]")
        await expect(shown).to_have_attribute("data-verdict", item["verdict"])
        for code in {one["code"] for one in item["reasons"]}:
            why = shown.locator(f"[data-code={code}] > .what").first
            assert not CODE_ALONE.match(await why.inner_text())
    met = sum(one["verdict"] == "met" for one in items)
    await expect(page.locator("[data-test=met]")).to_have_text(f"{met} of {len(items)}")

    await page.emulate_media(media="print")
    await expect(page.locator("header.top")).to_be_hidden()
    await expect(page.locator("[data-test=slider]")).to_be_hidden()
    paper = await page.pdf(format="A4", prefer_css_page_size=True)
    assert len(PAPER_PAGES.findall(paper)) == 1
    assert not screens.complaints


@pytest.mark.parametrize(
    ("role", "scope", "begins"),
    [
        ("auditor", "*", "/bureau"),
        ("inspector", "region:liuxi", "/bureau"),
        ("safety_officer", f"school:{SCHOOL}", f"/bureau/schools/{SCHOOL}"),
        ("operator", "*", "/"),
    ],
)
async def test_everybody_begins_where_their_work_is_and_sees_their_own_schools(
    role: str,
    scope: str,
    begins: str,
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en")
    campus = Campus(demo_gateway.url, page.request)
    await judged(campus)
    name = f"begins-{role.replace('_', '-')}"
    made = await campus.call("POST", "/users", {"name": name, "role": role, "scopes": [scope]})
    own = await screens.open(f"{demo_gateway.url}/#code={made['code']}", language="en")
    await expect(own).to_have_url(f"{demo_gateway.url}{begins}")
    if begins == "/bureau":
        figures = (await judged(Campus(demo_gateway.url, own.request)))["policies"][0]
        await gauges_tell(own, figures["items"])
    elif begins != "/":
        await expect(own.locator("[data-test=school]")).to_be_visible()
    assert not screens.complaints
