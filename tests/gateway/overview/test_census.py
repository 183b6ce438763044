"""The devices of a school are counted as if each were looked at; by few looks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertState
from alerts.finding import Explanation, Priority
from alerts.rules.rule import DeviceState
from devices.model import Device
from gateway.configuration import default_settings
from gateway.kinds import load_kinds
from gateway.overview.census import Census, SchoolCensus, Tally
from gateway.pipeline.binding import Binder
from gateway.pipeline.roster import Roster

NOW = 1_795_161_600_000
KINDS = load_kinds(default_settings().kinds)
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


def test_who_is_behind_a_quiet_repeater_is_unknown_once_it_is_late() -> None:
    counted = Counted(
        Device("no3", "hub", "repeater", row=1),
        Device("no3", "near", "temperature", row=2, repeater="hub"),
        Device("no3", "far", "temperature", row=3, repeater="hub"),
        Device("no3", "other", "temperature", row=4),
    )
    counted.hear(1, 3, ago=9 * HOUR)
    counted.hear(2, ago=1000)
    counted.hear(4, ago=9 * HOUR)
    # The hub is late itself; its silence and that of `other` are their rules' to tell.
    assert counted.of() == (3, 0, 1)
    counted.hear(1)
    assert counted.of() == (4, 0, 0)


def test_while_nobody_can_be_heard_who_has_missed_its_time_is_unknown() -> None:
    counted = three()
    counted.hear(2, 3, ago=9 * HOUR)
    assert counted.of() == (3, 0, 0)
    counted.roster.hearing.connected = False
    assert counted.of() == (1, 0, 2)


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
        "heard": st.sampled_from([0, 1000, 9 * HOUR]),
        "online": st.sampled_from([None, True, False]),
        "left_ago": st.sampled_from([500, 2000]),
        "aside": st.booleans(),
        "alert": st.booleans(),
        "doubt": st.booleans(),
    }
)


def by_hand(one: dict[str, Any], *, connected: bool) -> str:
    """What a device counts as, looked at alone."""
    heard = NOW - one["heard"] if one["heard"] else 0
    if one["alert"]:
        return "bad"
    if one["aside"] or one["doubt"] or not heard:
        return "unknown"
    if one["online"] is False and NOW - one["left_ago"] >= heard:
        return "unknown"
    return "unknown" if not connected and one["heard"] == 9 * HOUR else "good"


@given(st.lists(RANDOM_DEVICE, min_size=1, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_looking_at_each_device_alone(
    given_devices: list[dict[str, Any]], connected: bool
) -> None:
    named = list(enumerate(given_devices, 1))
    counted = Counted(
        *(
            Device(one["school"], f"d-{row}", one["kind"], row, out_of_service=one["aside"])
            for row, one in named
        )
    )
    counted.roster.hearing.connected = connected
    for row, one in named:
        state = counted.state(row)
        state.heard = NOW - one["heard"] if one["heard"] else 0
        state.online, state.online_since = one["online"], NOW - one["left_ago"]
        if one["alert"]:
            counted.alerts.append(alert_of(row))
        if one["doubt"]:
            counted.doubts.add(row)
    expected: dict[str, dict[str, Tally]] = {}
    for _, one in named:
        tally = expected.setdefault(one["school"], {}).setdefault(one["kind"], Tally())
        verdict = by_hand(one, connected=connected)
        setattr(tally, verdict, getattr(tally, verdict) + 1)
        tally.aside += verdict == "unknown" and one["aside"]
    assert {school: found.kinds for school, found in counted.take().items()} == expected
