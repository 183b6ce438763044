"""How a school stands follows from its open alerts, and from how much is known."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert, AlertState
from alerts.finding import Explanation, Priority
from devices.police_link.states import LinkState
from gateway.overview.census import SchoolCensus, Tally
from gateway.overview.standing import Doubt, SchoolView, standings, view_of

NOW = 1_795_161_600_000


def alert(
    priority: Priority = Priority.HIGH,
    *,
    school: str = "no3",
    taken: bool = False,
    aside: str = "",
    ago: int = 0,
) -> Alert:
    return Alert(
        id=1,
        device=1,
        school=school,
        condition="heat",
        priority=priority,
        state=AlertState.ACKNOWLEDGED if taken else AlertState.UNACKNOWLEDGED,
        active=True,
        raised=NOW - ago,
        known=NOW - ago,
        explanation=Explanation("threshold", "above"),
        acknowledged=NOW if taken else None,
        shelved_until=NOW + 1 if aside == "shelved" else None,
        suppressed=aside == "hidden",
    )


ALERTS = st.builds(
    alert,
    st.sampled_from(Priority),
    school=st.sampled_from(["no3", "no5", ""]),
    taken=st.booleans(),
    aside=st.sampled_from(["", "shelved", "hidden"]),
    ago=st.integers(0, 1000),
)


def by_priority(alerts: list[Alert]) -> tuple[int, ...]:
    counts = Counter(one.priority for one in alerts)
    return tuple(counts[priority] for priority in Priority)


@given(st.lists(ALERTS))
def test_what_is_open_is_counted_as_one_would_by_hand(alerts: list[Alert]) -> None:
    found = standings(alerts)
    shown = [
        one
        for one in alerts
        if one.priority is Priority.EMERGENCY
        or not (one.suppressed or one.shelved_until is not None)
    ]
    assert set(found) == {one.school for one in shown}
    for school, standing in found.items():
        here = [one for one in shown if one.school == school]
        waits = [one for one in here if one.acknowledged is None]
        assert standing.open == by_priority(here)
        assert standing.unacknowledged == by_priority(waits)
        assert standing.worst == min(one.priority for one in here)
        most = min((one.priority for one in waits), default=None)
        assert standing.waiting == most
        assert standing.since == min(
            (one.raised for one in waits if one.priority == most), default=None
        )


def test_maintenance_hides_no_emergency() -> None:
    found = standings([alert(Priority.EMERGENCY, aside="hidden"), alert(aside="hidden")])
    assert found["no3"].open == (1, 0, 0, 0, 0)


def view(
    tally: Tally, heard: int | None = NOW, links: tuple[LinkState, ...] = (LinkState.UP,)
) -> SchoolView:
    return view_of(
        "no3",
        standing=None,
        census=SchoolCensus({"smoke": tally}, heard),
        links=links,
        maintenances=0,
        flood=None,
    )


def test_a_school_is_well_when_most_of_its_devices_are_known_and_its_link_is_proven() -> None:
    assert view(Tally(good=3, unknown=2)).doubt is None


def test_a_school_without_devices_is_not_well_but_unknown() -> None:
    assert view(Tally(), None).doubt is Doubt.NO_DEVICES


def test_a_school_that_was_not_heard_since_the_start_is_unknown() -> None:
    assert view(Tally(unknown=3), None).doubt is Doubt.NOT_HEARD


def test_half_of_its_devices_unknown_make_a_school_unknown() -> None:
    assert view(Tally(good=2, unknown=2)).doubt is Doubt.MOSTLY_UNKNOWN


def test_devices_out_of_service_make_no_school_unknown() -> None:
    assert view(Tally(good=1, unknown=3, aside=3)).doubt is None


def test_a_link_that_nobody_has_tested_makes_a_school_unknown() -> None:
    assert view(Tally(good=3), links=(LinkState.UNVERIFIED,)).doubt is Doubt.LINK_UNVERIFIED


def test_the_worst_of_several_links_is_told_and_none_of_none() -> None:
    assert view(Tally(good=1), links=(LinkState.UP, LinkState.DEGRADED)).police is (
        LinkState.DEGRADED
    )
    assert view(Tally(good=1), links=()).police is None
