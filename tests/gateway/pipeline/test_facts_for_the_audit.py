"""The facts that the pipeline writes say whose they are, and fold into what the audit judges by."""

from __future__ import annotations

import json

import pytest
from judged import BUTTON, SMOKE, Judged
from sqlalchemy import text
from town import HEARTBEAT_S, Town

from alerts.alert import Acknowledge
from alerts.lifecycle import Limits
from audit.coverage import SchoolRecord, fold
from audit.fact import FactRow, school_of
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Fact
from gateway.store.sqlite import SqliteStore

IN_A = 3 * 4 * 5


@pytest.fixture
def town(store: SqliteStore) -> Town:
    there = Town(store)
    there.pass_time(3 * HEARTBEAT_S)
    return there


def row_of(fact: Fact) -> FactRow:
    return FactRow(1, fact.kind, fact.happened, fact.known, fact.actor, fact.subject, fact.body)


def record_of(town: Town) -> SchoolRecord:
    query = "SELECT row, kind, happened, known, actor, subject, body FROM facts ORDER BY row"
    record = SchoolRecord(school="no3")
    for found in town.store.read(lambda db: db.execute(text(query)).all()):
        fact = FactRow(*found)
        if school_of(fact) == "no3":
            record = fold(record, fact)
    return record


def test_every_transition_says_its_school_its_device_and_what_is_wrong(judged: Judged) -> None:
    raised = judged.press(seq=1).batch.facts[-1]
    alert = judged.alert(BUTTON, "panic")
    assert alert is not None
    work = Work(Batch(now=judged.now))
    judged.book.act(alert, Acknowledge(comment="seen"), "olga", work)
    for fact in (raised, *work.batch.facts):
        body = json.loads(fact.body)
        assert fact.kind == "transition"
        assert (body["school"], body["condition"]) == ("no3", "panic")
        assert school_of(row_of(fact)) == "no3"
    assert json.loads(raised.body)["device"] == "gate-01"


def test_the_running_gateway_names_devices_by_their_rows_as_well(judged: Judged) -> None:
    judged.press(seq=1)
    alert = judged.alert(BUTTON, "panic")
    assert alert is not None
    names = {BUTTON.row: BUTTON.id, SMOKE.row: SMOKE.id}
    book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None, named=names.__getitem__)
    book.load([alert], alert.id, 1)
    work = Work(Batch(now=judged.now))
    book.act(alert, Acknowledge(comment=""), "olga", work)
    assert [json.loads(fact.body)["device"] for fact in work.batch.facts] == ["gate-01"]


def test_a_building_without_power_is_known_to_be_cut_off_and_then_back(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    record = record_of(town)
    (cut_off,) = record.cut_off.values()
    assert len(cut_off) == IN_A
    assert all(name.startswith("a") for name in cut_off)
    (fault,) = record.faults.values()
    assert (fault.device, fault.condition, fault.scope) == ("", "cut_off", "place:a")
    town.mend("a")
    town.pass_time(HEARTBEAT_S + 3)
    assert record_of(town).cut_off == {}


def test_one_that_stays_silent_when_the_others_are_back_has_a_fault_of_its_own(town: Town) -> None:
    town.cut("a")
    town.pass_time(10 * HEARTBEAT_S)
    back = ("a1", "a2", "a30", "a31", "a32")
    town.mend(*back)
    town.pass_time(20 * HEARTBEAT_S)
    record = record_of(town)
    out = {name for those in record.cut_off.values() for name in those}
    out |= {one.device for one in record.faults.values() if one.since is not None}
    still = {name for name in town._named(["a"]) if not name.startswith(back)}
    assert still
    assert {name for name in out if name.startswith("a")} == still
