"""Recordings over HTTP: who sees which, day by day, totals, files, and asking a recorder now."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from alerts.recorders import Look
from devices.recording.holdings import Edge, Holdings
from devices.recording.local_time import DAY_MS, HOUR_MS
from devices.recording.proof import Outcome, Proof, Sample
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, DeviceTime, Segment, Span, Trouble
from devices.recording.verdict import judge, proven
from gateway.store.batch import Batch
from gateway.store.recordings import judged, put_verdict

URL = "/api/v1/recordings"


def keep(
    campus: Any, camera: tuple[str, str], holdings: Holdings, sample: Sample | None = None
) -> None:
    now = campus.clock.now()
    need = Requirement(days=30, commissioned=now - 400 * DAY_MS)
    verdict = judge(holdings, need, now)
    if sample is not None:
        verdict = proven(verdict, Proof.of(sample, now, None))
    one = judged(camera, "nvr", verdict, need, asked=now, unknown_since=now)
    batch = Batch(now=now)
    put_verdict(batch, one, verdict, holdings)
    campus.store.commit(batch).result()


def held(now: int, *recorded: tuple[float, float], trouble: Trouble | None = None) -> Holdings:
    span = Span(now - 40 * DAY_MS, now)
    segments = tuple(
        Segment(now - round(begin * DAY_MS), now - round(end * DAY_MS)) for begin, end in recorded
    )
    answer = Answer(span=span, segments=segments, trouble=trouble, detail="HTTP 500")
    return Holdings().taken(answer, now)


@pytest.fixture
def kept(recordings_door: Any) -> Any:
    """Cameras of one school that are met, short, with gaps; one of another that is unknown."""
    campus = recordings_door.campus
    now = campus.clock.now()
    keep(campus, ("no3", "lab-2"), held(now, (40, 0)))
    keep(campus, ("no3", "cam-gaps"), held(now, (40, 20), (19.5, 0)))
    keep(campus, ("no3", "cam-short"), held(now, (19, 0)))
    keep(campus, ("no5", "cam-away"), held(now, trouble=Trouble.UNREADABLE))
    return recordings_door


async def test_everybody_sees_the_cameras_of_their_schools(kept: Any) -> None:
    for name, wanted in (
        ("olga", ["no3/cam-short", "no3/cam-gaps", "no5/cam-away", "no3/lab-2"]),
        ("east", ["no3/cam-short", "no3/cam-gaps", "no3/lab-2"]),
        ("west", ["no5/cam-away"]),
    ):
        client = await kept.as_(name)
        items = (await client.get(URL)).json()["items"]
        assert [f"{one['school']}/{one['camera']}" for one in items] == wanted
        recorders = (await client.get(f"{URL}/recorders")).json()["items"]
        assert {one["school"] for one in recorders} == {one.split("/")[0] for one in wanted}
    west = await kept.as_("west")
    assert (await west.get(f"{URL}/no3/lab-2")).status_code == 404
    assert (await west.get(f"{URL}?school=no3")).json()["items"] == []


async def test_they_are_asked_for_by_verdict_region_and_page(kept: Any) -> None:
    olga = await kept.as_("olga")

    async def cameras(query: str) -> list[str]:
        return [one["camera"] for one in (await olga.get(f"{URL}?{query}")).json()["items"]]

    assert await cameras("status=short") == ["cam-short"]
    assert await cameras("status=unknown") == ["cam-away"]
    assert await cameras("region=east&status=met") == ["lab-2"]
    assert await cameras("recorder=other") == []
    (short,) = (await olga.get(f"{URL}?status=short")).json()["items"]
    day = (await olga.get(f"{URL}/no3/cam-short")).json()["days"]
    assert short["marks"] == "".join(one["status"][0] for one in day)
    assert short["first_day"] == day[0]["day"]
    seen, cursor = [], ""
    while cursor is not None:
        page = (await olga.get(f"{URL}?limit=1{cursor and f'&cursor={cursor}'}")).json()
        seen += [one["camera"] for one in page["items"]]
        cursor = page["next"]
    assert seen == ["cam-short", "cam-gaps", "cam-away", "lab-2"]
    assert (await olga.get(f"{URL}?cursor=nonsense")).status_code == 422


async def test_a_camera_is_shown_day_by_day_with_its_gaps(kept: Any) -> None:
    olga = await kept.as_("olga")
    one = (await olga.get(f"{URL}/no3/cam-gaps")).json()
    assert (one["status"], one["gaps"], one["required_days"]) == ("gaps", 1, 30)
    assert {day["status"] for day in one["days"]} == {"met", "gaps"}
    (gap,) = one["gap_spans"]
    assert gap["end"] - gap["begin"] == 12 * HOUR_MS
    assert one["reasons"][0]["text"]["zh"].startswith("1 处缺口，合计 12 小时；最长的一处为 20")
    short = (await olga.get(f"{URL}/no3/cam-short")).json()
    assert short["held_days"] == 19
    assert [day["status"] for day in short["days"]].count("short") >= 10
    away = (await olga.get(f"{URL}/no5/cam-away")).json()
    assert away["reasons"][0]["detail"] == "HTTP 500"
    assert {day["status"] for day in away["days"]} == {"unknown"}
    assert (await olga.get(f"{URL}/no3/hall")).status_code == 404


async def test_what_came_of_playing_is_told_beside_the_verdict_and_in_files(kept: Any) -> None:
    campus = kept.campus
    now = campus.clock.now()
    wanted = now - 9 * DAY_MS
    played = Sample(outcome=Outcome.PLAYED, wanted=wanted, decoded=wanted, width=64, height=48)
    keep(campus, ("no3", "lab-2"), held(now, (40, 0)), played)
    broken = Sample(outcome=Outcome.UNPLAYABLE, wanted=wanted, trouble=Trouble.UNREADABLE)
    keep(campus, ("no3", "cam-gaps"), held(now, (40, 0)), broken)
    olga = await kept.as_("olga")
    one = (await olga.get(f"{URL}/no3/lab-2")).json()
    assert one["status"] == "met"
    assert one["sample"]["text"] == {"zh": "已放出画面", "en": "Played"}
    assert (one["sample"]["moment"], one["sample"]["played_at"]) == (wanted, now)
    other = (await olga.get(f"{URL}/no3/cam-gaps")).json()
    assert (other["status"], other["sample"]["played_at"]) == ("unknown", None)
    assert other["reasons"][0]["text"]["en"].endswith("cannot be played (answer cannot be read)")
    assert (await olga.get(f"{URL}/no3/cam-short")).json()["sample"] is None
    answer = await olga.get("/api/v1/recordings.csv?language=en&region=east")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Sample"] for row in rows] == ["Cannot be played", "", "Played"]
    assert bool(rows[2]["Last played"]) > bool(rows[0]["Last played"])


async def test_totals_are_those_of_schools_and_of_regions_around_them(
    kept: Any,
) -> None:
    olga = await kept.as_("olga")
    totals = (await olga.get(f"{URL}/totals")).json()
    assert totals["all"] == {
        "met": 1,
        "short": 1,
        "gaps": 1,
        "unknown": 1,
        "total": 4,
        "falling": 0,
    }
    by_region = [(one["region"], one["total"]) for one in totals["regions"]]
    assert by_region == [("city", 4), ("east", 3)]
    by_school = {one["school"]: (one["total"], one["unknown"]) for one in totals["schools"]}
    assert by_school == {"no3": (3, 0), "no5": (1, 1)}
    east = await kept.as_("east")
    assert (await east.get(f"{URL}/totals")).json()["all"]["total"] == 3


async def test_a_verdict_that_nobody_renewed_is_unknown(kept: Any) -> None:
    kept.campus.clock.turn(37 * HOUR_MS)
    olga = await kept.as_("olga")
    one = (await olga.get(f"{URL}/no3/lab-2")).json()
    assert one["status"] == "unknown"
    assert {day["status"] for day in one["days"]} == {"unknown"}
    assert one["reasons"][0]["kind"] == "never_asked"
    totals = (await olga.get(f"{URL}/totals")).json()["all"]
    assert totals["unknown"] == totals["total"] == 4


async def test_what_will_fall_short_is_listed_with_its_day(kept: Any) -> None:
    campus = kept.campus
    now = campus.clock.now()
    holdings = held(now, (34, 0))
    for ago in range(8, -1, -1):
        at = now - ago * DAY_MS
        edge = Edge(at, at - round((34 + ago * 0.5) * DAY_MS), censored=False)
        holdings = holdings.remembering(edge)
    keep(campus, ("no3", "lab-2"), holdings)
    olga = await kept.as_("olga")
    (one,) = (await olga.get(f"{URL}/falling")).json()["items"]
    assert (one["camera"], one["falls_short"]) == ("lab-2", now + 9 * DAY_MS)
    assert (await olga.get(f"{URL}/totals")).json()["all"]["falling"] == 1


async def test_who_verifies_has_a_recorder_asked_now(kept: Any) -> None:
    campus = kept.campus
    tim = await kept.as_("tim")
    answer = await tim.post(f"{URL}/no3/lab-2/check", json={})
    assert (answer.status_code, answer.json()["checking"]) == (202, True)
    assert campus.recordings.wanted == {("no3", "lab-2"): "user:tim"}
    assert (await tim.get(f"{URL}/no3/lab-2")).json()["checking"] is True
    for name, status in (("olga", 403), ("anna", 403)):
        client = await kept.as_(name)
        assert (await client.post(f"{URL}/no3/lab-2/check", json={})).status_code == status
    east = await kept.as_("east-tim")
    assert (await east.post(f"{URL}/no5/cam-away/check", json={})).status_code == 404


async def test_recorders_are_shown_as_they_were_at_the_last_look(kept: Any) -> None:
    campus = kept.campus
    now = campus.clock.now()
    look = Look(at=now, drift=DeviceTime(now, now + 90_000).drift)
    campus.recordings.looks["no3", "nvr"] = look.failed(now, Trouble.TIMED_OUT, "no answer in 10 s")
    olga = await kept.as_("olga")
    first, second = (await olga.get(f"{URL}/recorders")).json()["items"]
    assert (first["failing"], first["trouble"], first["drift_ms"]) == (now, "timed_out", 90_000)
    assert first["trouble_text"] == {"zh": "应答超时", "en": "timed out"}
    assert (second["looked"], second["trouble_text"]) == (None, None)


async def test_all_of_it_leaves_as_files_in_which_nothing_is_a_formula(
    kept: Any,
) -> None:
    campus = kept.campus
    keep(campus, ("no3", "-cam"), held(campus.clock.now(), (40, 0)))
    olga = await kept.as_("olga")
    answer = await olga.get("/api/v1/recordings.csv?east_minutes=480&language=en&region=east")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Camera"] for row in rows] == ["'-cam", "cam-gaps", "cam-short", "lab-2"]
    assert (rows[2]["Verdict"], rows[2]["Days held"]) == ("Short", "19.0")
    workbook = await olga.get("/api/v1/recordings.xlsx")
    sheet = load_workbook(io.BytesIO(workbook.content)).worksheets[0]
    found = list(sheet.iter_rows(min_row=2, max_col=8))
    assert found[0][1].value == "-cam"
    assert {row[1].data_type for row in found} == {"s"}
    assert found[2][7].value == 19
