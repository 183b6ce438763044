"""Two screens act at the same moment, one sleeps for an hour, one is muted: all tell the truth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, StorageState, expect

from benchmarks.proof.network import Network
from tests.system.browser.opened_detectors import BUTTON, Detectors, row_of

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

HOUR_MS: Final = 3_600_000
WAKE_MS: Final = 30_000
COUNT_TONES: Final = """
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...rest) {
      window.tones += 1;
      return start.apply(this, rest);
    };
"""
EMERGENCY_TONES: Final = 5
HIGH_TONES: Final = 3


async def test_two_who_act_at_the_same_moment_get_one_result_and_both_see_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    first = await screens.open(demo_gateway.url, signed_in=signed_in)
    detectors = Detectors(demo_gateway, first.request, "both")
    code = await detectors.operator("wang.fang")
    second = await screens.open(f"{demo_gateway.url}/#code={code}")
    await detectors.register("gate", kind=BUTTON)
    await detectors.press("gate")
    pages = (first, second)
    for page in pages:
        await row_of(page, "both-gate").click()
        await expect(page.locator("[data-act=acknowledge]")).to_be_enabled()

    await asyncio.gather(*(page.keyboard.press("Enter") for page in pages))

    for page in pages:
        await expect(row_of(page, "both-gate")).to_have_attribute("data-state", "acknowledged")
        await expect(page.locator(".detail [role=alert]")).to_have_count(0)
    done = [who for kind, who in await detectors.history("gate") if kind == "acknowledged"]
    assert done in (["admin"], ["wang.fang"])
    for page in pages:
        await expect(page.locator("[data-test=history]")).to_contain_text(done[0])

    numbers = range(8)
    await detectors.register(*numbers)
    await detectors.open(*numbers)
    for page in pages:
        await page.locator("input[type=search]").fill("both-")
        await expect(page.locator(".row[data-state=unacknowledged]")).to_have_count(8)
        await page.locator("input[type=search]").press("Escape")
        await page.keyboard.press("Control+a")
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog [data-test=send]")).to_be_focused()

    await asyncio.gather(*(page.keyboard.press("Enter") for page in pages))

    for page in pages:
        await expect(page.locator(".row[data-state=acknowledged]")).to_have_count(9)
        await expect(page.locator("dialog")).to_have_count(0)
    for number in numbers:
        kinds = [kind for kind, _ in await detectors.history(number)]
        assert kinds == ["raised", "acknowledged"]
    assert screens.complaints == []


async def asleep(page: Page, network: Network, frozen: bool) -> None:
    """Freeze it as a browser does in the background, or take its network away as a lid does."""
    if frozen:
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    else:
        await page.context.set_offline(True)
        network.reset()  # the browser's own switch leaves alone what streams already
        await page.clock.fast_forward(HOUR_MS)
        await expect(page.locator("[data-test=stalled]")).to_be_visible()


async def awake(page: Page, network: Network, frozen: bool) -> None:
    if frozen:
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Page.setWebLifecycleState", {"state": "active"})
        await page.clock.fast_forward(HOUR_MS)
    else:
        network.heal()
        await page.context.set_offline(False)
    await page.clock.run_for(WAKE_MS)


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "without network"])
async def test_a_screen_that_slept_for_an_hour_misses_nothing(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, frozen: bool
) -> None:
    awake_all_along = await screens.open(demo_gateway.url, signed_in=signed_in)
    name = "frozen" if frozen else "cut"
    detectors = Detectors(demo_gateway, awake_all_along.request, name)
    await detectors.register("early", "late")
    await detectors.register("gate", kind=BUTTON)
    async with Network(urlsplit(demo_gateway.url).port or 0) as network:
        address = f"http://127.0.0.1:{network.port}/?q={name}-"
        page = await screens.open(address, signed_in=signed_in)
        await page.clock.install()
        await detectors.open("early")
        await expect(row_of(page, f"{name}-early")).to_be_visible()

        await asleep(page, network, frozen)
        await detectors.open("late")
        await detectors.press("gate")
        await detectors.press("gate")
        await detectors.acknowledge("early")
        for number in ("late", "gate"):
            await expect(row_of(awake_all_along, f"{name}-{number}")).to_be_visible()
        await awake(page, network, frozen)

        await expect(page.locator("[data-test=stalled]")).to_have_count(0)
        await expect(row_of(page, f"{name}-gate")).to_contain_text("第 2 次")
        await expect(row_of(page, f"{name}-late")).to_be_visible()
        await expect(row_of(page, f"{name}-early")).to_have_attribute("data-state", "acknowledged")
        await detectors.acknowledge("late", "gate")
        await expect(row_of(page, f"{name}-gate")).to_have_attribute("data-state", "acknowledged")


async def tones(page: Page) -> int:
    return int(await page.evaluate("window.tones"))


async def heard(page: Page, least: int) -> None:
    """Wait until so many tones were."""
    await page.wait_for_function("least => window.tones >= least", arg=least)


async def test_a_mute_ends_by_itself_outlives_a_reload_and_never_silences_an_emergency(
    screens: Screens, own_gateway: DemoGateway
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}", script=COUNT_TONES)
    detectors = Detectors(own_gateway, page.request, "loud")
    await detectors.register(1, 2, priority="high")
    await detectors.register("gate", kind=BUTTON)
    await page.locator("header.top .clock").click()  # the browser wants a gesture first

    await detectors.open(1)
    await heard(page, HIGH_TONES)
    await detectors.acknowledge(1)

    await page.locator("[data-test=mute]").click()
    await page.locator("[data-minutes='15']").click()
    left = page.locator("[data-test=unmute]")
    await expect(left).to_contain_text("14:")
    await page.reload()
    await page.locator("header.top .clock").click()
    await expect(left).to_contain_text("14:")

    before = await tones(page)
    await detectors.open(2)
    await expect(row_of(page, "loud-2")).to_be_visible()
    assert await tones(page) == before

    await detectors.press("gate")
    await heard(page, before + EMERGENCY_TONES)
    await expect(left).to_be_visible()
    await heard(page, before + 2 * EMERGENCY_TONES)  # and again
    await detectors.acknowledge("gate")
    await expect(row_of(page, "loud-gate")).to_have_attribute("data-state", "acknowledged")

    await left.click()
    await expect(page.locator("[data-test=mute]")).to_be_visible()
    await page.locator("header.top .clock").click()
    await page.keyboard.press("m")
    await expect(left).to_contain_text("4:")
    await detectors.acknowledge(2)


async def test_what_nobody_acknowledges_is_heard_again_the_sooner_the_more_urgent_it_is(
    screens: Screens, own_gateway: DemoGateway
) -> None:
    page = await screens.open(f"{own_gateway.url}/#code={own_gateway.code}", script=COUNT_TONES)
    await page.clock.install()
    detectors = Detectors(own_gateway, page.request, "again")
    await detectors.register(1, priority="high")
    await page.locator("header.top .clock").click()
    await detectors.open(1)
    await heard(page, HIGH_TONES)

    before = await tones(page)
    await page.clock.fast_forward(31_000)
    await heard(page, before + HIGH_TONES)

    await detectors.acknowledge(1)
    await expect(row_of(page, "again-1")).to_have_attribute("data-state", "acknowledged")
    before = await tones(page)
    await page.clock.fast_forward(120_000)
    assert await tones(page) == before
