"""The hazard ledger on the page: a finding by phone, signatures one after the other, notices."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Page, StorageState, expect

from tests.system.browser.axe_core import findings
from tests.system.browser.ten_fingers import Keys
from tests.system.browser.test_work_orders_page import photo

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

SCHOOL: Final = "no3-middle"
WRITE: Final = {"X-Campus-Request": "1"}
DAY_MS: Final = 86_400_000
ROLES: Final = {
    "sofia": "safety_officer",
    "paul": "principal",
    "ines": "inspector",
    "gwen": "group_leader",
}
LOOKS: Final[tuple[tuple[Literal["zh-CN", "en"], Literal["light", "dark"], int], ...]] = (
    ("zh-CN", "light", 1440),
    ("en", "dark", 390),
)

_numbers = count(1)


async def kept(page: Page, name: str) -> None:
    """For a look with one's own eyes: ``SHOTS=folder``."""
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=Path(folder) / f"ledger-{name}.png", full_page=True)


async def call(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What whoever is signed in on that page does through the HTTP interface."""
    origin = "/".join(page.url.split("/")[:3])
    answer = await page.request.fetch(
        f"{origin}/api/v1{path}", method=method, data=body, headers=WRITE
    )
    assert answer.ok, await answer.text()
    return await answer.json()


class People:
    """Those who sign, each in a browser of their own."""

    def __init__(self, gateway: DemoGateway, screens: Screens, admin: Page) -> None:
        self._gateway = gateway
        self._screens = screens
        self._admin = admin
        self._round = next(_numbers)

    async def sign_in(self, who: str, path: str = "/hazards", **how: Any) -> Page:
        """A page of somebody with that role at the school."""
        name = f"{who}{self._round}.{next(_numbers)}"
        user = {
            "name": name,
            "display": name,
            "role": ROLES[who],
            "scopes": [f"school:{SCHOOL}"] if who in ("sofia", "paul") else ["*"],
        }
        code = (await call(self._admin, "POST", "/users", user))["code"]
        page = await self._screens.open(f"{self._gateway.url}/#code={code}", **how)
        await page.wait_for_selector("header.top")
        await page.goto(self._gateway.url + path)
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def people(demo_gateway: DemoGateway, screens: Screens, signed_in: StorageState) -> People:
    admin = await screens.open(f"{demo_gateway.url}/hazards", signed_in=signed_in)
    return People(demo_gateway, screens, admin)


async def act(page: Page, number: int, **action: Any) -> dict[str, Any]:
    version = (await call(page, "GET", f"/hazards/{number}"))["version"]
    done: dict[str, Any] = await call(
        page, "POST", f"/hazards/{number}/actions", {"version": version, **action}
    )
    return done


async def send(page: Page) -> None:
    await page.locator("dialog [data-test=send]").click()
    await expect(page.locator("dialog")).to_have_count(0)


async def test_a_finding_is_entered_by_phone_and_signed_until_it_is_closed(
    people: People, screens: Screens
) -> None:
    ines = await people.sign_in("ines", "/hazards/new", width=390, height=844)
    await ines.locator("[data-test=school]").select_option(SCHOOL)
    await ines.locator("[data-test=text]").fill("三层疏散通道被课桌堵塞")
    await ines.locator("[data-test=place]").fill("教学楼三层")
    camera = ines.locator("[data-test=camera]")
    await camera.set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": photo(300)})
    await expect(ines.locator("li[data-sent=true]")).to_be_visible()
    await ines.locator("[data-test=line]").click()
    await ines.locator(".line input").fill("疏散通道畅通")
    await kept(ines, "inspect-phone-zh")
    assert await findings(ines) == []
    assert await ines.evaluate("() => document.documentElement.scrollWidth") == 390
    await ines.locator("[data-test=save]").click()
    entered = ines.locator("[data-test=entered] a")
    await entered.click()
    await expect(ines.locator("header.about")).to_have_attribute("data-step", "find")
    number = int(ines.url.rpartition("/")[2])
    await expect(ines.locator("[data-done=found] img")).to_be_visible()

    # The principal signs with the largest control; the leader reviews.
    paul = await people.sign_in("paul", f"/hazards/{number}", width=390, height=844)
    first = paul.locator(".acts .button.main")
    await expect(first).to_have_text("签字确认隐患")
    await kept(paul, "sign-phone-zh")
    assert await findings(paul) == []
    await first.click()
    await send(paul)
    await expect(paul.locator("[data-test=next]")).to_have_text("待组长复核（隐患）")
    gwen = await people.sign_in("gwen", f"/hazards/{number}", language="en")
    await gwen.locator(".acts .button.main").click()
    await send(gwen)
    await expect(gwen.locator("header.about")).to_have_attribute("data-step", "register")

    # The officer registers and names the five things.
    sofia = await people.sign_in("sofia", f"/hazards/{number}")
    await sofia.locator("[data-act=register]").click()
    await send(sofia)
    await sofia.locator("[data-act=assess]").click()
    button = sofia.locator("dialog [data-test=send]")
    await expect(button).to_be_disabled()
    await sofia.locator("[data-test=responsible]").fill("总务处 王主任")
    await sofia.locator("[data-test=measure]").fill("清理课桌，划定禁放区")
    await sofia.locator("[data-test=contingency]").fill("启用西侧楼梯")
    await kept(sofia, "assess-zh")
    assert await findings(sofia) == []
    await send(sofia)
    await expect(sofia.locator("[data-test=next]")).to_have_text("待校长签字（方案）")

    await act(paul, number, action="sign", kind="assessment_signed")
    await act(paul, number, action="sign", kind="reported")
    await act(sofia, number, action="monitor", text="专人看守", interim="警示牌")
    await act(sofia, number, action="sign", kind="remedied", text="已清理")
    await ines.reload()
    await ines.locator("[data-act=accept]").click()
    await ines.locator("dialog [data-test=text]").fill("现场查看，已清理")
    await send(ines)
    await act(paul, number, action="sign", kind="result_signed")
    await act(gwen, number, action="sign", kind="result_reviewed")
    await ines.reload()
    await expect(ines.locator(".acts .button.main")).to_have_text("销账")
    await ines.locator(".acts .button.main").click()
    await send(ines)
    await expect(ines.locator("header.about")).to_have_attribute("data-closed", "true")
    await kept(ines, "closed-phone-zh")
    await gwen.reload()
    await expect(gwen.locator("header.about")).to_have_attribute("data-closed", "true")
    await kept(gwen, "closed-en")
    assert await findings(gwen) == []
    assert screens.complaints == []


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
async def test_the_ledger_is_a_board_and_a_list(
    people: People,
    screens: Screens,
    language: Literal["zh-CN", "en"],
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    page = await people.sign_in("gwen", language=language, scheme=scheme, width=width)
    columns = page.locator("[data-column]")
    await expect(columns).to_have_count(8)
    remedy = page.locator("[data-column=remedy] [data-hazard]").first
    await expect(remedy).to_be_visible()  # of the demonstration
    await kept(page, f"board-{language}-{width}")
    assert await findings(page) == []
    if width < 720:
        assert await page.evaluate("() => document.documentElement.scrollWidth") == width

    keys = Keys(page)
    await keys.reach("[data-view=list]")
    await keys.press("Enter")
    await expect(columns).to_have_count(0)
    await expect(page.locator("[data-hazard]").first).to_be_visible()
    await kept(page, f"list-{language}-{width}")
    assert await findings(page) == []
    await keys.reach("[data-hazard]")
    await keys.press("Enter")
    await expect(page.locator("header.about")).to_be_visible()
    await kept(page, f"entry-{language}-{width}")
    assert await findings(page) == []
    assert screens.complaints == []


async def test_a_finding_without_a_network_is_kept_and_sent_later(
    people: People, screens: Screens
) -> None:
    page = await people.sign_in("sofia", "/hazards/new", width=390, height=844)
    await page.locator("[data-test=text]").fill("地下室灭火器压力不足")
    await page.context.set_offline(True)
    await page.locator("[data-test=save]").click()
    await expect(page.locator("[data-test=kept]")).to_be_visible()
    await page.context.set_offline(False)
    await page.goto("/".join(page.url.split("/")[:3]) + "/hazards?view=list")
    await expect(page.get_by_text("地下室灭火器压力不足").first).to_be_visible()


async def test_who_signs_what_has_changed_is_told(people: People, screens: Screens) -> None:
    ines = await people.sign_in("ines")
    number = (await call(ines, "POST", "/hazards", {"school": SCHOOL, "text": "护栏松动"}))[
        "number"
    ]
    paul = await people.sign_in("paul", f"/hazards/{number}")
    await paul.locator("[data-act=sign]").click()
    await act(ines, number, action="comment", text="补充一张照片")
    # The page behind has it by now; what is signed is still what was read.
    await expect(paul.locator("[data-done=commented]")).to_have_count(1)
    await paul.locator("dialog [data-test=send]").click()
    await expect(paul.locator("dialog [role=alert]")).to_contain_text("别人刚刚办理过")


async def test_a_notice_is_issued_on_the_spot_printed_and_answered(
    people: People, screens: Screens
) -> None:
    ines = await people.sign_in("ines", "/notices/new", width=390, height=844)
    school = ines.locator("[data-test=school]")
    options = school.locator(f"option:not([value=''], [value='{SCHOOL}'])")
    await school.select_option(await options.first.get_attribute("value"))
    shot = {"name": "p.png", "mimeType": "image/png", "buffer": photo(301)}
    await ines.locator("[data-test=photos]").set_input_files(shot)
    await expect(ines.locator("li[data-sent=true]")).to_be_visible()
    await school.select_option(SCHOOL)  # it was the wrong one, and so is its photo
    await expect(ines.locator("li[data-sent=true]")).to_have_count(0)
    await ines.locator("[data-test=text-0]").fill("灭火器过期 3 具")
    await ines.locator("[data-test=requirement-0]").fill("立即更换，并检查全部灭火器")
    await ines.locator("[data-test=another]").click()
    await ines.locator("[data-test=text-1]").fill("配电间堆放杂物")
    await kept(ines, "notice-form-phone-zh")
    assert await findings(ines) == []
    await ines.locator("[data-test=issue]").click()
    await ines.locator("dialog [data-test=send]").click()
    await expect(ines.locator("header.about h1")).to_contain_text("限改")
    await kept(ines, "notice-phone-zh")
    assert await findings(ines) == []
    where = ines.url.partition("/notices/")[2]

    link = await ines.locator("[data-test=pdf]").get_attribute("href")
    assert link is not None
    paper = await ines.request.get("/".join(ines.url.split("/")[:3]) + link)
    assert paper.headers["content-type"] == "application/pdf"
    assert (await paper.body()).startswith(b"%PDF")

    paul = await people.sign_in("paul", f"/notices/{where}", language="en")
    await paul.locator("[data-act=reply]").click()
    await paul.locator("dialog [data-test=text]").fill("replaced today")
    await send(paul)
    await expect(paul.locator("main")).to_contain_text("replaced today")
    await kept(paul, "notice-en")
    assert await findings(paul) == []
    await ines.goto("/".join(ines.url.split("/")[:3]) + "/notices")
    await expect(ines.locator(f"[data-notice='{where}']")).to_contain_text("已回复")
    await kept(ines, "notices-phone-zh")
    assert screens.complaints == []
