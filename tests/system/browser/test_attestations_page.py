"""Attestations on the page: stated on a phone, confirmed by a second person; drills."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pytest
from playwright.async_api import FilePayload, Page, StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.furnished import Campus
from tests.system.browser.ten_fingers import Keys

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no7-vocational"
PDF: Final = (
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
)
LOOKS: Final[tuple[tuple[Literal["zh-CN", "en"], Literal["light", "dark"], int], ...]] = (
    ("zh-CN", "light", 1440),
    ("en", "dark", 390),
)


def photo() -> FilePayload:
    """A grey square, as PNG."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", 640, 480, 8, 0, 0, 0, 0)
    rows = io.BytesIO()
    for row in range(480):
        rows.write(b"\0" + bytes([(row // 2) % 256]) * 640)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.getvalue()))
    raw = b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")
    return {"name": "gate.png", "mimeType": "image/png", "buffer": raw}


async def kept(page: Page, name: str) -> None:
    """For a look with one's own eyes: ``SHOTS=folder``."""
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=Path(folder) / f"attestations-{name}.png", full_page=True)


async def opened(
    gateway: DemoGateway, screens: Screens, path: str, code: str = "", **how: object
) -> Page:
    page = await screens.open(f"{gateway.url}/#code={code or gateway.code}", **how)
    await page.wait_for_selector("header.top")
    await page.goto(gateway.url + path)
    return page


async def test_stated_on_a_phone_with_a_photo_and_confirmed_by_a_second_person(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    admin = await opened(own_gateway, screens, "/")
    campus = Campus(own_gateway.url, admin.request)

    async def person(name: str, role: str) -> str:
        user = {"name": name, "display": name, "role": role, "scopes": [f"school:{SCHOOL}"]}
        return str((await campus.call("POST", "/users", user))["code"])

    phone = await opened(
        own_gateway,
        screens,
        "/attestations",
        await person("wang.fang", "safety_officer"),
        width=390,
        height=844,
        touch=True,
    )
    guards = phone.locator("[data-item=guards]")
    await expect(guards).to_have_attribute("data-stands", "none")
    await expect(guards).to_contain_text("应配 7 人")  # 1,730 pupils, of whom 940 board
    await expect(guards).to_contain_text("凭记忆")
    await kept(phone, "phone-before")
    assert await findings(phone) == []

    await phone.locator("[data-state-it=guards]").click()
    dialog = phone.locator("dialog")
    send = dialog.locator("[data-test=send]")
    await dialog.locator("[data-figure=guards]").fill("5")
    await expect(send).to_be_disabled()
    await dialog.locator("[data-test=camera]").set_input_files(photo())
    await expect(dialog.locator("li[data-sent=true]")).to_have_count(1)
    page: FilePayload = {"name": "page.html", "mimeType": "text/html", "buffer": b"<html>x"}
    await dialog.locator("[data-test=files]").set_input_files(page)
    await expect(dialog.locator("[role=alert]")).to_contain_text("这是程序、网页或脚本")
    paper: FilePayload = {"name": "值班表.pdf", "mimeType": "application/pdf", "buffer": PDF}
    await dialog.locator("[data-test=files]").set_input_files(paper)
    await expect(dialog.locator("li[data-sent=true]")).to_have_count(2)
    await kept(phone, "phone-form")
    assert await findings(phone) == []
    await send.click()
    await expect(dialog).to_have_count(0)
    await expect(guards).to_have_attribute("data-stands", "unconfirmed")
    await expect(guards).to_contain_text("少 2 人")
    picture = guards.locator("img")
    await picture.scroll_into_view_if_needed()
    await expect(picture).to_have_js_property("naturalWidth", 640)  # the gateway's own copy
    assert await guards.locator("[data-act=confirm]").count() == 0
    await kept(phone, "phone-after")

    # The second person, with the keyboard alone.
    principal = await opened(
        own_gateway,
        screens,
        "/attestations",
        await person("zhao.min", "principal"),
        language="en",
    )
    keys = Keys(principal)
    own = principal.locator("[data-item=guards]")
    await expect(own).to_contain_text("Not confirmed")
    await keys.reach("[data-item=guards] [data-act=confirm]")
    await keys.press("Enter")
    await expect(principal.locator("dialog")).to_contain_text("stated by wang.fang")
    await keys.reach("dialog [data-test=send]")
    await keys.press("Enter")
    await expect(own).to_have_attribute("data-stands", "standing")
    await expect(own).to_contain_text("Confirmed by zhao.min")

    await own.locator("[data-act=withdraw]").click()
    await principal.locator("dialog textarea").fill("one of them has left")
    await principal.locator("dialog [data-test=send]").click()
    await expect(own).to_have_attribute("data-stands", "withdrawn")
    await expect(own).to_contain_text("one of them has left")
    # the browser complains of the page that was refused, and of nothing else
    assert [one for one in screens.complaints if "422" not in one] == []


async def test_a_drill_is_recorded_and_its_school_is_no_longer_overdue(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    page = await opened(own_gateway, screens, "/attestations?view=drills")
    row = page.locator(f"[data-school={SCHOOL}]")
    await expect(row).to_have_attribute("data-overdue", "true")
    await expect(page.locator("[data-test=overdue]")).to_contain_text("3 所学校逾期")
    await expect(page.locator("[data-school=liuxi-kindergarten-2]")).to_contain_text("每 92 天")
    await kept(page, "drills")

    await row.locator("a").click()
    await page.locator("[data-state-it=drill]").click()
    dialog = page.locator("dialog")
    await dialog.locator("[data-figure=participants]").fill("1640")
    await dialog.locator("[data-figure=duration_s]").fill("3.5")
    await dialog.locator("[data-test=send]").click()
    await expect(page.locator("[data-item=drill]")).to_have_attribute("data-stands", "standing")
    await expect(page.locator("[data-item=drill]")).to_contain_text("1640")

    await page.locator("[data-view=drills]").click()
    await expect(row).to_have_attribute("data-overdue", "false")
    await expect(page.locator("[data-test=overdue]")).to_contain_text("2 所学校逾期")
    assert screens.complaints == []


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
async def test_it_can_be_read_everywhere(
    demo_gateway: DemoGateway,
    signed_in: StorageState,
    screens: Screens,
    language: Literal["zh-CN", "en"],
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    page = await screens.open(
        demo_gateway.url, signed_in=signed_in, language=language, scheme=scheme, width=width
    )
    for name, path, seen in (
        ("school", "/attestations/no3-middle", "[data-item=guards][data-stands=expired]"),
        ("standing", "/attestations/no1-primary", "[data-item=guards][data-stands=standing]"),
        ("list", "/attestations?view=list", "[data-attestation]"),
        ("drills", "/attestations?view=drills", "[data-school=no3-middle]"),
    ):
        await page.goto(demo_gateway.url + path)
        await expect(page.locator(seen).first).to_be_visible()
        await kept(page, f"{name}-{language}-{width}")
        assert await findings(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert wide, f"{path} is wider than the screen"
    assert screens.complaints == []
