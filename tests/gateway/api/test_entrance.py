"""Nobody gets past the entrance: every route without sign-in, with the wrong role, out of scope."""

from __future__ import annotations

import re

import pytest

DEVICE = {"kind": "smoke", "name_zh": "新"}
ORDER = {"device": {"school": "no3", "id": "lab-2"}, "text": "the lid is loose"}
HAZARD = {"school": "no3", "text": "the way out is blocked"}
NOTICE = {"school": "no3", "due": 1, "findings": [{"text": "the way out is blocked"}]}
LEDGER = "tim anna sofia paul ines gwen ada"
ATTESTATION = {"school": "no3", "item": "drill", "expires": 1}
CAMPAIGN = {
    "id": "spring",
    "name_zh": "春季检查",
    "begins": "2027-01-01",
    "ends": "2027-01-31",
    "regions": ["east"],
    "stages": [{"id": "look", "name_zh": "检查", "begins": "2027-01-01", "ends": "2027-01-31"}],
    "checks": [{"id": "doors", "text_zh": "疏散门", "stage": "look"}],
}
REPORT = "campaign=none&kind=weekly&period=2027-01-08"
PROVERS = "anna ines gwen ada"
HEAD: dict[str, object] = {"note": "", "key": "", "old": 0, "proof": []}
REPORTERS = "anna sofia paul ines gwen ada"
ACK = {"action": "acknowledge"}
REFERENCE = f"device=x&part=2&grey=true&looks=9&at=1&sha256={'0' * 64}"
SMALL_PICTURE = f"/camera-pictures/no3/lab-2/{'0' * 64}/small"

# method, path, body, who may, what else a technician of another region is answered
ROUTES = [
    ("GET", "/session", None, "everybody"),
    ("DELETE", "/session", None, "everybody"),
    ("PUT", "/session/password", {"password": "correct horse battery"}, "everybody"),
    ("GET", "/summary", None, "everybody"),
    ("GET", "/overview", None, "everybody"),
    ("GET", "/coverage", None, "everybody"),
    ("GET", "/coverage/policies", None, "everybody"),
    ("GET", "/coverage/changed", None, "everybody"),
    ("GET", "/coverage/regions", None, "everybody"),
    ("GET", "/coverage/schools", None, "everybody"),
    ("GET", "/coverage/schools/no3", None, "everybody"),
    ("GET", "/coverage/gaps", None, "everybody"),
    ("GET", "/coverage/what-if", None, "everybody"),
    ("GET", "/coverage/trend?since=0&until=1", None, "everybody"),
    ("POST", "/coverage/draw", {}, "anna ines gwen ada"),
    ("GET", "/alerts", None, "everybody"),
    ("GET", "/alerts/1", None, "everybody"),
    ("POST", "/alerts/1/actions", ACK, "olga tim ada"),
    ("POST", "/alerts/actions", {"alerts": [{"id": 1}], "action": ACK}, "olga tim ada"),
    ("GET", "/alerts/1/victims", None, "everybody"),
    ("GET", "/alerts/1/camera", None, "olga tim ada"),
    ("GET", "/alerts/1/report.pdf", None, "everybody"),
    ("GET", "/alerts/1/report.txt", None, "everybody"),
    ("GET", "/reports", None, "everybody"),
    ("GET", "/schools/no3/contacts", None, "everybody"),
    ("PUT", "/schools/no3/contacts", {"contacts": []}, "olga tim ada"),
    ("POST", "/contacts/import", None, "olga tim ada"),
    ("GET", "/maintenance", None, "everybody"),
    ("GET", "/maintenance/1", None, "everybody"),
    ("POST", "/maintenance", {"school": "no3", "ends": 1, "reason": "works"}, "olga tim ada"),
    ("POST", "/maintenance/1/end", {}, "olga tim ada"),
    ("GET", "/duty", None, "everybody"),
    ("GET", "/duty/escalation", None, "everybody"),
    ("GET", "/duty/people", None, "ada"),
    ("GET", "/duty/room/shifts?since=0&until=1", None, "everybody"),
    ("GET", "/duty/room/hand-overs", None, "everybody"),
    ("GET", "/duty/room/hand-over", None, "olga tim ada"),
    ("POST", "/duty/room/hand-over", {"alerts": []}, "olga tim ada"),
    (
        "POST",
        "/duty/shifts",
        {"team": "room", "user": "olga", "starts": 1, "ends": 2},
        "ada",
    ),
    ("DELETE", "/duty/shifts/1", None, "ada"),
    ("GET", "/regions", None, "everybody"),
    ("GET", "/schools", None, "everybody"),
    ("GET", "/places?school=no3", None, "everybody"),
    ("GET", "/kinds", None, "everybody"),
    ("GET", "/devices", None, "everybody"),
    ("GET", "/devices/no3/lab-2", None, "everybody"),
    ("GET", "/devices/no3/lab-2/curve?metric=obscuration_pct_m", None, "everybody"),
    ("GET", "/devices/no3/lab-2/appliances", None, "everybody"),
    ("GET", "/devices/no3/lab-2/figures", None, "everybody"),
    (
        "PUT",
        "/devices/no3/lab-2/parameters",
        {"smoke_alarm": {"same_trip_s": 60}},
        "tim ada",
    ),
    ("PUT", "/devices/no3/new", DEVICE, "tim ada"),
    (
        "POST",
        "/devices/no3/lab-2/service",
        {"out_of_service": True, "reason": "works"},
        "tim ada",
    ),
    ("POST", "/devices/no3/lab-2/verify", {}, "tim ada"),
    ("GET", "/devices/no3/lab-2/diagnosis", None, "everybody"),
    ("GET", "/devices/no3/lab-2/timeline", None, "everybody"),
    ("GET", "/verifications", None, "everybody"),
    ("GET", "/held-presses", None, "everybody"),
    ("GET", f"/verifications/{'0' * 32}", None, "everybody"),
    ("POST", f"/verifications/{'0' * 32}/confirm", {}, "tim ada"),
    ("POST", f"/verifications/{'0' * 32}/input", {"value": 1}, "tim ada"),
    ("POST", f"/verifications/{'0' * 32}/cancel", {}, "tim ada"),
    (
        "POST",
        f"/verifications/{'0' * 32}/notice",
        {"link": "no1/police", "told": "desk"},
        "tim ada",
    ),
    ("GET", "/alerts/1/exchanges", None, "everybody"),
    ("GET", "/alerts/1/deliveries", None, "everybody"),
    ("GET", "/notification", None, "everybody"),
    ("POST", "/notification/receivers/nobody/test", None, "ada"),
    ("GET", "/notification/dead-letters", None, "ada"),
    ("POST", "/notification/dead-letters/retry", {"rows": [1]}, "ada"),
    ("POST", "/notification/dead-letters/drop", {"rows": [1], "reason": "x"}, "ada"),
    ("GET", "/push", None, "everybody"),
    ("GET", "/push/subscriptions", None, "everybody"),
    (
        "POST",
        "/push/subscriptions",
        {"endpoint": "https://a", "keys": {"p256dh": "x", "auth": "x"}, "label": "x"},
        "everybody",
    ),
    ("DELETE", f"/push/subscriptions/{'0' * 16}", None, "everybody"),
    ("POST", f"/push/subscriptions/{'0' * 16}/test", None, "everybody"),
    ("GET", "/links", None, "everybody"),
    ("GET", "/links/no3/110", None, "everybody"),
    ("POST", "/links/no3/110/test", {}, "tim ada"),
    ("GET", "/exercises", None, "everybody"),
    ("GET", "/exercises/plan", None, "everybody"),
    ("POST", "/exercises", {"school": "no3"}, "olga tim ada"),
    ("GET", f"/exercises/{'0' * 32}", None, "everybody"),
    ("GET", f"/exercises/{'0' * 32}.csv", None, "everybody"),
    ("POST", f"/exercises/{'0' * 32}/steps/0", {}, "olga tim ada"),
    ("POST", f"/exercises/{'0' * 32}/end", {}, "olga tim ada"),
    ("GET", "/work-orders", None, "everybody"),
    ("GET", "/work-orders/counts", None, "everybody"),
    ("GET", "/work-orders/assignees?school=no3", None, "olga tim ada"),
    ("POST", "/work-orders", ORDER, "olga tim ada"),
    ("GET", "/work-orders/1", None, "everybody"),
    ("POST", "/work-orders/1/actions", {"action": "comment", "text": "x"}, "olga tim ada"),
    ("PUT", "/pictures?school=no3", None, "olga tim anna sofia paul ines gwen ada"),
    ("GET", f"/pictures/{'0' * 64}", None, "everybody"),
    ("PUT", f"/camera-pictures?school=no3&device=x&at=1&sha256={'0' * 64}", None, "eye ada"),
    ("PUT", f"{SMALL_PICTURE}?sha256={'0' * 64}", None, "eye ada"),
    ("GET", SMALL_PICTURE, None, "olga tim ada"),
    ("PUT", f"/camera-references?school=no3&{REFERENCE}", None, "eye ada"),
    ("GET", "/camera-references/no3/lab-2/2/grey", None, "olga tim ada"),
    ("GET", "/cameras", None, "olga tim ada"),
    ("GET", "/cameras/no3/lab-2", None, "olga tim ada"),
    ("POST", "/cameras/no3/lab-2/relearn", {"reason": "moved"}, "tim ada"),
    ("GET", "/electricity", None, "everybody"),
    ("GET", "/camera-pictures/no3/lab-2", None, "olga tim ada"),
    ("GET", f"/camera-pictures/no3/lab-2/{'0' * 64}", None, "olga tim ada"),
    ("GET", "/places/no3/a-3/plan", None, "everybody"),
    ("PUT", "/places/no3/a-3/plan", {"picture": "0" * 64}, "tim ada"),
    ("DELETE", "/places/no3/a-3/plan", None, "tim ada"),
    ("PUT", "/devices/no3/lab-2/position", {"place": "a-3", "x": 0, "y": 0}, "tim ada"),
    ("DELETE", "/devices/no3/lab-2/position", None, "tim ada"),
    ("GET", "/export/devices.csv", None, "everybody"),
    ("GET", "/figures", None, "everybody"),
    ("GET", "/figures.csv", None, "everybody"),
    ("GET", "/export/devices.xlsx", None, "everybody"),
    ("GET", "/labels.pdf?school=no3", None, "tim ada"),
    ("GET", "/lookup?code=lab-2", None, "everybody"),
    ("DELETE", "/devices/no3/hall", {"reason": "gone"}, "tim ada"),
    ("GET", "/discoveries", None, "tim anna ada"),
    ("POST", "/discoveries/no3/stranger/adopt", DEVICE, "tim ada"),
    ("POST", "/discoveries/no3/stranger/ignore", None, "tim ada"),
    ("GET", "/rejects", None, "tim anna ada"),
    ("GET", "/rejects/counts", None, "tim anna ada"),
    ("GET", "/parameters/no3/smoke", None, "everybody"),
    ("GET", "/parameters/no3/smoke/figures", None, "everybody"),
    ("PUT", "/parameters/no3/smoke", {"smoke_alarm": {"same_trip_s": 60}}, "ada"),
    ("GET", "/recordings", None, "everybody"),
    ("GET", "/recordings/totals", None, "everybody"),
    ("GET", "/recordings/falling", None, "everybody"),
    ("GET", "/recordings/recorders", None, "everybody"),
    ("GET", "/video/recorders", None, "everybody"),
    ("GET", "/video/gates", None, "everybody"),
    ("GET", "/recordings.csv", None, "everybody"),
    ("GET", "/recordings.xlsx", None, "everybody"),
    ("GET", "/recordings/no3/yard", None, "everybody"),
    ("POST", "/recordings/no3/yard/check", {}, "tim ada"),
    ("GET", "/replays", None, "ada"),
    ("POST", "/replays", {"since": 1, "until": 2}, "ada"),
    ("GET", f"/replays/{'0' * 32}", None, "ada"),
    ("DELETE", f"/replays/{'0' * 32}", None, "ada"),
    ("GET", "/facts", None, "anna ines gwen ada"),
    ("GET", "/evidence/state", None, PROVERS),
    ("GET", "/evidence/heads", None, PROVERS),
    ("POST", "/evidence/heads", {}, PROVERS),
    ("GET", "/evidence/consistency?old=0&new=0", None, PROVERS),
    ("GET", "/evidence/facts/1/proof", None, PROVERS),
    ("POST", "/evidence/witness", HEAD, PROVERS),
    ("GET", "/evidence/bundles", None, PROVERS),
    ("POST", "/evidence/bundles", {"school": "no3"}, PROVERS),
    ("GET", f"/evidence/bundles/{'0' * 32}", None, PROVERS),
    ("GET", f"/evidence/bundles/{'0' * 32}/file", None, PROVERS),
    ("DELETE", f"/evidence/bundles/{'0' * 32}", None, PROVERS),
    ("GET", "/users", None, "ada"),
    ("POST", "/users", {"name": "new", "role": "operator"}, "ada"),
    ("PATCH", "/users/olga", {"display": "Olga"}, "ada"),
    ("GET", "/tokens", None, "ada"),
    ("POST", "/tokens", {"name": "dashboard"}, "ada"),
    ("DELETE", "/tokens/0123456789abcdef", None, "ada"),
    ("GET", "/roster", None, "everybody"),
    ("GET", "/roster/totals", None, "everybody"),
    ("GET", "/roster/schools/no3", None, "everybody"),
    ("POST", "/roster/schools/no3", {"action": "strike_off", "reason": "closed"}, "ada"),
    ("GET", "/roster/imports", None, "ada"),
    ("POST", "/roster/imports?file=list.csv", None, "ada"),
    ("GET", f"/roster/imports/{'0' * 32}", None, "ada"),
    ("GET", f"/roster/imports/{'0' * 32}/troubles.csv", None, "ada"),
    ("POST", f"/roster/imports/{'0' * 32}/apply", {"digest": "0" * 64}, "ada"),
    ("DELETE", f"/roster/imports/{'0' * 32}", None, "ada"),
    ("GET", "/schools/no3/baseline", None, "everybody"),
    (
        "PUT",
        "/schools/no3/baseline",
        {"version": 0, "needs": [{"place": "a-3", "kind": "smoke"}]},
        "sofia paul ines ada",
    ),
    (
        "POST",
        "/schools/no3/baseline/confirm",
        {"proposal": "0" * 16},
        "paul ines gwen ada",
    ),
    (
        "POST",
        "/schools/no3/baseline/decline",
        {"proposal": "0" * 16, "reason": "no"},
        "paul ines gwen ada",
    ),
    ("GET", "/hazards", None, "everybody"),
    ("GET", "/hazards/counts", None, "everybody"),
    ("GET", "/hazards/figures", None, "everybody"),
    ("POST", "/hazards", HAZARD, LEDGER),
    ("GET", "/hazards/1", None, "everybody"),
    ("POST", "/hazards/1/actions", {"action": "comment", "text": "x", "version": 1}, LEDGER),
    ("GET", "/notices", None, "everybody"),
    ("POST", "/notices", NOTICE, "anna ines gwen ada"),
    ("GET", "/notices/1", None, "everybody"),
    ("GET", "/notices/7.pdf", None, "everybody"),
    ("POST", "/notices/7/replies", {"text": "done"}, LEDGER),
    ("GET", "/attestations", None, "everybody"),
    ("POST", "/attestations", ATTESTATION, "sofia paul ada"),
    ("GET", f"/attestations/{'0' * 32}", None, "everybody"),
    ("POST", f"/attestations/{'0' * 32}/confirm", {}, "paul ines gwen ada"),
    (
        "POST",
        f"/attestations/{'0' * 32}/withdraw",
        {"reason": "gone"},
        "sofia paul ines gwen ada",
    ),
    ("GET", "/schools/no3/attestations", None, "everybody"),
    ("GET", "/drills", None, "everybody"),
    ("PUT", "/files?school=no3", None, LEDGER),
    ("GET", f"/files/{'0' * 64}", None, LEDGER),
    ("GET", "/campaigns", None, "everybody"),
    ("GET", "/campaign-templates", None, "everybody"),
    ("POST", "/campaigns", CAMPAIGN, "gwen ada"),
    (
        "POST",
        "/campaigns/from-template",
        {"template": "none", "id": "x", "begins": "2027-01-01", "regions": ["east"]},
        "gwen ada",
    ),
    ("GET", "/campaigns/spring", None, "everybody"),
    ("PUT", "/campaigns/spring?version=9", CAMPAIGN, "gwen ada"),
    ("GET", "/campaigns/spring/progress", None, "everybody"),
    ("GET", "/campaigns/spring/schools", None, "everybody"),
    ("GET", "/campaigns/spring/schools/no3", None, "everybody"),
    ("PUT", "/campaigns/spring/schools/no3/checks/doors", {"state": "done"}, REPORTERS),
    ("POST", "/campaigns/none/cancel", {"reason": "over"}, "gwen ada"),
    ("GET", "/audit-reports", None, "everybody"),
    ("GET", f"/audit-reports/handed-in?{REPORT}", None, "everybody"),
    ("GET", f"/audit-reports/one?{REPORT}&subject=school:no3", None, "everybody"),
    ("GET", "/audit-reports/emergencies?since=0&until=1", None, "everybody"),
    (
        "POST",
        "/audit-reports/sign",
        {"campaign": "none", "kind": "weekly", "period": "x", "subject": "school:no3"},
        REPORTERS,
    ),
    ("GET", "/audit-export-kinds", None, "everybody"),
    ("GET", "/audit-exports", None, "everybody"),
    ("POST", "/audit-exports", {"what": "nothing", "format": "csv"}, "everybody"),
    ("GET", f"/audit-exports/{'0' * 32}", None, "everybody"),
    ("DELETE", f"/audit-exports/{'0' * 32}", None, "everybody"),
    ("GET", f"/audit-exports/{'0' * 32}/file", None, "everybody"),
    ("GET", "/demo/buttons", None, "olga tim ada"),
    ("POST", "/demo/press", {"school": "no3", "device": "gate-01"}, "olga tim ada"),
]
IDS = [f"{method} {path}" for method, path, _, _ in ROUTES]

OUT_OF_SCOPE = [
    ("GET", "/alerts/1", None),
    ("POST", "/alerts/1/actions", ACK),
    ("GET", "/alerts/1/camera", None),
    ("GET", "/alerts/1/deliveries", None),
    ("GET", "/places?school=no5", None),
    ("GET", "/devices/no5/gate-01", None),
    ("GET", "/devices/no5/gate-01/appliances", None),
    ("GET", "/devices/no5/gate-01/curve?metric=battery_pct", None),
    ("GET", "/devices/no5/gate-01/diagnosis", None),
    ("GET", "/devices/no5/gate-01/timeline", None),
    ("PUT", "/devices/no5/new", DEVICE),
    ("PUT", "/devices/no5/gate-01", DEVICE),
    ("POST", "/devices/no5/gate-01/service", {"out_of_service": True, "reason": "works"}),
    ("DELETE", "/devices/no5/gate-01", {"reason": "gone"}),
    ("POST", "/devices/no5/gate-01/verify", {}),
    ("POST", "/exercises", {"school": "no5"}),
    ("POST", "/work-orders", {"device": {"school": "no5", "id": "gate-01"}, "text": "x"}),
    ("GET", "/work-orders/assignees?school=no5", None),
    ("PUT", "/pictures?school=no5", None),
    ("PUT", f"/camera-pictures?school=no5&device=x&at=1&sha256={'0' * 64}", None),
    ("GET", "/camera-pictures/no5/gate-01", None),
    ("PUT", f"/camera-references?school=no5&{REFERENCE}", None),
    ("GET", "/camera-references/no5/gate-01/2/grey", None),
    ("GET", "/cameras/no5/gate-01", None),
    ("POST", "/cameras/no5/gate-01/relearn", {"reason": "moved"}),
    ("GET", "/places/no5/hall/plan", None),
    ("PUT", "/places/no5/hall/plan", {"picture": "0" * 64}),
    ("DELETE", "/places/no5/hall/plan", None),
    ("PUT", "/devices/no5/gate-01/position", {"place": "hall", "x": 0, "y": 0}),
    ("DELETE", "/devices/no5/gate-01/position", None),
    ("GET", "/labels.pdf?school=no5", None),
    ("GET", "/schools/no5/contacts", None),
    ("PUT", "/schools/no5/contacts", {"contacts": []}),
    ("POST", "/contacts/import?school=no5", None),
    ("POST", "/maintenance", {"school": "no5", "ends": 4_102_444_800_000, "reason": "works"}),
    ("POST", "/discoveries/no5/stranger/adopt", DEVICE),
    ("POST", "/discoveries/no5/stranger/ignore", None),
    ("GET", "/parameters/no5/smoke", None),
    ("GET", "/parameters/no5/smoke/figures", None),
    ("GET", "/devices/no5/gate-01/figures", None),
    ("PUT", "/devices/no5/gate-01/parameters", {"pressed": {"ends_after_s": 60}}),
    ("PUT", "/parameters/no5/smoke", {"smoke_alarm": {"same_trip_s": 60}}),
    ("GET", "/roster/schools/no5", None),
    ("POST", "/roster/schools/no5", {"action": "strike_off", "reason": "closed"}),
    ("GET", "/schools/no5/baseline", None),
    ("PUT", "/schools/no5/baseline", {"version": 0, "needs": [{"place": "", "kind": "smoke"}]}),
    ("POST", "/schools/no5/baseline/confirm", {"proposal": "0" * 16}),
    ("POST", "/schools/no5/baseline/decline", {"proposal": "0" * 16, "reason": "no"}),
    ("POST", "/campaigns", {**CAMPAIGN, "id": "all", "regions": ["city", "nowhere"]}),
    ("GET", "/audit-reports?subject=school:no5", None),
    ("POST", "/hazards", {"school": "no5", "text": "x"}),
    ("POST", "/attestations", {**ATTESTATION, "school": "no5"}),
    ("GET", "/schools/no5/attestations", None),
    ("PUT", "/files?school=no5", None),
    ("POST", "/demo/press", {"school": "no5", "device": "gate-01"}),
]

WRONG = [
    ("POST", "/session", {"name": 1}, "PasswordIn.name"),
    ("PUT", "/session/password", {"password": "short"}, "password"),
    ("GET", "/alerts?priority=urgent", None, "priority"),
    ("GET", "/alerts?limit=501", None, "limit"),
    ("GET", "/alerts?cursor=%21", None, "cursor"),
    ("GET", "/alerts?device=gate", None, "device"),
    ("GET", "/alerts/x", None, "id"),
    ("POST", "/alerts/1/actions", {"action": "dance"}, "body"),
    ("POST", "/alerts/1/actions", {"action": "comment"}, "comment.text"),
    ("POST", "/alerts/actions", {"alerts": [], "action": ACK}, "alerts"),
    ("GET", "/devices/no3/lab-2/curve?metric=x&since=9&until=9", None, "since"),
    ("GET", "/devices/no3/lab-2/timeline?days=0", None, "days"),
    ("PUT", "/devices/no3/new", {"kind": "smoke", "place": "attic"}, "place"),
    ("PUT", "/devices/no3/new", {"kind": "smoke", "colour": "red"}, "colour"),
    (
        "PUT",
        "/devices/no3/new",
        {"kind": "smoke", "parameters": {"heavy_smoke": {"hysteresis": -1}}},
        "parameters.heavy_smoke.hysteresis",
    ),
    ("PUT", "/parameters/no3/smoke", {"telepathy": {"limit": 1}}, "parameters.telepathy"),
    ("POST", "/users", {"name": "a b", "role": "operator"}, "name"),
    ("POST", "/users", {"name": "new", "role": "operator", "scopes": ["moon:1"]}, "scopes.0"),
    ("POST", "/tokens", {"name": "x", "user": "nobody"}, "user"),
    ("POST", "/tokens", {"name": "x", "expires": 1}, "expires"),
    ("DELETE", "/tokens/x", None, "id"),
    ("POST", "/replays", {"since": 2, "until": 2}, "since"),
    ("POST", "/replays", {"since": 1, "until": 2, "device": "lab-2"}, "school"),
    (
        "POST",
        "/replays",
        {"since": 1, "until": 2, "changes": {"kinds": {"smoke": {"silent": {"times": 0}}}}},
        "changes.kinds.smoke.silent.times",
    ),
]


async def ask(client, method: str, path: str, body: object):
    more = {} if body is None else {"json": body}
    return await client.request(method, f"/api/v1{path}", **more)


async def test_every_route_of_the_document_is_in_the_tables_below(door) -> None:
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
    (r"^/camera-references/.*/grey$", "/camera-references/{school}/{device}/{part}/{light}"),
    (r"^/(recordings)/[^/]+/[^/]+", r"/\1/{school}/{camera}"),
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
