"""Floods are counted from what is committed: by school, and by what an operator looks after."""

from __future__ import annotations

from alerts.finding import Explanation, Finding, Priority
from alerts.flood import Activation, FloodLimits
from alerts.lifecycle import Limits
from devices.model import Device
from gateway.clock import ManualClock
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.floods import AREAS, Floods
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.read.causes import activations_since
from gateway.store.sqlite import SqliteStore


class Control:
    """Alerts of many devices, one second after the other."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.book = AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None)
        self.floods = Floods(FloodLimits(), self.clock)

    def raises(self, school: str, count: int, *, aside: bool = False) -> list[Work]:
        works = []
        for _ in range(count):
            now = self.clock.turn(1000)
            work = Work(Batch(now=now))
            why = Explanation("test", "battery_low")
            finding = Finding("battery_low", True, Priority.LOW, now, now, why)
            row = len(self.book) + 1
            device = Device(school, f"d-{row}", "smoke", row, out_of_service=aside)
            self.book.fold(finding, device, work)
            self.floods.committed(work)
            works.append(work)
        return works


def test_a_flood_is_that_of_its_school() -> None:
    control = Control()
    control.raises("no3", 11)
    control.raises("no5", 10)
    assert set(control.floods.standing(None)) == {"no3"}
    assert control.floods.standing(frozenset({"no5"})) == {}
    flood = control.floods.standing(frozenset({"no3"}))["no3"]
    assert (flood.count, flood.first) == (11, 1)


def test_it_is_over_by_itself() -> None:
    control = Control()
    control.raises("no3", 11)
    control.clock.turn(11 * 60_000)
    assert control.floods.standing(None) == {}


def test_what_is_set_aside_keeps_nobody_busy() -> None:
    control = Control()
    control.raises("no3", 30, aside=True)
    assert control.floods.standing(None) == {}


def test_the_gateways_own_alerts_are_no_flood_of_a_school() -> None:
    control = Control()
    control.raises("", 30)
    assert control.floods.standing(None) == {}


def test_eleven_schools_with_one_alert_each_are_a_flood_of_their_operator() -> None:
    control = Control()
    theirs = frozenset({f"no{number}" for number in range(11)})
    assert control.floods.of_area(theirs) is None
    for school in sorted(theirs):
        control.raises(school, 1)
    assert control.floods.standing(None) == {}
    flood = control.floods.of_area(theirs)
    assert flood is not None
    assert (flood.count, flood.first) == (11, 1)
    assert control.floods.of_area(frozenset({"no0", "no1"})) is None


def test_whoever_asks_later_is_told_of_the_same_flood() -> None:
    control = Control()
    early, late = frozenset({"no3", "no5"}), frozenset({"no3", "no5", "no7"})
    control.floods.of_area(early)
    control.raises("no3", 6)
    control.raises("no5", 6)
    assert control.floods.of_area(early) is not None
    assert control.floods.of_area(late) == control.floods.of_area(early)


def test_an_operators_flood_goes_on_until_fewer_than_five_are_left_of_ten_minutes() -> None:
    control = Control()
    for number in range(11):
        control.raises(f"no{number}", 1)
        control.clock.turn(30_000)
    assert control.floods.of_area(None) is not None
    control.clock.turn(6 * 60_000)
    assert control.floods.of_area(None) is not None
    control.clock.turn(3 * 60_000)
    assert control.floods.of_area(None) is None


def test_the_gateways_own_alerts_keep_every_operator_busy() -> None:
    control = Control()
    control.raises("", 6)
    control.raises("no3", 5)
    assert control.floods.of_area(frozenset({"no3", "no5"})) is not None
    assert control.floods.of_area(frozenset({"no5", "no7"})) is None


def test_an_area_asked_for_after_many_others_is_told_the_same() -> None:
    control = Control()
    control.raises("no3", 11)
    for number in range(3 * AREAS):
        assert control.floods.of_area(frozenset({"no3", f"other-{number}"})) is not None


def test_after_a_start_it_stands_as_before(store: SqliteStore) -> None:
    control = Control()
    for work in control.raises("no3", 14):
        store.commit(work.batch).result()
    before = control.floods.standing(None)
    again = Floods(FloodLimits(), control.clock)
    stored = store.read(activations_since(control.clock.now() - 3_600_000))
    assert stored[0] == Activation(stored[0].known, 1, "no3")
    again.load(stored)
    assert again.standing(None) == before
