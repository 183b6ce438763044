"""The alarm figures on the page: a flood two days ago, what chattered, and what was forgotten."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState, expect

from alerts.alert import Acknowledge, Alert, Folded, MarkFalse, Refusal
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding
from benchmarks import measure
from benchmarks.running_gateway import fill_register, started, write_settings
from devices.simulator.load import load_campus
from gateway.store.batch import Batch, NumberedTransition
from gateway.store.open import open_store

if TYPE_CHECKING:
    from tests.system.browser.conftest import Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

LOW_CONTRAST: Final = (Path(__file__).parent / "low_contrast.js").read_text("utf-8")
CAMPUS: Final = load_campus(400, 2)
NOISY: Final = CAMPUS.devices[0]
FORGOTTEN: Final = CAMPUS.devices[1]
FLOOD: Final = 12
FALSE: Final = 3
HOUR_MS: Final = 3_600_000
WHY: Final = Explanation(rule="threshold", code="above", inputs={"value": 61}, limit=54, unit="°C")


@dataclass
class Room:
    """A gateway with a past."""

    url: str
    signed_in: StorageState


def past(now: int) -> Iterator[Folded]:
    """Twelve alerts of one device within two minutes, and one that nobody ever took."""
    numbers = iter(range(1, 100))

    def found(device: int, condition: str, at: int, before: Alert | None, active: bool) -> Folded:
        finding = Finding(condition, active, Priority.HIGH, at, at, WHY)
        return fold_finding(
            before,
            finding,
            device=device,
            school=NOISY.school,
            out_of_service=False,
            new_id=lambda: next(numbers),
        )

    yield found(2, "smoke", now - 74 * HOUR_MS, None, True)
    # on a full hour, so that all of it lies in one slot of ten minutes whenever that begins
    begin = (now - 50 * HOUR_MS) // HOUR_MS * HOUR_MS
    for number in range(FLOOD):
        at = begin + number * 10_000
        raised = found(1, "heat", at, None, True)
        yield raised
        assert raised.alert is not None
        judged = MarkFalse(reason="烘焙课") if number < FALSE else Acknowledge()
        taken = act(raised.alert, judged, actor="li", now=at + 4_000, limits=Limits())
        assert not isinstance(taken, Refusal)
        yield taken
        yield found(1, "heat", at + 5_000, taken.alert, False)


def fill(directory: Path, broker_url: str) -> int:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    fill_register(store, CAMPUS)
    batch = Batch(now=1)
    for folded in past(int(time.time() * 1000)):
        assert folded.alert is not None
        batch.alerts[folded.alert.id] = folded.alert
        for one in folded.transitions:
            batch.transitions.append(NumberedTransition(len(batch.transitions) + 1, one))
    store.commit(batch).result()
    store.close()
    return write_settings(directory, broker_url)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def room(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Room]:
    directory = tmp_path_factory.mktemp("figures")
    with measure.mosquitto() as broker:
        port = await asyncio.to_thread(fill, directory, broker.url)
        running = started(directory, port)
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            (code, *_) = re.findall(r"#code=(\w+)", gateway.log())
            context = await browser.new_context(locale="zh-CN")
            page = await context.new_page()
            await page.goto(f"{gateway.url}/#code={code}")
            await page.wait_for_selector("header.top")
            yield Room(gateway.url, await context.storage_state())
            await context.close()
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


async def test_a_shift_leader_finds_the_flood_what_made_it_and_what_was_forgotten(
    room: Room, screens: Screens
) -> None:
    page = await screens.open(f"{room.url}/", signed_in=room.signed_in)
    await page.get_by_role("button", name="更多").click()
    await page.get_by_role("link", name="报警指标").click()

    floods = page.locator("[data-figure=floods]")
    await expect(floods).to_contain_text("泛滥 1 次")
    await expect(floods).to_contain_text(f"最多 {FLOOD} 次")
    await expect(floods).to_contain_text("超标")
    await expect(page.locator("[data-figure=wait] b")).to_have_text("4.0 s")
    await expect(page.locator("[data-figure=false]")).to_contain_text(f"{FALSE} 条为误报")
    await expect(page.locator("[data-figure=chattering] b")).to_have_text("1")
    await expect(page.get_by_text("每小时按处理过这些报警的人数计")).to_be_visible()

    top = page.locator("[data-test=top] li").first
    await expect(top).to_have_attribute("data-source", f"{NOISY.school}/{NOISY.id}/heat")
    await expect(top).to_contain_text("抖动")
    await page.locator(".column.flooded").hover()
    await expect(page.locator("[data-test=readout]")).to_contain_text(f"{FLOOD} 次报警")

    address = await page.locator("[data-file=figures]").get_attribute("href") or ""
    table = await (await page.request.get(room.url + address)).text()
    assert "\n泛滥次数,1,," in table.replace("\r", "")

    forgotten = page.locator("[data-stale]")
    await expect(forgotten).to_contain_text("3 天")
    await forgotten.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"/alerts/1$"))
    assert screens.complaints == []


async def test_a_shorter_period_is_counted_anew_and_stays_in_the_address(
    room: Room, screens: Screens
) -> None:
    page = await screens.open(f"{room.url}/performance", signed_in=room.signed_in)
    await expect(page.locator("[data-figure=floods]")).to_contain_text("泛滥 1 次")
    await page.get_by_label("统计时段").select_option("1")
    await expect(page.locator("[data-figure=floods]")).to_contain_text("泛滥 0 次")
    await expect(page.locator("[data-figure=stale] b")).to_have_text("1")
    await expect(page).to_have_url(re.compile(r"days=1$"))
    await page.reload()
    await expect(page.get_by_label("统计时段")).to_have_value("1")
    assert screens.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_can_be_read_in_both_themes(
    room: Room, screens: Screens, scheme: str
) -> None:
    page = await screens.open(
        f"{room.url}/performance?days=30",
        signed_in=room.signed_in,
        width=390,
        height=844,
        scheme=scheme,
        language="en",
    )
    await expect(page.locator("[data-figure=floods]")).to_contain_text("floods: 1")
    await page.get_by_text("As a table").click()
    await expect(page.locator("details tbody tr")).to_have_count(30)
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert await page.evaluate(LOW_CONTRAST) == []
    assert screens.complaints == []
