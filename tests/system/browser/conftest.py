"""A demonstration gateway as people start it, and a real browser before it."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    async_playwright,
    expect,
)

from benchmarks.measure import free_port
from gateway.demo import PORTS, Ports
from tests.system.browser.furnished import Campus, publish

START_S: Final = 180.0
STOP_S: Final = 60.0
PATIENCE_MS: Final = 60_000
"""For whatever comes sooner or later, however busy the machine is."""
LINK: Final = re.compile(r"(http://\S+)/#code=(\w+)")
FLAGS: Final = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE_MS)

Say = Callable[[str, str, str, dict[str, object]], Awaitable[None]]
Launch = Callable[..., Awaitable[Browser]]
ScreensWith = Callable[..., Awaitable["Screens"]]


class DemoGateway:
    """``campus run --demo`` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.demo = folder / "demo"
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""
        self.code = ""

    async def start(self) -> None:
        """Start it and wait for the line with the page and the one-time code."""
        self._choose_ports()
        log = self._folder / "gateway.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "gateway.cli", "run", "--demo", "--no-demo-cameras"]
            command += ["--demo-folder", str(self.demo)]
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=out, stderr=asyncio.subprocess.STDOUT
            )
        until = time.monotonic() + START_S
        while (found := LINK.search(log.read_text("utf-8"))) is None:
            assert self._process.returncode is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            await asyncio.sleep(0.05)
        self.url, self.code = found.groups()

    def _choose_ports(self) -> None:
        """Its own: of two that start in the same moment both would find the usual ones free."""
        ports = self.demo / PORTS
        if not ports.exists():
            self.demo.mkdir(parents=True, exist_ok=True)
            ports.write_bytes(msgspec.json.encode(Ports(*(free_port() for _ in range(4)))))

    def freeze(self) -> None:
        """Let it hang: connections stay open and nothing comes."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it as an administrator does."""
        if self._process is not None:
            self.thaw()
            self._signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), STOP_S)
            self._process = None

    def _signal(self, number: int) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)


class Screens:
    """Opens pages in a browser and keeps what went wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def open(
        self,
        address: str,
        *,
        signed_in: StorageState | None = None,
        width: int = 1440,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
        language: str = "zh-CN",
        script: str = "",
        touch: bool = False,
    ) -> Page:
        """A page in a context of its own, with the alerts or the sign-in in view."""
        wanted: dict[str, Any] = {"storage_state": signed_in} if signed_in else {}
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=language,
            has_touch=touch,
            is_mobile=touch,
            **wanted,
        )
        self._contexts.append(context)
        if script:
            await context.add_init_script(script)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._said)
        page.on("request", lambda request: self.requests.append(request.url))
        await page.goto(address)
        if address.startswith("http"):
            await page.wait_for_selector("main")
        return page

    def _said(self, said: ConsoleMessage) -> None:
        """What the page complains of, and about which address: what was refused is named there."""
        if said.type in ("error", "warning"):
            about = urlsplit(said.location["url"])
            asked = f"{about.path}?{about.query}" if about.query else about.path
            self.complaints.append(f"{said.text} ({asked})")

    async def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            for page in context.pages:  # what is asked at this moment is answered to nobody
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo_gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoGateway]:
    gateway = DemoGateway(tmp_path_factory.mktemp("demo"))
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def own_gateway(tmp_path: Path) -> AsyncIterator[DemoGateway]:
    """One that the test may stop and start."""
    gateway = DemoGateway(tmp_path)
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launch() -> AsyncIterator[Launch]:
    """Start a browser: ``await launch("--flag", …)``."""
    path = shutil.which("chromium")
    assert path is not None, "apt-get install chromium"
    async with async_playwright() as playwright, AsyncExitStack() as started:

        async def one(*flags: str) -> Browser:
            browser = await playwright.chromium.launch(
                executable_path=path, args=[*FLAGS, *flags], timeout=START_S * 1000
            )
            started.push_async_callback(browser.close)
            return browser

        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(launch: Launch) -> Browser:
    """The one that all tests share which need no other."""
    return await launch()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(demo_gateway: DemoGateway, browser: Browser) -> StorageState:
    """The cookie of somebody who came with the one-time code."""
    context = await browser.new_context(locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"{demo_gateway.url}/#code={demo_gateway.code}")
    await page.wait_for_selector("header.top")
    assert "code=" not in page.url  # a code in the address would stay in the history
    state = await context.storage_state()
    await context.close()
    return state


class Furnished(NamedTuple):
    """A gateway of a test module's own with something on every page."""

    gateway: DemoGateway
    signed_in: StorageState
    campus: Campus
    addresses: dict[str, str]
    """Of the routes that need a parameter."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def furnished(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> AsyncIterator[Furnished]:
    gateway = DemoGateway(tmp_path_factory.mktemp("furnished"))
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    try:
        await gateway.start()
        page = await context.new_page()
        await page.goto(f"{gateway.url}/#code={gateway.code}")
        await page.wait_for_selector("header.top")
        campus = Campus(gateway.url, context.request)
        addresses = await campus.furnish()
        yield Furnished(gateway, await context.storage_state(), campus, addresses)
    finally:
        await context.close()
        await gateway.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def screens(browser: Browser) -> AsyncIterator[Screens]:
    screens = Screens(browser)
    yield screens
    await screens.close()


@pytest_asyncio.fixture(loop_scope="session")
async def screens_with(launch: Launch) -> AsyncIterator[ScreensWith]:
    """Screens of a browser of the test's own: ``await screens_with("--flag", …)``."""
    async with AsyncExitStack() as opened:

        async def started(*flags: str) -> Screens:
            browser = await launch(*flags)
            opened.push_async_callback(browser.close)
            return Screens(browser)

        yield started


@pytest.fixture
def say(demo_gateway: DemoGateway) -> Say:
    """Publish as devices of No. 3 Middle School do: ``await say(kind, id, channel, {…})``."""

    async def said(kind: str, device: str, channel: str, values: dict[str, object]) -> None:
        await publish(demo_gateway.demo, f"{kind}/{device}/{channel}", values)

    return said
