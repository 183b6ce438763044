"""The devices of a school are counted as if each were looked at; by few looks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertState
from alerts.evidence import CutOff
from alerts.finding import Explanation, Priority
from alerts.rules.rule import DeviceState
from alerts.rules.silent import watch_over
from devices.kinds import spec_for
from devices.model import Device
from gateway.configuration import default_settings
from gateway.diagnosing import cause_of
from gateway.kinds import load_kinds
from gateway.overview.census import Census, SchoolCensus, Tally
from gateway.pipeline.binding import Binder
from gateway.pipeline.connection import connection_of
from gateway.pipeline.roster import Roster

NOW = 1_795_161_600_000
KINDS = load_kinds(default_settings().kinds)
MINUTE = 60_000
HOUR = 3_600_000


def alert_of(row: int, number: int = 1) -> Alert:
    return Alert(
        id=number,
        device=row,
        school="",
        condition="heat",
        priority=Priority.HIGH,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=NOW,
        known=NOW,
        explanation=Explanation("threshold", "above"),
    )


class Counted:
    """A roster with everybody awake, and its census."""

    def __init__(self, *devices: Device) -> None:
        self.roster = Roster(rules_of=Binder(KINDS, {}).rules_of, follow=lambda *_: None)
        self.roster.hearing.connected = True
        self.roster.hearing.since = NOW - 10 * HOUR
        self.roster.load(devices, {}, NOW - 10 * HOUR)
        while not self.roster.all_awake:
            self.roster.wake_some()
        self.alerts: list[Alert] = []
        self.doubts: set[int] = set()
        self.census = Census(
            roster=self.roster, alerts=self.alerts, doubts=lambda: iter(self.doubts)
        )

    def state(self, row: int) -> DeviceState:
        state = self.roster.state_of(row)
        assert state is not None
        return state

    def hear(self, *rows: int, ago: int = 1000) -> None:
        for row in rows:
            self.state(row).heard = NOW - ago

    def take(self) -> dict[str, SchoolCensus]:
        return asyncio.run(self.census.take(NOW))

    def of(self, school: str = "no3") -> tuple[int, int, int]:
        """Good, bad, unknown."""
        everything = self.take()[school].all
        return everything.good, everything.bad, everything.unknown


def three() -> Counted:
    counted = Counted(*(Device("no3", f"t-{row}", "temperature", row=row) for row in (1, 2, 3)))
    counted.hear(1, 2, 3)
    return counted


def test_who_was_heard_and_has_no_alert_is_good() -> None:
    assert three().of() == (3, 0, 0)


def test_who_has_an_open_alert_is_bad_once_however_many_there_are() -> None:
    counted = three()
    counted.alerts += [alert_of(2, 1), alert_of(2, 2)]
    assert counted.of() == (2, 1, 0)


def test_who_was_never_heard_is_unknown() -> None:
    counted = three()
    counted.state(3).heard = 0
    assert counted.of() == (2, 0, 1)


def test_who_was_cut_off_is_unknown_neither_good_nor_bad() -> None:
    counted = three()
    counted.doubts |= {1, 2}
    assert counted.of() == (1, 0, 2)


def test_who_is_out_of_service_is_unknown_and_counted_apart() -> None:
    counted = three()
    counted.roster.put(Device("no3", "t-1", "temperature", row=1, out_of_service=True), NOW)
    counted.hear(1)
    assert counted.of() == (2, 0, 1)
    assert counted.take()["no3"].all.aside == 1


def test_who_has_left_is_unknown_until_it_is_heard_again() -> None:
    counted = three()
    state = counted.state(2)
    state.online, state.online_since = False, state.heard
    assert counted.of() == (2, 0, 1)
    state.heard += 1
    assert counted.of() == (3, 0, 0)


def test_who_is_behind_a_quiet_repeater_is_unknown_once_it_is_late_until_it_is_heard() -> None:
    counted = Counted(
        Device("no3", "hub", "repeater", row=1),
        Device("no3", "near", "temperature", row=2, repeater="hub"),
        Device("no3", "far", "temperature", row=3, repeater="hub"),
        Device("no3", "other", "temperature", row=4),
    )
    counted.hear(1, 3, ago=9 * HOUR)
    counted.hear(2, ago=1000)
    counted.hear(4, ago=9 * HOUR)
    counted.alerts += [alert_of(1, 1), alert_of(4, 2)]  # their silence is their rules' to tell
    assert counted.of() == (1, 2, 1)
    counted.alerts.clear()
    counted.hear(1, 4)
    watch = watch_over(counted.state(1))
    assert watch is not None
    watch[1].heard_since = NOW - 1000  # the repeater is back
    assert counted.of() == (3, 0, 1)
    counted.hear(3)
    assert counted.of() == (4, 0, 0)


def test_while_nobody_can_be_heard_who_has_missed_its_time_is_unknown() -> None:
    counted = three()
    counted.hear(2, 3, ago=9 * HOUR)
    counted.roster.hearing.connected = False
    assert counted.of() == (1, 0, 2)


def test_when_the_broker_is_back_who_missed_its_time_is_good_when_heard_and_not_before() -> None:
    counted = three()
    counted.hear(2, 3, ago=9 * HOUR)
    counted.roster.hearing.since = NOW - 1000
    assert counted.of() == (1, 0, 2)
    counted.hear(2)
    assert counted.of() == (2, 0, 1)


def test_whose_newest_message_was_rejected_is_unknown_until_one_is_understood() -> None:
    counted = three()
    counted.state(2).hitch().reject("syntax", "not JSON", NOW - 500)
    assert counted.of() == (2, 0, 1)
    counted.hear(2, ago=200)
    assert counted.of() == (3, 0, 0)


@pytest.mark.parametrize(("error", "good"), [(59_000, 3), (-59_000, 3), (61_000, 2), (-HOUR, 2)])
def test_whose_clock_is_wrong_is_unknown_until_its_rule_calls_it_a_fault(
    error: int, good: int
) -> None:
    counted = three()
    counted.state(1).offset.adopt(-error)
    assert counted.of() == (good, 0, 3 - good)
    counted.alerts.append(alert_of(1))
    assert counted.of() == (2, 1, 0)


def test_when_a_school_was_last_heard_is_the_newest_of_its_devices() -> None:
    counted = three()
    counted.hear(2, ago=20)
    assert counted.take()["no3"].heard == NOW - 20


def test_who_has_not_been_woken_since_a_start_is_unknown() -> None:
    roster = Roster(rules_of=Binder(KINDS, {}).rules_of, follow=lambda *_: None)
    roster.load([Device("no3", "t-1", "temperature", row=1)], {}, NOW)
    found = asyncio.run(Census(roster=roster, alerts=()).take(NOW))
    assert found["no3"].kinds == {"temperature": Tally(unknown=1)}
    assert found["no3"].heard is None


def test_who_comes_goes_or_changes_is_counted_so_the_next_time() -> None:
    counted = three()
    counted.take()
    counted.roster.put(Device("no5", "c-1", "camera", row=9), NOW)
    counted.hear(9)
    counted.roster.remove(1)
    found = counted.take()
    assert found["no3"].kinds == {"temperature": Tally(good=2)}
    assert found["no5"].kinds == {"camera": Tally(good=1)}
    counted.roster.remove(9)
    assert set(counted.take()) == {"no3"}


def test_other_work_gets_its_turn_between_schools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.overview.census.AT_ONCE", 1)
    counted = Counted(*(Device(f"s{row}", "t", "temperature", row=row) for row in (1, 2, 3)))
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        beside = asyncio.create_task(count_turns())
        await counted.census.take(NOW)
        beside.cancel()

    asyncio.run(both())
    assert turns >= 3


RANDOM_DEVICE = st.fixed_dictionaries(
    {
        "school": st.sampled_from(["a", "b"]),
        "kind": st.sampled_from(["camera", "recorder", "smoke"]),
        "repeater": st.sampled_from([None, "hub"]),
        "heard": st.sampled_from([None, 1000, 3 * MINUTE, 9 * HOUR]),
        "online": st.sampled_from([None, True, False]),
        "left_ago": st.sampled_from([500, 2000]),
        "rejected": st.sampled_from([None, 500, 2 * MINUTE, 2 * HOUR]),
        "clock_error": st.sampled_from([None, 0, 60_000, -60_001, 8 * HOUR]),
        "aside": st.booleans(),
        "alert": st.booleans(),
        "doubt": st.booleans(),
    }
)


def as_listed(state: DeviceState, one: dict[str, Any], alerts: list[Alert]) -> str:
    """What a device counts as in the list of devices, where each is looked at alone."""
    if alerts:
        return "bad"
    cut_off = CutOff(alert=7, devices=9, since=NOW - HOUR, over=False) if one["doubt"] else None
    connection = connection_of(state, spec_for(KINDS, one["kind"]), NOW, cut_off)
    cause = cause_of(state.device, connection, alerts, NOW)
    return "good" if cause is None and state.heard and not one["aside"] else "unknown"


@given(
    st.lists(RANDOM_DEVICE, min_size=1, max_size=12),
    st.booleans(),
    st.sampled_from([10 * HOUR, 1000]),
    st.sampled_from([1000, 9 * HOUR]),
    st.sampled_from([10 * HOUR, 1000]),
)
@settings(max_examples=100, deadline=None)
def test_counts_are_those_of_the_list_of_devices(
    given_devices: list[dict[str, Any]],
    connected: bool,
    listening: int,
    hub_heard: int,
    hub_back: int,
) -> None:
    named = list(enumerate(given_devices, 1))
    counted = Counted(
        *(
            Device(
                one["school"],
                f"d-{row}",
                one["kind"],
                row,
                repeater=one["repeater"],
                out_of_service=one["aside"],
            )
            for row, one in named
        ),
        Device("a", "hub", "repeater", row=100),
    )
    counted.roster.hearing.connected = connected
    counted.roster.hearing.since = NOW - listening
    counted.hear(100, ago=hub_heard)
    hub = watch_over(counted.state(100))
    assert hub is not None
    hub[1].heard_since = NOW - hub_back
    expected: dict[str, dict[str, Tally]] = {}
    for row, one in named:
        state = counted.state(row)
        state.heard = NOW - one["heard"] if one["heard"] else 0
        state.online, state.online_since = one["online"], NOW - one["left_ago"]
        if one["clock_error"] is not None:
            state.offset.adopt(-one["clock_error"])
        if one["rejected"]:
            state.hitch().reject("syntax", "not JSON", NOW - one["rejected"])
        alerts = [alert_of(row)] if one["alert"] else []
        counted.alerts += alerts
        if one["doubt"]:
            counted.doubts.add(row)
        tally = expected.setdefault(one["school"], {}).setdefault(one["kind"], Tally())
        verdict = as_listed(state, one, alerts)
        setattr(tally, verdict, getattr(tally, verdict) + 1)
        tally.aside += verdict == "unknown" and one["aside"]
    found = {school: census.kinds for school, census in counted.take().items()}
    found["a"].pop("repeater")
    assert {school: kinds for school, kinds in found.items() if kinds} == expected
