"""A gateway with police links, its receivers in this process, and buttons to press."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from typing import Any, Final

import aiomqtt

from benchmarks.running_gateway import RunningGateway
from devices.model import Device
from devices.simulator.campus import Campus

LINK: Final = "110"
FIRST_ACCOUNT: Final = 0x1000


def accounts_of(campus: Campus) -> dict[str, str]:
    """An account at the receivers for each school."""
    return {
        school.id: f"{FIRST_ACCOUNT + number:04X}" for number, school in enumerate(campus.schools)
    }


def link_settings(campus: Campus, ports: Sequence[int], **more: Any) -> dict[str, Any]:
    """``police_links`` for all schools of ``campus``; the second port is the back-up's."""
    paths = {
        name: {"address": f"127.0.0.1:{port}"}
        for name, port in zip(("primary", "backup"), ports, strict=False)
    }
    link = {
        "name": LINK,
        "category": "DP4" if len(ports) > 1 else "SP5",
        "schools": {school: {"account": one} for school, one in accounts_of(campus).items()},
        "dc09": {**paths, **more.pop("dc09", {})},
        **more,
    }
    return {"police_links": [link]}


def buttons_of(campus: Campus) -> dict[str, list[Device]]:
    """The alarm buttons of each school."""
    found: dict[str, list[Device]] = {}
    for device in campus.devices:
        if device.kind == "alarm-button":
            found.setdefault(device.school, []).append(device)
    return found


async def press(client: aiomqtt.Client, button: Device, number: int) -> float:
    """Press a button over MQTT; when, in ms since 1970."""
    at = time.time() * 1000
    await client.publish(
        f"campus/{button.school}/{button.kind}/{button.id}/event",
        b'{"ts":%d,"seq":%d,"event":"pressed"}' % (at, 4_000_000_000 + number),
        qos=1,
    )
    return at


class Page:
    """The HTTP interface of a running gateway, signed in as its administrator."""

    def __init__(self, gateway: RunningGateway) -> None:
        codes = re.findall(r"#code=(\w+)", gateway.log())
        if not codes:
            raise RuntimeError(f"the gateway printed no sign-in: {gateway.log()[-500:]}")
        self._url: Final = f"{gateway.url}/api/v1"
        self._opener: Final = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.post("/session", {"code": codes[-1]})

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        with self._opener.open(f"{self._url}{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: Mapping[str, Any], *, method: str = "POST") -> Any:
        """The answer to a POST, or to a PUT."""
        request = urllib.request.Request(
            f"{self._url}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-Campus-Request": "1"},
            method=method,
        )
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)
