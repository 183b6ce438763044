"""What the gateway puts together judges rooms, and goes on with them after it was killed."""

from __future__ import annotations

import json
from pathlib import Path

from alerts.alert import AlertState
from devices.dialects.native import Native
from devices.model import Device, Place, School
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.judging import Judging, make_judging
from gateway.kinds import load_kinds
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.registry import put_devices, put_places, put_schools
from gateway.store.sqlite import SqliteStore
from gateway.words import Words
from tests.gateway.new_store import opened

SETTINGS = default_settings()
KINDS = load_kinds(SETTINGS.kinds)
WORDS = Words.load()


def begin(store: SqliteStore, clock: ManualClock) -> Judging:
    judging = make_judging(SETTINGS, store, store.load(), KINDS, WORDS, [Native()], clock)
    roster = judging.judge.roster
    roster.hearing.connected, roster.hearing.since = True, clock.now()
    while not roster.all_awake:
        roster.wake_some()
    return judging


def alarm(judging: Judging, store: SqliteStore, clock: ManualClock, device: str, seq: int) -> None:
    body = json.dumps({"ts": clock.now(), "seq": seq, "event": "alarm"}).encode()
    work = Work(Batch(now=clock.now()))
    message = Message(f"campus/no3/smoke/{device}/event", body, 1, False)
    judging.judge.digest([message], clock.now(), work)
    judging.judge.finish(work)
    store.commit(work.batch).result()


def test_two_smoke_detectors_of_a_room_are_a_fire_of_the_room_also_over_a_kill(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    store = opened(tmp_path)
    batch = Batch(now=clock.now())
    batch.statements += put_schools([School("no3", "第三中学", "No. 3")])
    batch.statements += put_places([Place("lab", "no3", "实验室", "Lab")])
    batch.statements += put_devices(
        [Device("no3", f"lab-{number}", "smoke", place="lab") for number in (1, 2, 3)]
    )
    store.commit(batch).result()

    judging = begin(store, clock)
    alarm(judging, store, clock, "lab-1", 1)
    clock.turn(4_000)
    alarm(judging, store, clock, "lab-2", 1)
    found = {alert.condition for alert in judging.book}
    assert found == {"smoke", "room_fire"}

    again = begin(store, clock)
    clock.turn(4_000)
    alarm(again, store, clock, "lab-3", 1)
    (fire,) = [alert for alert in again.book if alert.condition == "room_fire"]
    store.close()
    assert (fire.occurrences, fire.state) == (2, AlertState.UNACKNOWLEDGED)
    assert fire.explanation.inputs == {
        "devices": 3,
        "first": "lab-1",
        "others": "lab-2, lab-3",
        "seconds": 4,
        "others_after_s": "4, 8",
    }
