"""The page as an app in a real browser: installed, started without a connection, told by push."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import (
    BrowserContext,
    CDPSession,
    Page,
    Worker,
    async_playwright,
    expect,
)

from tests.system.browser.asking import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

NOTICE: Final = {
    "kind": "alert",
    "tag": "alert-1",
    "title": "■ 紧急 · 一键报警 · 第三中学",
    "body": "门卫室按下",
    "url": "/alerts/1",
    "lang": "zh-CN",
    "priority": "emergency",
    "again": True,
    "at": 1_795_161_600_000,
}

READY: Final = "navigator.serviceWorker.ready.then(() => true)"
SHOWN: Final = """navigator.serviceWorker.ready
    .then(one => one.getNotifications())
    .then(all => all.map(n => ({title: n.title, body: n.body, tag: n.tag, silent: n.silent,
        stays: n.requireInteraction})))"""
CLICK: Final = """async () => {
    const [shown] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", {notification: shown}));
}"""
"""What the browser does when somebody presses the notification. It has no window to press."""

SUBSCRIBES: Final = """
    let made = null;
    class Made {
        endpoint = "https://fcm.googleapis.com/fcm/send/of-a-test";
        options = {};
        constructor({applicationServerKey: key}) {
            this.options = {applicationServerKey: key.buffer};
        }
        toJSON() { return {endpoint: this.endpoint, keys: KEYS}; }
        async unsubscribe() { made = null; return true; }
    }
    PushManager.prototype.subscribe = async options => made = new Made(options);
    PushManager.prototype.getSubscription = async () => made;
"""
"""A browser asks its maker's push service for an address, which no test can reach."""


IPHONE: Final = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
WHY_NOT: Final = {
    "Object.defineProperty(window, 'isSecureContext', {value: false})": "insecure",
    "delete window.PushManager": "unsupported",
    "delete window.PushManager;"
    f"Object.defineProperty(navigator, 'userAgent', {{value: '{IPHONE}'}})": "ios",
    "Object.defineProperty(Notification, 'permission', {value: 'denied'})": "denied",
}


class App:
    """A page whose service worker runs, and the browser's own tools for it."""

    def __init__(self, page: Page, tools: CDPSession, worker: Worker) -> None:
        self.page = page
        self.context: BrowserContext = page.context
        self.tools = tools
        self.worker = worker
        self._registration = ""

    async def found(self) -> None:
        """Learn how the browser calls the registration."""
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def heard(event: dict[str, Any]) -> None:
            if event["registrations"] and not told.done():
                told.set_result(event["registrations"][0]["registrationId"])

        self.tools.on("ServiceWorker.workerRegistrationUpdated", heard)
        await self.tools.send("ServiceWorker.enable")
        self._registration = await asyncio.wait_for(told, PATIENCE_S)

    async def push(self, data: object) -> None:
        """A push message arrives, decrypted, as from the browser's push service."""
        origin = await self.page.evaluate("location.origin")
        await self.tools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": origin,
                "registrationId": self._registration,
                "data": data if isinstance(data, str) else json.dumps(data, ensure_ascii=False),
            },
        )

    async def shown(self, count: int) -> list[dict[str, Any]]:
        """The notifications, once there are so many."""
        return await self.until(lambda found: len(found) == count)

    async def until(self, so: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The notifications, once they are so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.page.evaluate(SHOWN)
                if so(found):
                    return found
                await asyncio.sleep(0.05)


async def app_of(screens: Screens, address: str, signed_in: Any, **more: Any) -> App:
    page = await screens.open(address, signed_in=signed_in, **more)
    await page.context.grant_permissions(["notifications"])
    await page.evaluate(READY)
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    app = App(page, await page.context.new_cdp_session(page), page.context.service_workers[0])
    await app.found()
    return app


@pytest_asyncio.fixture(loop_scope="session")
async def app(demo_gateway: DemoGateway, screens: Screens, signed_in: Any) -> AsyncIterator[App]:
    yield await app_of(screens, f"{demo_gateway.url}/devices", signed_in)


@pytest.mark.parametrize(
    ("language", "name", "short"),
    [("zh-CN", "校园安全网关", "校园安全"), ("en-GB", "Campus Gateway", "Campus")],
)
async def test_it_can_be_installed_under_its_name_in_the_language_that_is_spoken(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: Any,
    language: str,
    name: str,
    short: str,
) -> None:
    app = await app_of(screens, f"{demo_gateway.url}/", signed_in, language=language)

    found = await app.tools.send("Page.getAppManifest")
    errors = await app.tools.send("Page.getInstallabilityErrors")

    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert (manifest["name"], manifest["short_name"]) == (name, short)
    assert (manifest["id"], manifest["start_url"], manifest["display"]) == ("/", "/", "standalone")
    # A browser window of a test is private, and nothing is installed from those.
    assert [one["errorId"] for one in errors["installabilityErrors"]] in ([], ["in-incognito"])
    for icon in manifest["icons"]:
        answer = await app.context.request.get(demo_gateway.url + icon["src"])
        assert answer.status == 200, icon
        if icon["type"] == "image/png":
            head = await answer.body()
            width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
            assert f"{width}x{height}" == icon["sizes"]
    assert screens.complaints == []


async def test_a_browser_that_is_not_private_offers_to_install_it(
    demo_gateway: DemoGateway, signed_in: Any, tmp_path: Path
) -> None:
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path,
            executable_path=shutil.which("chromium"),
            args=["--headless=new", "--no-sandbox", "--disable-gpu"],
        )
        await context.add_cookies(signed_in["cookies"])
        page = await context.new_page()
        await page.goto(demo_gateway.url)
        await page.evaluate(READY)
        tools = await context.new_cdp_session(page)

        found = await tools.send("Page.getInstallabilityErrors")

        assert found["installabilityErrors"] == []
        await context.close()


async def test_only_what_the_page_starts_with_is_kept(app: App) -> None:
    kept = await app.page.evaluate(
        """async () => {
            const found = {};
            for (const name of await caches.keys()) {
                const asked = await (await caches.open(name)).keys();
                found[name] = asked.map(one => new URL(one.url).pathname);
            }
            return found;
        }"""
    )
    build = await app.page.locator('meta[name="build"]').get_attribute("content")

    assert list(kept) == [f"shell-{build}"]
    (paths,) = kept.values()
    assert "/" in paths
    assert all(path == "/" or path.startswith("/assets/") for path in paths)
    assert not [path for path in paths if "Page" in path]  # rooms are loaded when they are entered


async def test_without_a_connection_it_starts_and_says_so(
    own_gateway: DemoGateway, screens: Screens
) -> None:
    app = await app_of(screens, f"{own_gateway.url}/#code={own_gateway.code}", None)
    await expect(app.page.locator("header.top")).to_be_visible()
    await own_gateway.stop()

    await app.page.goto(f"{own_gateway.url}/alerts/7")

    away = app.page.locator("[data-test=away]")
    await expect(away).to_contain_text("无法连接网关")
    await away.get_by_role("button", name="English").click()
    await expect(away).to_contain_text("No connection to the gateway")
    await expect(app.page.locator("header.top")).to_have_count(0)


async def test_it_goes_on_by_itself_when_the_gateway_is_back(
    demo_gateway: DemoGateway, screens: Screens, signed_in: Any
) -> None:
    page = await screens.open(f"{demo_gateway.url}/devices", signed_in=signed_in)
    await page.route("**/api/v1/session", lambda route: route.abort())
    await page.reload()
    await expect(page.locator("[data-test=away]")).to_be_visible()

    await page.unroute("**/api/v1/session")

    await expect(page.locator("header.top")).to_be_visible()
    assert page.url.endswith("/devices")


async def test_a_push_is_shown_once_an_alert_and_sounds_again_when_it_is_pressed_again(
    app: App,
) -> None:
    await app.push(NOTICE)
    (first,) = await app.shown(1)
    assert first == {
        "title": NOTICE["title"],
        "body": NOTICE["body"],
        "tag": "alert-1",
        "silent": False,
        "stays": True,
    }

    await app.push({**NOTICE, "body": "门卫室第 2 次按下"})
    await app.until(lambda found: [one["body"] for one in found] == ["门卫室第 2 次按下"])
    await app.push({**NOTICE, "tag": "alert-2", "url": "/alerts/2"})
    assert {one["tag"] for one in await app.shown(2)} == {"alert-1", "alert-2"}

    # Whoever sees the page sees there that it was acknowledged: the notification goes.
    await app.push({**NOTICE, "kind": "end", "again": False, "title": "已确认"})
    assert [one["tag"] for one in await app.shown(1)] == ["alert-2"]


@pytest.mark.parametrize("data", ["not json", "", '{"kind": "alert"}'])
async def test_a_push_that_is_not_understood_is_shown_all_the_same(app: App, data: str) -> None:
    await app.push(data)

    (shown,) = await app.shown(1)
    assert shown["title"] == "校园安全网关 · Campus Gateway"


async def test_a_press_on_it_opens_the_alert_in_the_page_that_is_open(app: App) -> None:
    await app.push(NOTICE)
    await app.shown(1)

    await app.worker.evaluate(CLICK)

    await expect(app.page).to_have_url(f"{await app.page.evaluate('location.origin')}/alerts/1")
    await app.shown(0)


async def test_an_acknowledgement_on_the_page_takes_the_notification_away(
    demo_gateway: DemoGateway, app: App, say: Any
) -> None:
    await say("alarm-button", "gate-01", "event", {"seq": 77_001, "event": "pressed"})
    await app.page.goto(f"{demo_gateway.url}/")
    alerts = (
        await (
            await app.context.request.get(
                f"{demo_gateway.url}/api/v1/alerts?state=unacknowledged&priority=emergency"
            )
        ).json()
    )["items"]
    number = alerts[0]["id"]
    await app.push({**NOTICE, "tag": f"alert-{number}", "url": f"/alerts/{number}"})
    await app.shown(1)

    answer = await app.context.request.post(
        f"{demo_gateway.url}/api/v1/alerts/{number}/actions",
        data={"action": "acknowledge"},
        headers={"X-Campus-Request": "1"},
    )

    assert answer.ok, await answer.text()
    await app.shown(0)


@pytest.mark.parametrize(("width", "height", "scheme"), [(390, 844, "dark"), (1440, 900, "light")])
async def test_a_person_switches_it_on_changes_it_and_switches_it_off(
    demo_gateway: DemoGateway,
    screens: Screens,
    signed_in: Any,
    browser_keys: dict[str, str],
    width: int,
    height: int,
    scheme: str,
) -> None:
    app = await app_of(
        screens,
        f"{demo_gateway.url}/settings",
        signed_in,
        width=width,
        height=height,
        scheme=scheme,
        script=SUBSCRIBES.replace("KEYS", json.dumps(browser_keys)),
    )
    pane = app.page.locator("[data-test=device-alerts]")
    state = pane.locator("[data-standing]")
    await expect(state).to_have_attribute("data-standing", "off")

    await pane.locator("[data-test=push-on]").click()

    await expect(state).to_have_attribute("data-standing", "on")
    listed = await app.context.request.get(f"{demo_gateway.url}/api/v1/push/subscriptions")
    (one,) = (await listed.json())["items"]
    assert (one["label"], one["language"]) == ("Chrome, Linux", "zh")
    assert one["priorities"] == ["emergency", "high"]
    every = pane.get_by_role("button", name="全部", exact=True)
    await every.click()
    await expect(every).to_have_attribute("aria-pressed", "true")
    await expect(pane.locator("[data-test=push-off]")).to_be_enabled()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await app.page.evaluate(overflow) <= 0
    await pane.locator("[data-test=push-off]").click()
    await expect(state).to_have_attribute("data-standing", "off")
    await pane.locator("[data-test=push-on]").click()
    await expect(state).to_have_attribute("data-standing", "on")
    # An administrator takes it off: the page says so when it is looked at again.
    await app.page.goto(f"{demo_gateway.url}/notification")
    row = app.page.locator("[data-receiver^='push:admin/']")
    await expect(row).to_contain_text("Chrome, Linux")
    await row.locator("[data-test=take-off]").click()
    await app.page.locator("dialog [data-test=send]").click()
    await expect(row).to_have_count(0)
    listed = await app.context.request.get(f"{demo_gateway.url}/api/v1/push/subscriptions")
    assert (await listed.json())["items"] == []
    assert screens.complaints == []


async def test_where_it_cannot_be_it_says_why(
    demo_gateway: DemoGateway, screens: Screens, signed_in: Any
) -> None:
    for script, standing in WHY_NOT.items():
        page = await screens.open(
            f"{demo_gateway.url}/settings", signed_in=signed_in, script=script
        )
        pane = page.locator("[data-test=device-alerts]")
        await expect(pane.locator(f"[data-standing={standing}]")).to_be_visible()


@pytest.fixture
def browser_keys() -> dict[str, str]:
    """What a browser gives out when it subscribes."""
    from tests.gateway.push.browser_side import Browser  # noqa: PLC0415

    return Browser().keys
