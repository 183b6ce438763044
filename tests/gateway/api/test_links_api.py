"""Police links over HTTP: who sees which, how they are, and an alert's way to the police."""

from __future__ import annotations

from two_links import EXCHANGE

from alerts.alert import TransitionKind
from alerts.course import POLICE, Course
from devices.police_link.figures import DayTally
from devices.police_link.link import Code, LinkEvent
from gateway.police.evidence import exchange_fact
from gateway.police.links import DAY
from gateway.store.batch import Batch
from gateway.store.links import add_days, next_state


async def test_everybody_sees_the_links_of_their_schools_and_no_others(police_door) -> None:
    for name, wanted in (
        ("olga", ["no3/110", "no5/110"]),
        ("east", ["no3/110"]),
        ("west", ["no5/110"]),
    ):
        client = await police_door.as_(name)
        answer = await client.get("/api/v1/links")
        assert [one["id"] for one in answer.json()["items"]] == wanted
        summary = (await client.get("/api/v1/summary")).json()["police_link"]
        assert summary["total"] == len(wanted)
    west = await police_door.as_("west")
    assert (await west.get("/api/v1/links/no3/110")).status_code == 404
    assert (await west.post("/api/v1/links/no3/110/test", json={})).status_code == 403


async def test_links_can_be_asked_for_by_state(police_door) -> None:
    olga = await police_door.as_("olga")
    (link,) = (await olga.get("/api/v1/links?state=down")).json()["items"]
    assert link["id"] == "no5/110"
    assert link["cause_text"]["en"] == "The receiver does not answer"
    assert link["telephone"] == "0101-110"


async def test_a_link_has_its_past_with_months_outages_and_readable_bytes(police_door) -> None:
    campus = police_door.campus
    now = campus.clock.now()
    tally = DayTally(day=now // DAY, up_ms=90_000, down_ms=10_000, exchanges=4, acknowledged=3)
    tally.ack_sum_ms, tally.ack_max_ms = 60.0, 40.0
    batch = Batch(now=now)
    batch.statements += add_days([("no3/110", tally)])
    batch.statements += add_days([("no3/110", DayTally(day=now // DAY, up_ms=100_000))])
    for state, at in (("up", now - 50_000), ("down", now - 20_000), ("up", now - 10_000)):
        batch.statements += next_state("no3/110", state, at, "silent", b"{}")
    campus.store.commit(batch).result()
    link = (await (await police_door.as_("olga")).get("/api/v1/links/no3/110")).json()
    assert link["month"]["availability_pct"] == 95.0
    assert (link["month"]["mean_ack_ms"], link["month"]["max_ack_ms"]) == (20.0, 40.0)
    assert link["months"][0]["outages"] == 1
    (outage,) = link["outages"]
    assert outage["until"] - outage["since"] == 10_000
    (exchange,) = link["exchanges"]
    assert exchange["sent"] == '<LF>00010023"NULL"<CR>'
    assert exchange["received"] == "<LF><06>\u00ff"


async def test_an_alert_tells_its_way_to_the_police(police_door) -> None:
    campus = police_door.campus
    number = await campus.press()
    alert = campus.book.get(number)
    assert alert is not None
    work = campus.flow.work()
    course = Course(alert)
    detail = {"priority": 1, "rule": "pressed", "code": "pressed", POLICE: "110"}
    course.add(TransitionKind.OCCURRED, happened=5, known=5, detail=detail)
    course.add(
        TransitionKind.FORWARDED,
        happened=9,
        known=9,
        detail={"link": "110", "of": 2, "attempts": 2, "path": "backup", "ack_ms": 87},
    )
    campus.book.record(alert, course.folded(), work)
    event = LinkEvent(
        key="k", sequence=1, code=Code.PANIC, happened=5, known=5, school="no3", alert=number
    )
    work.batch.facts.append(exchange_fact("no3/110", event, EXCHANGE, 1, 9, f"alert:{number}"))
    await campus.flow.commit(work)
    olga = await police_door.as_("olga")
    shown = (await olga.get(f"/api/v1/alerts/{number}")).json()["alert"]["police"]
    assert shown == {
        "state": "acknowledged",
        "links": [
            {
                "link": "no3/110",
                "name": "110",
                "telephone": "0101-110",
                "state": "acknowledged",
                "path": "backup",
                "ack_ms": 87,
                "attempts": 2,
                "since": 9,
                "why": "",
                "error": "",
            }
        ],
    }
    (exchange,) = (await olga.get(f"/api/v1/alerts/{number}/exchanges")).json()["items"]
    assert (exchange["link"], exchange["result"]) == ("no3/110", "garbled")
    west = await police_door.as_("west")
    assert (await west.get(f"/api/v1/alerts/{number}/exchanges")).status_code == 404
