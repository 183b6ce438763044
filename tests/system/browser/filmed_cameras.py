"""Cameras of No. 3 Middle School with something to show: drawn scenes, no photographs."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import APIRequestContext

from tests.system.browser.furnished import SCHOOL, WRITE, Campus, publish

Image = NDArray[np.uint8]

HOUR_MS: Final = 3_600_000
SMALL: Final = (160, 90)
PARTS: Final = 6
WHY_COVERED: Final = {
    "code": "covered_wholly",
    "percent": 88,
    "edges_percent": 4,
    "confidence": 0.97,
}
WHY_BLURRED: Final = {"code": "blurred", "percent": 4, "confidence": 0.91}


def scene(number: int, *, night: bool = False) -> Image:
    """A house, a yard and a tree; another one for each number."""
    chance = np.random.default_rng(number)
    image = np.empty((360, 640, 3), np.uint8)
    image[:] = np.linspace((208, 190, 170), (232, 226, 218), 360)[:, None]
    ground = 210 + number % 3 * 15
    image[ground:] = (112, 122, 128)
    left, top = 40 + number * 37 % 160, 60 + number * 13 % 50
    cv2.rectangle(image, (left, top), (left + 360, ground), (150, 168, 186), -1)
    for row in range(3):
        for column in range(7):
            x, y = left + 18 + column * 49, top + 16 + row * 42
            cv2.rectangle(image, (x, y), (x + 30, y + 26), (92, 84, 74), -1)
    cv2.rectangle(image, (left + 160, ground - 44), (left + 200, ground), (60, 62, 70), -1)
    cv2.circle(image, (left + 440, ground - 60), 46, (70, 112, 80), -1)
    cv2.line(image, (0, 350), (640, ground + 20), (196, 200, 204), 3)
    image = cv2.add(image, chance.integers(0, 9, image.shape, np.uint8))
    if not night:
        return image
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor((grey * 0.45).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def covered(image: Image) -> Image:
    """With a cloth over most of it."""
    cloth = image.copy()
    cv2.fillPoly(cloth, [np.array([(0, 0), (520, 0), (430, 360), (0, 360)])], (58, 60, 66))
    return cv2.GaussianBlur(cloth, (9, 9), 0)


def blurred(image: Image) -> Image:
    """Out of focus."""
    return cv2.GaussianBlur(image, (25, 25), 0)


def small_picture(image: Image | None = None) -> bytes:
    """As a probe makes it for the wall."""
    return _jpeg(
        cv2.resize(scene(1) if image is None else image, SMALL, interpolation=cv2.INTER_AREA)
    )


class FilmedCameras:
    """Registers cameras and says what their probe would say."""

    def __init__(self, campus: Campus, ask: APIRequestContext, demo: Path) -> None:
        self._campus = campus
        self._ask = ask
        self._demo = demo

    async def furnish(self) -> None:
        """One camera for each way to be: under a cloth, out of focus, gone, in the dark, new."""
        await self.register("film-gate", "东门摄像机", "East gate")
        await self.show_usual("film-gate", lambda grey: scene(1, night=grey))
        await self.show("film-gate", scene(1), minutes_ago=90)
        for minutes in (45, 30):
            await self.show("film-gate", covered(scene(1)), minutes_ago=minutes, faulty=True)
        await self.show("film-gate", covered(scene(1) + 1), minutes_ago=1, faulty=True)
        why = {**WHY_COVERED, "since": int(time.time() * 1000) - 46 * 60_000}
        await self.look("film-gate", faults=["covered"], why={"covered": why})

        await self.register("film-yard", "操场摄像机", "Sports field")
        await self.show("film-yard", blurred(scene(3)), minutes_ago=3, faulty=True)
        await self.look("film-yard", faults=["blurred"], why={"blurred": WHY_BLURRED})

        await self.register("film-hall", "礼堂摄像机", "Assembly hall")
        await self.show("film-hall", scene(4), minutes_ago=95)
        await self.look("film-hall")
        await publish(self._demo, "camera/film-hall/status", {"online": False})

        await self.register("film-store", "仓库摄像机", "Store room")
        await self.show("film-store", scene(2, night=True), minutes_ago=2)
        await self.look("film-store", undecidable="too_dark", grey=True)

        await self.register("film-new", "新装摄像机", "New camera")

    async def register(self, device: str, zh: str, en: str, **more: str) -> None:
        """A camera that nobody has heard of yet."""
        names = {"kind": "camera", "name_zh": zh, "name_en": en}
        await self._campus.call("PUT", f"/devices/{SCHOOL}/{device}", {**names, **more})

    async def look(self, device: str, **values: Any) -> None:
        """What a look at it came to; without faults unless they are named."""
        stream = {"online": True, "fps": 12.5, "width": 1280, "height": 720}
        measures = {"brightness": 61.5, "noise": 2.1, "edges_percent": 4.0}
        well = {"faults": [], "undecidable": None, "learned": True}
        looked = {**stream, **well, "measures": measures, **values}
        await publish(self._demo, f"camera/{device}/telemetry", looked)

    async def show(
        self,
        device: str,
        image: Image,
        *,
        minutes_ago: float = 0,
        faulty: bool = False,
        school: str = SCHOOL,
    ) -> None:
        """Bring a picture with its small copy."""
        body = _jpeg(image)
        at = int(time.time() * 1000 - minutes_ago * 60_000)
        about = {"at": at, "faults": "covered" if faulty else ""}
        await self._put("/camera-pictures", body, {"school": school, "device": device, **about})
        name = sha256(body).hexdigest()
        small = small_picture(image)
        await self._put(f"/camera-pictures/{school}/{device}/{name}/small", small, {})

    async def show_usual(self, device: str, paint: Callable[[bool], Image]) -> None:
        """Bring what it usually shows, in grey levels as a probe does: by day, and in infra-red."""
        now = int(time.time() * 1000)
        for part in range(PARTS):
            grey = part in (0, 5)
            levels = cv2.cvtColor(paint(grey), cv2.COLOR_BGR2GRAY)
            usual = cv2.resize(levels, SMALL, interpolation=cv2.INTER_AREA)
            about = {
                "school": SCHOOL,
                "device": device,
                "part": part,
                "looks": 240 + part,
                "at": now,
            }
            about["grey"] = str(grey).lower()
            await self._put("/camera-references", _jpeg(usual), about)

    async def _put(self, path: str, body: bytes, params: dict[str, Any]) -> None:
        brought = await self._ask.put(
            f"{self._campus.url}/api/v1{path}",
            params={**params, "sha256": sha256(body).hexdigest()},
            data=body,
            headers={**WRITE, "Content-Type": "image/jpeg"},
        )
        assert brought.ok, await brought.text()


def _jpeg(image: Image) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1])
