"""The demonstration on a busy machine: its very first press reaches the invented police in time."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import urllib.request
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final

import pytest

from devices.simulator.campus import demo

pytestmark = pytest.mark.broker

SLOW_S: Final = 6
"""How long the process of the police centre takes to start: a busy machine's share of it."""

SLOWLY: Final = f"""
import sys, time
if "receiver" in sys.orig_argv:
    time.sleep({SLOW_S})
"""

SIGN_IN: Final = re.compile(r"(http://[^/]+)/#code=(\w+)")
BUTTON: Final = next(one for one in demo().devices if one.kind == "alarm-button")


class Visitor:
    """Somebody who starts the demonstration and opens its page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._url = ""
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    async def start(self) -> asyncio.subprocess.Process:
        log = self._folder / "campus.log"
        command = [sys.executable, "-m", "gateway.cli", "run", "--demo", "--no-demo-cameras"]
        command += ["--demo-folder", str(self._folder / "demo")]
        (self._folder / "sitecustomize.py").write_text(SLOWLY, "utf-8")
        paths = [str(self._folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )
        async with asyncio.timeout(180):
            while (found := SIGN_IN.search(log.read_text("utf-8"))) is None:
                assert process.returncode is None, log.read_text("utf-8")
                await asyncio.sleep(0.02)
        self._url, code = found.groups()
        await self.post("/session", {"code": code})
        return process

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self._ask, f"{self._url}/api/v1{path}", None)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await asyncio.to_thread(
            self._ask, f"{self._url}/api/v1{path}", json.dumps(body).encode()
        )

    def _ask(self, url: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "X-Campus-Request": "1"}
        with self._opener.open(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    async def alerts(self, condition: str) -> list[Any]:
        found = (await self.get("/alerts?state=all&limit=500"))["items"]
        return [one for one in found if one["condition"] == condition]


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    made = Visitor(tmp_path)
    process = await made.start()
    try:
        yield made
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 60)


async def test_the_first_press_of_the_demonstration_is_acknowledged_in_time(
    visitor: Visitor,
) -> None:
    await visitor.post("/demo/press", {"school": BUTTON.school, "device": BUTTON.id})
    async with asyncio.timeout(60):
        while not any(  # noqa: ASYNC110 - another process
            one["police"] and one["police"]["state"] == "acknowledged"
            for one in await visitor.alerts("panic")
        ):
            await asyncio.sleep(0.1)
    assert await visitor.alerts("police_unreached") == []
