"""Work orders on the page: the most pressing first, signed steps, photos, and a poor network."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.async_api import Page, StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

WRITE: Final = {"X-Campus-Request": "1"}
DEVICE: Final = {"school": "no3-middle", "id": "fire-lab-302"}


def photo(side: int = 2400) -> bytes:
    """A PNG as large as a camera's."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((row * 7) % 256 for _ in range(side)) for row in range(side))
    pixels = zlib.compress(rows, 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


async def call(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What another person or program does through the HTTP interface."""
    answer = await page.request.fetch(
        f"{origin(page)}/api/v1{path}", method=method, data=body, headers=WRITE
    )
    assert answer.ok, await answer.text()
    return await answer.json()


async def opened(page: Page, text: str) -> dict[str, Any]:
    order: dict[str, Any] = await call(
        page, "POST", "/work-orders", {"device": DEVICE, "text": text}
    )
    return order


async def test_a_technician_takes_an_order_reports_it_done_with_a_photo_and_is_told_what_closes_it(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/work-orders"
    page = await screens.open(address, signed_in=signed_in, width=390, height=844)
    order = await opened(page, "更换电池并清洁探头")
    await page.reload()
    await page.locator(f"[data-order='{order['id']}']").click()
    head = page.locator("header.about")
    await expect(head).to_have_attribute("data-state", "open")

    await page.locator("[data-act=assign]").click()
    await expect(page.locator("dialog input")).to_have_value("admin")
    await page.locator("dialog [data-test=send]").click()
    await expect(head).to_have_attribute("data-state", "assigned")

    await page.locator("[data-act=done]").click()
    send = page.locator("dialog [data-test=send]")
    await expect(send).to_be_disabled()
    await page.locator("dialog textarea").fill("换了新电池")
    camera = page.locator("dialog [data-test=camera]")
    await camera.set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": photo()})
    await expect(page.locator("dialog li[data-sent=true]")).to_be_visible()
    await send.click()
    await expect(head).to_have_attribute("data-state", "done")
    await expect(head).to_contain_text("验证")

    step = page.locator("[data-step=done]")
    await expect(step).to_contain_text("换了新电池")
    picture = step.locator("img")
    await expect(picture).to_be_visible()
    # Made small enough for a poor network before it was sent.
    assert await picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 1600
    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert screens.complaints == []


async def test_what_is_done_without_a_network_is_kept_and_sent_later(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(demo_gateway.url, signed_in=signed_in)
    order = await opened(page, "检查接线")
    await page.goto(f"{demo_gateway.url}/work-orders/{order['id']}")
    await page.locator("[data-act=comment]").click()
    await page.context.set_offline(True)
    await page.locator("dialog textarea").fill("地下室没有信号")
    await page.locator("dialog [data-test=send]").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("[data-test=waits]")).to_be_visible()

    await page.context.set_offline(False)
    await expect(page.locator("[data-step=commented]")).to_contain_text("地下室没有信号")
    await expect(page.locator("[data-test=waits]")).to_have_count(0)


async def test_the_list_narrows_to_what_is_mine_and_forgets_what_was_cancelled(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    page = await screens.open(f"{demo_gateway.url}/work-orders", signed_in=signed_in)
    mine = await opened(page, "我的")
    other = await opened(page, "无人的")
    await call(
        page, "POST", f"/work-orders/{mine['id']}/actions", {"action": "assign", "to": "admin"}
    )
    await page.reload()
    await expect(page.locator(f"[data-order='{other['id']}']")).to_be_visible()
    await page.get_by_role("button", name="只看我的").click()
    await expect(page.locator(f"[data-order='{other['id']}']")).to_have_count(0)
    await expect(page.locator(f"[data-order='{mine['id']}']")).to_be_visible()

    await page.locator(f"[data-order='{mine['id']}']").click()
    await page.locator("[data-act=cancel]").click()
    await page.locator("dialog textarea").fill("重复开单")
    await page.locator("dialog [data-test=send]").click()
    await expect(page.locator("header.about")).to_have_attribute("data-state", "cancelled")
    await page.goto(f"{demo_gateway.url}/work-orders?mine=1")
    await expect(page.locator("main h1")).to_be_visible()
    await expect(page.locator(f"[data-order='{mine['id']}']")).to_have_count(0)
    assert screens.complaints == []


async def test_an_order_is_opened_from_the_page_of_its_device(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState
) -> None:
    address = f"{demo_gateway.url}/devices/{DEVICE['school']}/{DEVICE['id']}"
    page = await screens.open(address, signed_in=signed_in, width=390, height=844)
    await page.locator("[data-test=open-order]").click()
    await page.locator("dialog textarea").fill("外壳破损")
    await page.locator("dialog .button.main").click()
    await expect(page.locator("dialog")).to_have_count(0)
    await page.locator("[data-order]", has_text="外壳破损").click()
    await expect(page.locator("header.about")).to_contain_text("外壳破损")
    assert screens.complaints == []
