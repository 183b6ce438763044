"""The camera nearest to an alert, over HTTP: which one, its newest picture, and for whom."""

from __future__ import annotations

import httpx
import pytest

from gateway.camera_pictures.vault import Vault


@pytest.fixture
def vault(campus) -> Vault:
    """Where the gateway keeps the pictures."""
    return Vault(campus.settings.database.parent)


async def put_camera(door, id: str, school: str = "no3", **more: object) -> None:  # noqa: A002
    tim = await door.as_("tim")
    answer = await tim.put(f"/api/v1/devices/{school}/{id}", json={"kind": "camera", **more})
    assert answer.status_code == 200, answer.text


async def camera_of(client: httpx.AsyncClient, alert: int) -> dict | None:
    answer = await client.get(f"/api/v1/alerts/{alert}/camera")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_nearest_camera_is_named_with_its_place_and_its_newest_picture(
    door, campus, vault
) -> None:
    await put_camera(door, "stairs", name_zh="楼梯间", name_en="Stairs", place="block-a")
    await put_camera(door, "yard")
    now = campus.clock.now()
    vault.keep("no3", "stairs", now - 900_000, b"older", faulty=True)
    newest = vault.keep("no3", "stairs", now, b"newest", faulty=False)
    vault.keep("no3", "yard", now, b"of another", faulty=False)
    alert = await campus.find("smoky", campus.device())

    assert await camera_of(await door.as_("olga"), alert) == {
        "school": "no3",
        "id": "stairs",
        "name": {"zh": "楼梯间", "en": "Stairs"},
        "place": {"zh": "教学楼", "en": "Block A"},
        "picture": {
            "at": now,
            "hash": newest.hash,
            "faulty": False,
            "kept_until": newest.until,
        },
    }


async def test_a_camera_of_which_nothing_is_kept_is_named_all_the_same(door, campus) -> None:
    await put_camera(door, "yard")
    alert = await campus.find("smoky", campus.device())

    camera = await camera_of(await door.as_("olga"), alert)

    assert camera is not None
    assert (camera["id"], camera["place"], camera["picture"]) == ("yard", None, None)


async def test_an_alert_of_a_camera_shows_that_camera_and_no_other(door, campus) -> None:
    await put_camera(door, "a-cam", place="a-3")
    await put_camera(door, "b-cam", place="a-3")
    alert = await campus.find("camera_covered", campus.device("no3", "b-cam"))

    camera = await camera_of(await door.as_("olga"), alert)

    assert camera is not None
    assert camera["id"] == "b-cam"


async def test_a_camera_of_another_school_or_out_of_service_is_none(door, campus) -> None:
    await put_camera(door, "elsewhere", school="no5")
    await put_camera(door, "lab-cam", place="a-3")
    tim = await door.as_("tim")
    works = {"out_of_service": True, "reason": "works"}
    await tim.post("/api/v1/devices/no3/lab-cam/service", json=works)
    olga = await door.as_("olga")

    assert await camera_of(olga, await campus.find("smoky", campus.device())) is None
    assert await camera_of(olga, await campus.find("feed_lost")) is None, "the gateway's own"


async def test_only_who_may_watch_is_told_and_it_is_no_view(door, campus, vault) -> None:
    await put_camera(door, "yard")
    vault.keep("no3", "yard", campus.clock.now(), b"picture", faulty=False)
    path = f"/api/v1/alerts/{await campus.find('smoky', campus.device())}/camera"

    told = {"olga": 200, "tim": 200, "ada": 200, "east": 200, "anna": 403, "west": 404}
    for name, status in told.items():
        assert (await (await door.as_(name)).get(path)).status_code == status, name
    facts = await (await door.as_("anna")).get("/api/v1/facts?kind=camera_picture_viewed")
    assert facts.json()["items"] == []
