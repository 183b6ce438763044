"""Pictures of every page: `make pictures` takes them, in a folder, with sheets to look them over.

    python -m docs.pictures.take [--only NAME …] [--language …] [--width …] [--guide] [FOLDER]

A demonstration of its own is started and something happens in it: a fire in a laboratory, a button,
a room that is cut off, weak batteries enough for a flood, a maintenance, an exercise. Then every
page of the router is taken in both languages, light and dark, on a phone, a desk and a wall.
``--guide`` writes anew, beside this file, the few that the operators' guide shows.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, StorageState, async_playwright

from devices.simulator.campus import demo
from devices.simulator.control import Order, order
from tests.system.browser.conftest import FLAGS, DemoGateway
from tests.system.browser.filmed_cameras import FilmedCameras, scene
from tests.system.browser.furnished import (
    SCHOOL,
    SETTLED,
    Campus,
    address,
    publish,
    routes,
)

HERE: Final = Path(__file__).parent
LANGUAGES: Final = ("zh-CN", "en")
SCHEMES: Final = ("light", "dark")
SIZES: Final = {390: 844, 1440: 900, 3840: 2160}
QUICK: Final = {"silent": {"expected_s": 5, "grace_s": 0, "shortest_s": 5, "settle_s": 1}}
CUT_OFF: Final = [f"cut-{number}" for number in range(1, 9)]
FIRE_S: Final = 150.0
OUTAGE_S: Final = 90.0
START_S: Final = 30.0
ZONE: Final = "Asia/Shanghai"
"""Of the schools, and so of the screens in them."""
MOST_BYTES: Final = 100_000
GUIDE_WIDTH: Final = 1200
Scheme = Literal["light", "dark"]

GUIDE: Final[dict[str, tuple[str, int, Scheme]]] = {
    "alerts": ("/", 1440, "light"),
    "emergency": ("alert", 1440, "light"),
    "cause": ("cause", 1440, "dark"),
    "hand-over": ("hand-over", 1440, "light"),
    "phone": ("alert", 390, "light"),
    "maintenance": ("maintenance", 1440, "light"),
    "overview": ("overview", 1440, "light"),
    "cameras": ("cameras", 1440, "light"),
    "lost": ("lost", 1440, "light"),
}
"""Name of the picture to page, width and scheme."""


async def happen(gateway: DemoGateway, campus: Campus) -> dict[str, str]:
    """Make it tell something; returns where each page is found."""
    until = time.monotonic() + START_S
    while await order(gateway.demo, Order(scenario="laboratory-fire")) is None:
        if time.monotonic() > until:
            raise SystemExit("the simulation does not listen")
        await asyncio.sleep(0.2)
    found = await campus.furnish()
    room = await emptiest(campus)
    for number, name in enumerate(CUT_OFF, 1):
        detector = {"kind": "temperature", "place": room, "parameters": QUICK}
        names = {"name_zh": f"温度探测器 {number}", "name_en": f"Temperature {number}"}
        await campus.call("PUT", f"/devices/{SCHOOL}/{name}", {**detector, **names})
    for _ in range(2):  # what has spoken twice is missed; all at once, as when the power goes
        said = [
            publish(gateway.demo, f"temperature/{name}/telemetry", {"temperature_c": 20.5})
            for name in CUT_OFF
        ]
        await asyncio.gather(*said)
    for number in range(12):
        await campus.weak_battery(gateway.demo, f"weak-{number:02}")
    until = time.monotonic() + OUTAGE_S
    while not (cause := [one["id"] for one in await alerts(campus) if one["scope"]]):
        if time.monotonic() > until:
            raise SystemExit(f"{room} was not seen to be cut off within {OUTAGE_S:.0f} s")
        await asyncio.sleep(1)
    until = time.monotonic() + FIRE_S
    while "fire" not in (stands := {one["condition"] for one in await alerts(campus)}):
        if time.monotonic() > until:
            sys.stderr.write(f"no fire within {FIRE_S:.0f} s, only {sorted(stands)}\n")
            break
        await asyncio.sleep(1)
    return {**found, "cause": f"/alerts/{cause[0]}"}


async def film(cameras: FilmedCameras) -> None:
    """Cameras of every kind of trouble, and pictures of those that are well."""
    await cameras.furnish()
    well = [one for one in demo().devices if one.kind == "camera"]
    for number, camera in enumerate(well, 5):
        await cameras.show(camera.id, scene(number), minutes_ago=number % 12, school=camera.school)


async def emptiest(campus: Campus) -> str:
    """The room with the fewest devices: those that speak on make its silence doubtful."""
    rooms = (await campus.call("GET", f"/places?school={SCHOOL}"))["items"]
    devices = (await campus.call("GET", f"/devices?school={SCHOOL}&limit=500"))["items"]
    parents = {one["parent"] for one in rooms}
    taken = Counter(one["place_id"] for one in devices)
    room: str = min((one["id"] for one in rooms if one["id"] not in parents), key=taken.__getitem__)
    return room


async def alerts(campus: Campus) -> list[dict[str, Any]]:
    """The open alerts."""
    found: list[dict[str, Any]] = (await campus.call("GET", "/alerts?limit=100"))["items"]
    return found


class Camera:
    """Takes pages of one gateway."""

    def __init__(self, browser: Browser, url: str, state: StorageState, folder: Path) -> None:
        self._browser = browser
        self._url = url
        self._state = state
        self._folder = folder
        self.taken: dict[tuple[int, Scheme, str], list[Path]] = {}

    async def all(
        self, places: dict[str, str], *, language: str, width: int, scheme: Scheme
    ) -> None:
        """Every place, one after the other."""
        page = await self._page(language, width, scheme)
        for name, where in places.items():
            await page.goto(self._url + where)
            await page.wait_for_selector("main")
            await page.evaluate(SETTLED)
            path = self._folder / f"{name}.{language}.{scheme}.{width}.png"
            await page.screenshot(path=path)
            self.taken.setdefault((width, scheme, language), []).append(path)
        await page.context.close()

    async def _page(self, language: str, width: int, scheme: Scheme) -> Page:
        context = await self._browser.new_context(
            storage_state=self._state,
            locale=language,
            timezone_id=ZONE,
            color_scheme=scheme,
            viewport={"width": width, "height": SIZES[width]},
        )
        return await context.new_page()

    async def for_guide(self, gateway: DemoGateway, places: dict[str, str]) -> None:
        """The few of the guide, small enough to be kept beside it."""
        for language in LANGUAGES:
            for name, (place, width, scheme) in GUIDE.items():
                page = await self._page(language, width, scheme)
                await page.goto(self._url + places.get(place, "/"))
                await page.wait_for_selector("main")
                if place == "hand-over":
                    await page.goto(f"{self._url}/duty")
                    await page.locator("[data-test=take-over]").click()
                await page.evaluate(SETTLED)
                if place == "lost":
                    gateway.freeze()
                    await page.wait_for_selector("[data-test=stalled]")
                shot = self._folder / "guide.png"
                await page.screenshot(path=shot)
                gateway.thaw()
                keep(shot, HERE / f"{name}.{language}.webp")
                await page.context.close()


def keep(shot: Path, kept: Path) -> None:
    """As good as it gets within `MOST_BYTES`."""
    with Image.open(shot) as picture:
        small = picture.convert("RGB")
        small.thumbnail((GUIDE_WIDTH, 2 * GUIDE_WIDTH))
        for quality in (85, 70, 55, 40):
            small.save(kept, "WEBP", quality=quality, method=6)
            if kept.stat().st_size <= MOST_BYTES:
                return
    raise SystemExit(f"{kept.name} does not fit into {MOST_BYTES} bytes")


def sheet(pictures: Sequence[Path], path: Path, columns: int) -> None:
    """All of them on one sheet, named, to be looked over."""
    wide = 1900 // columns
    cells = []
    for each in pictures:
        with Image.open(each) as picture:
            cells.append(
                picture.convert("RGB").resize((wide, picture.height * wide // picture.width))
            )
    tall = max(cell.height for cell in cells) + 16
    paper = Image.new("RGB", (wide * columns, tall * -(-len(cells) // columns)), "white")
    pen = ImageDraw.Draw(paper)
    for number, (each, cell) in enumerate(zip(pictures, cells, strict=True)):
        x, y = number % columns * wide, number // columns * tall
        paper.paste(cell, (x, y + 14))
        pen.text((x + 4, y + 1), each.stem, fill="black")
    paper.save(path)


async def take(wanted: argparse.Namespace) -> None:
    """Start, let things happen, take, stop."""
    folder: Path = wanted.folder
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("no chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as scratch:
        gateway = DemoGateway(Path(scratch))
        try:
            await gateway.start()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                context = await browser.new_context()
                page = await context.new_page()
                await page.goto(f"{gateway.url}/#code={gateway.code}")
                await page.wait_for_selector("header.top")
                campus = Campus(gateway.url, context.request)
                await film(FilmedCameras(campus, context.request, gateway.demo))
                found = await happen(gateway, campus)
                places = {name: address(name, one, found) for name, one in routes().items()}
                places["cause"] = found["cause"]
                camera = Camera(browser, gateway.url, await context.storage_state(), folder)
                if wanted.guide:
                    await camera.for_guide(gateway, places)
                    return
                some = {name: one for name, one in places.items() if name in wanted.only}
                for language in wanted.language:
                    for scheme in SCHEMES:
                        for width in wanted.width:
                            await camera.all(
                                some or places, language=language, width=width, scheme=scheme
                            )
                for (width, scheme, language), pictures in camera.taken.items():
                    columns = {390: 8, 1440: 3, 3840: 3}[width]
                    sheet(pictures, folder / f"sheet.{width}.{scheme}.{language}.png", columns)
        finally:
            await gateway.stop()


def main() -> None:
    """Read the command line."""
    reader = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    reader.add_argument("folder", nargs="?", type=Path, default=Path("var/pictures"))
    reader.add_argument("--only", nargs="*", default=[], help="names of pages")
    reader.add_argument("--language", nargs="*", choices=LANGUAGES, default=LANGUAGES)
    reader.add_argument("--width", nargs="*", type=int, choices=SIZES, default=tuple(SIZES))
    reader.add_argument("--guide", action="store_true", help="those of the guide, and no others")
    wanted = reader.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(wanted))


if __name__ == "__main__":
    main()
