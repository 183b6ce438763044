"""The control room sees a press that waits to be confirmed, until it is one thing or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.async_api import StorageState, expect

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Say, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
BUTTON: Final = "held-01"
WRITE: Final = {"X-Campus-Request": "1"}


async def test_a_press_that_waits_is_shown_with_who_tests_and_how_long(
    demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState, say: Say
) -> None:
    desk = await screens.open(demo_gateway.url, signed_in=signed_in)
    api = f"{demo_gateway.url}/api/v1"
    answer = await desk.request.put(
        f"{api}/devices/{SCHOOL}/{BUTTON}",
        data={"kind": "alarm-button", "name_zh": "东门按钮", "dialect": "native"},
        headers=WRITE,
    )
    assert answer.ok, await answer.text()
    answer = await desk.request.post(
        f"{api}/devices/{SCHOOL}/{BUTTON}/verify", data={}, headers=WRITE
    )
    assert answer.ok, await answer.text()
    run = await answer.json()
    held = desk.locator("[data-test=held-presses]")
    await expect(held).to_have_count(0)

    await say("alarm-button", BUTTON, "event", {"seq": 1, "event": "pressed"})
    await expect(held).to_contain_text("东门按钮")
    await expect(held).to_contain_text("admin")
    await expect(held.locator("a")).to_have_attribute("href", f"/verifications/{run['id']}")

    answer = await desk.request.post(
        f"{api}/verifications/{run['id']}/confirm", data={}, headers=WRITE
    )
    assert answer.ok, await answer.text()
    await expect(held).to_have_count(0)
    assert screens.complaints == []
