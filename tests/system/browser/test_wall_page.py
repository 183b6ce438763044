"""The overview and the screen on the wall: what is shown, and that it never shows it in vain."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, Route, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

WIDTH: Final = 1920
HEIGHT: Final = 1080
WRITE: Final = {"X-Campus-Request": "1"}
WITHIN_S: Final = 5.0
PAGE_MS: Final = 12_000
TROUBLE: Final = "[data-test=wall-trouble]"
CONTROLS: Final = "main.wall :is(a, button, input, select, [tabindex])"

AWAKE: Final = """
    window.locks = 0;
    Object.defineProperty(navigator, "wakeLock", {value: {request: async () => {
      window.locks += 1;
      return Object.assign(new EventTarget(), {released: false, release: async () => {}});
    }}});
"""
NEVER_AWAKE: Final = "Object.defineProperty(navigator, 'wakeLock', {value: undefined});"
COUNT_TURNS: Final = """() => {
  window.turns = 0;
  new MutationObserver(() => window.turns += 1)
    .observe(document.querySelector("main.wall"), {attributeFilter: ["data-page"]});
}"""
COLOURS: Final = """() => new Promise(done => {
  const panel = document.querySelector("[data-wall-alert]");
  const colours = [getComputedStyle(panel).backgroundColor];
  new MutationObserver((_, beats) => {
    if (colours.push(getComputedStyle(panel).backgroundColor) < 4) return;
    beats.disconnect();
    done(colours);
  }).observe(document.documentElement, {attributes: true, attributeFilter: ["class"]});
})"""


async def press(page: Page, device: str) -> None:
    """Somebody presses a button; ``device`` is ``school/id``."""
    school, name = device.split("/")
    url = "/".join(page.url.split("/")[:3])
    answer = await page.request.post(
        f"{url}/api/v1/demo/press", data={"school": school, "device": name}, headers=WRITE
    )
    assert answer.status == 202


async def acknowledge_all(page: Page) -> None:
    """Somebody at a desk takes every emergency."""
    api = "/".join(page.url.split("/")[:3]) + "/api/v1/alerts"
    found = await (await page.request.get(f"{api}?priority=emergency&state=unacknowledged")).json()
    for alert in found["items"]:
        address = f"{api}/{alert['id']}/actions"
        await page.request.post(address, data={"action": "acknowledge"}, headers=WRITE)


async def buttons(page: Page) -> list[str]:
    """One alarm button of each school: of the demonstration's own, which can be pressed. Tests on
    the same demonstration register others.
    """
    url = "/".join(page.url.split("/")[:3])
    found = await page.request.get(f"{url}/api/v1/devices?kind=alarm-button&limit=500")
    items = [one for one in (await found.json())["items"] if one["id"].startswith("button-")]
    return sorted({one["school"]: f"{one['school']}/{one['id']}" for one in items}.values())


async def with_more_schools(page: Page, more: int) -> None:
    """As in a bureau: the schools of the demonstration, and others that are well."""

    async def answer(route: Route) -> None:
        overview: dict[str, Any] = await (await route.fetch()).json()
        one = overview["schools"][0]
        calm = {"worst": None, "waiting": None, "waiting_since": None, "doubt": None}
        overview["schools"] += [
            {**one, **calm, "school": f"more-{n}", "name": {"zh": f"第{n}小学", "en": f"No. {n}"}}
            for n in range(more)
        ]
        await route.fulfill(json=overview)

    await page.route("**/api/v1/overview*", answer)


async def test_a_wall_that_lost_its_gateway_says_so_across_its_width_within_five_seconds(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    wall = await screens.open(
        f"{own_gateway.url}/wall#code={own_gateway.code}", width=WIDTH, height=HEIGHT
    )
    await expect(wall.locator("[data-school]")).to_have_count(3)
    await expect(wall.locator(TROUBLE)).to_have_count(0)

    # It hangs: connections stay open and nothing comes.
    begun = time.monotonic()
    own_gateway.freeze()
    lost = wall.locator("[data-trouble=lost]")
    await lost.wait_for(timeout=WITHIN_S * 1000)
    assert time.monotonic() - begun <= WITHIN_S
    box = await lost.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, WIDTH)
    own_gateway.thaw()
    await expect(lost).to_have_count(0)

    # Its session is ended by somebody else: nothing is watched, and that is said.
    await wall.request.delete(f"{own_gateway.url}/api/v1/session", headers=WRITE)
    await expect(wall.locator(TROUBLE)).to_contain_text("已退出登录")
    await expect(wall.locator("input[autocomplete=username]")).to_be_visible()


async def test_a_gateway_that_ends_is_said_within_five_seconds_too(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    wall = await screens.open(
        f"{own_gateway.url}/wall#code={own_gateway.code}", width=WIDTH, height=HEIGHT
    )
    await expect(wall.locator("[data-school]")).to_have_count(3)
    ending = asyncio.create_task(own_gateway.stop())
    await wall.locator("[data-trouble=lost]").wait_for(timeout=WITHIN_S * 1000)
    await ending
    # Tiles stay readable: as of when is on the banner.
    await expect(wall.locator("[data-school]")).to_have_count(3)


async def test_an_emergency_is_shown_large_with_its_age_until_somebody_has_taken_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    wall = await screens.open(
        f"{demo_gateway.url}/wall", signed_in=signed_in, width=WIDTH, height=HEIGHT
    )
    await expect(wall.locator("[data-school]")).to_have_count(3)
    assert await wall.locator(CONTROLS).count() == 0
    await acknowledge_all(wall)
    first, second, third = await buttons(wall)
    panels = wall.locator("[data-wall-alert]")
    await expect(panels).to_have_count(0)

    await press(wall, first)
    await expect(panels).to_have_count(1)
    await expect(panels.first).to_have_attribute("data-device", first)
    size = await panels.first.locator("h2").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert size >= 55  # 35 mm on a screen of 55 inches
    tile = wall.locator(f"[data-school='{first.split('/')[0]}']")
    await expect(tile).to_have_attribute("data-look", "trouble")

    # Of three the two newest; the other is counted, and its tile calls.
    await press(wall, second)
    await expect(panels).to_have_count(2)
    await press(wall, third)
    await expect(panels.first).to_have_attribute("data-device", third)
    await expect(panels).to_have_count(2)
    await expect(wall.locator("[data-test=wall-alarms]")).to_contain_text("还有 1 条")
    await expect(wall.locator("article[data-look=trouble]")).to_have_count(3)

    await acknowledge_all(wall)
    await expect(panels).to_have_count(0)
    assert screens.complaints == []


async def test_pages_turn_by_themselves_but_never_away_from_an_emergency(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    wall = await screens.open("about:blank", signed_in=signed_in, width=WIDTH, height=HEIGHT)
    await with_more_schools(wall, 37)
    await wall.goto(f"{demo_gateway.url}/wall")
    await acknowledge_all(wall)
    main = wall.locator("main.wall")
    await expect(main).not_to_have_attribute("data-pages", "1")
    await expect(main).to_have_attribute("data-page", "1", timeout=3 * PAGE_MS)

    button = (await buttons(wall))[0]
    await press(wall, button)
    tile = wall.locator(f"[data-school='{button.split('/')[0]}'][data-look=trouble]")
    await expect(tile).to_be_visible()
    await expect(wall.locator("footer")).to_contain_text("停止翻页")
    await wall.evaluate(COUNT_TURNS)
    begun = await wall.evaluate("Date.now()")
    await wall.wait_for_function(
        "([begun, ms]) => Date.now() > begun + ms",
        arg=[begun, PAGE_MS + 2_000],
        timeout=3 * PAGE_MS,
    )
    assert await wall.evaluate("window.turns") == 0
    await expect(tile).to_be_visible()

    await acknowledge_all(wall)
    await expect(main).to_have_attribute("data-page", "1", timeout=3 * PAGE_MS)


async def test_the_wall_stays_awake_and_says_when_it_cannot(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/wall"
    wall = await screens.open(
        address, signed_in=signed_in, script=AWAKE, width=WIDTH, height=HEIGHT
    )
    await expect(wall.locator("[data-school]")).to_have_count(3)
    assert await wall.evaluate("window.locks") == 1
    await expect(wall.locator("[data-test=wall-sleeps]")).to_have_count(0)

    other = await screens.open(
        address, signed_in=signed_in, script=NEVER_AWAKE, width=WIDTH, height=HEIGHT
    )
    await expect(other.locator("[data-test=wall-sleeps]")).to_be_visible()


async def test_who_wants_no_motion_sees_no_blinking_on_the_wall(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    wall = await screens.open(
        f"{demo_gateway.url}/wall", signed_in=signed_in, width=WIDTH, height=HEIGHT
    )
    await press(wall, (await buttons(wall))[0])
    await wall.locator("[data-wall-alert]").first.wait_for()
    first, second, third, fourth = await wall.evaluate(COLOURS)
    assert (first, second) == (third, fourth)
    assert first != second
    await wall.emulate_media(reduced_motion="reduce")
    assert len(set(await wall.evaluate(COLOURS))) == 1
    await acknowledge_all(wall)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
async def test_everything_on_the_wall_fits_and_can_be_read_from_five_metres(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    language: str,
    width: int,
    height: int,
) -> None:
    wall = await screens.open(
        "about:blank", signed_in=signed_in, language=language, width=width, height=height
    )
    await with_more_schools(wall, 97)
    await wall.goto(f"{demo_gateway.url}/wall")
    await wall.locator("[data-school]").first.wait_for()
    inside = "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await wall.evaluate(inside) == [width, height]
    smallest = await wall.evaluate(
        """() => Math.min(...[...document.querySelectorAll(".tile *, header *")]
          .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim() !== "")
            && !e.closest(".unseen") && !e.closest("svg"))
          .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= width / 90  # 14 mm on a screen of 55 inches
    cut = await wall.evaluate(
        """() => [...document.querySelectorAll(".tile")]
          .filter(e => e.scrollHeight > e.clientHeight + 1).map(e => e.dataset.school)"""
    )
    assert cut == []


async def test_a_tile_of_the_overview_leads_to_the_alerts_of_its_school(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/overview", signed_in=signed_in)
    button = (await buttons(page))[1]
    school = button.split("/")[0]
    tile = page.locator(f"[data-school='{school}']")
    await expect(tile).to_be_visible()
    await press(page, button)
    await expect(tile).to_have_attribute("data-look", "trouble")
    await expect(page.locator("[data-school]").first).to_have_attribute("data-school", school)
    await expect(page.locator("[data-test=totals]")).to_contain_text("3 所学校")
    await page.locator("a", has=tile).press("Enter")
    await expect(page.locator(f".row[data-device='{button}']")).to_be_visible()
    assert f"school={school}" in page.url
    await acknowledge_all(page)
    assert screens.complaints == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_overview_fits_a_phone(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, language: str
) -> None:
    page = await screens.open(
        f"{demo_gateway.url}/overview",
        signed_in=signed_in,
        width=390,
        height=844,
        language=language,
    )
    await expect(page.locator("[data-school]")).to_have_count(3)
    wide = "() => [...document.querySelectorAll('#room *')].some(e => e.scrollWidth > 390)"
    assert not await page.evaluate(wide)
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390


async def test_of_a_thousand_schools_only_those_are_drawn_anew_that_changed(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open("about:blank", signed_in=signed_in)
    await with_more_schools(page, 997)
    await page.goto(f"{demo_gateway.url}/overview")
    await expect(page.locator("[data-school]")).to_have_count(1000)
    await page.evaluate(
        """() => {
          window.drawn = new Set();
          new MutationObserver(changes => changes.forEach(({target}) => {
            const tile = (target.closest ? target : target.parentElement).closest("[data-school]");
            if (tile) window.drawn.add(tile.dataset.school);
          })).observe(document.querySelector("ul.tiles"),
            {subtree: true, childList: true, characterData: true, attributes: true});
        }"""
    )
    for _ in range(2):
        async with page.expect_response("**/api/v1/overview*", timeout=60_000):
            pass
    button = (await buttons(page))[0]
    await press(page, button)
    school = button.split("/")[0]
    await page.wait_for_function("school => window.drawn.has(school)", arg=school, timeout=60_000)
    assert await page.evaluate("window.drawn.size") <= 10
    await acknowledge_all(page)
