"""The live list: several alerts at once by keyboard alone, groups, filters, new ones from above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, StorageState, expect

from tests.system.browser.opened_detectors import BUTTON, SCHOOL, Detectors, listed, row_of

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

MANY: Final = 40


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def taken(demo_gateway: DemoGateway, signed_in: StorageState) -> None:
    """Emergencies of other tests on the same demonstration, which no filter hides, are taken."""
    cookies = {one["name"]: one["value"] for one in signed_in["cookies"]}
    async with httpx.AsyncClient(
        base_url=f"{demo_gateway.url}/api/v1", cookies=cookies, trust_env=False, timeout=30
    ) as client:
        wanted = {"priority": "emergency", "state": "unacknowledged", "limit": 200}
        for alert in (await client.get("/alerts", params=wanted)).json()["items"]:
            answer = await client.post(
                f"/alerts/{alert['id']}/actions",
                json={"action": "acknowledge"},
                headers={"X-Campus-Request": "1"},
            )
            answer.raise_for_status()


async def in_state(page: Page, device: str, state: str) -> None:
    await expect(row_of(page, device)).to_have_attribute("data-state", state)


async def chosen(page: Page) -> list[str | None]:
    rows = page.locator("[role=option][aria-selected=true]")
    found = await rows.evaluate_all("rows => rows.map(row => row.dataset.device.split('/')[1])")
    return sorted(found)


def question(page: Page) -> Locator:
    return page.locator("dialog [data-test=together]")


async def test_several_are_chosen_and_acknowledged_by_keys_alone_after_one_question(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=keys-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "keys")
    await detectors.register(1, 2, 3, 4, 5)
    await detectors.open(1, 2, 3, 4, 5)
    await listed(page, "keys-5", "keys-4", "keys-3", "keys-2", "keys-1")

    for key in ("k", "k", "k", "k", "k"):  # whichever came into view by itself: from the top
        await page.keyboard.press(key)
    for key in ("j", "x", "j", "j", "Shift+J", "Shift+J", "Shift+K"):
        await page.keyboard.press(key)
    assert await chosen(page) == ["keys-2", "keys-3", "keys-4"]
    await page.keyboard.press("Enter")
    await expect(question(page)).to_contain_text("确认选中的 3 条报警？")
    await expect(question(page).locator("[data-test=emergencies]")).to_have_count(0)
    await page.keyboard.press("Enter")

    for number in (2, 3, 4):
        await in_state(page, f"keys-{number}", "acknowledged")
        assert await detectors.history(number) == [("raised", ""), ("acknowledged", "admin")]
    for number in (1, 5):
        await in_state(page, f"keys-{number}", "unacknowledged")
    await expect(page.locator("[data-test=picked]")).to_have_count(0)

    await page.keyboard.press("Control+a")
    assert len(await chosen(page)) == 5
    await page.keyboard.press("c")
    await expect(question(page).locator("[data-test=send]")).to_be_disabled()
    await page.keyboard.type("已派人查看")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    for number in (1, 5):
        assert (await detectors.history(number))[-1] == ("commented", "admin")

    await page.keyboard.press("Control+a")
    await page.keyboard.press("Escape")
    assert await chosen(page) == []
    await detectors.acknowledge(1, 5)
    assert screens.complaints == []


async def test_emergencies_among_those_chosen_are_named_and_one_pressed_again_is_left_to_be_seen(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=among-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "among")
    await detectors.register("low", priority="low")
    await detectors.register("gate", "hall", kind=BUTTON)
    await detectors.open("low")
    await detectors.press("gate")
    await detectors.press("hall")
    await listed(page, "among-hall", "among-gate", "among-low")

    await page.keyboard.press("Control+a")
    await page.keyboard.press("Enter")
    named = question(page).locator("[data-test=emergencies] li")
    await expect(named).to_have_count(2)
    await expect(named.first).to_contain_text("among-hall")

    await detectors.press("gate")  # while the question is read
    await expect(page.locator(".row[data-device$='/among-gate']")).to_contain_text("第 2 次")
    await page.keyboard.press("Enter")
    results = page.locator("dialog [data-test=results] [data-result]")
    await expect(results).to_have_count(3)
    await expect(results.first).to_contain_text("among-gate")
    await expect(results.first).to_contain_text("又有新的触发")
    await expect(results.nth(1)).to_contain_text("完成")

    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    assert await chosen(page) == ["among-gate"]
    await in_state(page, "among-gate", "unacknowledged")
    await in_state(page, "among-hall", "acknowledged")
    await in_state(page, "among-low", "acknowledged")
    await page.keyboard.press("s")
    await expect(question(page).locator("[data-test=send]")).to_be_disabled()
    await expect(question(page)).to_contain_text("都不适用")  # nothing puts an emergency aside
    await detectors.acknowledge("gate")


async def test_alerts_are_grouped_by_a_key_folded_and_ungrouped_again(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=sorts-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "sorts")
    await detectors.register("a", "b", priority="low")
    await detectors.register("c", priority="high")
    await detectors.register("gate", kind=BUTTON)
    await detectors.open("a", "c", "b")
    await detectors.press("gate")
    await listed(page, "sorts-gate", "sorts-c", "sorts-b", "sorts-a")

    await page.keyboard.press("g")
    await expect(page.locator(f"[data-group='school:{SCHOOL}']")).to_be_visible()
    await page.keyboard.press("g")
    group = page.locator("[data-group='kind:smoke-temperature']")
    await expect(group).to_be_visible()
    assert "group=kind" in page.url
    await row_of(page, "sorts-c").click()
    await page.keyboard.press("ArrowLeft")
    await listed(page, "sorts-gate")  # no emergency is in a group
    await expect(group).to_contain_text("1")
    await page.keyboard.press("ArrowRight")
    await listed(page, "sorts-gate", "sorts-c", "sorts-b", "sorts-a")

    await group.locator("button").last.click()
    assert await chosen(page) == ["sorts-a", "sorts-b", "sorts-c"]
    await page.keyboard.press("Escape")
    for key in ("g", "g"):
        await page.keyboard.press(key)
    await expect(page.locator("[data-group]")).to_have_count(0)
    await detectors.acknowledge("a", "b", "c", "gate")


async def test_a_filter_stands_in_the_address_is_plain_to_see_and_hides_no_emergency(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "narrow")
    await detectors.register("low", priority="low")
    await detectors.register("high", priority="high")
    await detectors.register("gate", kind=BUTTON)
    await detectors.open("low", "high")
    await expect(row_of(page, "narrow-low")).to_be_visible()

    await page.keyboard.press("f")
    await page.locator("[data-filter=kind]").select_option("smoke-temperature")
    await page.locator("[data-priority-filter=low]").click()
    await expect(row_of(page, "narrow-high")).to_have_count(0)
    sign = page.locator("[data-test=filtered]")
    await expect(sign).to_contain_text("烟温复合探测器 · 低")
    assert "kind=smoke-temperature" in page.url
    assert "priority=low" in page.url

    await detectors.press("gate")
    outside = row_of(page, "narrow-gate")
    await expect(outside).to_contain_text("筛选之外")
    await expect(sign).to_contain_text("1 条未确认的紧急报警")
    await expect(page.locator("[aria-live=assertive]")).to_contain_text("紧急")
    await detectors.acknowledge("gate")
    await expect(outside).to_have_count(0)

    await page.reload()
    await expect(row_of(page, "narrow-low")).to_be_visible()
    await expect(sign).to_be_visible()
    await page.locator("header nav a[href='/devices']").first.click()
    await page.wait_for_url("**/devices")
    await page.locator("header nav a[href='/']").first.click()
    await expect(sign).to_be_visible()
    assert "priority=low" in page.url

    await page.locator("[data-test=show-all]").click()
    await expect(sign).to_have_count(0)
    await expect(row_of(page, "narrow-high")).to_be_visible()
    assert "priority" not in page.url
    await detectors.acknowledge("low", "high")
    assert screens.complaints == []


async def test_of_many_only_those_in_sight_are_drawn_and_new_ones_move_nothing_that_is_read(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/?q=many-", signed_in=signed_in)
    detectors = Detectors(demo_gateway, page.request, "many")
    numbers = range(100, 100 + MANY)
    await detectors.register(*numbers, "new")
    await detectors.open(*numbers)
    rows = page.locator("[role=option]")
    await expect(rows.first).to_have_attribute("aria-setsize", str(MANY))
    assert await rows.count() < MANY

    await page.locator(".list").hover()
    await page.mouse.wheel(0, 1_000)
    middle = row_of(page, f"many-{100 + MANY // 2 - 5}")
    await expect(middle).to_be_visible()
    await expect(middle).to_have_attribute("aria-posinset", str(MANY // 2 + 5))
    place = await middle.bounding_box()
    await page.mouse.move(1_200, 700)  # nobody points at the list: it is arranged anew

    await detectors.open("new")
    new = page.locator("[data-waiting]")
    await expect(new).to_contain_text("上方有 1 条新报警")
    await expect(middle).to_have_attribute("aria-posinset", str(MANY // 2 + 6))
    assert await middle.bounding_box() == place

    await new.click()
    await expect(row_of(page, "many-new")).to_be_visible()
    await expect(new).to_have_count(0)

    await page.keyboard.press("Control+a")
    await page.keyboard.press("Enter")
    await expect(question(page)).to_contain_text(f"确认选中的 {MANY + 1} 条报警？")
    await page.keyboard.press("Enter")
    await in_state(page, "many-new", "acknowledged")
    await expect(page.locator("dialog")).to_have_count(0)
