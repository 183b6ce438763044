"""Signing in and out: passwords, one-time codes, cookies, and the limits on guessing."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from devices.model import School
from gateway.security import accounts, passwords, tokens
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_schools

PASSWORD = "correct horse battery"


@pytest.fixture
def with_password(campus):
    hashed = passwords.hashed(PASSWORD)
    now = campus.clock.now()
    campus.store.commit(
        accounts.password_set("olga", hashed, by="", keeping=None, now=now)
    ).result()
    return campus


async def sign_in(client, **body: str):
    return await client.post("/api/v1/session", json=body)


async def test_a_password_opens_a_session_with_a_safe_cookie(door, with_password) -> None:
    client = await door.anybody(headers={"X-Campus-Request": "1"})

    answer = await sign_in(client, name="olga", password=PASSWORD)

    assert answer.status_code == 200
    assert answer.json()["user"] == {
        "name": "olga",
        "display": "olga",
        "role": "operator",
        "scopes": ["*"],
        "password_set": True,
    }
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie.split(";")[-1], "plain http on loopback"
    assert (await client.get("/api/v1/session")).status_code == 200


async def test_behind_https_the_cookie_travels_over_https_only(
    campus, settings, with_password
) -> None:
    campus.settings = settings.model_copy(
        update={"web": settings.web.model_copy(update={"public_url": "https://campus.example"})}
    )
    app = campus.api()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            answer = await sign_in(client, name="olga", password=PASSWORD)

    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


async def test_whatever_is_wrong_gets_the_same_answer(door, campus, with_password) -> None:
    ada = await door.as_("ada")
    client = await door.anybody()
    wrong = await sign_in(client, name="olga", password="wrong")
    nobody = await sign_in(client, name="nobody", password=PASSWORD)
    without = await sign_in(client, name="tim", password=PASSWORD)
    code = await sign_in(client, code="0" * 32)
    await ada.patch("/api/v1/users/olga", json={"disabled": True})
    disabled = await sign_in(client, name="olga", password=PASSWORD)

    answers = [wrong, nobody, without, code, disabled]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_a_code_works_once_even_when_two_pages_use_it_at_once(door, campus) -> None:
    code = tokens.issue_one_time_code(campus.store, "olga", campus.clock.now())
    first, second = await door.anybody(), await door.anybody()

    answers = await asyncio.gather(sign_in(first, code=code), sign_in(second, code=code))

    assert sorted(answer.status_code for answer in answers) == [200, 401]
    signed_in = next(answer for answer in answers if answer.status_code == 200)
    assert signed_in.json()["user"]["password_set"] is False


async def test_a_code_of_yesterday_does_not_work(door, campus) -> None:
    code = tokens.issue_one_time_code(campus.store, "olga", campus.clock.now())
    campus.clock.turn(16 * 60_000)

    assert (await sign_in(await door.anybody(), code=code)).status_code == 401


async def test_after_a_code_one_sets_a_password_and_uses_it(door, campus) -> None:
    code = tokens.issue_one_time_code(campus.store, "olga", campus.clock.now())
    client = await door.anybody(headers={"X-Campus-Request": "1"})
    await sign_in(client, code=code)

    answer = await client.put("/api/v1/session/password", json={"password": PASSWORD})

    assert answer.status_code == 204
    assert (await client.get("/api/v1/session")).json()["user"]["password_set"] is True
    other = await door.anybody()
    assert (await sign_in(other, name="olga", password=PASSWORD)).status_code == 200


async def test_a_password_is_changed_only_by_who_knows_it(door, campus, with_password) -> None:
    client, other = await door.as_("olga"), await door.as_("olga")
    assert (await other.get("/api/v1/session")).status_code == 200
    body = {"password": "another long password"}

    without = await client.put("/api/v1/session/password", json=body)
    wrong = await client.put("/api/v1/session/password", json={**body, "current": "wrong"})
    right = await client.put("/api/v1/session/password", json={**body, "current": PASSWORD})

    assert [without.status_code, wrong.status_code, right.status_code] == [422, 422, 204]
    assert (await client.get("/api/v1/session")).status_code == 200
    assert (await other.get("/api/v1/session")).status_code == 401, "other sessions end"


async def test_signing_out_ends_the_session_for_every_page_that_uses_it(door, campus) -> None:
    secret = campus.cookie("olga")
    pages = [
        await door.anybody(cookies={"campus_session": secret}, headers={"X-Campus-Request": "1"})
        for _ in range(2)
    ]
    assert (await pages[1].get("/api/v1/session")).status_code == 200

    answer = await pages[0].delete("/api/v1/session")

    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert (await pages[1].get("/api/v1/session")).status_code == 401


async def test_sign_ins_and_outs_are_facts(door, campus, with_password) -> None:
    client = await door.anybody(headers={"X-Campus-Request": "1"})
    await sign_in(client, name="olga", password=PASSWORD)
    await client.delete("/api/v1/session")

    told = await (await door.as_("anna")).get("/api/v1/facts?subject=user:olga")

    kinds = [fact["kind"] for fact in told.json()["items"]]
    assert kinds == ["user_added", "password_set", "signed_in", "signed_out"]
    assert told.json()["items"][2]["body"] == {"how": "password", "address": "192.0.2.7"}


async def test_guessing_a_password_becomes_slow_and_a_right_one_waits_too(
    door, campus, with_password
) -> None:
    client = await door.anybody()
    codes = [(await sign_in(client, name="olga", password="wrong")).status_code for _ in range(7)]

    assert codes == [401] * 5 + [429] * 2
    assert (await sign_in(client, name="olga", password=PASSWORD)).status_code == 429
    campus.clock.turn(31_000)
    assert (await sign_in(client, name="olga", password=PASSWORD)).status_code == 200


async def test_nobody_can_lock_a_name_out_for_longer_than_half_a_minute(
    door, campus, with_password
) -> None:
    client = await door.anybody()
    for _ in range(12):
        await sign_in(client, name="olga", password="wrong")
        campus.clock.turn(40_000)

    answer = await sign_in(client, name="olga", password="wrong")
    assert answer.status_code == 401 or int(answer.headers["Retry-After"]) <= 900
    campus.clock.turn(31_000)
    keeper = door.app.state.services.doorkeeper
    secret, caller = await keeper.sign_in_by_password("olga", PASSWORD, "198.51.100.9")
    assert secret
    assert caller.name == "olga"


async def test_an_address_has_its_share_of_attempts(door, campus) -> None:
    client = await door.anybody()
    share = campus.settings.web.limits.sign_in_per_minute

    codes = [
        (await sign_in(client, name=f"name-{number}", password="x")).status_code
        for number in range(share + 1)
    ]

    assert codes[:share] == [401] * share
    assert codes[share] == 429


async def test_what_the_command_line_disables_is_out_within_seconds(door, campus) -> None:
    client = await door.as_("olga")
    assert (await client.get("/api/v1/session")).status_code == 200
    user = campus.store.read(accounts.user_named("olga"))
    disabled = accounts.with_changes(user, disabled=True)

    # as another process does: this one is not told
    campus.store.commit(accounts.changed(user, disabled, by="", now=campus.clock.now())).result()
    campus.clock.turn(2_001)

    assert (await client.get("/api/v1/session")).status_code == 401


async def test_a_region_that_gains_a_school_shows_it_to_its_people(door, campus) -> None:
    client = await door.as_("east")
    assert [s["id"] for s in (await client.get("/api/v1/schools")).json()["items"]] == ["no3"]
    batch = Batch(now=campus.clock.now())
    batch.statements += put_schools([School("no9", "第九中学", "", "east")])
    batch.statements += next_register_version()
    campus.store.commit(batch).result()

    services = door.app.state.services
    assert await services.register.refresh()
    services.doorkeeper.forget_all()

    listed = (await client.get("/api/v1/schools")).json()["items"]
    assert [school["id"] for school in listed] == ["no3", "no9"]
    assert listed[1]["name"] == {"zh": "第九中学", "en": "第九中学"}


@pytest.mark.parametrize(("name", "stays"), [("anna", True), ("olga", False)])
async def test_a_screen_that_only_reads_signs_in_once_and_stays(
    campus, settings, name: str, stays: bool
) -> None:
    hours = 3_600_000
    campus.settings = settings.model_copy(
        update={"web": settings.web.model_copy(update={"reading_session_hours": 1000})}
    )
    hashed = passwords.hashed(PASSWORD)
    batch = accounts.password_set(name, hashed, by="", keeping=None, now=campus.clock.now())
    campus.store.commit(batch).result()
    app = campus.api()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://wall") as wall:
            answer = await sign_in(wall, name=name, password=PASSWORD)
            longest = 1000 if stays else settings.web.session_hours
            assert f"max-age={longest * 3600}" in answer.headers["set-cookie"].lower()
            campus.clock.turn(2 * 60_000)
            assert (await wall.get("/api/v1/overview")).status_code == 200
            campus.clock.turn(900 * hours)
            status = (await wall.get("/api/v1/overview")).status_code
            assert status == (200 if stays else 401)
            campus.clock.turn(100 * hours)
            assert (await wall.get("/api/v1/overview")).status_code == 401
