"""The wall of cameras and the page of one: what is wrong, beside what is usual, and who looked."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.filmed_cameras import FilmedCameras, small_picture
from tests.system.browser.furnished import SCHOOL, WRITE, Campus
from tests.system.browser.ten_fingers import Keys

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

CAMERAS: Final = ("film-gate", "film-yard", "film-hall", "film-store", "film-new")
"""Those of `FilmedCameras.furnish`."""


class Filmed:
    """A demonstration with cameras that are how cameras can be."""

    def __init__(self, gateway: DemoGateway, page: Page) -> None:
        self.url = gateway.url
        self.campus = Campus(gateway.url, page.request)
        self.cameras = FilmedCameras(self.campus, page.request, gateway.demo)

    async def views(self, kind: str, subject: str) -> list[dict[str, Any]]:
        """Who has looked."""
        found = await self.campus.call("GET", f"/facts?kind={kind}")
        return [one for one in found["items"] if one["subject"] == subject]


@pytest_asyncio.fixture(loop_scope="session")
async def filmed(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> AsyncIterator[tuple[Filmed, Page]]:
    # Away from the alerts: there devices of others would be looked for just when they leave.
    page = await screens.open(f"{demo_gateway.url}/settings", signed_in=signed_in, language="en")
    filmed = Filmed(demo_gateway, page)
    await filmed.cameras.furnish()
    yield filmed, page
    for device in CAMERAS:
        await page.request.delete(f"{filmed.url}/api/v1/devices/{SCHOOL}/{device}", headers=WRITE)


def tile(page: Page, device: str) -> Any:
    return page.locator(f"[data-camera='{SCHOOL}/{device}']")


async def drawn(picture: Any) -> int:
    """How wide it is, once it is there."""
    await expect(picture).to_be_visible()
    await picture.evaluate("(one) => one.decode()")
    return int(await picture.evaluate("(one) => one.naturalWidth"))


async def test_the_wall_has_trouble_first_and_follows_what_the_probe_says(
    filmed: tuple[Filmed, Page], screens: Screens
) -> None:
    cameras, page = filmed
    before = len(await cameras.views("camera_wall_viewed", f"school:{SCHOOL}"))
    await page.goto(f"{cameras.url}/cameras")
    gate = tile(page, "film-gate")
    await expect(gate).to_have_attribute("data-state", "trouble")
    await expect(gate).to_contain_text("Covered")
    await expect(tile(page, "film-store")).to_contain_text("Cannot judge: Too dark to judge")
    await expect(tile(page, "film-hall")).to_contain_text("Offline")
    await expect(tile(page, "film-hall")).to_contain_text("Old: 1 h")
    await expect(tile(page, "film-new")).to_have_attribute("data-state", "unknown")
    await expect(tile(page, "film-new")).to_contain_text("No picture")
    states = await page.locator("[data-state]").evaluate_all(
        "all => all.map(one => one.dataset.state)"
    )
    order = ["trouble", "offline", "cannot_judge", "unknown", "good"]
    assert states == sorted(states, key=order.index)
    for device in ("film-gate", "film-store"):
        assert await drawn(tile(page, device).locator("img")) == 160
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await findings(page) == []

    count = page.locator("[data-count=cannot_judge]")
    await count.click()
    await expect(count).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("[data-state=trouble]")).to_have_count(0)
    await expect(tile(page, "film-store")).to_be_visible()
    await page.reload()  # the choice is in the address
    await expect(tile(page, "film-store")).to_be_visible()
    await expect(page.locator("[data-state=good]")).to_have_count(0)
    await page.locator("[data-count=all]").click()
    await expect(tile(page, "film-new")).to_be_visible()

    await cameras.cameras.look("film-store")
    await expect(tile(page, "film-store")).to_have_attribute("data-state", "good")
    views = await cameras.views("camera_wall_viewed", f"school:{SCHOOL}")
    assert len(views) - before <= 1, "one in a quarter of an hour, however many pictures it were"
    assert {one["actor"] for one in views} == {"user:admin"}
    assert screens.complaints == []


async def test_a_camera_is_seen_beside_what_is_usual_and_learned_anew_with_keys_alone(
    filmed: tuple[Filmed, Page], screens: Screens
) -> None:
    cameras, page = filmed
    subject = f"device:{SCHOOL}/film-gate"
    before = len(await cameras.views("camera_picture_viewed", subject))
    await page.goto(f"{cameras.url}/cameras")
    keys = Keys(page)
    await keys.reach(f"[data-camera='{SCHOOL}/film-gate']")
    await keys.press("End")
    assert await keys.on("li:last-child .tile")
    await keys.press("Home")
    while not await keys.on(f"[data-camera='{SCHOOL}/film-gate']"):
        await keys.press("ArrowRight")
    await keys.press("Enter")

    await expect(page.locator("h1")).to_have_text("East gate · Trouble")
    fault = page.locator("[data-fault=covered]")
    await expect(fault).to_contain_text("Nearly the whole view is covered: 88 %")
    await expect(fault).to_contain_text("97 %")
    now, usual = page.locator("[data-picture=right]"), page.locator("[data-picture=left]")
    assert await drawn(now) == 640
    assert await drawn(usual) == 160
    assert await findings(page) == []

    # One over the other, with a divider that moves.
    await keys.reach("[data-way=over]")
    await keys.press("Enter")
    await keys.reach(".divider input")
    await keys.press("Home")
    await expect(now).to_have_attribute("style", re.compile("0%"))
    assert await findings(page) == []

    # The last good picture says how old it is; the steps lead back to it.
    await keys.reach("[data-side=good]", back=True)
    await keys.press("Enter")
    await expect(page.locator("figure.left figcaption.old")).to_contain_text("1 h ago")
    shown = await now.get_attribute("src")
    await keys.reach("[data-test=steps]")
    await keys.press("Home")
    await expect(now).not_to_have_attribute("src", shown or "")
    await expect(page.locator("figure.right")).to_contain_text("Earlier picture")
    await keys.reach("[data-test=newest]", back=True)
    await keys.press("Enter")
    await expect(now).to_have_attribute("src", shown or "")
    await drawn(now)
    # Each picture that was in sight is on record: now, and the last good one, which is the oldest.
    assert len(await cameras.views("camera_picture_viewed", subject)) >= before + 2

    opener = "[data-test=relearn]"
    await keys.reach(opener)
    await keys.press("Enter")
    await keys.closes_with_escape(opener)
    await keys.press("Enter")
    await expect(page.locator("dialog textarea")).to_be_focused()
    await keys.write("Turned towards the new gate")
    await keys.press("Control+Enter")
    waits = page.locator("[data-test=relearning]")
    await expect(waits).to_contain_text("Its probe has not done it yet")
    await expect(waits).to_contain_text("Turned towards the new gate")
    for link in ("device", "recording"):
        assert await page.locator(f"main .tools [data-test={link}]").count() == (link == "device")
    assert screens.complaints == []


class ManyCameras:
    """Ten thousand cameras that are well, as a gateway lists them, and their small pictures."""

    COUNT: Final = 10_000

    def __init__(self) -> None:
        self.asked = 0
        """Small pictures."""
        self.under_way = 0
        self.most = 0
        self.held = asyncio.Event()

    async def listed(self, route: Route) -> None:
        """One page of the list."""
        query = parse_qs(urlsplit(route.request.url).query)
        begin, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        names = {"zh": "第三中学", "en": "No. 3 Middle School"}
        now = int(time.time() * 1000)
        items = [
            {
                "school": SCHOOL,
                "school_name": names,
                "device": f"many-{number}",
                "name": {"zh": f"摄像机 {number}", "en": f"Camera {number}"},
                "place": None,
                "state": "good",
                "out_of_service": False,
                "faults": [],
                "undecidable": None,
                "seen": now,
                "picture": {"hash": f"{number:064x}", "at": now, "faulty": False},
                "good_picture": None,
                "alert": None,
                "recorder": None,
            }
            for number in range(begin + 1, begin + limit + 1)
        ]
        totals = dict.fromkeys(("trouble", "cannot_judge", "unknown", "offline"), 0)
        await route.fulfill(
            json={
                "items": items,
                "next": str(begin + limit),
                "totals": {**totals, "good": self.COUNT},
            }
        )

    async def shown(self, route: Route) -> None:
        """One small picture, once they are let go."""
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.held.wait()
        self.under_way -= 1
        await route.fulfill(body=small_picture(), content_type="image/jpeg")


async def test_of_ten_thousand_cameras_only_those_in_sight_are_asked_for_and_nothing_jumps(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    many = ManyCameras()
    page = await screens.open(
        demo_gateway.url, signed_in=signed_in, language="en", width=390, height=844
    )
    await page.route(re.compile(r"/api/v1/cameras\?"), many.listed)
    await page.route(re.compile(r"/small$"), many.shown)
    await page.goto(f"{demo_gateway.url}/cameras")
    await expect(page.locator("[data-test=well]")).to_have_text(
        "All 10,000 cameras show a good picture."
    )
    tiles = page.locator("[data-state=good]")
    await expect(tiles).to_have_count(120)
    await expect(page.locator("[data-test=range]")).to_have_text("1–120 of 10,000")
    await expect(page.locator(".picture img.coming")).not_to_have_count(0)
    places = "all => all.map(one => Math.round(one.getBoundingClientRect().top))"
    stood = await tiles.evaluate_all(places)

    many.held.set()
    first = page.locator(f"[data-camera='{SCHOOL}/many-1'] img")
    assert await drawn(first) == 160
    assert await tiles.evaluate_all(places) == stood
    assert many.most <= 4, "a few at a time"
    assert many.asked < 60, "only those in sight"

    last = page.locator(f"[data-camera='{SCHOOL}/many-120']")
    await last.scroll_into_view_if_needed()
    assert await drawn(last.locator("img")) == 160
    await page.locator("[data-test=forth]").click()
    await expect(page.locator("[data-test=range]")).to_have_text("121–240 of 10,000")
    await expect(page.locator(f"[data-camera='{SCHOOL}/many-121']")).to_be_in_viewport()
    await page.locator("[data-test=back]").click()
    await expect(page.locator(f"[data-camera='{SCHOOL}/many-1']")).to_be_visible()
    await page.unroute_all(behavior="ignoreErrors")
    assert screens.complaints == []
