"""What is proven of recordings: a fact when a verdict says something else, and one each night."""

from __future__ import annotations

import json

from recorded_school import CAMERAS, Campus, begun

from devices.recording.local_time import DAY_MS


async def test_a_night_in_which_nothing_changes_is_one_fact_of_the_recorder(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    for night in (1, 2, 3):
        for camera in CAMERAS:
            campus.record(camera, 38)
            await recordings.check(recorder, camera)
        assert len(campus.facts("recording_verdict")) == len(CAMERAS)
        rounds = campus.facts("recordings_round")
        assert len(rounds) == night
        cameras = json.loads(rounds[-1].body)["cameras"]
        assert {one["as_of"] for one in cameras.values()} == {campus.clock.now()}
        campus.clock.turn(DAY_MS)


async def test_what_changes_and_what_a_person_wanted_are_facts_of_their_own(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    for camera in CAMERAS:
        campus.record(camera, 38)
        await recordings.check(recorder, camera)
    await recordings.check(recorder, "yard-01", "user:tim")
    assert [fact.actor for fact in campus.facts("recording_verdict")][2:] == ["user:tim"]
    assert len(campus.facts("recordings_round")) == 1  # the night's has been told

    campus.clock.turn(2 * DAY_MS)  # nothing was recorded meanwhile
    await recordings.check(recorder, "yard-01")
    newest = campus.facts("recording_verdict")[-1]
    assert json.loads(newest.body)["status"] == "gaps"


async def test_a_restart_in_the_middle_of_a_night_loses_none_of_its_cameras(
    campus: Campus,
) -> None:
    recorder = campus.recorder()
    recordings = await begun(campus, recorder)
    for camera in CAMERAS:
        campus.record(camera, 38)
    await recordings.check(recorder, "gate-01")
    assert campus.facts("recordings_round") == []
    again = await begun(campus, recorder)
    await again.check(recorder, "yard-01")
    (told,) = campus.facts("recordings_round")
    assert set(json.loads(told.body)["cameras"]) == set(CAMERAS)
