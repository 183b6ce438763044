"""Recorders and gate cameras over HTTP: what is known, from what, and who sees it."""

from __future__ import annotations

from typing import Any

from told_recorders import HALF_PAST

from devices.model import Device
from devices.recording.holdings import Holdings
from devices.recording.local_time import DAY_MS
from devices.recording.requirement import Requirement
from devices.recording.source import Answer, Segment, Span
from devices.recording.verdict import judge
from gateway.settings_recordings import RecorderSettings
from gateway.store.batch import Batch
from gateway.store.recordings import judged, put_verdict

RECORDERS = "/api/v1/video/recorders"
GATES = "/api/v1/video/gates"


async def test_a_recorder_that_reports_nothing_has_its_link_to_the_police_attested(
    gate_door: Any,
) -> None:
    olga = await gate_door.as_("olga")
    first, second = (await olga.get(RECORDERS)).json()["items"]
    assert (first["school"], first["police"]["basis"], first["police"]["registered"]) == (
        "no3",
        "attested",
        None,
    )
    assert "书面确认" in first["police"]["text"]["zh"]
    assert first["catalog"] == {
        "registered": True,
        "since": HALF_PAST,
        "asked": HALF_PAST,
        "trouble": "",
        "listed": 3,
        "online": 1,
        "missing": ["lab-2"],
        "unregistered": 2,
    }
    assert (second["police"]["basis"], second["police"]["registered"]) == ("reported", False)
    assert "not registered" in second["police"]["text"]["en"]
    assert second["catalog"] is None


async def test_gate_cameras_are_those_of_the_places_named(gate_door: Any) -> None:
    campus = gate_door.campus
    for device in (
        Device("no3", "cam-a3", "camera", place="a-3", name_zh="大门"),
        Device("no3", "cam-yard", "camera"),
    ):
        assert isinstance(await campus.desk.register(device, "", ""), Device)
    olga = await gate_door.as_("olga")
    (gate,) = (await olga.get(GATES)).json()["items"]
    assert (gate["camera"], gate["channel_state"], gate["recordings"], gate["recorder"]) == (
        "cam-a3",
        "offline",
        None,
        None,
    )
    assert gate["police"]["basis"] == "unknown"  # no recorder is configured for it


def record(campus: Any, held_days: int, required_days: int = 90) -> None:
    """The recorder of no3 holds so much of the camera at the gate, and is asked for so much."""
    now = campus.clock.now()
    need = Requirement(days=required_days, commissioned=now - 400 * DAY_MS)
    answer = Answer(
        span=Span(now - (required_days + 7) * DAY_MS, now),
        segments=(Segment(now - held_days * DAY_MS, now),),
    )
    holdings = Holdings().taken(answer, now)
    verdict = judge(holdings, need, now)
    batch = Batch(now=now)
    one = judged(("no3", "cam-a3"), "nvr", verdict, need, asked=now, unknown_since=None)
    put_verdict(batch, one, verdict, holdings)
    campus.store.commit(batch).result()


async def test_a_gate_has_a_camera_whose_recordings_reach_back_or_has_not(gate_door: Any) -> None:
    campus = gate_door.campus
    olga = await gate_door.as_("olga")

    async def gate() -> Any:
        (found,) = (await olga.get(GATES)).json()["gates"]
        assert (found["school"], found["gate"], found["days"]) == ("no3", "a-3", 90)
        return found["verdict"], found["why"], found["cameras"]

    assert await gate() == ("failed", "no_camera", [])
    camera = Device("no3", "cam-a3", "camera", place="a-3", name_zh="大门")
    assert isinstance(await campus.desk.register(camera, "", ""), Device)
    assert await gate() == ("unknown", "not_recorded", ["cam-a3"])
    campus.recordings.recorders["no3", "nvr"] = RecorderSettings.model_validate(
        {
            "school": "no3",
            "id": "nvr",
            "kind": "folder",
            "folder": "nvr",
            "cameras": {"cam-a3": 1},
        }
    )
    assert await gate() == ("unknown", "unknown", ["cam-a3"])
    for held, required, wanted in (
        (36, 30, ("unknown", "asked_less")),
        (41, 90, ("failed", "short")),
        (95, 90, ("met", "reaches")),
    ):
        record(campus, held, required)
        assert await gate() == (*wanted, ["cam-a3"])
    (found,) = (await olga.get(GATES)).json()["gates"]
    assert "95" in found["text"]["zh"]
    assert found["held_days"] == 95
    campus.clock.turn(37 * 3_600_000)
    olga = await gate_door.as_("olga")
    assert await gate() == ("unknown", "unknown", ["cam-a3"])  # nobody has asked since


async def test_gates_are_seen_with_their_schools_only(gate_door: Any) -> None:
    for name, wanted in (("olga", ["no3"]), ("east", ["no3"]), ("west", [])):
        caller = await gate_door.as_(name)
        answer = (await caller.get(GATES)).json()
        assert [one["school"] for one in answer["gates"]] == wanted
        schools = {one["id"] for one in (await caller.get("/api/v1/schools")).json()["items"]}
        assert answer["schools_without"] == len(schools - {"no3"})


async def test_everybody_sees_the_recorders_of_their_schools_only(gate_door: Any) -> None:
    for name, wanted in (("olga", ["no3", "no5"]), ("east", ["no3"]), ("west", ["no5"])):
        caller = await gate_door.as_(name)
        assert [one["school"] for one in (await caller.get(RECORDERS)).json()["items"]] == wanted
    west = await gate_door.as_("west")
    assert (await west.get(GATES)).json()["items"] == []


async def test_what_a_recorders_own_page_says_is_entered_by_who_saw_it(gate_door: Any) -> None:
    tim = await gate_door.as_("tim")
    wanted = {"registered": False, "reason": "platform access: 离线"}
    answer = await tim.post(f"{RECORDERS}/no3/nvr/police", json=wanted)
    assert answer.status_code == 200, answer.text
    olga = await gate_door.as_("olga")
    police = (await olga.get(RECORDERS)).json()["items"][0]["police"]
    assert police == answer.json()
    assert (police["basis"], police["registered"]) == ("attested", None)
    assert police["stated"] == {**wanted, "by": "tim", "at": HALF_PAST, "stands": True}
    assert "未注册" in police["text"]["zh"]
    gate_door.campus.clock.turn(32 * DAY_MS)
    olga = await gate_door.as_("olga")
    police = (await olga.get(RECORDERS)).json()["items"][0]["police"]
    assert police["stated"]["stands"] is False
    assert "31" in police["text"]["en"]


async def test_of_a_recorder_that_is_not_there_nothing_is_entered(gate_door: Any) -> None:
    tim = await gate_door.as_("tim")
    wanted = {"registered": True, "reason": "seen"}
    assert (await tim.post(f"{RECORDERS}/no3/other/police", json=wanted)).status_code == 404
    for wrong in ({"registered": True}, {"registered": True, "reason": " "}, {"reason": "seen"}):
        answer = await tim.post(f"{RECORDERS}/no3/nvr/police", json=wrong)
        assert answer.status_code == 422, wrong
