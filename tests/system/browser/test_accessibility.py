"""Every page of the router before axe-core: languages by turns, light and dark, wide and narrow."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, Literal

import pytest
from playwright.async_api import expect

from tests.system.browser.axe_core import findings
from tests.system.browser.furnished import SETTLED, address, routes

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Furnished, Screens

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

ROUTES: Final = routes()
Looks = tuple[Literal["light", "dark"], int]
LOOKS: Final[dict[str, tuple[Looks, ...]]] = {
    "zh-CN": (("light", 1440), ("dark", 390)),
    "en": (("light", 390), ("dark", 1440)),
}
"""Every two of language, look and width meet once: the other half would find what these find."""

TURNS: Final = {name: tuple(LOOKS)[turn % 2] for turn, name in enumerate(ROUTES)}
"""The language in which each page is gone over: both would take minutes and find the same, because
what is wrong with a page is rarely wrong in one language only. ``ALL_LOOKS=1`` takes both."""

OPENED: Final[dict[str, tuple[str, str]]] = {
    "keys": ("alerts", "button.keys"),
    "filters": ("alerts", "[data-test=filter]"),
    "rooms": ("alerts", "header .more"),
    "comment": ("alert", "[data-act=comment]"),
    "false alarm": ("alert", "[data-act=mark_false]"),
    "report": ("alert", "[data-tell=telephone]"),
    "hand-over": ("duty", "[data-test=take-over]"),
    "shift": ("duty", "[data-test=plan-shift]"),
    "maintenance": ("maintenances", "[data-test=announce]"),
    "end of a maintenance": ("maintenance", "[data-test=end]"),
    "work order": ("order", "[data-act=done]"),
    "link test": ("link", "[data-test=test]"),
    "learning anew": ("camera", "[data-test=relearn]"),
    "exercise": ("exercises", "[data-test=plan]"),
    "person": ("people", "main .tools button"),
    "school of the roster": ("roster", "[data-test=roster] button"),
    "list of schools": ("roster", "[data-test=import]"),
    "baseline": ("baseline", "[data-test=edit]"),
}
"""What opens over a page: the page, and what opens it."""

SPOKEN: Final = """() =>
  [...document.querySelectorAll("[role=alert], [role=status], [role=log], [aria-live]")]
    .filter(one => one.getAttribute("aria-live") !== "off")
    .map(one => one.textContent)
"""

LOOKS_OF_ALL: Final = """() => [...document.querySelectorAll("body *")].map(one => {
  const style = getComputedStyle(one);
  return ["color", "backgroundColor", "borderColor", "outline", "opacity", "visibility",
    "boxShadow", "filter", "transform", "fill", "stroke"].map(name => style[name]).join();
})"""

BOTH_LOOKS: Final = f"""() => {{
  const looks = {LOOKS_OF_ALL};
  const beat = document.documentElement.classList;
  beat.remove("dim");
  const still = looks();
  beat.add("dim");
  return [still, looks()];
}}"""
"""At once, so that nothing else can change in between: buttons wait for what is on its way."""

TELLING: Final = """all => {
  const looks = all.map(one => {
    const {color, backgroundColor, borderTopColor, outlineStyle} = getComputedStyle(one);
    return [color, backgroundColor, borderTopColor, outlineStyle].join(" ");
  });
  return new Set(looks).size;
}"""


@pytest.mark.parametrize("name", ROUTES)
async def test_axe_finds_nothing(name: str, furnished: Furnished, screens: Screens) -> None:
    where = furnished.gateway.url + address(name, ROUTES[name], furnished.addresses)
    found: dict[tuple[str, str, int], list[str]] = {}
    for language, looks in LOOKS.items():
        if language != TURNS[name] and "ALL_LOOKS" not in os.environ:
            continue
        page = await screens.open(where, signed_in=furnished.signed_in, language=language)
        assert await page.locator("html").get_attribute("lang") == language
        for scheme, width in looks:
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": width, "height": 900})
            found[language, scheme, width] = await findings(page)
        # The window's name tells where one is: the page's own, before the gateway's.
        await expect(page).to_have_title(re.compile(r"^(■ \d+ · )?[^·]+ · [^·]+$"))
    lines = [f"{look}: {one}" for look, some in found.items() for one in some]
    assert lines == [], "\n".join(lines)


@pytest.mark.parametrize("name", OPENED)
async def test_axe_finds_nothing_in_what_opens_over_a_page(
    name: str, furnished: Furnished, screens: Screens
) -> None:
    route, opener = OPENED[name]
    where = furnished.gateway.url + address(route, ROUTES[route], furnished.addresses)
    page = await screens.open(where, signed_in=furnished.signed_in, language="en", scheme="dark")
    await page.locator(opener).first.click()
    await page.mouse.move(0, 0)
    lines = await findings(page)
    assert lines == [], "\n".join(lines)


async def test_nothing_is_said_again_with_each_tick_of_the_clock(
    furnished: Furnished, screens: Screens
) -> None:
    url, state = furnished.gateway.url, furnished.signed_in
    alert = await screens.open(url + furnished.addresses["alert"], signed_in=state)
    wall = await screens.open(f"{url}/wall", signed_in=state)
    for page in (alert, wall):
        await page.evaluate(SETTLED)
    furnished.gateway.freeze()  # the age of what is shown ticks as well
    try:
        await expect(alert.locator("[data-test=stalled]")).to_be_visible()
        for page in (alert, wall):
            lost = page.locator("[data-test=stalled], [data-trouble=lost]")
            await expect(lost).to_be_visible()
            shown, before = await lost.inner_text(), await page.evaluate(SPOKEN)
            await expect(lost).not_to_have_text(shown, use_inner_text=True)  # its age has ticked
            assert await page.evaluate(SPOKEN) == before
    finally:
        furnished.gateway.thaw()


@pytest.mark.parametrize("language", LOOKS)
async def test_axe_finds_nothing_at_the_door(
    language: str, demo_gateway: DemoGateway, screens: Screens
) -> None:
    page = await screens.open(demo_gateway.url, language=language)
    await expect(page.locator("input[type=password]")).to_be_visible()
    assert await findings(page) == []


@pytest.mark.parametrize("name", ["alerts", "alert", "plans"])
async def test_nothing_moves_for_those_who_want_no_motion(
    name: str, furnished: Furnished, screens: Screens
) -> None:
    where = furnished.gateway.url + address(name, ROUTES[name], furnished.addresses)
    page = await screens.open(where, signed_in=furnished.signed_in)
    await page.emulate_media(reduced_motion="reduce")
    await page.evaluate(SETTLED)
    # With an emergency that nobody has acknowledged the page beats: it does, and nobody sees it.
    await expect(page.locator("html")).to_have_class(re.compile(r"\bdim\b"))
    still, dimmed = await page.evaluate(BOTH_LOOKS)
    assert dimmed == still
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_systems_own_colours_are_enough(furnished: Furnished, screens: Screens) -> None:
    url, state = furnished.gateway.url, furnished.signed_in
    other = await furnished.campus.press("button-teaching-f1")
    page = await screens.open(url + furnished.addresses["alert"], signed_in=state)
    await page.emulate_media(forced_colors="active")
    await expect(page.locator(f"#alert-{other}")).to_have_count(1)
    await expect(page.locator("[data-alert][aria-current]")).to_have_count(1)
    for one_of_several in ("[data-alert]", "header.top nav a"):
        different = await page.locator(one_of_several).evaluate_all(TELLING)
        assert different > 1, f"which of {one_of_several} it is cannot be seen"
    assert await findings(page) == []

    await page.goto(f"{url}/settings")
    await expect(page.locator("[aria-pressed=true]").first).to_be_visible()
    assert await page.locator("main .tools [aria-pressed]").evaluate_all(TELLING) > 1
    assert await findings(page) == []
