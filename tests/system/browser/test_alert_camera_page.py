"""What the camera nearest to an alert saw last: its age at once, the picture when asked for."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import pytest
from playwright.async_api import StorageState, expect

from tests.system.browser.furnished import SCHOOL, WRITE, Campus

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

JPEG: Final = bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1])
HOUR_MS: Final = 3_600_000


async def test_an_old_picture_says_so_and_is_shown_after_a_press_that_is_on_record(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    campus = Campus(demo_gateway.url, page.request)
    alert = await campus.weak_battery(demo_gateway.demo, "beside-a-camera")
    await page.goto(f"{demo_gateway.url}/alerts/{alert}")
    part = page.locator("[data-test=alert-camera]")
    await expect(part).to_contain_text("没有保存它的画面")

    camera = (await campus.call("GET", f"/alerts/{alert}/camera"))["id"]
    of_picture = {"school": SCHOOL, "device": camera, "sha256": sha256(JPEG).hexdigest()}
    brought = await page.request.put(
        f"{demo_gateway.url}/api/v1/camera-pictures",
        params={**of_picture, "at": int(time.time() * 1000) - HOUR_MS},
        data=JPEG,
        headers={**WRITE, "Content-Type": "image/jpeg"},
    )
    assert brought.ok, await brought.text()
    small = f"/camera-pictures/{SCHOOL}/{camera}/{of_picture['sha256']}/small"
    brought = await page.request.put(
        f"{demo_gateway.url}/api/v1{small}",
        params={"sha256": of_picture["sha256"]},
        data=JPEG,
        headers={**WRITE, "Content-Type": "image/jpeg"},
    )
    assert brought.ok, await brought.text()  # the wall of other tests shows it, too
    await page.reload()
    await expect(part.locator("[data-test=camera-age].old")).to_contain_text("画面已旧")
    assert [url for url in screens.requests if "/camera-pictures/" in url] == []

    await part.locator("[data-test=show-picture]").click()

    picture = part.locator("[data-test=camera-picture]")
    await expect(picture).to_be_visible()
    await picture.evaluate("(one) => one.decode()")
    assert await picture.evaluate("(one) => one.naturalWidth") == 64
    await expect(part.locator("[data-test=show-picture]")).to_have_count(0)
    views = await campus.call("GET", "/facts?kind=camera_picture_viewed")
    assert [one["subject"] for one in views["items"]] == [f"device:{SCHOOL}/{camera}"]
    assert screens.complaints == []
