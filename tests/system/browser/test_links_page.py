"""Police links on the page: the header's mark, a test sent by hand, and an alarm on its way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiomqtt
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from benchmarks import measure
from benchmarks.police_campus import LINK, accounts_of, buttons_of, link_settings, press
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from devices.simulator.load import load_campus
from devices.simulator.receiver import Receiver
from gateway.store.open import open_store

if TYPE_CHECKING:
    from devices.model import Device
    from tests.system.browser.conftest import Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

CAMPUS: Final = load_campus(400, 2)
SCHOOL: Final = CAMPUS.schools[0].id
SILENCE_S: Final = 6
TELEPHONE: Final = "0571-5550110"


@dataclass
class LinkedSchool:
    """A gateway whose alarms go to two receivers in this process."""

    gateway: RunningGateway
    broker: measure.Mosquitto
    primary: Receiver
    backup: Receiver
    signed_in: StorageState
    pressed: int = 0

    async def press(self, button: Device) -> None:
        self.pressed += 1
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            await press(client, button, self.pressed)


def _written(directory: Any, broker: measure.Mosquitto, ports: tuple[int, int]) -> int:
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    fill_register(store, CAMPUS)
    store.close()
    settings = link_settings(CAMPUS, ports, telephone=TELEPHONE, longest_silence_s=SILENCE_S)
    return write_settings(directory, broker.url, settings)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def linked(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[LinkedSchool]:
    directory = tmp_path_factory.mktemp("linked")
    accounts: dict[str, bytes | None] = dict.fromkeys(accounts_of(CAMPUS).values())
    with measure.mosquitto() as broker:
        async with Receiver(accounts) as primary, Receiver(accounts) as backup:
            ports = (primary.port, backup.port)
            port = await asyncio.to_thread(_written, directory, broker, ports)
            running = started(directory, port)
            gateway = await asyncio.to_thread(running.__enter__)
            try:
                signed_in = await _signed_in(gateway, browser)
                yield LinkedSchool(gateway, broker, primary, backup, signed_in)
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)


async def _signed_in(gateway: RunningGateway, browser: Browser) -> StorageState:
    async with asyncio.timeout(60):  # it is told once all is ready, which the page is before
        while not (codes := re.findall(r"#code=(\w+)", gateway.log())):  # noqa: ASYNC110 - a log
            await asyncio.sleep(0.05)
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{gateway.url}/#code={codes[-1]}")
    await page.wait_for_selector("header.top")
    state = await context.storage_state()
    await context.close()
    return state


async def opened(linked: LinkedSchool, screens: Screens, path: str, **more: Any) -> Page:
    return await screens.open(f"{linked.gateway.url}{path}", signed_in=linked.signed_in, **more)


def proofs_at(receiver: Receiver) -> int:
    """Test alarms that it has taken."""
    return sum(one.code in ("601", "602") for one in receiver.events)


async def test_a_silent_path_shows_in_the_header_and_a_test_by_hand_proves_that_it_is_back(
    linked: LinkedSchool, screens: Screens
) -> None:
    page = await opened(linked, screens, "/", width=390, height=844)
    mark = page.locator("header.top [data-test=police]")
    await expect(mark).to_contain_text("正常 2/2")
    await linked.backup.aclose()
    await expect(mark).to_contain_text("降级 2")
    await mark.click()
    await page.locator(f"[data-link='{SCHOOL}/{LINK}']").click()
    head = page.locator("header.head")
    await expect(head).to_have_attribute("data-state", "degraded")
    await expect(head).to_contain_text("备用通道")
    await expect(head.locator("a[href^='tel:']")).to_have_text(TELEPHONE)
    await expect(page.locator(".paths .down")).to_contain_text("无法连接")

    await linked.backup.start()
    before = proofs_at(linked.primary), proofs_at(linked.backup)
    await page.locator("[data-test=test]").click()
    await expect(page.locator("dialog")).to_contain_text(LINK)
    await page.locator("[data-test=send]").click()
    run = page.locator("[data-test=run] [data-run]")
    await expect(run).to_have_attribute("data-verdict", "met")
    assert (proofs_at(linked.primary), proofs_at(linked.backup)) == (before[0] + 1, before[1] + 1)
    await expect(head).to_have_attribute("data-state", "up")
    await expect(page.locator(".outages li").first).to_contain_text("降级")

    exchange = page.locator(".exchanges details").last
    await exchange.locator("summary").click()
    await expect(exchange.locator("pre").last).to_contain_text("ACK")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []


async def test_what_became_of_an_alarm_is_on_it_at_once(
    linked: LinkedSchool, screens: Screens
) -> None:
    page = await opened(linked, screens, "/")
    button = buttons_of(CAMPUS)[SCHOOL][0]
    await linked.press(button)
    section = page.locator("[data-test=police-section]")
    await expect(section).to_have_attribute("data-state", "acknowledged")
    await expect(section).to_contain_text("主通道")
    await expect(page.locator("[data-test=history]")).to_contain_text("已送达公安")
    await section.locator("summary").first.click()
    await section.locator(".exchanges summary").first.click()
    await expect(section.locator("pre").first).to_contain_text('"ADM-CID"')
    assert screens.complaints == []


async def test_an_alarm_that_nobody_acknowledges_is_the_loudest_with_the_number_to_call(
    linked: LinkedSchool, screens: Screens
) -> None:
    page = await opened(linked, screens, "/")
    button = buttons_of(CAMPUS)[SCHOOL][1]
    await linked.primary.aclose()
    await linked.backup.aclose()
    try:
        begun = time.monotonic()
        await linked.press(button)
        first = page.locator(".row").first
        await expect(first.locator(".line")).to_have_class(re.compile(r"\bloudest\b"))
        assert time.monotonic() - begun < 6
        await first.click()
        await expect(page.locator(".telephone a[href^='tel:']")).to_have_attribute(
            "href", f"tel:{TELEPHONE}"
        )

        await page.locator(f".row[data-device='{SCHOOL}/{button.id}']").click()
        section = page.locator("[data-test=police-section]")
        await expect(section).to_have_attribute("data-state", "unacknowledged")
        await expect(section.locator(".loud a")).to_have_text(TELEPHONE)
    finally:
        await linked.primary.start()
        await linked.backup.start()
    # It is sent until somebody has it: the page hears of that, too.
    await expect(section).to_have_attribute("data-state", "acknowledged")
