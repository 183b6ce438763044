"""The page in a real browser before a real gateway: what an operator sees, hears and does."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from playwright.async_api import Locator, Page, StorageState, expect

from devices.simulator.campus import demo

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

FIRST_LOAD_BYTES: Final = 300_000
ROOMS: Final = (
    "/",
    "/bureau",
    "/bureau/gaps",
    "/history",
    "/devices",
    "/discoveries",
    "/rejects",
    "/cameras",
    "/electricity",
    "/fire",
    "/links",
    "/work-orders",
    "/duty",
    "/maintenance",
    "/notification",
    "/performance",
    "/verifications",
    "/exercises",
    "/replays",
    "/plans",
    "/schools/contacts",
    "/people",
    "/settings",
)
BLINKS: Final = re.compile(r"\bblinks\b")
COLOURS: Final = """row => new Promise(done => {
  const colours = [getComputedStyle(row).backgroundColor];
  new MutationObserver((_, beats) => {
    if (colours.push(getComputedStyle(row).backgroundColor) < 4) return;
    beats.disconnect();
    done(colours);
  }).observe(document.documentElement, {attributes: true, attributeFilter: ["class"]});
})"""
"""A row's background now and after each of the next three beats of what blinks."""
BEYOND: Final = """() => new Promise(done => {
  let frames = 60;
  const look = () => {
    const found = [...document.querySelectorAll(".frame > :not(.unseen), main")]
      .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className);
    if (found.length === 0 || --frames === 0) done(found);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(() => requestAnimationFrame(look));
})"""
"""What is wider than there is room for, and stays so: a mark that is lit in this very frame makes
the header give way before the next one."""
WRITE: Final = {"X-Campus-Request": "1"}
LOW_CONTRAST: Final = (Path(__file__).parent / "low_contrast.js").read_text("utf-8")

COUNT_TONES: Final = """
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...rest) {
      window.tones += 1;
      return start.apply(this, rest);
    };
"""

_next_button = count()


async def new_button(page: Page) -> str:
    """Choose a button that no other test presses; returns ``school/device``."""
    chooser = page.locator("aside select")
    option = chooser.locator("option").nth(next(_next_button))
    await expect(option).to_be_attached()
    button = await option.get_attribute("value")
    assert button is not None
    await chooser.select_option(button)
    return button


async def press(page: Page, button: str) -> None:
    """Press it as if on another screen: nothing is touched on this one."""
    school, device = button.split("/")
    answer = await page.request.post(
        f"{origin(page)}/api/v1/demo/press",
        data={"school": school, "device": device},
        headers=WRITE,
    )
    assert answer.status == 202


async def acknowledge_elsewhere(page: Page, button: str) -> None:
    """What another operator does on another screen."""
    address = f"{origin(page)}/api/v1/alerts"
    found = await (await page.request.get(address, params={"device": button})).json()
    answer = await page.request.post(
        f"{address}/{found['items'][0]['id']}/actions",
        data={"action": "acknowledge"},
        headers=WRITE,
    )
    assert answer.ok


async def acknowledge_all_else(page: Page) -> None:
    """What else calls, too: a machine that is busy makes the demonstration's police answer late."""
    address = f"{origin(page)}/api/v1/alerts"
    calling = {"state": "unacknowledged", "priority": "emergency"}
    for alert in (await (await page.request.get(address, params=calling)).json())["items"]:
        act = {"action": "acknowledge"}
        await page.request.post(f"{address}/{alert['id']}/actions", data=act, headers=WRITE)
    await expect(
        page.locator(".row[data-state=unacknowledged][data-priority=emergency]")
    ).to_have_count(0)


def origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def row_of(page: Page, button: str) -> Locator:
    return page.locator(f".row[data-device='{button}']")


def look_of(page: Page, button: str) -> Locator:
    """What of its row is coloured."""
    return row_of(page, button).locator(".line")


async def test_a_press_blinks_enter_acknowledges_it_and_a_second_press_calls_again(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    button = await new_button(page)
    row = row_of(page, button)

    await page.locator("[data-test=press]").click()
    await expect(look_of(page, button)).to_have_class(BLINKS)
    first, second, third, fourth = await look_of(page, button).evaluate(COLOURS)
    assert (first, second) == (third, fourth)
    assert first != second

    await row.click()
    await page.keyboard.press("Enter")
    await expect(row).to_have_attribute("data-state", "acknowledged")
    await expect(look_of(page, button)).not_to_have_class(BLINKS)

    await press(page, button)
    await expect(row).to_have_attribute("data-state", "unacknowledged")
    await expect(look_of(page, button)).to_have_class(BLINKS)
    await acknowledge_elsewhere(page, button)
    await expect(row).to_have_attribute("data-state", "acknowledged")
    assert screens.complaints == []


async def test_only_buttons_that_can_be_pressed_are_offered(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    registered = await page.request.put(
        f"{demo_gateway.url}/api/v1/devices/no3-middle/a-real-one",
        data={"kind": "alarm-button", "name_zh": "真按钮"},
        headers=WRITE,
    )
    assert registered.ok
    await page.reload()
    options = page.locator("aside option")
    await expect(options).not_to_have_count(0)
    offered = await options.evaluate_all("all => all.map(one => one.value)")
    simulated = sorted(one.key for one in demo().devices if one.kind == "alarm-button")
    assert offered == ["/".join(key) for key in simulated]


async def test_who_wants_no_motion_sees_no_blinking(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    await page.emulate_media(reduced_motion="reduce")
    button = await new_button(page)
    await press(page, button)
    look = look_of(page, button)
    await expect(look).to_have_class(BLINKS)
    assert len(set(await look.evaluate(COLOURS))) == 1
    await acknowledge_elsewhere(page, button)


async def test_an_emergency_sounds_again_and_again_until_somebody_acknowledges_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, script=COUNT_TONES)
    await page.clock.install()
    button = await new_button(page)
    await page.locator("header.top .clock").click()  # the browser wants a gesture first
    await expect(page.locator("[data-test=sound-blocked]")).to_have_count(0)

    await press(page, button)
    await page.wait_for_function("() => window.tones >= 5")
    await page.clock.fast_forward(5_100)
    await page.wait_for_function("() => window.tones >= 10")

    await acknowledge_elsewhere(page, button)
    await expect(row_of(page, button)).to_have_attribute("data-state", "acknowledged")
    await acknowledge_all_else(page)
    heard = await page.evaluate("window.tones")
    await page.clock.fast_forward(10_200)
    assert await page.evaluate("window.tones") == heard


async def test_rows_stand_still_under_the_pointer_and_a_new_alert_waits_above_them(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    first = await new_button(page)
    second = await new_button(page)
    await press(page, first)
    row = row_of(page, first)
    await expect(row).to_be_visible()
    await row.hover()
    before = await row.bounding_box()

    await press(page, second)
    waiting = page.locator("[data-waiting]")
    await expect(waiting).to_be_visible()
    assert await row.bounding_box() == before

    await waiting.click()
    await expect(row_of(page, second)).to_be_visible()
    for button in (first, second):
        await acknowledge_elsewhere(page, button)


async def test_shelving_is_not_offered_for_an_emergency_and_false_asks_for_a_reason(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    button = await new_button(page)
    await press(page, button)
    await row_of(page, button).click()
    await expect(page.locator("[data-act=mark_false]")).to_be_visible()
    await expect(page.locator("[data-act=shelve]")).to_have_count(0)

    await page.locator("[data-act=mark_false]").click()
    confirm = page.locator("dialog .button.main")
    await expect(confirm).to_be_disabled()
    await page.locator("dialog textarea").fill("门卫误触")
    await confirm.click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".detail")).to_contain_text("门卫误触")
    # A second person must confirm: until then it calls on.
    await expect(look_of(page, button)).to_have_class(BLINKS)
    await acknowledge_elsewhere(page, button)


async def test_a_discovery_is_adopted_and_becomes_a_device(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/discoveries", signed_in=signed_in)
    card = page.locator(".cards li").first
    await expect(card).to_be_visible()
    name = await card.locator("h2").inner_text()
    await card.locator(".button.main").click()
    await page.locator("dialog input[maxlength='128']").first.fill("新接入设备")
    await page.locator("dialog .button.main").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".cards h2", has_text=name)).to_have_count(0)

    await page.goto(f"{demo_gateway.url}/devices?q=新接入设备")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert screens.complaints == []


async def test_a_gateway_that_hangs_is_shown_as_a_lost_connection_at_once_and_so_is_its_return(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    live = page.locator("header.top .feed .dot")
    banner = page.locator("[data-test=stalled]")
    await expect(live).to_be_visible()
    demo_gateway.freeze()
    try:
        await expect(banner).to_be_visible(timeout=5_000)
    finally:
        demo_gateway.thaw()
    await expect(banner).to_have_count(0)
    await expect(live).to_be_visible()


async def test_a_page_that_outlives_its_gateway_goes_on_with_the_next_one(
    screens: Screens, own_gateway: DemoGateway
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}")
    button = await new_button(page)
    await press(page, button)
    await expect(row_of(page, button)).to_be_visible()

    await own_gateway.stop()
    await expect(page.locator("[data-test=stalled]")).to_be_visible(timeout=5_000)
    await own_gateway.start()
    await expect(page.locator("[data-test=stalled]")).to_have_count(0)

    await press(page, button)
    await row_of(page, button).click()
    await expect(page.locator(".detail")).to_contain_text("第 2 次")


async def test_the_first_load_is_small_and_nothing_comes_from_elsewhere(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open("about:blank", signed_in=signed_in)
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(demo_gateway.url)
    await expect(page.locator("header.top .feed .dot")).to_be_visible()
    assert 0 < sum(sizes) <= FIRST_LOAD_BYTES

    for room in ROOMS:
        await page.goto(demo_gateway.url + room)
        await page.wait_for_selector("main")
    elsewhere = [url for url in screens.requests if not url.startswith(demo_gateway.url)]
    assert elsewhere in ([], ["about:blank"])
    assert screens.complaints == []


@pytest.mark.parametrize(("language", "widths"), [("zh-CN", (390,)), ("en", (390, 768, 1100))])
async def test_no_room_scrolls_sideways(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    language: str,
    widths: tuple[int, ...],
) -> None:
    page = await screens.open(
        demo_gateway.url, signed_in=signed_in, width=widths[0], height=844, language=language
    )
    for room in ROOMS:
        await page.goto(demo_gateway.url + room)
        await page.wait_for_selector("main")
        for width in widths:
            await page.set_viewport_size({"width": width, "height": 844})
            assert await page.evaluate(BEYOND) == [], (room, width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: StorageState,
    scheme: Literal["light", "dark"],
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, scheme=scheme)
    button = await new_button(page)
    await press(page, button)
    await expect(page.locator("[data-test=history] li").first).to_be_visible()
    low: dict[str, Any] = {"/": await page.evaluate(LOW_CONTRAST)}
    await acknowledge_elsewhere(page, button)
    for room in ROOMS[1:]:
        await page.goto(demo_gateway.url + room)
        await expect(page.locator("main h1").first).to_be_visible()
        low[room] = await page.evaluate(LOW_CONTRAST)
    assert {room: texts for room, texts in low.items() if texts} == {}


async def test_the_page_speaks_english_to_those_who_do(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in, language="en-GB")
    await expect(page.locator("header.top nav")).to_contain_text("Alerts")
    await expect(page.locator("aside")).to_contain_text("invented data")
    await page.locator("header.top .tongue").click()
    await expect(page.locator("header.top nav")).to_contain_text("报警")
    await page.reload()
    await expect(page.locator("header.top nav")).to_contain_text("报警")


async def test_the_door_stays_closed_for_a_wrong_password(
    demo_gateway: DemoGateway, screens: Screens
) -> None:
    page = await screens.open(f"{demo_gateway.url}/devices")
    await page.locator("input[autocomplete=username]").fill("admin")
    await page.locator("input[type=password]").fill("not the password")
    await page.locator("form .button.main").click()
    await expect(page.get_by_role("alert")).to_contain_text("登录信息不正确")
    await expect(page.locator("header.top")).to_have_count(0)


async def test_a_list_that_cannot_be_brought_up_to_date_says_so_and_keeps_its_rows(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/links", signed_in=signed_in, language="en")
    await expect(page.locator("[data-link]")).not_to_have_count(0)

    links = re.compile(r"/api/v1/links(\?|$)")
    body = '{"title": "broken", "status": 500, "detail": "the disk is full"}'
    await page.route(
        links,
        lambda route: route.fulfill(status=500, content_type="application/problem+json", body=body),
    )
    told = page.locator("main [role=alert]")
    await expect(told).to_have_text("the disk is full")
    await expect(page.locator("[data-link]")).not_to_have_count(0)

    await page.unroute(links)
    await expect(told).to_have_count(0)
