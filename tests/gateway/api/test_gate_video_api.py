"""Recorders and gate cameras over HTTP: what is known, from what, and who sees it."""

from __future__ import annotations

from typing import Any

from told_recorders import HALF_PAST

from devices.model import Device

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


async def test_everybody_sees_the_recorders_of_their_schools_only(gate_door: Any) -> None:
    for name, wanted in (("olga", ["no3", "no5"]), ("east", ["no3"]), ("west", ["no5"])):
        caller = await gate_door.as_(name)
        assert [one["school"] for one in (await caller.get(RECORDERS)).json()["items"]] == wanted
    west = await gate_door.as_("west")
    assert (await west.get(GATES)).json()["items"] == []
