"""Whatever is sent, the answer is never a 500."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.api.cursors import cursor

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["*", "acknowledge", "shelve", "no3", "smoke", "operator", "\x00", "\ud800"])
)
NAMES = st.sampled_from(
    [
        "action",
        "comment",
        "text",
        "to",
        "until",
        "reason",
        "agree",
        "occurrences",
        "kind",
        "name_zh",
        "place",
        "parameters",
        "address",
        "repeater",
        "out_of_service",
        "name",
        "role",
        "scopes",
        "password",
        "code",
        "display",
        "disabled",
        "user",
        "expires",
        "school",
        "device",
        "reset_password",
        "heavy_smoke",
        "above",
        "rule",
    ]
) | st.text(max_size=8)
BODIES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
WRITES = [
    ("POST", "/alerts/1/actions"),
    ("PUT", "/devices/no3/new"),
    ("PUT", "/devices/no3/lab-2"),
    ("POST", "/devices/no3/lab-2/service"),
    ("DELETE", "/devices/no3/nobody"),
    ("POST", "/discoveries/no3/nobody/adopt"),
    ("PUT", "/parameters/no3/smoke"),
    ("POST", "/users"),
    ("PATCH", "/users/tim"),
    ("POST", "/tokens"),
    ("POST", "/demo/press"),
    ("PUT", "/session/password"),
    ("POST", "/session"),
]
LIKELY = {
    "/alerts/1/actions": st.fixed_dictionaries(
        {"action": st.sampled_from(["acknowledge", "comment", "assign", "shelve", "mark_false"])},
        optional={"text": SCALARS, "to": SCALARS, "until": SCALARS, "reason": SCALARS},
    ),
    "/devices/no3/new": st.fixed_dictionaries(
        {"kind": st.sampled_from(["smoke", "other", "unheard-of"])},
        optional={"name_zh": SCALARS, "parameters": BODIES, "repeater": SCALARS},
    ),
    "/parameters/no3/smoke": st.dictionaries(
        st.sampled_from(["heavy_smoke", "battery", "silent", "new_rule"]),
        st.dictionaries(
            st.sampled_from(["above", "below", "low_pct", "rule", "metric", "for_s", "source"]),
            SCALARS,
        ),
    ),
    "/users": st.fixed_dictionaries(
        {"name": st.text(max_size=5), "role": st.just("operator")}, optional={"scopes": BODIES}
    ),
}
QUERIES = st.dictionaries(
    st.sampled_from(
        [
            "state",
            "priority",
            "school",
            "region",
            "device",
            "condition",
            "since",
            "until",
            "limit",
            "cursor",
            "kind",
            "health",
            "q",
            "metric",
            "points",
            "subject",
            "after",
            "days",
        ]
    ),
    st.text(max_size=20)
    | st.integers().map(str)
    | st.sampled_from(["open", "all", "closed", "shelved", "no3/lab-2", "no3", "smoke", "1"])
    | st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5), max_leaves=6).map(
        lambda key: cursor(key) if "\\ud" not in json.dumps(key) else "x"
    ),
    max_size=4,
)
READS = (
    "/alerts",
    "/alerts/1",
    "/devices",
    "/devices/no3/lab-2",
    "/devices/no3/lab-2/curve",
    "/discoveries",
    "/rejects",
    "/rejects/counts",
    "/facts",
    "/places",
    "/tokens",
)
OFTEN = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    database=None,
)


@pytest.fixture
async def answer(demo_door, campus):
    """Asks as an administrator; gives the status."""
    await campus.press()
    limits = campus.settings.web.limits
    object.__setattr__(limits, "requests_per_minute", 10**6)
    client = await demo_door.as_("ada")

    async def ask(method: str, path: str, **more: object) -> int:
        campus.clock.turn(60_000)
        response = await client.request(method, f"/api/v1{path}", **more)
        if response.status_code in (401, 403):
            client.cookies.set("campus_session", campus.cookie("ada"))
        assert response.status_code < 500, (method, path, more, response.text)
        assert response.status_code < 400 or response.json()["code"]
        return response.status_code

    return ask


async def test_no_body_breaks_a_route(answer) -> None:
    loop = asyncio.get_running_loop()

    @OFTEN
    @given(st.data())
    def send(data: st.DataObject) -> None:
        method, path = data.draw(st.sampled_from(WRITES))
        body = data.draw(LIKELY[path] | BODIES if path in LIKELY else BODIES)
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asyncio.run_coroutine_threadsafe(
            answer(method, path, content=content, headers=headers), loop
        ).result(30)

    await asyncio.to_thread(send)


async def test_no_query_breaks_a_route(answer) -> None:
    loop = asyncio.get_running_loop()

    @OFTEN
    @given(st.sampled_from(READS), QUERIES)
    def send(path: str, query: dict[str, str]) -> None:
        params = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        asyncio.run_coroutine_threadsafe(answer("GET", path, params=params), loop).result(30)

    await asyncio.to_thread(send)


async def test_no_bytes_break_a_route(answer) -> None:
    for method, path in WRITES:
        for content in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"a":' * 5000, b"null", b"\x00"):
            for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
                status = await answer(method, path, content=content, headers={"Content-Type": kind})
                assert 400 <= status < 500


async def test_no_path_breaks_a_route(answer) -> None:
    for path in (
        "/alerts/99999999999999999999999",
        "/alerts/-1",
        "/devices/%00/%ff",
        "/devices/no3/" + "x" * 5000,
        "/tokens/%0a",
        "//",
        "/nothing",
    ):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            assert 400 <= await answer(method, path) < 500, (method, path)
