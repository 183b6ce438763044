"""Figures of rules are set on the page: by a form, at a desk and on a phone, by keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_schools_figure_is_refused_then_set_and_taken_back_by_keyboard(
    demo_gateway, signed_in, screens
) -> None:
    address = f"{demo_gateway.url}/figures/no3-middle/smoke-temperature"
    page = await screens.open(address, signed_in=signed_in)
    rule = page.locator("details", has_text="烟温复合判定")

    await rule.locator("summary").press("Enter")
    smoke = rule.get_by_label("烟雾限值（须同时升温）")
    await smoke.fill("200")
    await smoke.press("Enter")
    await expect(rule.get_by_role("alert")).to_have_text("超出允许范围：> 0 · ≤ 100")
    await expect(smoke).to_be_focused()
    await smoke.fill("12")
    await smoke.press("Enter")
    await expect(rule.get_by_role("alert")).to_contain_text("浓烟限值须大于烟雾限值")
    await smoke.fill("4")
    await smoke.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()

    await page.reload()
    await expect(smoke).to_have_value("4")
    await expect(rule.locator("summary")).to_contain_text("本校设定")
    await rule.get_by_role("button", name="恢复类型默认值（3 %/m）").press("Enter")
    await expect(smoke).to_have_value("3")
    await page.get_by_role("button", name="保存").press("Enter")
    await expect(rule.locator("summary")).not_to_contain_text("本校设定")
    refused = [one for one in screens.complaints if "422" not in one]
    assert refused == []


async def test_a_devices_figure_is_set_on_a_phone(demo_gateway, signed_in, screens) -> None:
    address = f"{demo_gateway.url}/devices/no3-middle/fire-lab-302"
    page = await screens.open(address, signed_in=signed_in, width=390, height=844)
    rule = page.locator("details", has_text="高温报警")

    await rule.locator("summary").click()
    hot = rule.get_by_label("上限（达到即报）")
    await expect(hot).to_have_value("54")
    await hot.fill("57.5")
    await rule.get_by_label("设定依据").fill("A2")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()

    assert await page.evaluate("() => document.documentElement.scrollWidth") == 390
    await expect(rule).to_contain_text("A2")
    await rule.get_by_role("button", name="恢复类型默认值（54 °C）").click()
    await page.get_by_role("button", name="保存").click()
    await expect(rule.locator("summary")).not_to_contain_text("本设备设定")
    assert screens.complaints == []


async def test_the_figures_of_every_kind_fit_a_phone(demo_gateway, signed_in, screens) -> None:
    address = f"{demo_gateway.url}/figures/no3-middle/electrical"
    page = await screens.open(address, signed_in=signed_in, width=390, height=844, language="en-US")
    kinds = page.get_by_label("Kind", exact=True)
    for kind in await kinds.locator("option").evaluate_all("all => all.map((one) => one.value)"):
        await kinds.select_option(kind)
        await expect(page.locator("form details").first).to_be_visible()
        for summary in await page.locator("form summary").all():
            await summary.click()
        width = await page.evaluate("() => document.documentElement.scrollWidth")
        assert width == 390, kind
        assert "parameter." not in await page.locator("form").inner_text()
    assert screens.complaints == []
