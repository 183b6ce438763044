"""Exercises over HTTP: led by people, timed by the gateway, exported; nothing goes anywhere."""

from __future__ import annotations

import csv
import io


async def begun(client, **more: object) -> dict:
    answer = await client.post("/api/v1/exercises", json={"school": "no3", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_exercise_is_led_marked_scored_and_exported(door, campus) -> None:
    olga, tim = await door.as_("olga"), await door.as_("tim")
    plan = (await olga.get("/api/v1/exercises/plan")).json()["items"]
    assert plan[0]["text"]["en"].startswith("The exercise's alarm")
    steps = [{"text": "=cmd|see it", "limit_s": 60}, {"code": "guards", "limit_s": 90}]
    one = await begun(olga, title="November", steps=steps)
    path = f"/api/v1/exercises/{one['id']}"
    campus.clock.turn(30_000)
    one = (await tim.post(f"{path}/steps/0", json={"note": "at the gate"})).json()
    assert one["steps"][0]["result"] == "in_time"
    assert one["steps"][0]["seconds"] == 30
    assert one["steps"][0]["actor"] == "tim"
    assert one["score"] is None
    campus.clock.turn(70_000)
    one = (await olga.get(path)).json()
    assert one["steps"][1]["result"] == "overdue"
    one = (await olga.post(f"{path}/steps/1", json={})).json()
    assert one["steps"][1]["result"] == "late"
    one = (await olga.post(f"{path}/end", json={"note": "repeat in spring"})).json()
    assert one["score"] == {"percent": 75.0, "in_time": 1, "late": 1, "missed": 0}

    answer = await olga.get(f"{path}.csv", params={"language": "en"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert ["Score", "75 %"] in rows
    assert rows[-2][1] == "'=cmd|see it"
    assert rows[-1][5] == "late"
    chinese = (await olga.get(f"{path}.csv")).content.decode("utf-8-sig")
    assert "得分" in chinese


async def test_nothing_of_an_exercise_is_an_alarm_or_goes_anywhere(door, campus) -> None:
    olga = await door.as_("olga")
    one = await begun(olga)
    await olga.post(f"/api/v1/exercises/{one['id']}/steps/0", json={})
    await olga.post(f"/api/v1/exercises/{one['id']}/end", json={})
    assert campus.counted("SELECT count(*) FROM alerts") == 0
    assert campus.counted("SELECT count(*) FROM outbox") == 0
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'exercise'") == 3


async def test_a_button_pressed_during_an_exercise_is_a_real_alarm(door, campus) -> None:
    olga = await door.as_("olga")
    await begun(olga)
    assert await campus.press()


async def test_exercises_are_listed_and_are_no_verifications(door) -> None:
    olga, west = await door.as_("olga"), await door.as_("west")
    first = await begun(olga)
    second = await begun(olga)
    page = (await olga.get("/api/v1/exercises", params={"limit": 1})).json()
    rest = (await olga.get("/api/v1/exercises", params={"cursor": page["next"]})).json()
    assert [one["id"] for one in [*page["items"], *rest["items"]]] == [second["id"], first["id"]]
    assert (await olga.get("/api/v1/verifications")).json()["items"] == []
    assert (await olga.get(f"/api/v1/verifications/{first['id']}")).status_code == 404
    assert (await west.get("/api/v1/exercises")).json()["items"] == []
    assert (await west.get(f"/api/v1/exercises/{first['id']}")).status_code == 404


async def test_the_same_key_begins_one_exercise(door) -> None:
    olga = await door.as_("olga")
    answers = [
        await olga.post(
            "/api/v1/exercises", json={"school": "no3"}, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]


async def test_what_cannot_be_done_is_refused_in_words(door) -> None:
    olga = await door.as_("olga")
    wrong = {"school": "no3", "steps": [{"code": "dance", "limit_s": 1}]}
    assert (await olga.post("/api/v1/exercises", json=wrong)).status_code == 422
    empty = {"school": "no3", "steps": [{"limit_s": 1}]}
    assert (await olga.post("/api/v1/exercises", json=empty)).status_code == 422
    one = await begun(olga)
    path = f"/api/v1/exercises/{one['id']}"
    answer = await olga.post(f"{path}/steps/39", json={})
    assert answer.json()["code"] == "refusal.exercise_no_step"
    await olga.post(f"{path}/end", json={})
    answer = await olga.post(f"{path}/steps/0", json={})
    assert answer.json()["code"] == "refusal.exercise_over"
