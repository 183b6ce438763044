"""Pictures of cameras over HTTP: who may bring them, who may see them, and that it is known."""

from __future__ import annotations

from hashlib import sha256

import cv2
import httpx
import numpy as np
import pytest

from devices.model import Device
from gateway.store.batch import Batch
from gateway.store.registry import put_devices

CAMERA = "/api/v1/camera-pictures/no3/yard"


def jpeg(shade: int = 90) -> bytes:
    image = np.full((48, 64, 3), shade, np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


@pytest.fixture
def camera(campus) -> str:
    batch = Batch(now=campus.clock.now())
    batch.statements += put_devices([Device("no3", "yard", "camera")])
    campus.store.commit(batch).result()
    return "yard"


async def bring(
    client: httpx.AsyncClient, campus, raw: bytes, *, sha: str | None = None, **query: object
) -> httpx.Response:
    asked = {
        "school": "no3",
        "device": "yard",
        "at": campus.clock.now(),
        "sha256": sha or sha256(raw).hexdigest(),
        **query,
    }
    return await client.put(
        "/api/v1/camera-pictures",
        params=asked,
        content=raw,
        headers={"Content-Type": "image/jpeg"},
    )


@pytest.mark.usefixtures("camera")
async def test_a_probe_brings_a_picture_and_an_operator_sees_it(door, campus) -> None:
    eye, olga = await door.as_("eye"), await door.as_("olga")
    brought = (await bring(eye, campus, jpeg())).json()
    assert brought["faulty"] is False
    assert brought["kept_until"] == campus.clock.now() + 72 * 3_600_000
    (listed,) = (await olga.get(CAMERA)).json()
    assert listed == brought
    shown = await olga.get(f"{CAMERA}/{brought['hash']}")
    assert shown.status_code == 200
    assert sha256(shown.content).hexdigest() == brought["hash"]
    assert "no-store" in shown.headers["cache-control"]
    assert shown.headers["content-type"] == "image/jpeg"


@pytest.mark.usefixtures("camera")
async def test_every_view_is_a_fact_and_a_list_is_none(door, campus) -> None:
    eye, olga, anna = [await door.as_(name) for name in ("eye", "olga", "anna")]
    brought = (await bring(eye, campus, jpeg())).json()
    await olga.get(CAMERA)
    for _ in range(2):
        await olga.get(f"{CAMERA}/{brought['hash']}")
    facts = (await anna.get("/api/v1/facts?kind=camera_picture_viewed")).json()["items"]
    assert [(one["actor"], one["subject"]) for one in facts] == [
        ("user:olga", "device:no3/yard")
    ] * 2


@pytest.mark.usefixtures("camera")
async def test_a_picture_with_a_fault_is_kept_for_thirty_days(door, campus) -> None:
    eye = await door.as_("eye")
    brought = (await bring(eye, campus, jpeg(), faults="covered,blurred")).json()
    assert brought["faulty"] is True
    assert brought["kept_until"] == campus.clock.now() + 30 * 86_400_000


@pytest.mark.usefixtures("camera")
async def test_auditors_and_strangers_see_no_pictures(door, campus) -> None:
    eye = await door.as_("eye")
    brought = (await bring(eye, campus, jpeg())).json()
    anna, west = await door.as_("anna"), await door.as_("west")
    for path in (CAMERA, f"{CAMERA}/{brought['hash']}"):
        assert (await anna.get(path)).status_code == 403
        assert (await west.get(path)).status_code == 404


@pytest.mark.usefixtures("camera")
async def test_only_probes_bring_pictures(door, campus) -> None:
    for name, status in (("olga", 403), ("anna", 403), ("tim", 403), ("eye", 200), ("ada", 200)):
        assert (await bring(await door.as_(name), campus, jpeg())).status_code == status


@pytest.mark.usefixtures("camera")
async def test_what_is_no_picture_of_now_of_a_camera_is_refused(door, campus) -> None:
    eye = await door.as_("eye")
    now = campus.clock.now()
    assert (await bring(eye, campus, jpeg(), sha="0" * 64)).status_code == 422
    assert (await bring(eye, campus, b"no picture")).status_code == 422
    assert (await bring(eye, campus, jpeg(), at=now - 2 * 86_400_000)).status_code == 422
    assert (await bring(eye, campus, jpeg(), device="nowhere")).status_code == 404
    assert (await bring(eye, campus, jpeg(), device="gate-01")).status_code == 404
    assert (await (await door.as_("olga")).get(CAMERA)).json() == []


@pytest.mark.usefixtures("camera")
async def test_a_picture_that_is_gone_is_not_found(door) -> None:
    olga = await door.as_("olga")
    assert (await olga.get(f"{CAMERA}/{'0' * 64}")).status_code == 404
    assert (await olga.get("/api/v1/camera-pictures/no3/nowhere")).status_code == 404
