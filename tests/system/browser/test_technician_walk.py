"""The walk test by thumb: a phone, a real button on MQTT, a network that comes and goes."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, Route, StorageState, expect

from tests.system.browser.asking import until

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
WRITE: Final = {"X-Campus-Request": "1"}
THUMB_PX: Final = 64
"""Smaller than this, a cold thumb misses it."""
VERIFY: Final = re.compile(r"/devices/[^/]+/[^/]+/verify$")
CONFIRM: Final = re.compile(r"/verifications/[^/]+/confirm$")

_number = count(1)


async def new_device(page: Page, kind: str = "alarm-button") -> str:
    """Register a device that no other test touches."""
    device = f"walk-{next(_number):02}"
    answer = await page.request.put(
        f"{api(page)}/devices/{SCHOOL}/{device}",
        data={"kind": kind, "name_zh": f"走测{device}", "dialect": "native", "address": device},
        headers=WRITE,
    )
    assert answer.ok, await answer.text()
    return device


def api(page: Page) -> str:
    return "/".join(page.url.split("/")[:3]) + "/api/v1"


async def runs_of(page: Page, device: str) -> list[dict[str, Any]]:
    answer = await page.request.get(
        f"{api(page)}/verifications", params={"device": f"{SCHOOL}/{device}"}
    )
    found: list[dict[str, Any]] = (await answer.json())["items"]
    return found


async def alerts_of(page: Page, device: str) -> list[dict[str, Any]]:
    answer = await page.request.get(
        f"{api(page)}/alerts", params={"device": f"{SCHOOL}/{device}", "state": "all"}
    )
    found: list[dict[str, Any]] = (await answer.json())["items"]
    return found


async def confirm_elsewhere(page: Page, device: str) -> None:
    """So that the press of a test does not go out as an alarm into the next one."""
    (run, *_) = await runs_of(page, device)
    answer = await page.request.post(
        f"{api(page)}/verifications/{run['id']}/confirm", data={}, headers=WRITE
    )
    assert answer.ok, await answer.text()


async def phone_at(
    screens: Screens, gateway: DemoGateway, signed_in: StorageState, **more: Any
) -> tuple[Page, str]:
    """A phone that shows a new button."""
    page = await screens.open(gateway.url, signed_in=signed_in, **{**PHONE, **more})
    # What is asked just while it takes the page over is asked past the routes of a test.
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    device = await new_device(page)
    await page.goto(f"{gateway.url}/devices/{SCHOOL}/{device}")
    return page, device


async def test_the_whole_walk_test_goes_by_thumb(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    verify = page.locator("[data-test=verify]")
    await expect(verify).to_contain_text("从未测试")
    box = await verify.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB_PX
    await verify.tap()
    await expect(page.locator("[data-waits=press]")).to_contain_text("请按下报警按钮")
    await expect(page.locator("[data-step=press] .time")).to_have_text(re.compile(r"剩 \d:\d\d"))

    await say("alarm-button", device, "event", {"seq": 1, "event": "pressed"})
    confirm = page.locator("[data-test=confirm]")
    await expect(confirm).to_be_enabled()
    assert int(await confirm.locator(".seconds").inner_text()) in range(20, 31)
    box = await confirm.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB_PX
    assert box["y"] > 844 / 2  # where a thumb reaches
    await confirm.tap()

    await expect(page.locator("[data-step=press]")).to_have_attribute("data-verdict", "met")
    await expect(page.locator("[data-step=confirm]")).to_have_attribute("data-verdict", "met")
    run = page.locator("[data-run]")
    await expect(run).to_have_attribute("data-verdict", "met")
    await page.locator("[data-step=send] summary").first.tap()
    await expect(page.locator("[data-step=send]")).to_contain_text('ACK"')
    await expect(confirm).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await alerts_of(page, device) == []
    assert screens.complaints == []

    await page.reload()
    await page.locator("details summary", has_text="历次测试（1）").tap()
    await page.locator("details a", has_text="通过").tap()
    await expect(run).to_have_attribute("data-verdict", "met")


async def test_a_run_goes_on_where_it_was_after_the_page_was_loaded_anew(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await page.reload()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await say("alarm-button", device, "event", {"seq": 1, "event": "pressed"})
    await page.locator("[data-test=confirm]").tap()
    await expect(page.locator("[data-run]")).not_to_have_attribute("data-verdict", "")
    assert len(await runs_of(page, device)) == 1


async def test_an_alarm_during_a_run_leaves_the_way_back_and_the_next_act_in_reach(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page, _ = await phone_at(screens, demo_gateway, signed_in)
    other = await new_device(page)
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await say("alarm-button", other, "event", {"seq": 1, "event": "pressed"})
    await until(
        page,
        "async url => (await (await fetch(url)).json()).items.length > 0",
        f"{api(page)}/alerts?device={SCHOOL}/{other}",
    )
    (alert,) = await alerts_of(page, other)

    await page.goto(f"{demo_gateway.url}/alerts/{alert['id']}")
    act, back = page.locator("[data-test=sensible]"), page.locator("[data-test=run-watch]")
    await expect(back).to_be_visible()
    # Not even in part behind the bar, and nothing else is there to be touched.
    await act.tap(trial=True)
    await back.tap(trial=True)
    upper, lower = await act.bounding_box(), await back.bounding_box()
    assert upper is not None
    assert lower is not None
    assert upper["y"] + upper["height"] <= lower["y"]

    await act.tap()
    await back.tap()
    await page.get_by_role("button", name="取消测试").tap()
    await expect(page.locator("[data-run]")).not_to_have_attribute("data-verdict", "")


async def test_what_the_network_did_not_take_waits_over_a_reload_and_is_done_once(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)

    async def lost(route: Route) -> None:
        await route.abort()

    await page.route(VERIFY, lost)
    await page.locator("[data-test=verify]").tap()
    bar = page.locator(".outbox")
    await expect(bar).to_contain_text("等待发送（1）")
    await page.reload()
    await expect(bar).to_contain_text("等待发送（1）")
    await expect(page.locator("[data-test=verify]")).to_be_disabled()
    assert await runs_of(page, device) == []

    await bar.locator(".line").tap()
    await expect(bar.locator("li")).to_contain_text(f"走测{device}")
    await page.unroute(VERIFY)
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await expect(bar).to_have_count(0)
    assert len(await runs_of(page, device)) == 1


async def test_an_answer_that_was_lost_starts_no_second_run(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    keys: list[str] = []

    async def answer_lost(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route(VERIFY, answer_lost)
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await expect(page.locator(".outbox")).to_have_count(0)
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert len(await runs_of(page, device)) == 1


async def test_a_confirmation_whose_time_is_over_says_so_and_is_not_sent(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    await page.clock.install()
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    sent: list[str] = []

    async def lost(route: Route) -> None:
        sent.append(route.request.url)
        await route.abort()

    await page.route(CONFIRM, lost)
    await say("alarm-button", device, "event", {"seq": 1, "event": "pressed"})
    confirm = page.locator("[data-test=confirm]")
    await expect(confirm).to_be_visible()
    await confirm.tap()
    await expect(page.locator("[data-test=confirming]")).to_be_visible()
    await expect(page.get_by_role("alertdialog")).to_contain_text("仍在重发")

    demo_gateway.freeze()  # its clock would correct the page's
    try:
        await page.clock.fast_forward(40_000)
        await expect(page.get_by_role("alertdialog")).to_contain_text("30 秒已过，未能确认")
        tried = len(sent)
        await page.clock.fast_forward(60_000)
        await expect(page.locator(".outbox")).to_contain_text("未送成（1）")
        assert len(sent) == tried
    finally:
        demo_gateway.thaw()
    await confirm_elsewhere(page, device)


async def test_without_the_network_the_page_says_not_to_press(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    await page.locator("[data-test=verify]").tap()
    run = page.locator("[data-waits=press]")
    await expect(run).to_be_visible()
    demo_gateway.freeze()
    try:
        await expect(run.get_by_role("alert")).to_contain_text("暂时不要按按钮", timeout=6_000)
    finally:
        demo_gateway.thaw()
    await expect(run.get_by_role("alert")).to_have_count(0)

    await run.get_by_role("button", name="取消测试").tap()
    await expect(page.locator("[data-run]")).to_have_attribute("data-verdict", "unknown")
    assert await alerts_of(page, device) == []


async def test_who_looks_at_another_room_is_asked_there_to_confirm(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    page, device = await phone_at(screens, demo_gateway, signed_in)
    await page.locator("[data-test=verify]").tap()
    await expect(page.locator("[data-waits=press]")).to_be_visible()
    await page.locator("nav.bar > a", has_text="工单").tap()
    watch = page.locator("[data-test=run-watch]")
    await expect(watch).to_contain_text(f"测试进行中：走测{device}")
    await page.reload()
    await expect(watch).to_be_visible()

    await say("alarm-button", device, "event", {"seq": 1, "event": "pressed"})
    await page.locator("[data-test=confirm]").tap()
    await expect(watch).to_have_count(0)
    await expect(page.locator("[data-test=confirm]")).to_have_count(0)
    (run,) = await runs_of(page, device)
    assert run["verdict"] == "met"
    assert await alerts_of(page, device) == []
