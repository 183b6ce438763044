"""Coverage over HTTP: rates, reasons, gaps and what would have to be done, cut to the caller."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from audit.policy import POLICY, policy_body, policy_subject
from gateway.paths import default_config_dir
from gateway.policies.loading import load_policies
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical

HOUR = 3_600_000
DAY = 24 * HOUR
POLICIES = load_policies(default_config_dir() / "policies")
ATTESTED = ("closed_management", "hard_isolation", "guards", "guard_posts")


class Bureau:
    """Lists schools and has things attested, through the facts as they are written."""

    def __init__(self, door: Any) -> None:
        self.campus = door.campus
        self.coverage = door.app.state.services.audit.coverage

    async def says(self, *facts: tuple[str, str, Any]) -> None:
        now = self.campus.clock.turn(1_000)
        batch = Batch(now=now)
        for kind, subject, body in facts:
            raw = body if isinstance(body, bytes) else canonical(body)
            batch.facts.append(Fact(kind, now, now, "gateway", subject, raw))
        self.campus.store.commit(batch).result(5)
        await self.coverage.follow()

    async def begin(self) -> None:
        await self.says(
            self.listed("no3", "east"), self.listed("no5", "city"), self.listed("no7", "east")
        )

    def listed(self, school: str, region: str | None, **changes: Any) -> tuple[str, str, Any]:
        entry = {
            "school": school,
            "name": f"{school}学校",
            "kind": "primary",
            "region": region,
            "pupils": 90,
            "boarders": 0,
            "key_target": False,
            **changes,
        }
        return "roster", f"roster:{school}", {"before": None, "after": entry, "reason": ""}

    def attested(self, school: str, item: str, days: int = 100) -> tuple[str, str, Any]:
        now = self.campus.clock.now()
        attestation = {
            "id": f"a-{item}",
            "school": school,
            "item": item,
            "stated_by": "sofia",
            "at": now,
            "valid_from": now,
            "expires": now + days * DAY,
            "figures": {"guards": 3},
            "files": [{"hash": "0" * 64, "name": "1.jpg", "media_type": "image/jpeg", "size": 1}],
            "confirmed_by": "paul",
        }
        body = {"step": "stated", "attestation": attestation}
        return "attestation", f"attestation:{school}/a-{item}", body


@pytest.fixture
async def bureau(door: Any) -> Bureau:
    there = Bureau(door)
    await there.begin()
    return there


async def got(client: Any, path: str, **parameters: Any) -> Any:
    answer = await client.get(f"/api/v1/coverage{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(answer: Any, item: str) -> tuple[int, int, int]:
    (one,) = (each for each in answer["items"] if each["item"] == item)
    return one["met"], one["failed"], one["unknown"]


async def six(client: Any, **parameters: Any) -> Any:
    (policy,) = (await got(client, "", policy="six-100", **parameters))["policies"]
    return policy


async def test_rates_are_of_all_listed_schools_also_of_those_that_are_not_connected(
    door: Any, bureau: Bureau
) -> None:
    client = await door.as_("anna")
    await bureau.says(bureau.attested("no3", "guards"), bureau.attested("no7", "guards"))
    policy = await six(client)
    assert policy["schools"] == 3
    assert figures(policy, "guards") == (2, 0, 1)
    assert policy["items"][2]["rate"] == pytest.approx(2 / 3)
    assert figures(policy, "video") == (0, 0, 3)
    assert policy["complete"] == 0


async def test_the_past_is_as_it_was_known_then(door: Any, bureau: Bureau) -> None:
    before = bureau.campus.clock.now()
    await bureau.says(bureau.attested("no3", "guards", days=2))
    then = bureau.campus.clock.now()
    bureau.campus.clock.turn(3 * DAY)
    await bureau.says(bureau.listed("no8", "east"))
    client = await door.as_("anna")
    assert figures(await six(client, at=before), "guards") == (0, 0, 3)
    assert figures(await six(client, at=then), "guards") == (1, 0, 2)
    assert figures(await six(client), "guards") == (0, 0, 4)
    assert (await got(client, "", at=1))["policies"] == []


async def test_regions_are_rolled_up(door: Any, bureau: Bureau) -> None:
    client = await door.as_("anna")
    await bureau.says(bureau.attested("no3", "guards"))
    answer = await got(client, "/regions", policy="six-100")
    found = {one["region"]: one for one in answer["regions"]}
    assert found.keys() == {"city", "east"}
    assert (found["city"]["schools"], found["east"]["schools"]) == (3, 2)
    assert figures(found["city"], "guards") == (1, 0, 2)
    assert figures(found["east"], "guards") == (1, 0, 1)
    assert found["east"]["parent"] == "city"
    assert [one["item"] for one in answer["items"]][-1] == "video"


async def test_regions_lie_in_each_other_as_it_was_known_then(door: Any, bureau: Bureau) -> None:
    client = await door.as_("anna")
    then = bureau.campus.clock.now()
    before = {"id": "east", "name_zh": "", "name_en": "", "parent": "city"}
    change = {"before": before, "after": {**before, "parent": None}, "reason": ""}
    await bureau.says(("region", "region:east", change))
    for at, parent, schools in ((then, "city", 3), (bureau.campus.clock.now(), None, 1)):
        answer = await got(client, "/regions", policy="six-100", at=at)
        found = {one["region"]: one for one in answer["regions"]}
        assert found["east"]["parent"] == parent
        assert found["city"]["schools"] == schools
        assert (await six(client, region="city", at=at))["schools"] == schools
        page = await got(client, "/schools", policy="six-100", region="city", at=at)
        assert len(page["items"]) == schools


async def test_what_is_known_begins_with_the_first_policy_and_not_with_its_last_change(
    door: Any, bureau: Bureau
) -> None:
    client = await door.as_("anna")
    first = (await got(client, ""))["first"]
    changed = [msgspec.structs.replace(policy, version=9) for policy in POLICIES]
    await bureau.says(*((POLICY, policy_subject(one.id), policy_body(one)) for one in changed))
    assert (await got(client, ""))["policies"][0]["version"] == 9
    assert (await got(client, ""))["first"] == first
    assert (await got(client, "/schools/no3"))["first"] == first


async def test_a_caller_sees_the_schools_of_their_scope_only(door: Any, bureau: Bureau) -> None:
    for name, seen in (
        ("anna", ["no3", "no5", "no7"]),
        ("east-anna", ["no3", "no7"]),  # no7 is on the roster, and not in the register
        ("ines", ["no3", "no7"]),
        ("sofia", ["no3"]),
        ("west", ["no5"]),
    ):
        client = await door.as_(name)
        schools = (await got(client, "/schools", policy="six-100"))["items"]
        assert [one["school"] for one in schools] == seen, name
        assert (await six(client))["schools"] == len(seen)
        gaps = await got(client, "/gaps", policy="six-100", limit=500)
        assert {one["school"] for one in gaps["items"]} == set(seen)
        what_if = await got(client, "/what-if", policy="six-100", item="guards")
        assert what_if["schools"] == len(seen)
        regions = await got(client, "/regions", policy="six-100")
        assert max(one["schools"] for one in regions["regions"]) == len(seen)
        for school in ("no3", "no5", "no7"):
            answer = await client.get(f"/api/v1/coverage/schools/{school}")
            assert answer.status_code == (200 if school in seen else 404)
        now = bureau.campus.clock.now()
        trend = await got(client, "/trend", since=now - 1, until=now, policy="six-100")
        assert trend["points"][-1]["schools"] == len(seen)


async def test_the_sheet_of_a_school_says_why_and_by_which_fact(door: Any, bureau: Bureau) -> None:
    client = await door.as_("sofia")
    await bureau.says(bureau.attested("no3", "guards"))
    sheet = await got(client, "/schools/no3", policy="six-100")
    (policy,) = sheet["policies"]
    by_item = {one["item"]: one for one in policy["items"]}
    assert [*by_item] == [*ATTESTED, "one_key_alarm", "video"]
    assert by_item["guards"]["verdict"] == "met"
    assert by_item["guards"]["until"] == bureau.campus.clock.now() - 1_000 + 100 * DAY
    assert [one["code"] for one in by_item["video"]["reasons"]] == ["no_baseline"]
    assert by_item["video"]["verdict"] == "unknown"
    assert (sheet["kind"], sheet["pupils"], sheet["listed"]) == ("primary", 90, True)
    assert sheet["name"]["zh"] == "第三中学"
    assert sheet["region_name"]["zh"] == "东区"
    past = await got(client, "/schools/no3", policy="six-100", at=bureau.campus.clock.now() - 500)
    assert past["policies"][0]["items"][2]["verdict"] == "unknown"


async def test_gaps_come_in_pages_and_are_counted_once(door: Any, bureau: Bureau) -> None:
    client = await door.as_("anna")
    whole = await got(client, "/gaps", policy="six-100", limit=500)
    assert whole["total"] == len(whole["items"]) == 3 * 6
    assert {one["code"]: one["gaps"] for one in whole["counts"]} == {
        "statement_none": 12,
        "no_baseline": 6,
    }
    pages: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = await got(client, "/gaps", policy="six-100", limit=4, **after)
        pages += page["items"]
        if page["next"] is None:
            break
        after = {"cursor": page["next"]}
        assert len(page["items"]) == 4
    assert pages == whole["items"]
    some = await got(client, "/gaps", policy="six-100", reason="no_baseline", school="no7")
    assert [(one["school"], one["item"]) for one in some["items"]] == [
        ("no7", "one_key_alarm"),
        ("no7", "video"),
    ]
    assert some["items"][0]["name"]["zh"] == "no7学校"


async def test_what_if_takes_the_schools_with_the_fewest_repairs_first(
    door: Any, bureau: Bureau
) -> None:
    client = await door.as_("anna")
    await bureau.says(
        *(bureau.attested("no7", item) for item in ATTESTED),
        *(bureau.attested("no5", item) for item in ATTESTED[:2]),
    )
    answer = await got(client, "/what-if", policy="six-100", target=1)
    assert [one["school"] for one in answer["steps"]] == ["no7", "no5", "no3"]
    # one baseline is missing for both items that devices prove
    assert [len(one["repairs"]) for one in answer["steps"]] == [1, 3, 5]
    assert answer["repairs"] == 9
    assert answer["reachable"]
    assert answer["steps"][0]["repairs"][0]["items"] == ["one_key_alarm", "video"]
    assert [one["repairs_so_far"] for one in answer["steps"]] == [1, 4, 9]
    assert [one["rate_so_far"] for one in answer["steps"]] == pytest.approx([1 / 3, 2 / 3, 1])
    of_item = await got(client, "/what-if", policy="six-100", item="guards", target=0.6)
    assert of_item["met"] == 1
    assert of_item["repairs"] == 1
    reached = await got(client, "/what-if", policy="six-100", item="guards", target=0.3)
    assert (reached["repairs"], reached["steps"]) == (0, [])


async def test_the_trend_is_what_the_rates_were(door: Any, bureau: Bureau) -> None:
    begun = bureau.campus.clock.now()
    await bureau.says(bureau.attested("no3", "guards", days=3))
    bureau.campus.clock.turn(4 * DAY)
    await bureau.says(bureau.listed("no9", None))
    client = await door.as_("anna")
    answer = await got(
        client, "/trend", policy="six-100", since=begun, until=bureau.campus.clock.now()
    )
    for point in answer["points"]:
        then = await six(client, at=point["at"])
        assert point["items"] == then["items"]
        assert (point["schools"], point["complete"]) == (then["schools"], then["complete"])
    met = [figures(point, "guards")[0] for point in answer["points"]]
    assert met == [0, 1, 1, 0, 0, 0]
    assert answer["points"][-1]["schools"] == 4


async def test_pages_are_told_when_something_changed(door: Any, bureau: Bureau) -> None:
    client = await door.as_("sofia")
    before = await got(client, "/changed")
    assert before["behind"] == 1  # the sign-in
    await bureau.says(bureau.attested("no3", "guards"))
    assert (await got(client, "/changed"))["changed"] > before["changed"]


async def test_a_drawing_is_a_fact_with_the_name_of_whoever_asked(
    door: Any, bureau: Bureau
) -> None:
    client = await door.as_("ines")
    answer = await client.post("/api/v1/coverage/draw")
    assert answer.status_code == 200
    assert answer.json()["policies"].keys() == {policy.id for policy in POLICIES}
    facts = (await (await door.as_("anna")).get("/api/v1/facts?kind=coverage_drawn")).json()
    assert {one["actor"] for one in facts["items"]} == {"user:ines"}
    assert facts["items"][0]["body"]["row"] == answer.json()["row"]


async def test_what_there_is_not_is_said(door: Any, bureau: Bureau) -> None:
    client = await door.as_("anna")
    for path, status in (
        ("/regions?policy=none", 404),
        ("/gaps?policy=six-100&item=none", 422),
        ("/what-if?policy=six-100&item=none", 422),
        ("/schools?policy=six-100&cursor=x", 422),
        ("/trend?since=2&until=1", 422),
        ("/trend?since=0&until=9999999999999", 422),
        ("/schools/none", 404),
    ):
        answer = await client.get(f"/api/v1/coverage{path}")
        assert answer.status_code == status, path
