"""A demonstration with something on every page, and where each page of the router is found."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.async_api import APIRequestContext

from devices.simulator.access import read_access

WEB: Final = Path(__file__).parents[3] / "gateway" / "web"
SCHOOL: Final = "no3-middle"
BUTTON: Final = "button-gatehouse"
DETECTOR: Final = "fire-lab-302"
OPERATOR: Final = "li.na"
WRITE: Final = {"X-Campus-Request": "1"}
HOUR_MS: Final = 3_600_000

ROUTE: Final = re.compile(r'path:\s*"(?P<path>[^"]+)",\s*name:\s*"(?P<name>[^"]+)"')
PARAMETER: Final = re.compile(r"/:\w+(?:\([^)]*\))?(?P<optional>[?*])?")

SETTLED: Final = """() => new Promise(done => {
  const quiet = () => {
    const loading = document.querySelector("main [aria-busy='true']") !== null;
    if (!loading) return finish();
    wait = setTimeout(quiet, 300);
  };
  const finish = () => { seen.disconnect(); clearTimeout(limit); done(); };
  const again = () => { clearTimeout(wait); wait = setTimeout(quiet, 300); };
  const seen = new MutationObserver(again);
  seen.observe(document.body, {childList: true, subtree: true});
  const limit = setTimeout(finish, 5000);
  let wait = setTimeout(quiet, 300);
})"""
"""Until nothing was added or taken away for a moment: the clock and the ages only change."""


def routes() -> dict[str, str]:
    """Every page that the router knows: name to the pattern of its address."""
    text = (WEB / "src" / "shell" / "router.ts").read_text("utf-8")
    found = {one["name"]: one["path"] for one in ROUTE.finditer(text)}
    assert len(found) == text.count("path:"), "a route that is not read is a page not looked at"
    return found


class Campus:
    """What other people and programs do to the gateway, through its HTTP interface."""

    def __init__(self, url: str, ask: APIRequestContext) -> None:
        self.url = url
        self.code = ""
        """With which the operator signs in once."""
        self._ask = ask

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of ``/api/v1`` + path; anything but success says what was wrong."""
        answer = await self._ask.fetch(
            f"{self.url}/api/v1{path}", method=method, data=body, headers=WRITE
        )
        assert answer.ok, f"{method} {path}: {await answer.text()}"
        return await answer.json()

    async def press(self, device: str = BUTTON) -> int:
        """Somebody presses a button; returns the number of the alert once it stands."""
        await self.call("POST", "/demo/press", {"school": SCHOOL, "device": device})
        return await self.alert_of(device)

    async def alert_of(self, device: str) -> int:
        """The number of the alert of a device, once it stands."""
        until = time.monotonic() + 30
        while not (found := await self.call("GET", f"/alerts?device={SCHOOL}/{device}"))["items"]:
            assert time.monotonic() < until, f"{device}: no alert"
            await asyncio.sleep(0.1)
        number: int = found["items"][0]["id"]
        return number

    async def weak_battery(self, demo: Path, device: str) -> int:
        """A new detector whose battery is nearly empty: an alert that may be put aside."""
        detector = {
            "kind": "smoke",
            "name_zh": f"走廊烟感 {device}",
            "name_en": f"Corridor {device}",
        }
        await self.call("PUT", f"/devices/{SCHOOL}/{device}", detector)
        for _ in range(2):  # one reading might be a mistake
            await publish(demo, f"smoke/{device}/telemetry", {"battery_pct": 3})
        return await self.alert_of(device)

    async def furnish(self) -> dict[str, str]:
        """Put something on every page; returns addresses of the routes that need a parameter."""
        now = int(time.time() * 1000)
        alert = await self.press()
        detector = {"school": SCHOOL, "id": DETECTOR}
        order = await self.call("POST", "/work-orders", {"device": detector, "text": "更换电池"})
        window = {"school": SCHOOL, "device": DETECTOR, "ends": now + HOUR_MS, "reason": "更换探头"}
        maintenance = await self.call("POST", "/maintenance", window)
        ahead = {"school": "no1-primary", "starts": now + HOUR_MS, "ends": now + 2 * HOUR_MS}
        await self.call("POST", "/maintenance", {**ahead, "reason": "停电检修"})
        drill = {"school": SCHOOL, "title": "十一月演练"}
        exercise = await self.call("POST", "/exercises", drill)
        asked = {"asked": now, "window_s": 600}
        path = f"/devices/{SCHOOL}/{DETECTOR}/verify"
        verification = await self.call("POST", path, asked)
        operator = {"name": OPERATOR, "display": "李娜", "role": "operator"}
        self.code = (await self.call("POST", "/users", operator))["code"]
        night = {"team": "control-room", "user": OPERATOR, "starts": now, "ends": now + 8 * HOUR_MS}
        await self.call("POST", "/duty/shifts", {**night, "times": 3})
        blocked = {"school": SCHOOL, "text": "三层疏散通道被课桌堵塞", "place": "教学楼三层"}
        hazard = await self.call("POST", "/hazards", blocked)
        faulty = {
            "school": SCHOOL,
            "due": now + 360 * HOUR_MS,
            "findings": [{"text": "灭火器过期"}],
        }
        notice = await self.call("POST", "/notices", faulty)
        report = await self._campaign(now)
        hours = {"since": now - HOUR_MS, "until": now + HOUR_MS, "kind": "alarm-button"}
        replay = await self.call("POST", "/replays", hours)
        return {
            "replay": f"/replays/{replay['id']}",
            "alert": f"/alerts/{alert}",
            "device": f"/devices/{SCHOOL}/{DETECTOR}",
            "fire-room": f"/fire/{SCHOOL}/lab-302",
            "figures": f"/figures/{SCHOOL}/smoke",
            "link": f"/links/{SCHOOL}/110",
            "camera": f"/cameras/{SCHOOL}/camera-teaching-f1",
            "recording": f"/recordings/{SCHOOL}/camera-teaching-f1",
            "plans": f"/plans/{SCHOOL}/lab-302",
            "order": f"/work-orders/{order['id']}",
            "hazard": f"/hazards/{hazard['number']}",
            "notice": f"/notices/{notice['number']}",
            "campaign": f"/campaigns/{report['campaign']}",
            "checklist": f"/campaigns/{report['campaign']}/schools/{SCHOOL}",
            "audit-report": "/audit-reports/{campaign}/{kind}/{period}/{subject}".format(**report),
            "maintenance": f"/maintenance/{maintenance['id']}",
            "exercise": f"/exercises/{exercise['id']}",
            "verification": f"/verifications/{verification['id']}",
            "contacts": f"/schools/{SCHOOL}/contacts",
            "school-sheet": f"/bureau/schools/{SCHOOL}",
            "baseline": f"/schools/{SCHOOL}/baseline",
            "nowhere": "/no/such/page",
        }

    async def _campaign(self, now: int) -> dict[str, str]:
        """A campaign under way; the weekly report of it that the school owes next."""
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        begins, ends = (str(today + timedelta(days)) for days in (-30, 30))
        friday = str(today + timedelta((4 - today.weekday()) % 7))
        search = {"id": "search", "name_zh": "排查摸底", "begins": begins, "ends": ends}
        campaign = {
            "id": "winter",
            "name_zh": "冬季隐患排查",
            "source": "某县通知",
            "begins": begins,
            "ends": ends,
            "stages": [search],
            "checks": [{"id": "circuits", "text_zh": "电气线路排查", "stage": "search"}],
            "weekly": [{"level": "school", "weekday": 5, "at": "12:00"}],
        }
        await self.call("POST", "/campaigns", campaign)
        owed = {"campaign": "winter", "kind": "weekly", "period": friday}
        return {**owed, "subject": f"school:{SCHOOL}"}


def address(name: str, pattern: str, furnished: dict[str, str]) -> str:
    """Where the page ``name`` is found: what `Campus.furnish` says, else its pattern as it stands.

    A page with a parameter that must be given and that nobody furnished fails: it would not be
    looked at.
    """
    if name in furnished:
        return furnished[name]
    needed = [one.group() for one in PARAMETER.finditer(pattern) if not one["optional"]]
    assert not needed, f"{name} ({pattern}) needs an address in Campus.furnish"
    return PARAMETER.sub("", pattern) or "/"


async def publish(demo: Path, topic: str, values: dict[str, object]) -> None:
    """Say ``values`` on ``campus/no3-middle/`` + topic, as the devices of that school do."""
    await publish_all(demo, topic, [values])


async def publish_all(demo: Path, topic: str, said: Sequence[dict[str, object]]) -> None:
    """Say one after the other, each at its own ``ts`` or now."""
    access = read_access(demo / "simulator.json")
    who = access.credentials(SCHOOL)
    assert who is not None
    now = int(time.time() * 1000)
    lines = b"".join(msgspec.json.encode({"ts": now, **values}) + b"\n" for values in said)
    command = ["mosquitto_pub", "-h", access.host, "-p", str(access.port), "-q", "1"]
    command += ["-u", who.username, "-P", who.password]
    command += ["-t", f"campus/{SCHOOL}/{topic}", "-l"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE)
    await asyncio.wait_for(process.communicate(lines), 30)
    assert process.returncode == 0
