"""The night shift without a mouse: with keys alone one does the whole job and sees where one is.

Nothing in here clicks. Every key is followed by a look at where the focus is, and at whether it can
be seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import Page, expect

from tests.system.browser.furnished import SETTLED, address, routes
from tests.system.browser.ten_fingers import Keys

if TYPE_CHECKING:
    from tests.system.browser.conftest import Furnished, Screens

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

DEVICE: Final = "walk-battery"


async def test_the_main_job_is_done_by_keyboard_alone(
    furnished: Furnished, screens: Screens
) -> None:
    campus = furnished.campus
    page = await screens.open(furnished.gateway.url, language="zh-CN")
    keys = Keys(page)

    # At the door.
    await keys.reach("form .ways button")
    await keys.press("Enter")
    await keys.reach("input[autocomplete=one-time-code]", back=True)
    await keys.write(campus.code)
    await keys.press("Enter")
    await expect(page.locator("header.top")).to_be_visible()
    screens.complaints.clear()  # the browser complains that whoever was not signed in was refused

    # The first Tab offers the way past the header.
    await page.evaluate("document.activeElement?.blur()")
    await keys.press("Tab")
    assert await keys.on("a.skip")
    await keys.press("Enter")
    assert await keys.on("#room")

    # An emergency comes; it is looked at, acknowledged, spoken of, given to somebody.
    alert = await campus.press("button-teaching-f1")
    row = page.locator(f"#alert-{alert}")
    await expect(row).to_have_attribute("data-state", "unacknowledged")
    await keys.press("j")
    await expect(page).to_have_url(re.compile(r"/alerts/\d+$"))
    while not page.url.endswith(f"/{alert}"):
        before = page.url
        await keys.press("k")  # the newest stands at the top
        await expect(page).not_to_have_url(before)
    await keys.press("Enter")
    await expect(row).to_have_attribute("data-state", "acknowledged")

    await expect(page.locator("[data-act=comment]")).to_be_visible()
    await keys.press("c")
    await expect(page.locator("dialog textarea")).to_be_focused()
    await keys.write("已派人前往")
    await keys.press("Control+Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".detail")).to_contain_text("已派人前往")

    await keys.press("a")
    await expect(page.locator("dialog input")).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".detail")).to_contain_text("li.na")

    # A button with a dialog behind it: in, all the way round, out, and back where one was.
    await keys.reach("[data-act=comment]")
    await keys.press("Enter")
    await keys.closes_with_escape("[data-act=comment]")

    # The plan's first step is ticked, and the report by telephone is signed for.
    await keys.reach("[data-step] input")
    step = page.locator("[data-step]").first
    await keys.press("Space")
    await expect(step).to_have_attribute("data-done", "true")
    await keys.reach("[data-tell=telephone]")
    await keys.press("Enter")
    await expect(page.locator("[data-test=told]")).to_be_focused()
    await page.keyboard.press("Control+A")
    await keys.write("教育局值班室")
    await keys.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("[data-form=telephone]")).to_have_attribute("data-done", "true")
    assert await page.evaluate("document.activeElement !== document.body"), "the focus is lost"

    # Every key is listed. Letters can be switched off: then they are letters, and no keys.
    for letters in (False, True):
        if letters:
            await keys.press("c")
            await expect(page.locator("dialog")).to_have_count(0)
            await keys.reach("button.keys", back=True)
            await keys.press("Enter")
        else:
            await keys.press("?")
        await expect(page.locator("dialog[open] kbd").first).to_be_visible()
        await keys.reach("dialog [data-test=letters]")
        await keys.press("Space")
        await expect(page.locator("dialog [data-test=letters]")).to_be_checked(checked=letters)
        await keys.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)

    # Several at once: both emergencies are chosen, and one question names how many.
    other = await campus.press("button-teaching-f2")
    await expect(page.locator(f"#alert-{other}")).to_have_count(1)
    await keys.press("x")
    await keys.press("Shift+K")
    await expect(page.locator("[data-test=picked]")).to_be_visible()
    await keys.press("Escape")
    await expect(page.locator("[data-test=picked]")).to_have_count(0)

    # An alert that is no emergency is put aside.
    weak = await campus.weak_battery(furnished.gateway.demo, DEVICE)
    await expect(page.locator(f"#alert-{weak}")).to_have_count(1)
    await keys.press("/")
    assert await keys.on("input[type=search]")
    await keys.write("走廊烟感")
    await keys.press("Escape")
    for key in ("k", "k", "k", "k", "j", "j"):  # from the top: both emergencies are listed as ever
        await keys.press(key)
    await expect(page).to_have_url(re.compile(rf"/alerts/{weak}\?q="))
    await expect(page.locator("[data-act=shelve]")).to_be_visible()
    await keys.press("s")
    await expect(page.locator("dialog input[type=radio]:checked")).to_be_focused()
    await keys.press("ArrowUp")
    await keys.reach("dialog textarea")
    await keys.write("已通知换电池")
    await keys.reach("dialog .button.main")
    await keys.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator(".detail .chips")).to_contain_text("屏蔽")
    assert screens.complaints == []


async def test_the_shift_is_taken_over_and_every_room_is_entered_by_keyboard_alone(
    furnished: Furnished, screens: Screens
) -> None:
    url = furnished.gateway.url
    page = await screens.open(url, signed_in=furnished.signed_in, language="en")
    keys = Keys(page)
    menu = "header .more"

    # Each room of the menu, one after the other.
    await keys.reach(menu)
    await keys.press("Enter")
    links = page.locator("[popover]:popover-open a")
    rooms = [await one.get_attribute("href") for one in await links.all() if await one.is_visible()]
    assert len(rooms) > 8
    await keys.press("Escape")
    await expect(links).to_have_count(0)
    assert await keys.on(menu), "the menu closes, and the focus is on its button"
    for room in rooms:
        await keys.reach(menu)
        await keys.press("Enter")
        await keys.reach(f"[popover]:popover-open a[href='{room}']")
        await keys.press("Enter")
        await expect(page).to_have_url(f"{url}{room}")
        await expect(page.locator("main h1").first).to_be_visible()
        if room == "/wall":  # a screen on a wall has no controls
            await page.go_back()

    # The shift is taken over: each emergency by itself, then one signature.
    await page.goto(f"{url}/duty")
    await keys.reach("[data-test=take-over]")
    await keys.press("Enter")
    await expect(page.locator("dialog textarea")).to_be_visible()
    ticks = page.locator("dialog input[type=checkbox]")
    for number in range(await ticks.count()):
        tick = await ticks.nth(number).get_attribute("data-tick")
        await keys.reach(f"dialog [data-tick='{tick}']")
        await keys.press("Space")
        await expect(page.locator(f"dialog [data-tick='{tick}']")).to_be_checked()
    await keys.reach("dialog [data-test=send]")
    await keys.press("Enter")
    await expect(page.locator("[data-test=hand-over]")).to_have_count(1)

    # A maintenance is begun, thought better of, and looked up.
    await page.goto(f"{url}/maintenance")
    await keys.reach("[data-test=announce]")
    await keys.press("Enter")
    await keys.closes_with_escape("[data-test=announce]")
    await keys.reach("main li a")
    await keys.press("Enter")
    await expect(page).to_have_url(re.compile(r"/maintenance/\d+$"))
    assert screens.complaints == []


async def test_tab_comes_through_every_page_and_out_of_it(
    furnished: Furnished, screens: Screens
) -> None:
    url = furnished.gateway.url
    page = await screens.open(url, signed_in=furnished.signed_in, language="zh-CN")
    keys = Keys(page)
    for name, pattern in routes().items():
        if name == "wall":  # a screen on a wall has no controls
            continue
        await page.goto(url + address(name, pattern, furnished.addresses))
        await expect(page.locator("main h1").first).to_be_visible()
        await page.evaluate(SETTLED)
        await through(page, keys)
    assert screens.complaints == []


async def through(page: Page, keys: Keys) -> None:
    """Tab from the beginning of the room to its end: it ends, and the focus is seen all the way."""
    await page.evaluate("document.getElementById('room').focus()")
    ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "none", "there is no frame round a whole room that nobody has gone to"
    for _ in range(400):
        await keys.press("Tab")
        if not await keys.on("#room *"):
            return
    raise AssertionError(f"no way out of {page.url} by Tab")
