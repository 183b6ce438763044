"""Nobody gets past the entrance: every route without sign-in, with the wrong role, out of scope."""

from __future__ import annotations

import re

import pytest

from tests.gateway.api.every_route import ACK, OUT_OF_SCOPE, ROUTES, WRONG


async def ask(client, method: str, path: str, body: object):
    more = {} if body is None else {"json": body}
    return await client.request(method, f"/api/v1{path}", **more)


async def test_every_route_of_the_document_is_in_the_table(door) -> None:
    client = await door.as_("ada")
    paths = (await client.get("/api/openapi.json")).json()["paths"]

    documented = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/v1")
    }

    asked = {(method, _template(path)) for method, path, _, _ in ROUTES}
    assert documented - asked == {("POST", "/session"), ("GET", "/stream")}


TEMPLATES = (
    (r"/[0-9a-f]{32}(?=[/.]|$)", "/{id}"),
    (r"/steps/\d+$", "/steps/{n}"),
    (r"^/(evidence/facts)/\d+", r"/\1/{row}"),
    (r"^/(alerts)/(?!actions)[^/]+", r"/\1/{id}"),
    (r"^/(work-orders|maintenance|hazards|notices)/\d+", r"/\1/{id}"),
    (r"^/(tokens)/[^/]+$", r"/\1/{id}"),
    (r"^/(users)/[^/]+$", r"/\1/{name}"),
    (r"^/(pictures|files)/[^/]+$", r"/\1/{hash}"),
    (r"^/(camera-pictures)/[^/]+/[^/]+", r"/\1/{school}/{device}"),
    (r"^(/camera-pictures/.*)/[0-9a-f]{64}", r"\1/{hash}"),
    (r"^/(cameras)/[^/]+/[^/]+", r"/\1/{school}/{device}"),
    (r"^/(fire/rooms)/[^/]+/[^/]+", r"/\1/{school}/{place}"),
    (r"^/camera-references/.*/grey$", "/camera-references/{school}/{device}/{part}/{light}"),
    (r"^/(recordings)/[^/]+/[^/]+", r"/\1/{school}/{camera}"),
    (r"^/video/recorders/[^/]+/[^/]+", "/video/recorders/{school}/{recorder}"),
    (r"^/(schools)/[^/]+", r"/\1/{school}"),
    (r"^(/campaigns)/[^/]+/schools/[^/]+/checks/[^/]+", r"\1/{id}/schools/{school}/checks/{name}"),
    (r"^(/campaigns)/[^/]+/schools/(?!\{)[^/]+", r"\1/{id}/schools/{school}"),
    (r"^(/campaigns)/(?!from-template|\{)[^/]+", r"\1/{id}"),
    (r"^/coverage/schools/[^/]+", "/coverage/schools/{school}"),
    (r"^/roster/schools/[^/]+", "/roster/schools/{school}"),
    (r"^/(links)/[^/]+/[^/]+", r"/\1/{school}/{name}"),
    (r"^/(devices|discoveries)/[^/]+/[^/]+", r"/\1/{school}/{id}"),
    (r"^/(parameters)/[^/]+/[^/]+", r"/\1/{school}/{kind}"),
    (r"^/places/[^/]+/[^/]+/plan$", "/places/{school}/{place}/plan"),
    (r"^/duty/shifts/[^/]+$", "/duty/shifts/{row}"),
    (r"^/duty/(?!shifts)[^/]+/(shifts|hand-overs?)$", r"/duty/{team}/\1"),
    (r"^/push/subscriptions/[0-9a-f]{16}", "/push/subscriptions/{id}"),
    (r"^/notification/receivers/[^/]+/test$", "/notification/receivers/{name}/test"),
)
"""What of an address is a name or a number, and what the document calls it."""


def _template(path: str) -> str:
    path = path.partition("?")[0]
    for concrete, template in TEMPLATES:
        path = re.sub(concrete, template, path)
    return path


async def test_nothing_is_answered_without_sign_in(door) -> None:
    anybody = await door.anybody(headers={"X-Campus-Request": "1"})
    for method, path, body, _ in [*ROUTES, ("GET", "/stream", None, "")]:
        answer = await ask(anybody, method, path, body)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unauthorized"
    for path in ("/api/openapi.json", "/metrics", "/api/v2/anything"):
        assert (await anybody.get(path)).status_code == 401, path


async def test_each_role_is_let_through_where_its_work_is_and_nowhere_else(
    demo_door, campus
) -> None:
    everybody = ("olga", "tim", "anna", "sofia", "paul", "ines", "gwen", "ada")
    await campus.press()
    for name in everybody:
        for method, path, body, who in ROUTES:
            client = await demo_door.as_(name)
            answer = await ask(client, method, path, body)
            may = who == "everybody" or name in who.split()
            assert (answer.status_code != 403) is may, (name, method, path, answer.text)
            assert answer.status_code < 500


async def test_a_probe_brings_pictures_and_is_let_through_nowhere_else(demo_door) -> None:
    eye = await demo_door.as_("eye")
    for method, path, body, who in ROUTES:
        if method == "PUT" and "eye" in who.split():
            assert (await ask(eye, method, path, body)).status_code in {404, 422}, path
        elif not path.startswith(("/session", "/push")):
            assert (await ask(eye, method, path, body)).status_code == 403, (method, path)


@pytest.mark.parametrize(("method", "path", "body"), OUT_OF_SCOPE)
async def test_what_lies_out_of_scope_looks_as_if_it_were_not_there(
    demo_door, campus, method: str, path: str, body: object
) -> None:
    await campus.press("no5")
    await campus.says("campus/no5/smoke/stranger/telemetry", {"smoke_alarm": False})

    answer = await ask(await demo_door.as_("east-ada"), method, path, body)

    assert answer.status_code == 404, answer.text
    assert answer.json()["code"] == "not_found"


async def test_an_administrator_of_one_region_does_not_govern_users(door) -> None:
    answer = await (await door.as_("east-ada")).get("/api/v1/users")

    assert answer.status_code == 403


async def test_what_is_wrong_is_named_by_field(door, campus) -> None:
    await campus.press()
    client = await door.as_("ada")
    for method, path, body, field in WRONG:
        answer = await ask(client, method, path, body)
        assert answer.status_code == 422, (method, path, answer.text)
        problem = answer.json()
        assert problem["code"] == "invalid"
        assert field in {error["field"] for error in problem["errors"]}, problem


async def test_a_write_with_a_cookie_needs_the_header_of_the_page(door, campus) -> None:
    number = await campus.press()
    forged = await door.anybody(cookies={"campus_session": campus.cookie("olga")})

    answer = await ask(forged, "POST", f"/alerts/{number}/actions", ACK)

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


async def test_a_write_from_another_site_is_refused(door, campus) -> None:
    client = await door.as_("olga")
    number = await campus.press()

    async def from_(origin: str) -> int:
        answer = await client.post(
            f"/api/v1/alerts/{number}/actions", json=ACK, headers={"Origin": origin}
        )
        return answer.status_code

    assert await from_("http://campus") == 200
    assert await from_("https://evil.example") == 403
    assert await from_("null") == 403
    foreign = await client.post(
        "/api/v1/session", json={"code": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


async def test_a_token_opens_the_door_without_cookie_or_header(door, campus) -> None:
    number = await campus.press()
    program = await door.anybody(headers={"Authorization": f"Bearer {campus.token('olga')}"})

    assert (await ask(program, "POST", f"/alerts/{number}/actions", ACK)).json()["changed"]
    assert (await program.get("/metrics")).status_code == 200


async def test_a_session_is_no_token_and_a_token_is_no_session(door, campus) -> None:
    session_as_token = await door.anybody(
        headers={"Authorization": f"Bearer {campus.cookie('olga')}"}
    )
    token_as_session = await door.anybody(cookies={"campus_session": campus.token("olga")})

    assert (await session_as_token.get("/api/v1/session")).status_code == 401
    assert (await token_as_session.get("/api/v1/session")).status_code == 401


async def test_odd_credentials_are_refused_and_break_nothing(door) -> None:
    for headers in (
        {"Authorization": "Bearer"},
        {"Authorization": "Basic b2xnYTpvbGdh"},
        {"Authorization": "Bearer \xe9\xe9".encode("latin-1").decode("latin-1")},
        {"Cookie": "campus_session"},
        {"Cookie": 'campus_session="unclosed'},
        {"Cookie": "x" * 9000},
        {"Cookie": "campus_session=" + "\xe9" * 40},
    ):
        client = await door.anybody()
        answer = await client.get(
            "/api/v1/session", headers={k: v.encode("latin-1") for k, v in headers.items()}
        )
        assert answer.status_code == 401, headers


async def test_a_body_is_bounded_whether_or_not_it_tells_its_length(door, campus) -> None:
    client = await door.as_("olga")
    limit = campus.settings.web.limits.body_kb * 1024

    async def pieces():
        for _ in range(limit // 1024 + 1):
            yield b" " * 1024

    told = await client.post("/api/v1/alerts/1/actions", content=b" " * (limit + 1))
    chunked = await client.post(
        "/api/v1/alerts/1/actions",
        content=pieces(),
        headers={"Content-Type": "application/json"},
    )

    for answer in (told, chunked):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_credential_has_its_share_of_requests_and_no_more(door, campus) -> None:
    client = await door.as_("olga")
    share = campus.settings.web.limits.requests_per_minute

    answers = [(await client.get("/api/v1/session")).status_code for _ in range(share + 1)]

    assert answers[:share] == [200] * share
    assert answers[share] == 429
    assert (await (await door.as_("oscar")).get("/api/v1/session")).status_code == 200


async def test_writes_of_a_user_are_bounded_over_all_their_credentials(door, campus) -> None:
    number = await campus.press()
    share = campus.settings.web.limits.requests_per_minute // 4
    answers = []
    for _ in range(2):
        client = await door.as_("olga")
        path = f"/alerts/{number}/actions"
        answers += [await ask(client, "POST", path, ACK) for _ in range(share // 2 + 1)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


async def test_every_answer_carries_the_headers_that_keep_a_page_safe(door) -> None:
    client = await door.as_("olga")
    for path in ("/api/v1/summary", "/healthz", "/", "/api/v1/alerts/99"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        script = next(part for part in policy.split(";") if "script-src" in part)
        assert "unsafe" not in script
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert (await client.get("/api/v1/summary")).headers.get("cache-control") == "no-store"
