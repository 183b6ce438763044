"""The figures of the alarm system over HTTP: counted, cut to the scope, and as files."""

from __future__ import annotations

import csv
import io

import pytest

from alerts.correlation import CUT_OFF
from alerts.finding import Explanation, Finding, Priority
from devices.model import Device
from gateway.api import counting
from gateway.store.read import performance

MINUTE = 60_000
HOUR = 60 * MINUTE


async def act(client, alert: int, **action: str) -> None:
    answer = await client.post(f"/api/v1/alerts/{alert}/actions", json=action)
    assert answer.status_code == 200, answer.text


async def asked(client, **query: object) -> dict:
    answer = await client.get("/api/v1/figures", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def table(client, **query: object) -> list[list[str]]:
    answer = await client.get("/api/v1/figures.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_a_week_is_counted_up_to_the_last_full_minute(door, campus) -> None:
    client = await door.as_("olga")
    pressed = await campus.press()
    campus.clock.turn(30_000)
    await act(client, pressed, action="acknowledge")
    campus.clock.turn(2 * HOUR)

    found = await asked(client)

    assert found["until"] == campus.clock.now() // MINUTE * MINUTE
    assert found["until"] - found["since"] == 7 * 24 * HOUR
    assert (found["activations"], found["acknowledged"], found["waiting"]) == (1, 1, 0)
    assert found["median_ms"] == 30_000
    assert [one["count"] for one in found["waits"]] == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert len(found["bars"]) == 7 * 24
    assert sum(bar["activations"] for bar in found["bars"]) == 1
    assert found["operator_hours"] == 7 * 24
    (source,) = found["top"]
    assert source["source"]["device"]["name"] == {"zh": "门卫室", "en": "Gatehouse"}
    assert (source["source"]["condition"], source["share"]) == ("panic", 1)
    assert found["targets"]["per_operator_hour"] == 6


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("repeater:rep-1", {"zh": "中继器 rep-1", "en": "Repeater rep-1"}),
        ("place:a-3", {"zh": "教学楼 / 三层", "en": "Block A / 3rd floor"}),
        ("school", {"zh": "第三中学", "en": "No. 3 Middle School"}),
    ],
)
async def test_a_cause_is_named_for_what_it_cut_off(door, campus, scope: str, name: dict) -> None:
    work = campus.flow.work()
    now = work.batch.now
    why = Explanation("cut_off", "cut_off_school", {})
    finding = Finding(CUT_OFF, True, Priority.HIGH, now, now, why, scope=scope)
    campus.book.fold(finding, Device("no3", "gateway", "gateway"), work)
    await campus.flow.commit(work)
    campus.clock.turn(2 * MINUTE)

    (source,) = (await asked(await door.as_("olga")))["top"]

    assert source["source"]["device"]["name"] == name


async def test_what_stands_for_more_than_a_day_is_listed(door, campus) -> None:
    smoke = await campus.find("smoky", campus.device(), Priority.HIGH)
    raised = campus.clock.now()
    campus.clock.turn(25 * HOUR)

    found = await asked(await door.as_("anna"))

    assert (found["standing"], found["stale"]) == (1, 1)
    (stale,) = found["stale_alerts"]
    assert (stale["alert"], stale["since"], stale["priority"]) == (smoke, raised, "high")
    assert stale["source"]["place"] == {"zh": "教学楼 / 三层", "en": "Block A / 3rd floor"}


async def test_a_button_pressed_three_times_within_a_minute_chatters(door, campus) -> None:
    for _ in range(3):
        await campus.press()
    campus.clock.turn(HOUR)

    found = await asked(await door.as_("olga"))

    assert (found["activations"], found["alerts"], found["chattering"]) == (3, 1, 1)
    assert found["chatterers"] == found["top"]


async def test_everybody_sees_the_figures_of_their_own_schools(door, campus) -> None:
    await campus.press("no3")
    await campus.press("no5")
    await campus.find("feed_lost")  # the gateway's own
    campus.clock.turn(HOUR)
    olga, east, west = [await door.as_(name) for name in ("olga", "east", "west")]

    assert (await asked(olga))["activations"] == 3
    assert (await asked(olga, region="east"))["activations"] == 1
    for client, school in ((east, "no3"), (west, "no5")):
        found = await asked(client)
        assert [one["source"]["school"] for one in found["top"]] == [school]
    assert (await asked(east, school="no5"))["activations"] == 0


async def test_a_period_without_an_end_or_a_length_is_refused(door, campus) -> None:
    client = await door.as_("olga")
    now = campus.clock.now()
    for query in (
        {"since": now},
        {"since": now - HOUR, "until": now - HOUR},
        {"since": now + HOUR, "until": now + 2 * HOUR},
        {"since": now - 367 * 24 * HOUR},
    ):
        answer = await client.get("/api/v1/figures", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), query
    assert (await asked(client, since=now - HOUR, until=now + HOUR))["until"] <= now


async def test_a_period_that_holds_too_much_asks_for_a_shorter_one(
    door, campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "MOST", 2)
    await campus.press_often(3)
    campus.clock.turn(HOUR)

    answer = await (await door.as_("olga")).get("/api/v1/figures")

    assert (answer.status_code, answer.json()["code"]) == (422, "figures_large")


async def test_the_same_question_within_a_minute_is_counted_once(
    door, campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    real = counting.figures_of
    monkeypatch.setattr(
        counting, "figures_of", lambda *args, **more: counted.append(args) or real(*args, **more)
    )
    olga, anna, west = [await door.as_(name) for name in ("olga", "anna", "west")]
    until = campus.clock.now() // MINUTE * MINUTE
    period = {"since": until - HOUR, "until": until}

    for client in (olga, anna, olga):
        await asked(client, **period)
    await table(olga, **period)
    assert len(counted) == 1
    await asked(west, **period)  # another scope is another question
    assert len(counted) == 2
    campus.clock.turn(MINUTE)
    await asked(olga, **period)
    assert len(counted) == 3


async def test_more_than_a_few_who_wait_for_a_count_are_sent_away(
    door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_WAITING", 0)
    answer = await (await door.as_("olga")).get("/api/v1/figures")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


async def test_the_figures_are_a_table_with_their_targets(door, campus) -> None:
    await campus.press()
    campus.clock.turn(HOUR)
    client = await door.as_("olga")
    until = campus.clock.now() // MINUTE * MINUTE
    period = {"since": until - 2 * HOUR, "until": until}

    rows = {row[0]: row[1:] for row in await table(client, language="en", **period)}

    assert rows["figure"] == ["value", "unit", "target, at most (ISA-18.2)"]
    assert rows["alerts per operator-hour"] == ["0.5", "", "6"]
    assert rows["time in a flood"] == ["0", "%", "1"]
    assert rows["median time to acknowledge"] == ["", "s", ""]
    assert rows["alerts · Emergency"][0] == "1"
    chinese = await table(client, **period)
    assert chinese[0][0] == "指标"
    assert len(chinese) == len(rows)


async def test_hours_are_a_table_in_the_time_of_the_reader(door, campus) -> None:
    await campus.press()
    campus.clock.turn(HOUR)
    client = await door.as_("olga")
    until = campus.clock.now() // HOUR * HOUR

    rows = await table(
        client,
        table="bars",
        language="en",
        since=until - 2 * HOUR,
        until=until,
        east_minutes=480,
    )

    assert rows[0] == [
        "start",
        "alerts",
        "operator-hours",
        "slots of 10 minutes in a flood",
    ]
    assert [row[0] for row in rows[1:]] == ["2026-11-20 15:00", "2026-11-20 16:00"]
    assert [row[1] for row in rows[1:]] == ["0", "1"]


async def test_a_name_that_is_a_formula_is_none_in_the_table(door, campus) -> None:
    tim = await door.as_("tim")
    await tim.put("/api/v1/devices/no3/evil", json={"kind": "smoke", "name_zh": "=1+1"})
    await campus.find("smoky", campus.device("no3", "evil"))
    campus.clock.turn(HOUR)

    (row,) = (await table(tim, table="sources"))[1:]

    assert row[:4] == ["第三中学", "", "evil", "'=1+1"]
    assert row[-1] == "否"


async def test_a_device_that_left_the_register_keeps_its_past(door, campus) -> None:
    await campus.find("smoky", campus.device("no3", "hall"))
    tim = await door.as_("tim")
    gone = await tim.request("DELETE", "/api/v1/devices/no3/hall", json={"reason": "gone"})
    assert gone.status_code < 300, gone.text
    campus.clock.turn(HOUR)

    (source,) = (await asked(tim))["top"]

    assert source["source"]["device"]["kind"] == ""
    assert source["source"]["school_name"]["en"] == "No. 3 Middle School"
