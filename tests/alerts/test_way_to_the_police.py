"""What police links come to, on the alert: transitions like any other, never rosier than true."""

from __future__ import annotations

from alerts.alert import Alert, ForwardState, Transition, TransitionKind
from alerts.course import POLICE, Course, Detail, replay
from alerts.finding import Priority


class Way:
    """An alert and everything that happened to it."""

    def __init__(self) -> None:
        self.transitions: list[Transition] = []
        self.alert: Alert | None = None
        self.now = 1000

    def does(self, kind: TransitionKind, **detail: Detail) -> Alert:
        self.now += 1000
        course = Course(self.alert)
        self.alert = course.add(
            kind, happened=self.now, known=self.now, detail=detail, alert=1, actor="x"
        )
        self.transitions += course.folded().transitions
        return self.alert

    def pressed(self) -> Alert:
        kind = TransitionKind.RAISED if self.alert is None else TransitionKind.OCCURRED
        detail: dict[str, Detail] = {
            "priority": int(Priority.EMERGENCY),
            "latches": True,
            "device": 1,
            "school": "no3",
            "condition": "panic",
            POLICE: "110 district",
        }
        return self.does(kind, **detail)

    def arrives(self, link: str, of: int) -> Alert:
        return self.does(
            TransitionKind.FORWARDED, link=link, of=of, attempts=1, path="primary", ack_ms=40
        )

    def is_late(self, link: str, of: int) -> Alert:
        return self.does(
            TransitionKind.NOT_FORWARDED,
            link=link,
            of=of,
            attempts=3,
            result="silent",
            error="no answer within 0.8 s",
        )


def states(alert: Alert) -> dict[str, ForwardState]:
    return {one.link: one.state for one in alert.forwards}


def test_it_is_acknowledged_only_when_every_link_has_it() -> None:
    way = Way()
    assert way.pressed().police is ForwardState.SENDING
    assert way.arrives("110", of=1).police is ForwardState.SENDING
    assert way.arrives("district", of=1).police is ForwardState.ACKNOWLEDGED


def test_one_link_that_is_late_makes_it_unacknowledged() -> None:
    way = Way()
    way.pressed()
    way.arrives("110", of=1)
    late = way.is_late("district", of=1)
    assert late.police is ForwardState.UNACKNOWLEDGED
    assert [one.result for one in late.forwards] == ["", "silent"]


def test_the_acknowledgement_of_the_first_press_says_nothing_of_the_second() -> None:
    way = Way()
    way.pressed()
    way.pressed()
    assert states(way.arrives("110", of=1))["110"] is ForwardState.SENDING
    assert states(way.arrives("110", of=2))["110"] is ForwardState.ACKNOWLEDGED


def test_a_press_behind_one_that_has_not_arrived_is_not_called_merely_sending() -> None:
    way = Way()
    way.pressed()
    way.is_late("110", of=1)
    assert states(way.pressed())["110"] is ForwardState.UNACKNOWLEDGED


def test_that_the_end_has_arrived_does_not_count_as_the_alarm() -> None:
    way = Way()
    way.pressed()
    way.is_late("110", of=1)
    after = way.does(
        TransitionKind.FORWARDED, link="110", of=1, attempts=1, restore=True, path="primary"
    )
    assert states(after)["110"] is ForwardState.UNACKNOWLEDGED


def test_the_police_may_answer_after_people_have_closed_it_and_the_record_replays() -> None:
    way = Way()
    way.pressed()
    way.does(TransitionKind.CLOSED, cause="false")
    after = way.arrives("110", of=1)
    assert not after.open
    assert states(after)["110"] is ForwardState.ACKNOWLEDGED
    assert replay(way.transitions) == after


def test_an_alert_that_goes_to_no_police_has_no_such_state() -> None:
    way = Way()
    way.does(
        TransitionKind.RAISED,
        priority=1,
        latches=False,
        device=1,
        school="no3",
        condition="panic",
    )
    assert way.alert is not None
    assert way.alert.police is None
