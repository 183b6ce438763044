"""Whatever kind it is that devices are heard or seen through: its failure is one alert."""

from __future__ import annotations

from typing import ClassVar

import pytest
from town import HEARTBEAT_S, HOLD_S, Town

from alerts.alert import Alert, AlertState
from alerts.finding import Explanation, Finding, Priority
from alerts.recorders import OFFLINE, REFUSED
from alerts.rules.quiet import stopped
from gateway.pipeline.work import Work
from gateway.store.batch import Batch
from gateway.store.read.alerts import transitions_of
from gateway.store.registry import put_devices
from gateway.store.sqlite import SqliteStore

CAMERAS = 16
NAMES = [f"cam-{number:02}" for number in range(CAMERAS)]
SILENT_S = 2 * HEARTBEAT_S
WHY = Explanation("recordings", OFFLINE)


class Filmed(Town):
    """With cameras all over the school, which one probe looks at, and a recorder.

    Its first three are on no recorder.
    """

    recorded: ClassVar[dict[tuple[str, str], list[str]]] = {("no3", "nvr-1"): NAMES[3:]}

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store, per_room=1)

    def _register(self, per_room: int, repeater: bool) -> None:
        super()._register(per_room, repeater)
        found = [
            self._device("nvr-1", "gate", kind="recorder"),
            self._device("looker", "gate", kind="probe"),
        ]
        found += [
            self._device(name, f"{'ab'[at % 2]}1{at % 4}", kind="camera", repeater="looker")
            for at, name in enumerate(NAMES)
        ]
        batch = Batch(now=self.clock.now())
        batch.statements += put_devices(found)
        self.store.commit(batch).result()

    def goes_offline(self, *names: str) -> None:
        """The probe says so of cameras that it cannot reach."""
        self.cut(*names)
        for name in names:
            self.says(self.device(name), "status", online=False)
            self.pass_time(1)

    def comes_back(self, *names: str) -> None:
        self.mend(*names)
        for name in names:
            self.says(self.device(name), "status", online=True)
            self.says(self.device(name))

    def recorder_is(self, *, away: bool, condition: str = OFFLINE) -> None:
        """What its nightly asking finds (`gateway.recordings.service`)."""
        work = Work(Batch(now=self.clock.now()))
        now, nvr = self.clock.now(), self.device("nvr-1")
        finding = Finding(condition, True, Priority.HIGH, now, now, WHY)
        if not away:
            finding = stopped(condition, Priority.HIGH, now, now, WHY)
        self.book.fold(finding, nvr, work)
        self._keep(work)

    def of_the_recorder(self) -> Alert:
        (alert,) = [one for one in self.alerts() if one.device == self.device("nvr-1").row]
        return alert

    def active(self) -> list[str]:
        return [one.condition for one in self.alerts() if one.active]


@pytest.fixture
def town(store: SqliteStore) -> Filmed:
    there = Filmed(store)
    there.pass_time(3 * HEARTBEAT_S)
    assert there.alerts() == []
    return there


# A probe


def test_a_probe_that_falls_silent_is_one_alert_with_its_cameras(town: Filmed) -> None:
    town.cut("looker", "cam-")
    town.pass_time(5 * SILENT_S)
    (alert,) = town.alerts()
    assert (alert.condition, alert.device) == ("silent", town.device("looker").row)
    assert {one.id for one in town.causes.silenced(alert)} == set(NAMES)
    assert town.causes.count(alert) == CAMERAS
    assert town.ever_raised() == 1


def test_when_the_probe_is_back_its_cameras_get_their_time_and_who_is_dead_is_found(
    town: Filmed,
) -> None:
    town.cut("looker", "cam-")
    town.pass_time(5 * SILENT_S)
    town.mend("looker", "cam-")
    town.cut("cam-04")
    town.pass_time(SILENT_S - HEARTBEAT_S)
    assert town.own() == []
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert [one.device for one in town.own()] == [town.device("cam-04").row]


def test_a_probe_that_leaves_by_its_last_will_takes_no_camera_with_it(town: Filmed) -> None:
    town.cut("looker", "cam-")
    town.wills("looker")
    town.pass_time(5 * SILENT_S)
    assert [(one.condition, one.device) for one in town.alerts()] == [
        ("offline", town.device("looker").row)
    ]


# A recorder


def test_cameras_lost_with_their_recorder_are_victims_of_its_one_alert(town: Filmed) -> None:
    town.recorder_is(away=True)
    town.goes_offline(*NAMES[3:])
    town.pass_time(2 * SILENT_S + HOLD_S)
    alert = town.of_the_recorder()
    assert town.alerts() == [alert]
    assert town.ever_raised() == 1
    assert town.causes.count(alert) == CAMERAS - 3
    assert {town.cut_off_by(town.device(name).row) for name in NAMES[3:]} == {alert.id}
    assert {one.alert for one in town.victims()} == {alert.id}


def test_what_was_raised_before_the_recorder_was_known_to_be_away_becomes_part_of_its_alert(
    town: Filmed,
) -> None:
    town.goes_offline(*NAMES[3:])
    town.pass_time(SILENT_S + HOLD_S)
    before = town.cause()
    assert (before.scope, before.victims) == ("repeater:nvr-1", CAMERAS - 3)
    town.recorder_is(away=True)
    town.pass_time(3)
    assert town.active() == [OFFLINE]
    last = town.store.read(transitions_of(before.id))[-1][1]
    assert (last.kind.value, last.detail["cause"]) == ("closed", "absorbed")
    assert town.cut_off_by(town.device("cam-05").row) == town.of_the_recorder().id


def test_so_do_alerts_of_cameras_that_are_too_few_for_a_cause(town: Filmed) -> None:
    town.goes_offline("cam-03", "cam-04")
    town.pass_time(SILENT_S + HOLD_S)
    assert len(town.own()) == 2
    town.recorder_is(away=True)
    town.pass_time(3)
    assert town.active() == [OFFLINE]


def test_a_camera_on_no_recorder_has_an_alert_of_its_own(town: Filmed) -> None:
    town.recorder_is(away=True)
    town.goes_offline("cam-00")
    town.pass_time(SILENT_S + HOLD_S)
    assert sorted(town.active()) == ["offline", OFFLINE]


def test_when_the_recorder_is_back_its_cameras_are_checked_before_they_are_well(
    town: Filmed,
) -> None:
    town.recorder_is(away=True)
    town.goes_offline(*NAMES[3:])
    town.pass_time(SILENT_S + HOLD_S)
    alert = town.of_the_recorder()
    town.comes_back(*NAMES[4:])
    town.recorder_is(away=False)
    town.pass_time(3)
    assert town.of_the_recorder().state is AlertState.RETURNED
    assert town.cut_off_by(town.device("cam-04").row) is None
    dead = town.device("cam-03").row
    assert (town.cut_off_by(dead), town.own()) == (alert.id, [])
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    assert [one.device for one in town.own()] == [dead]
    (left,) = [one for one in town.victims() if one.device == dead]
    assert left.alone == town.own()[0].id


def test_that_it_is_away_for_another_reason_changes_nothing_for_its_cameras(
    town: Filmed,
) -> None:
    town.recorder_is(away=True)
    town.goes_offline(*NAMES[3:])
    town.pass_time(HOLD_S)
    town.recorder_is(away=True, condition=REFUSED)
    town.recorder_is(away=False)
    town.pass_time(2 * SILENT_S)
    assert town.active() == [REFUSED]


@pytest.mark.parametrize("seconds", range(0, HOLD_S + 20, 10))
def test_killed_at_any_moment_it_is_one_alert_at_last(town: Filmed, seconds: int) -> None:
    town.goes_offline(*NAMES[3:9])
    town.recorder_is(away=True)
    town.pass_time(seconds)
    town.start()
    town.goes_offline(*NAMES[9:])
    town.pass_time(2 * SILENT_S + HOLD_S)
    assert town.active() == [OFFLINE]
    assert town.cut_off_by(town.device("cam-03").row) == town.of_the_recorder().id
    town.comes_back(*NAMES[3:])
    town.recorder_is(away=False)
    town.pass_time(SILENT_S)
    assert town.active() == []
    assert all(one.back or one.alone for one in town.victims())


def test_a_building_that_is_out_with_its_recorder_is_not_split(town: Filmed) -> None:
    """Who is a victim of something wider already stays so."""
    town.cut("a", "b", "gate", "loose", "nvr", "looker", "cam-")
    town.pass_time(SILENT_S + HEARTBEAT_S + HOLD_S)
    wider = town.cause()
    town.recorder_is(away=True)
    town.pass_time(SILENT_S)
    assert {one.condition for one in town.alerts() if one.active} == {wider.condition, OFFLINE}
    assert town.cut_off_by(town.device("a10-0").row) == wider.id
