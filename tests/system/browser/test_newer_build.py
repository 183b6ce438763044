"""A newer build of the page: announced where the old one is open, taken with the next change of
room, and nothing of the old one stays.
"""

from __future__ import annotations

import http.client
import mimetypes
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from gateway.api.app import PAGE_FOLDER
from tests.system.browser.asking import until

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway, Screens

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="session"),
]

NEWER: Final = "0123456789ab"
LOOK: Final = "navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => 0)"


class Deployed:
    """A folder with a build of the page before the interface of a gateway that runs."""

    def __init__(self, folder: Path, gateway: str) -> None:
        self.folder = folder
        shutil.copytree(PAGE_FOLDER, folder)
        for packed in [*folder.rglob("*.br"), *folder.rglob("*.gz")]:
            packed.unlink()
        host = urlsplit(gateway).netloc

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/api/"):
                    self.pass_on()
                    return
                path = folder / self.path.partition("?")[0].lstrip("/")
                path = path if path.is_file() else folder / "index.html"
                body = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-cache")
                self.end_headers()
                self.wfile.write(body)

            def pass_on(self) -> None:
                connection = http.client.HTTPConnection(host, timeout=30)
                kept = {
                    name: self.headers[name] for name in ("Cookie", "Accept") if self.headers[name]
                }
                connection.request("GET", self.path, headers=kept)
                answer = connection.getresponse()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"] or "text/plain")
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    while part := answer.read1(65536):
                        self.wfile.write(part)
                        self.wfile.flush()
                except OSError:
                    return  # the browser has gone on
                finally:
                    connection.close()

            def log_message(self, *_: object) -> None:
                """Says nothing on the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def renew(self, before: str) -> None:
        """Another build takes its place."""
        for name in ("index.html", "sw.js"):
            path = self.folder / name
            text = path.read_text("utf-8")
            assert before in text
            path.write_text(text.replace(before, NEWER), "utf-8")

    def rename(self, room: str) -> None:
        """The file of a room has another name in the newer build."""
        assets = self.folder / "assets"
        (old,) = assets.glob(f"{room}-*.js")
        new = f"{room}-{NEWER}.js"
        for script in assets.glob("*.js"):
            script.write_text(script.read_text("utf-8").replace(old.name, new), "utf-8")
        old.rename(assets / new)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def deployed(demo_gateway: DemoGateway, tmp_path: Path) -> Iterator[Deployed]:
    there = Deployed(tmp_path / "dist", demo_gateway.url)
    yield there
    there.close()


async def build_of(page: Page) -> str:
    return str(await page.locator('meta[name="build"]').get_attribute("content"))


async def test_it_is_announced_and_taken_with_the_next_change_of_room(
    deployed: Deployed, screens: Screens, signed_in: Any
) -> None:
    page = await screens.open(f"{deployed.url}/", signed_in=signed_in)
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    before = await build_of(page)
    await page.evaluate("window.old = true")
    await expect(page.locator("[data-test=update]")).to_have_count(0)

    deployed.renew(before)
    await page.evaluate(LOOK)

    await expect(page.locator("[data-test=update]")).to_contain_text("新版本已就绪")
    assert await page.evaluate("window.old") is True  # nobody's page is taken away
    await page.get_by_role("link", name="设备").first.click()
    await expect(page).to_have_url(f"{deployed.url}/devices")
    await page.wait_for_function("() => window.old === undefined")
    assert await build_of(page) == NEWER
    await expect(page.locator("[data-test=update]")).to_have_count(0)
    assert await page.evaluate("caches.keys()") == [f"shell-{NEWER}"]


async def test_a_page_that_is_opened_after_it_has_nothing_to_say(
    deployed: Deployed, screens: Screens, signed_in: Any
) -> None:
    page = await screens.open(f"{deployed.url}/", signed_in=signed_in)
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    deployed.renew(await build_of(page))

    await page.goto(f"{deployed.url}/devices")

    assert await build_of(page) == NEWER
    await until(page, "async name => `${await caches.keys()}` === name", f"shell-{NEWER}")
    await expect(page.locator("header.top")).to_be_visible()
    await expect(page.locator("[data-test=update]")).to_have_count(0)


async def test_a_room_that_is_gone_with_the_old_build_is_entered_in_the_newer_one(
    deployed: Deployed, screens: Screens, signed_in: Any
) -> None:
    plain_http = "delete Navigator.prototype.serviceWorker"
    page = await screens.open(f"{deployed.url}/", signed_in=signed_in, script=plain_http)
    deployed.renew(await build_of(page))
    deployed.rename("DevicesPage")

    await page.get_by_role("link", name="设备").first.click()

    await expect(page).to_have_url(f"{deployed.url}/devices")
    assert await build_of(page) == NEWER
    await expect(page.locator("main h1").first).to_be_visible()
