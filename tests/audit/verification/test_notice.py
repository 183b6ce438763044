"""Notice to the police before a walk test: asked of people, once for each link that wants it."""

from __future__ import annotations

import msgspec
import pytest
from verified import NOW, Run, exchange

from audit.verification.link import LinkTest
from audit.verification.model import Verdict
from audit.verification.notice import NOTICE_MS, STANDS_MS
from audit.verification.procedure import (
    Cancelled,
    Confirmed,
    LinkNotice,
    NoticeGiven,
    OpenWindow,
    PoliceTold,
    Pressed,
    SendTest,
    Sent,
)
from devices.police_link.link import Code

HOUR = 3_600_000
WANTED = LinkNotice(link="no3/110", hours=24, telephone="0101-5550102", text="duty officer")
TOLD = PoliceTold("no3/110", "li.na", "duty officer, by telephone")
BUREAU = LinkNotice(link="no3/bureau", hours=2, telephone="0101-5550103")


def button(*notices: LinkNotice) -> Run:
    links = tuple(one.link for one in notices) or ("no3/110",)
    return Run("alarm-button", links=links, notices=notices)


def announced(at: int) -> LinkNotice:
    return msgspec.structs.replace(WANTED, announced=at)


def given(at: int) -> LinkNotice:
    return msgspec.structs.replace(WANTED, given=NoticeGiven(at, "wang", "by telephone"))


def test_no_window_opens_before_the_police_know() -> None:
    run = button(WANTED)
    assert run.waits == "notice"
    assert run.effects == []
    assert run.run.steps[0].inputs == {
        "link": "no3/110",
        "telephone": "0101-5550102",
        "hours": 24,
        "text": "duty officer",
    }
    run.later(60_000).hear(TOLD)
    assert run.effects == [OpenWindow(600_000)]
    assert run.waits == "press"
    assert run.run.steps[1].due == NOW + 60_000 + 600_000
    notice = run.run.steps[0]
    assert (notice.verdict, notice.code) == (Verdict.MET, "notice_given")
    assert notice.inputs["actor"] == "li.na"
    assert notice.inputs["told"] == "duty officer, by telephone"


def test_nothing_but_the_notice_of_that_link_opens_it() -> None:
    run = button(WANTED)
    before = run.run
    run.hear(Confirmed()).hear(Pressed(happened=NOW, known=NOW, due=NOW + 30_000))
    run.hear(PoliceTold("no3/bureau", "li.na", "somebody else"))
    assert run.run is before
    assert run.effects == []


def test_each_link_that_wants_it_is_told() -> None:
    run = button(WANTED, BUREAU).hear(TOLD)
    assert run.waits == "notice"
    assert run.effects == []
    assert run.run.steps[1].inputs["link"] == "no3/bureau"
    run.hear(PoliceTold("no3/bureau", "li.na", "by telephone"))
    assert run.effects == [OpenWindow(600_000)]


@pytest.mark.parametrize(
    ("notice", "code"),
    [
        (announced(NOW - 24 * HOUR), "notice_announced"),
        (given(NOW - STANDS_MS + 1), "notice_stands"),
        (given(NOW), "notice_stands"),
    ],
)
def test_what_the_police_know_already_is_said_and_not_asked(notice: LinkNotice, code: str) -> None:
    run = button(notice)
    assert run.effects == [OpenWindow(600_000)]
    assert (run.run.steps[0].verdict, run.run.steps[0].code) == (Verdict.MET, code)


@pytest.mark.parametrize(
    "notice",
    [
        announced(NOW - 24 * HOUR + 1),
        given(NOW - STANDS_MS),
        given(NOW + 1),  # our clock was set back since
    ],
)
def test_what_is_too_young_or_too_old_is_no_notice(notice: LinkNotice) -> None:
    run = button(notice)
    assert run.waits == "notice"
    assert run.effects == []


def test_one_known_and_one_not_asks_for_the_one() -> None:
    run = button(announced(0), BUREAU)
    assert [step.code for step in run.run.steps] == ["notice_announced", ""]
    assert run.waits == "notice"


def test_a_notice_that_nobody_gives_ends_the_test_without_a_window() -> None:
    run = button(WANTED).later(NOTICE_MS - 1).tick()
    assert run.run.ended is None
    run.later(10_000).tick()
    assert run.outcome == (Verdict.UNKNOWN, "notice_missing")
    assert run.run.advice == "tell_police"
    assert run.effects == []


def test_it_can_be_given_up_instead() -> None:
    run = button(WANTED).hear(Cancelled("li.na"))
    assert run.outcome == (Verdict.UNKNOWN, "cancelled")
    assert run.hear(TOLD).effects == []


def test_a_link_is_tested_when_its_police_know() -> None:
    run = Run("police-link", LinkTest("no3/110", notices=(WANTED,)))
    assert run.waits == "notice"
    assert run.hear(Sent(error="of another run")).effects == []
    run.hear(TOLD)
    assert run.effects == [SendTest("no3/110", Code.MANUAL_TEST)]
    assert run.hear(Sent((exchange(),))).outcome == (Verdict.MET, "link_met")
    nobody = Run("police-link", LinkTest("no3/110", notices=(WANTED,))).later(NOTICE_MS).tick()
    assert nobody.outcome == (Verdict.UNKNOWN, "notice_missing")
