"""Pictures, floor plans and positions over HTTP, on a real store."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

import httpx
import pytest

from gateway.api.routes import pictures as routes
from gateway.pictures.sight import MOST_BYTES

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 600">'
    b'<rect width="9" height="9"/></svg>'
)


def png(width: int = 4, height: int = 3) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


async def put(
    client: httpx.AsyncClient, raw: bytes, kind: str = "image/png", school: str = "no3"
) -> httpx.Response:
    return await client.put(
        f"/api/v1/pictures?school={school}", content=raw, headers={"Content-Type": kind}
    )


async def test_a_photo_is_kept_once_and_shown_as_it_was(door, campus) -> None:
    tim = await door.as_("tim")

    first, again = await put(tim, png()), await put(tim, png())

    digest = sha256(png()).hexdigest()
    assert first.json() == again.json() == {"hash": digest, "width": 4, "height": 3}
    assert campus.counted("SELECT count(*) FROM pictures") == 1
    shown = await tim.get(f"/api/v1/pictures/{digest}")
    assert (shown.content, shown.headers["content-type"]) == (png(), "image/png")
    assert shown.headers.get_list("x-content-type-options")[0] == "nosniff"
    assert "private" in shown.headers["cache-control"]
    same = await tim.get(
        f"/api/v1/pictures/{digest}", headers={"If-None-Match": shown.headers["etag"]}
    )
    assert (same.status_code, same.content) == (304, b"")


async def test_a_photo_tells_nobody_where_it_was_taken(door, campus) -> None:
    tim = await door.as_("tim")
    place = b"\xff\xe1\x00\x1aExif\0\0GPS 30.27N 120.15E"
    frame = b"\xff\xc0\x00\x0b\x08\x00\x03\x00\x04\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\xff\xd9"

    answer = await put(tim, b"\xff\xd8" + place + frame + scan, "image/jpeg")

    shown = await tim.get(f"/api/v1/pictures/{answer.json()['hash']}")
    assert shown.content == b"\xff\xd8" + frame + scan
    assert answer.json() == {"hash": sha256(shown.content).hexdigest(), "width": 4, "height": 3}


async def test_a_drawing_is_kept_cleaned_and_shown_in_a_sandbox(door) -> None:
    tim = await door.as_("tim")
    hostile = SVG.replace(b"<rect", b"<script>alert(1)</script><rect onload='alert(1)'")

    kept = (await put(tim, hostile, "image/svg+xml")).json()

    assert (kept["width"], kept["height"]) == (800, 600)
    shown = await tim.get(f"/api/v1/pictures/{kept['hash']}")
    assert b"alert" not in shown.content
    assert sha256(shown.content).hexdigest() == kept["hash"]
    policies = shown.headers.get_list("content-security-policy")
    assert any("sandbox" in policy and "default-src 'none'" in policy for policy in policies)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (SVG, "image/png"),
        (png(), "image/svg+xml"),
        (png(), "text/html"),
        (png(), ""),
        (b"", "image/png"),
        (png()[:-1], "image/png"),
    ],
)
async def test_what_is_no_picture_is_refused_in_words(door, raw: bytes, kind: str) -> None:
    answer = await put(await door.as_("tim"), raw, kind)

    assert (answer.status_code, answer.json()["code"]) == (422, "picture")


async def test_uploads_have_a_bound_of_their_own_and_nothing_else_has_it(door) -> None:
    tim = await door.as_("tim")
    body = bytes(MOST_BYTES + 1)

    async def in_pieces():
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    above_the_usual = await put(tim, bytes(300 * 1024))
    too_large = await put(tim, body)
    too_large_in_pieces = await put(tim, in_pieces())
    elsewhere = await tim.put("/api/v1/devices/no3/x", content=bytes(300 * 1024))

    assert above_the_usual.status_code == 422
    assert too_large.status_code == 413
    assert too_large_in_pieces.status_code == 413
    assert elsewhere.status_code == 413


async def test_pictures_of_a_school_have_a_bound_together(door, monkeypatch) -> None:
    tim = await door.as_("tim")
    monkeypatch.setattr(routes, "MOST_OF_SCHOOL", len(png()) + 10)
    await put(tim, png())

    full = await put(tim, png(5, 3))

    assert (full.status_code, full.json()["code"]) == (507, "pictures_full")
    assert (await put(tim, png())).status_code == 200  # it has this one


async def test_who_does_not_see_the_school_sees_no_picture_of_it(door) -> None:
    tim, west, eye = await door.as_("tim"), await door.as_("west"), await door.as_("eye")
    digest = (await put(tim, png())).json()["hash"]

    assert (await west.get(f"/api/v1/pictures/{digest}")).status_code == 404
    assert (await put(west, png())).status_code == 404
    assert (await put(eye, png())).status_code == 403
    assert (await put(west, png(), school="no5")).status_code == 200
    assert (await west.get(f"/api/v1/pictures/{digest}")).status_code == 200
    assert (await put(tim, png(), school="nowhere")).status_code == 404
    nobody = await (await door.anybody()).get(f"/api/v1/pictures/{digest}")
    assert nobody.status_code == 401


async def test_a_plan_shows_the_devices_that_were_put_on_it(door, campus) -> None:
    tim = await door.as_("tim")
    digest = (await put(tim, SVG, "image/svg+xml")).json()["hash"]
    plan = "/api/v1/places/no3/a-3/plan"

    assert (await tim.get(plan)).status_code == 404
    early = await tim.put(
        "/api/v1/devices/no3/lab-2/position", json={"place": "a-3", "x": 0.5, "y": 0.5}
    )
    assert early.status_code == 422
    set_ = await tim.put(plan, json={"picture": digest})
    assert set_.json()["positions"] == []
    for x in (0.25, 0.75, 0.75):
        await tim.put("/api/v1/devices/no3/lab-2/position", json={"place": "a-3", "x": x, "y": 1.0})

    shown = (await tim.get(plan)).json()
    assert (shown["picture"], shown["width"], shown["height"]) == (digest, 800, 600)
    (placed,) = shown["positions"]
    assert placed == {
        "device": "lab-2",
        "kind": "smoke",
        "name": {"zh": "实验室", "en": "实验室"},
        "x": 0.75,
        "y": 1.0,
        "health": "unknown",
    }
    device = (await tim.get("/api/v1/devices/no3/lab-2")).json()
    assert device["position"] == {"place": "a-3", "x": 0.75, "y": 1.0}
    places = (await tim.get("/api/v1/places?school=no3")).json()["items"]
    assert {place["id"]: place["has_plan"] for place in places} == {"block-a": False, "a-3": True}
    facts = (await (await door.as_("anna")).get("/api/v1/facts?kind=position")).json()["items"]
    assert [fact["body"]["after"]["x"] for fact in facts] == [0.25, 0.75]
    assert facts[0]["actor"] == "user:tim"


async def test_a_plan_and_a_position_are_taken_away_again(door, campus) -> None:
    tim = await door.as_("tim")
    digest = (await put(tim, SVG, "image/svg+xml")).json()["hash"]
    plan = "/api/v1/places/no3/a-3/plan"
    await tim.put(plan, json={"picture": digest})
    await tim.put("/api/v1/devices/no3/lab-2/position", json={"place": "a-3", "x": 0, "y": 0})
    await tim.put("/api/v1/devices/no3/hall/position", json={"place": "a-3", "x": 0, "y": 0})

    await tim.delete("/api/v1/devices/no3/lab-2/position")
    await tim.request("DELETE", "/api/v1/devices/no3/hall", json={"reason": "sold"})
    assert (await tim.get(plan)).json()["positions"] == []
    assert (await tim.delete(plan)).status_code == 204
    assert (await tim.get(plan)).status_code == 404
    facts = (await (await door.as_("anna")).get("/api/v1/facts?subject=place:no3/a-3")).json()
    assert [fact["body"]["after"] for fact in facts["items"]] == [digest, None]


@pytest.mark.parametrize("body", [{"x": -0.1, "y": 0}, {"x": 0, "y": 1.01}, {"x": "NaN", "y": 0}])
async def test_a_position_is_on_the_plan(door, body: dict[str, object]) -> None:
    answer = await (await door.as_("tim")).put(
        "/api/v1/devices/no3/lab-2/position", json={"place": "a-3", **body}
    )

    assert answer.status_code == 422


async def test_only_who_equips_the_school_changes_its_plans(door) -> None:
    tim = await door.as_("tim")
    digest = (await put(tim, SVG, "image/svg+xml")).json()["hash"]
    plan = "/api/v1/places/no3/a-3/plan"
    body = {"picture": digest}
    at = {"place": "a-3", "x": 0, "y": 0}

    for name, status in (("olga", 403), ("anna", 403)):
        client = await door.as_(name)
        assert (await client.put(plan, json=body)).status_code == status
        assert (await client.delete(plan)).status_code == status
        placed = await client.put("/api/v1/devices/no3/lab-2/position", json=at)
        assert placed.status_code == status
    west = await door.as_("west")
    assert (await west.get(plan)).status_code == 404
    assert (await tim.put("/api/v1/places/no3/cellar/plan", json=body)).status_code == 404
    other = (await put(tim, png(), school="no5")).json()["hash"]
    assert (await tim.put(plan, json={"picture": other})).status_code == 422


async def test_a_repair_is_reported_with_its_photo(door) -> None:
    tim = await door.as_("tim")
    digest = (await put(tim, png())).json()["hash"]
    body = {"device": {"school": "no3", "id": "lab-2"}, "text": "x"}
    order = (await tim.post("/api/v1/work-orders", json=body)).json()

    done = await tim.post(
        f"/api/v1/work-orders/{order['id']}/actions",
        json={"action": "done", "text": "new battery", "photos": [digest]},
    )

    assert done.json()["steps"][-1]["photos"] == [digest]
