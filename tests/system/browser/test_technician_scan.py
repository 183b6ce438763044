"""A printed label before a camera, read in a real browser: nothing is faked but the lens."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image, ImageFilter
from playwright.async_api import Page, StorageState, expect

from gateway.labels.code import code_of
from gateway.labels.sheet import modules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.browser.conftest import DemoGateway, Screens, ScreensWith

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
DEVICE: Final = "fire-lab-302"
PHONE: Final[dict[str, Any]] = {"width": 390, "height": 844, "touch": True}
CAMERA: Final = "--use-fake-device-for-media-stream"
NO_CAMERA: Final = f"{CAMERA}=device-count=0"
ALLOWED: Final = "--use-fake-ui-for-media-stream"
OTHER_CODE: Final = "https://example.org/a?b"


def sight(content: str, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """What a phone sees of a label: aslant, from the side, not quite sharp, on a grey wall."""
    rows = modules(content)
    side = len(rows) + 8  # with the white around it that `label_sheets` leaves
    code = Image.new("L", (side, side), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                code.putpixel((x + 4, y + 4), 0)
    width, height = size
    across = height * 3 // 5
    wall = Image.new("L", size, 135)
    printed = code.resize((across, across), Image.Resampling.NEAREST)
    wall.paste(printed, ((width - across) // 2, (height - across) // 2))
    turned = wall.rotate(13, Image.Resampling.BICUBIC, fillcolor=135)
    aside = (1.0, 0.12, -0.05 * width, 0.03, 1.04, -0.04 * height, 0.06 / width, 0.12 / height)
    seen = turned.transform(
        size, Image.Transform.PERSPECTIVE, aside, Image.Resampling.BICUBIC, fillcolor=135
    )
    return seen.filter(ImageFilter.GaussianBlur(height / 480)).point(
        lambda light: 40 + light * 3 // 5
    )


def film(picture: Image.Image, path: Path) -> Path:
    """The same in front of the camera for a while, as Chromium takes it (YUV4MPEG2, grey)."""
    width, height = picture.size
    frame = b"FRAME\n" + picture.tobytes() + b"\x80" * (width * height // 2)
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420\n".encode() + frame * 3)
    return path


def photo(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


async def begin(screens: Screens, gateway: DemoGateway, signed_in: StorageState) -> Page:
    return await screens.open(f"{gateway.url}/commission", signed_in=signed_in, **PHONE)


async def choose(page: Page, content: bytes) -> None:
    await page.locator("[data-test=photo]").set_input_files(
        {"name": "label.jpg", "mimeType": "image/jpeg", "buffer": content}
    )


def scripts(screens: Screens) -> list[str]:
    return [url for url in screens.requests if url.endswith(".js")]


async def test_a_label_before_the_camera_leads_to_its_device(
    demo_gateway: DemoGateway, screens_with: ScreensWith, signed_in: StorageState, tmp_path: Path
) -> None:
    seen = film(sight(code_of(SCHOOL, DEVICE)), tmp_path / "label.y4m")
    screens = await screens_with(CAMERA, ALLOWED, f"--use-file-for-fake-video-capture={seen}")
    page = await begin(screens, demo_gateway, signed_in)
    before = scripts(screens)
    await page.locator("[data-test=scan]").tap()
    await expect(page.locator(".found")).to_contain_text("已登记")
    assert len(scripts(screens)) > len(before)  # the reader comes when it is needed, not before
    await page.get_by_role("link", name="查看设备").tap()
    await expect(page).to_have_url(re.compile(f"/devices/{SCHOOL}/{DEVICE}$"))
    assert [url for url in screens.requests if not url.startswith(demo_gateway.url)] == []
    assert screens.complaints == []  # nothing that the content policy refused


async def test_a_code_that_names_no_device_is_told_and_the_camera_looks_on(
    demo_gateway: DemoGateway, screens_with: ScreensWith, signed_in: StorageState, tmp_path: Path
) -> None:
    seen = film(sight(OTHER_CODE), tmp_path / "other.y4m")
    screens = await screens_with(CAMERA, ALLOWED, f"--use-file-for-fake-video-capture={seen}")
    page = await begin(screens, demo_gateway, signed_in)
    await page.locator("[data-test=scan]").tap()
    await expect(page.get_by_role("alert")).to_contain_text(f"{OTHER_CODE}”不是设备编号")
    await expect(page.locator("video")).to_be_visible()
    assert not [url for url in screens.requests if "/lookup" in url]


@pytest.mark.parametrize(
    ("flags", "trouble"), [([CAMERA], "denied"), ([NO_CAMERA, ALLOWED], "missing")]
)
async def test_without_a_camera_the_page_says_why_and_a_photo_or_typing_does(
    demo_gateway: DemoGateway,
    screens_with: ScreensWith,
    signed_in: StorageState,
    flags: list[str],
    trouble: str,
) -> None:
    screens = await screens_with(*flags)
    page = await begin(screens, demo_gateway, signed_in)
    await page.locator("[data-test=scan]").tap()
    told = page.locator(f"[data-trouble={trouble}]")
    await expect(told).to_contain_text("照片")
    await expect(told).to_contain_text("输入编号")

    await page.get_by_label("或输入编号").fill(code_of(SCHOOL, DEVICE))
    await page.locator("[data-test=look-up]").tap()
    await expect(page.locator(".found")).to_contain_text("已登记")
    await page.go_back()
    await choose(page, photo(sight(code_of(SCHOOL, DEVICE), (2400, 1800))))
    await expect(page.locator(".found")).to_contain_text("已登记")
    assert screens.complaints == []


async def test_a_photo_without_a_code_and_a_file_that_is_no_photo_are_told_apart(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await begin(screens, demo_gateway, signed_in)
    await choose(page, photo(Image.new("L", (800, 600), 120)))
    await expect(page.get_by_role("alert")).to_contain_text("照片中没有找到")
    await choose(page, b"not a photo")
    await expect(page.get_by_role("alert")).to_contain_text("打不开")
    assert not [url for url in screens.requests if "/lookup" in url]
