"""Replays over HTTP: begun by administrators, watched, and seen by nobody else."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

MINUTE = 60_000


@pytest.fixture
def days(campus):
    """An hour of a detector that is hot for ten minutes; nothing of it was raised."""
    begin = campus.clock.now()
    row = campus.counted("SELECT row FROM devices WHERE school = 'no3' AND id = 'lab-2'")
    with closing(sqlite3.connect(campus.store.path, isolation_level=None)) as connection:
        for minute in range(60):
            at = begin + minute * MINUTE
            smoke = "true" if 20 <= minute < 30 else "false"
            body = f'{{"ts":{at},"seq":{minute},"smoke_alarm":{smoke},"battery_pct":80}}'
            connection.execute(
                "INSERT INTO readings(device, channel, happened, received, body) "
                "VALUES(?, 0, ?, ?, ?)",
                (row, at, at, body.encode()),
            )
    return {"since": begin, "until": begin + 60 * MINUTE, "school": "no3", "device": "lab-2"}


async def over(client, run: dict) -> dict:
    """The replay once it is over."""
    async with asyncio.timeout(120):
        while run["state"] == "running":
            await asyncio.sleep(0.05)
            run = (await client.get(f"/api/v1/replays/{run['id']}")).json()
    return run


async def begun(client, days: dict, **more: object) -> dict:
    answer = await client.post("/api/v1/replays", json={**days, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_replay_is_begun_watched_and_tells_what_it_found(door, days) -> None:
    ada = await door.as_("ada")
    run = await over(ada, await begun(ada, days))
    assert (run["state"], run["error"]) == ("done", "")
    assert (run["devices"], run["readings"], run["done"]) == (1, 60, 1.0)
    (smoke,) = (one for one in run["pairs"] if one["condition"] == "smoke")
    assert smoke["verdict"] == "only_replayed"
    assert smoke["device"]["id"] == "lab-2"
    assert smoke["raised"] is None
    assert smoke["replayed"]["began"] == days["since"] + 20 * MINUTE
    assert smoke["replayed"]["priority"] == "emergency"
    assert smoke["replayed"]["explanation"]["text"]["en"]
    assert run["counts"]["only_replayed"] == 1
    assert run["rules"] == [{"rule": "smoke_alarm", "counts": {"only_replayed": 1}}]
    listed = (await ada.get("/api/v1/replays")).json()["items"]
    assert [one["id"] for one in listed] == [run["id"]]


async def test_changed_figures_judge_alone(door, days) -> None:
    ada = await door.as_("ada")
    changes = {"devices": {"no3/lab-2": {"smoke_alarm": "off"}}}
    run = await over(ada, await begun(ada, days, changes=changes))
    assert (run["pairs"], run["changed"]) == ([], True)
    assert run["changes"]["devices"] == changes["devices"]


async def test_others_do_not_see_it_nor_break_it_off(door, days) -> None:
    ada, east = await door.as_("ada"), await door.as_("east-ada")
    run = await begun(ada, days)
    path = f"/api/v1/replays/{run['id']}"
    assert (await east.get(path)).status_code == 404
    assert (await east.delete(path)).status_code == 404
    assert (await east.get("/api/v1/replays")).json()["items"] == []
    assert (await over(ada, run))["state"] == "done"


async def test_one_at_a_time_and_it_can_be_broken_off(door, days) -> None:
    ada = await door.as_("ada")
    run = await begun(ada, days)
    second = await ada.post("/api/v1/replays", json=days)
    assert (second.status_code, second.json()["code"]) == (409, "refusal.replay_running")
    stopped = await ada.delete(f"/api/v1/replays/{run['id']}")
    assert stopped.status_code == 202
    # It may have been done in the same moment.
    assert (await over(ada, run))["state"] in {"cancelled", "done"}
    assert (await over(ada, await begun(ada, days)))["state"] == "done"


async def test_nobody_replays_what_lies_out_of_their_scope(door, days) -> None:
    east = await door.as_("east-ada")
    there = {**days, "school": "no5", "device": "gate-01"}
    assert (await east.post("/api/v1/replays", json=there)).status_code == 404
    for changes in ({"schools": {"no5": {}}}, {"devices": {"no5/gate-01": {}}}):
        body = {**days, "changes": changes}
        assert (await east.post("/api/v1/replays", json=body)).status_code == 404
    everything = {"since": days["since"], "until": days["until"]}
    run = await over(east, await begun(east, everything))
    assert {one["device"]["school"] for one in run["pairs"]} == {"no3"}
    wrong = {**everything, "changes": {"devices": {"no3/nowhere": {}}}}
    answer = await east.post("/api/v1/replays", json=wrong)
    assert answer.status_code == 422
    assert "no5" not in answer.text


async def test_no_readings_is_said_and_no_fault(door, campus) -> None:
    ada = await door.as_("ada")
    run = await over(ada, await begun(ada, {"since": 1, "until": 2}))
    assert (run["state"], run["covered"], run["pairs"]) == ("done", None, [])
