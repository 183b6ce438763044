"""The demonstration's cameras: drawn yards over RTSP, and a probe that looks at them as at any.

All are well at first. Some minutes later one is covered, one stands still, one has another password
and one is dark; twenty minutes later all are well again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from devices.model import Device
from devices.simulator.campus import Campus, demo
from devices.simulator.site_file import site_yaml
from gateway.near_cameras import CAMERA, PROBE
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.store import Store

NAME: Final = "camera-probe"
"""Of the probe's device in each school, and of its user."""

SITE: Final = "site.yaml"
TOKEN: Final = "camera-probe.token"  # noqa: S105 - the name of a file
PASSWORD: Final = "camera.password"  # noqa: S105
_NONE_YET: Final = "none yet"

PERIOD_S: Final = 10
"""Looks come often, so that nobody waits: what is usual of a camera is known in a minute and a
half.
"""

_TROUBLES: Final = ("", "covered", "frozen", "locked")
"""Of the cameras of the school that has the most; the last one of the next is dark."""


def cameras() -> dict[tuple[str, str], str]:
    """The cameras by school and id, with what befalls them (`devices.simulator.filmed`)."""
    found: dict[str, list[str]] = {}
    for device in demo().devices:
        if device.kind == CAMERA:
            found.setdefault(device.school, []).append(device.id)
    worst, second, *_ = sorted(found, key=lambda school: -len(found[school]))
    befalls = {(worst, one): each for one, each in zip(found[worst], _TROUBLES, strict=False)}
    befalls[second, found[second][-1]] = "dark"
    keys = [(school, camera) for school, its in found.items() for camera in its]
    return {key: befalls.get(key, "") for key in keys}


def settings(folder: Path, rtsp: int, page: int) -> dict[str, Any]:
    """As ``cameras:`` of the settings has them, for the ports of the cameras and of the page; the
    files that it names are there then.
    """
    for name, text in ((TOKEN, _NONE_YET), (PASSWORD, "invented")):
        file = folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(f"{text}\n", "utf-8")
    return {
        "name": NAME,
        "period_s": PERIOD_S,
        "limit_s": PERIOD_S,
        "processes": 1,
        "gateway": f"http://127.0.0.1:{page}",
        "token": {"file": TOKEN},
        "picture_every_s": 60,
        "watched": [
            {
                "school": school,
                "device": camera,
                "url": f"rtsp://127.0.0.1:{rtsp}/{_stream(school, camera)}",
                "user": "viewer",
                "password": {"file": PASSWORD},
            }
            for school, camera in cameras()
        ],
    }


def write_site(folder: Path) -> Path:
    """The demo campus in a file to import, with a probe in each school that has cameras."""
    file = folder / SITE
    file.write_text(site_yaml(_probed(demo())), "utf-8")
    return file


def _probed(campus: Campus) -> Campus:
    schools = dict.fromkeys(school for school, _ in cameras())
    probes = [
        Device(school, NAME, PROBE, name_zh="摄像机探测器", name_en="Camera probe")
        for school in schools
    ]
    others = [
        msgspec.structs.replace(one, repeater=NAME) if one.kind == CAMERA else one
        for one in campus.devices
    ]
    return msgspec.structs.replace(campus, devices=(*probes, *others))


def let_in(store: Store, folder: Path, now: int) -> None:
    """Give the probe a user and a token, unless it has them. Blocks."""
    file = folder / TOKEN
    if file.read_text("utf-8").strip() != _NONE_YET:
        return
    if store.read(accounts.user_named(NAME)) is None:
        user = User(name=NAME, display=NAME, role=Role.PROBE, scopes=("*",), created=now)
        store.commit(accounts.added(user, by="", now=now)).result()
    token, _, batch = tokens.added(NAME, user=NAME, expires=None, by="", now=now)
    store.commit(batch).result()
    file.write_text(f"{token}\n", "utf-8")


def film(rtsp: int) -> list[str]:
    """What runs the cameras."""
    command = [sys.executable, "-m", "gateway.cli.simulate", "cameras", "--until-stdin-closes"]
    named = (f"{_stream(*key)}={trouble}" for key, trouble in cameras().items())
    return [*command, "--port", str(rtsp), *named]


def probe(settings_file: Path) -> list[str]:
    """What runs the probe."""
    command = [sys.executable, "-m", "gateway.cli", "probe", "cameras", "--until-stdin-closes"]
    return [*command, "--config", str(settings_file)]


def _stream(school: str, camera: str) -> str:
    return f"{school}.{camera}"
