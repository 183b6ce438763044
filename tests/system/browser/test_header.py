"""The header in a real browser: whole at every width, in both languages, whatever is lit in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, Route, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

WIDTHS: Final = (320, 390, 721, 768, 1100, 1320, 1366, 1440, 1800, 1920, 3840)
COUNTS: Final = {"emergency": 12, "high": 105, "medium": 238, "low": 46, "notice": 31}
SCHOOL_NAME: Final = {"zh": "第三中学", "en": "No. 3 Middle School"}
FLOOD: Final = {"school": "no3-middle", "since": 0, "count": 46, "first": 1}
UNKNOWN: Final = re.compile(r"\bunknown\b")
UNSIGNED: Final = re.compile(r"\bunsigned\b")
LIT: Final = {
    "counts": {one: {"open": n, "unacknowledged": n} for one, n in COUNTS.items()},
    "floods": [{**FLOOD, "school_name": SCHOOL_NAME}],
    "maintenances": 12,
    "police_link": {"up": 980, "degraded": 12, "down": 11, "unverified": 105, "total": 1108},
}
LIGHT_ALL: Final = """
    const lit = %s;
    const Plain = window.EventSource;
    window.EventSource = class extends Plain {
      addEventListener(kind, hear) {
        super.addEventListener(kind, kind !== "feed" ? hear : event => {
          const said = {...JSON.parse(event.data), ...lit};
          said.feed.rate = 1234.5;
          const {lastEventId} = event;
          hear(new MessageEvent(kind, {data: JSON.stringify(said), lastEventId}));
        });
      }
    };
"""
"""The stream of the gateway, with everything lit that a feed frame can light."""

WRONG: Final = """() => {
  const found = [], seen = [];
  const top = document.querySelector("header.top");
  const name = one => one.className || one.tagName;
  for (const one of top.querySelectorAll(":scope > * > *:not([popover])")) {
    const box = one.getBoundingClientRect();
    if (box.width === 0) continue;
    if (box.left < 0 || box.right > innerWidth) found.push(`outside: ${name(one)}`);
    if (one.scrollWidth > one.clientWidth + 1) found.push(`cut off: ${name(one)}`);
    for (const [other, its] of seen)
      if (box.left < its.right && its.left < box.right
        && box.top < its.bottom && its.top < box.bottom)
        found.push(`overlap: ${name(other)}, ${name(one)}`);
    seen.push([one, box]);
  }
  return found;
}"""

TRIES: Final = """async () => {
  let tried = 0;
  const watch = {subtree: true, attributes: true, attributeFilter: ["class", "style"]};
  new MutationObserver(all => (tried += all.length)).observe(
    document.querySelector("header.top"), watch);
  const seconds = [];
  for (let n = 0; n < 3; n += 1) {
    tried = 0;
    await new Promise(done => setTimeout(done, 1000));
    seconds.push(tried);
  }
  return seconds;
}"""
"""How often something in the header was tried in each of three seconds."""


async def _somebody_on_duty(route: Route) -> None:
    answer = await route.fetch()
    body: dict[str, Any] = await answer.json()
    on_duty = [{"name": "li.na", "display": "李娜（夜班）"}]
    await route.fulfill(
        json={"items": [{**body["items"][0], "on_duty": on_duty, "unsigned": True}]}
    )


async def _lit(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, language: str
) -> Page:
    script = LIGHT_ALL % json.dumps(LIT)
    page = await screens.open("about:blank", signed_in=signed_in, language=language, script=script)
    await page.route("**/api/v1/duty", _somebody_on_duty)
    await page.goto(demo_gateway.url)
    await expect(page.locator("header.top li.of-emergency b")).to_have_text("12")
    await expect(page.locator("header.top [data-test=duty]")).to_have_class(UNSIGNED)
    return page


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_nothing_is_cut_off_at_any_width_with_everything_lit(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, language: str
) -> None:
    page = await _lit(demo_gateway, screens, signed_in, language)
    head = page.locator("header.top")
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        # Two frames: in the first it is laid out anew and gives way, in the second it stands.
        await page.evaluate(
            "new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )
        assert await page.evaluate(WRONG) == [], width
        # These never give way.
        for sure in ("li.of-emergency", "li.of-high", ".feed", "[data-test=flood-mark]",
                     "[data-test=maintenances]", "[data-test=police]", ".me"):  # fmt: skip
            await expect(head.locator(sure)).to_be_visible()
        # The rooms are reached in the header or, on a phone, at the thumb.
        way = head.locator("nav.rooms") if width > 720 else page.locator("nav.bar")
        await expect(way).to_be_visible()


async def test_what_folded_is_in_the_menu_and_comes_back_with_the_room_for_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await _lit(demo_gateway, screens, signed_in, "en")
    rooms = page.locator("header.top nav.rooms")
    orders = rooms.locator("> a[href='/work-orders']")
    await page.set_viewport_size({"width": 1320, "height": 900})
    await expect(orders).to_be_hidden()
    await rooms.locator("button").click()
    await rooms.locator("[popover] a[href='/work-orders']").click()
    await expect(page).to_have_url(f"{demo_gateway.url}/work-orders")
    await expect(rooms.locator("button")).to_contain_text("Work orders")

    await page.set_viewport_size({"width": 3840, "height": 900})
    await expect(orders).to_have_attribute("aria-current", "page")
    await expect(page.locator("header.top")).to_contain_text("Campus Gateway")


async def test_the_header_keeps_its_height_whatever_comes_into_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    lit = await _lit(demo_gateway, screens, signed_in, "zh-CN")
    calm = await screens.open(demo_gateway.url, signed_in=signed_in)
    await expect(calm.locator("header.top .feed .dot")).to_be_visible()
    for width in WIDTHS:
        heights = set()
        for page in (lit, calm):
            await page.set_viewport_size({"width": width, "height": 900})
            box = await page.locator("header.top").bounding_box()
            assert box is not None
            heights.add(box["height"])
        assert len(heights) == 1, width


async def test_the_header_stands_still_while_nothing_comes_into_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await _lit(demo_gateway, screens, signed_in, "en")
    await page.set_viewport_size({"width": 1320, "height": 900})
    await expect(page.locator("header.top nav.rooms > a").first).to_be_hidden()
    seconds = await page.evaluate(TRIES)
    assert seconds[-1] == 0, seconds


async def test_a_lost_connection_is_said_in_the_header_of_a_phone_too(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await _lit(demo_gateway, screens, signed_in, "zh-CN")
    await page.set_viewport_size({"width": 390, "height": 844})
    feed = page.locator("header.top .feed")
    demo_gateway.freeze()
    try:
        await expect(feed).to_contain_text("中断 ?", timeout=5_000)
        await expect(feed).to_be_visible()
        # What was counted may be so no more.
        await expect(page.locator("header.top .tally")).to_have_class(UNKNOWN)
        assert await page.evaluate(WRONG) == []
    finally:
        demo_gateway.thaw()
    await expect(page.locator("header.top .tally")).not_to_have_class(UNKNOWN)
