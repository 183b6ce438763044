"""Alerts on one's own devices over HTTP: what a browser needs, and whose it is."""

from __future__ import annotations

import pytest

from gateway.push.key import NAME
from gateway.push.subscription import id_of
from tests.gateway.push.browser_side import Browser

ENDPOINT = "https://fcm.googleapis.com/fcm/send/phone"


def body(endpoint: str = ENDPOINT, **more: object) -> dict[str, object]:
    keys = Browser().keys
    return {"endpoint": endpoint, "keys": keys, "label": "Chrome, Android", **more}


async def test_a_browser_gets_the_key_of_the_gateway_and_always_the_same(door) -> None:
    olga, tim = await door.as_("olga"), await door.as_("tim")

    first = (await olga.get("/api/v1/push")).json()

    assert first == {"enabled": True, "key": first["key"], "per_user": 5}
    assert len(first["key"]) == 87  # 65 bytes, base64url
    assert (await tim.get("/api/v1/push")).json() == first
    assert (door.campus.settings.database.parent / NAME).is_file()


async def test_everybody_sees_and_changes_their_own_browsers_alone(door) -> None:
    olga, tim = await door.as_("olga"), await door.as_("tim")

    made = await olga.post("/api/v1/push/subscriptions", json=body(language="en"))

    assert made.status_code == 201, made.text
    assert made.json() == {
        "id": id_of(ENDPOINT),
        "label": "Chrome, Android",
        "language": "en",
        "priorities": ["emergency", "high"],
        "added": door.campus.clock.now(),
    }
    assert (await olga.get("/api/v1/push/subscriptions")).json()["items"] == [made.json()]
    assert ENDPOINT not in (await olga.get("/api/v1/push/subscriptions")).text
    assert (await tim.get("/api/v1/push/subscriptions")).json()["items"] == []
    one = f"/api/v1/push/subscriptions/{id_of(ENDPOINT)}"
    assert (await tim.delete(one)).status_code == 404
    assert (await tim.post(f"{one}/test")).status_code == 404
    assert (await olga.delete(one)).status_code == 204
    assert (await olga.delete(one)).status_code == 404


async def test_an_administrator_takes_off_a_browser_that_is_lost(door) -> None:
    await (await door.as_("olga")).post("/api/v1/push/subscriptions", json=body())
    one = f"/api/v1/push/subscriptions/{id_of(ENDPOINT)}"

    # Who governs one region governs no users.
    assert (await (await door.as_("east-ada")).delete(one)).status_code == 404
    assert (await (await door.as_("ada")).delete(one)).status_code == 204

    assert (await (await door.as_("olga")).get("/api/v1/push/subscriptions")).json()["items"] == []
    (kept,) = (await (await door.as_("ada")).get("/api/v1/facts?kind=push_off")).json()["items"]
    assert (kept["actor"], kept["body"]["why"]) == (
        "user:ada",
        "taken off by an administrator",
    )


async def test_other_people_do_not_see_it_among_the_receivers(door) -> None:
    await (await door.as_("olga")).post("/api/v1/push/subscriptions", json=body())

    async def kinds(name: str) -> list[tuple[str, str]]:
        items = (await (await door.as_(name)).get("/api/v1/notification")).json()["items"]
        return [(one["user"], one["label"]) for one in items if one["kind"] == "push"]

    assert await kinds("olga") == await kinds("ada") == [("olga", "Chrome, Android")]
    assert await kinds("tim") == []


async def test_a_program_has_no_device(door, campus) -> None:
    robot = await door.anybody(headers={"Authorization": f"Bearer {campus.token('olga')}"})

    answer = await robot.post("/api/v1/push/subscriptions", json=body())

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"endpoint": "http://127.0.0.1:8080/api"}, 409, "refusal.push_service"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, 409, "refusal.push_keys"),
        ({"keys": {"p256dh": "%", "auth": "AAAA"}}, 422, "invalid"),
        ({"endpoint": "https://fcm.googleapis.com/" + "x" * 2048}, 422, "invalid"),
        ({"label": ""}, 422, "invalid"),
        ({"label": "x" * 101}, 422, "invalid"),
        ({"priorities": ["loud"]}, 422, "invalid"),
        ({"language": "fr"}, 422, "invalid"),
    ],
)
async def test_what_is_no_browser_is_refused(door, wrong, status: int, code: str) -> None:
    olga = await door.as_("olga")

    answer = await olga.post("/api/v1/push/subscriptions", json={**body(), **wrong})

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await olga.get("/api/v1/push/subscriptions")).json()["items"] == []
