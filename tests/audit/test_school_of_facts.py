"""Whose a fact is: every kind of subject says its school, or is the gateway's."""

from __future__ import annotations

import json

import pytest

from audit.fact import FactRow, school_of, school_of_alert


def fact(subject: str, **body: object) -> FactRow:
    return FactRow(1, "any", 0, 0, "gateway", subject, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("subject", "school"),
    [
        ("device:no3/hall", "no3"),
        ("link:no3/police", "no3"),
        ("place:no3/gate", "no3"),
        ("work_order:no3/17", "no3"),
        ("maintenance:no3/4", "no3"),
        ("attestation:no3/guards-1", "no3"),
        ("hazard:no3/8", "no3"),
        ("notice:no3/12", "no3"),
        ("school:no3", "no3"),
        ("roster:140000123", "140000123"),
        ("region:east", ""),
        ("user:tim", ""),
        ("policy:six-100", ""),
        ("device:hall", ""),
        ("", ""),
    ],
)
def test_the_subject_says_whose_it_is(subject: str, school: str) -> None:
    assert school_of(fact(subject)) == school


def test_an_alert_says_it_in_its_body() -> None:
    assert school_of(fact("alert:4", alert=4, kind="returned", school="no3")) == "no3"
    assert school_of(fact("alert:4", alert=4, kind="raised", detail={"school": "no3"})) == "no3"
    assert school_of(fact("alert:4", link="no3/police", path="primary")) == "no3"
    assert school_of(fact("alert:4", alert=4, kind="returned", detail={})) == ""
    assert school_of(FactRow(1, "any", 0, 0, "gateway", "alert:4", b"\xff")) == ""


def test_older_alerts_are_known_by_their_first_fact() -> None:
    known: dict[str, str] = {}
    raised = fact("alert:4", alert=4, kind="raised", detail={"school": "no3"})
    returned = fact("alert:4", alert=4, kind="returned", detail={})
    assert school_of_alert(returned, known) == ""
    assert school_of_alert(raised, known) == "no3"
    assert school_of_alert(returned, known) == "no3"
    assert school_of_alert(fact("device:no5/x"), known) == "no5"
