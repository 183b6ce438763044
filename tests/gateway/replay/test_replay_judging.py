"""What was judged when it came is judged the same when it is replayed, whatever came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.episodes import Episodes
from alerts.finding import Finding
from alerts.lifecycle import Limits
from devices.dialects.native import Native
from devices.model import Device
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.ingest.source import Message
from gateway.kinds import load_kinds
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.binding import Binder
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.judge import Judge
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY
from gateway.pipeline.work import Work
from gateway.replay.judging import Circumstances, Company, companies
from gateway.store.batch import Batch, ReadingRow

RULES = Binder(load_kinds(default_settings().kinds), {}).rules_of
DEVICES = (
    Device("no3", "gate", "alarm-button", row=1),
    Device("no3", "lab", "smoke-temperature", row=2),
    Device("no3", "board", "electrical", row=3),
    Device("no3", "radio", "repeater", row=4),
    Device("no3", "attic", "temperature", row=5, repeater="radio"),
    Device("no3", "cellar", "smoke", row=6, repeater="radio"),
)
BEGIN = ManualClock().now()

Said = tuple[int, Finding]


class Heard(Episodes):
    """Also knows the findings themselves, one by one."""

    def __init__(self) -> None:
        super().__init__(most=1_000_000)
        self.findings: list[Said] = []

    def fold(self, device: int, finding: Finding) -> None:
        self.findings.append((device, finding))
        super().fold(device, finding)


class Lived:
    """A judge at work, of which is kept what it would store and what it found."""

    def __init__(self, devices: Sequence[Device] = DEVICES) -> None:
        self.now = BEGIN
        self.rows: list[ReadingRow] = []
        self.findings: list[Said] = []
        self.judge = Judge(
            dialects=[Native()],
            rules_of=RULES,
            book=AlertBook(limits=Limits(), told=[], on_deadline=lambda _: None),
            discoveries=Discoveries(),
            rejects=Rejects(),
            sift=self._take,
        )
        hearing = self.judge.roster.hearing
        hearing.connected, hearing.since = True, BEGIN
        self.judge.roster.load(devices, {}, BEGIN)
        while not self.judge.roster.all_awake:
            self.judge.roster.wake_some()

    def _take(self, finding: Finding, device: Device, _work: Work) -> bool:
        if device is not GATEWAY:
            self.findings.append((device.row, finding))
        return True

    def pass_time(self, milliseconds: int) -> None:
        """Rules act by themselves exactly when they want to."""
        until = self.now + milliseconds
        while (due := self.judge.next()) is not None and due <= until:
            self.now = max(self.now, due)
            self.judge.tick(self.now, Work(Batch(now=self.now)))
        self.now = until

    def says(self, device: Device, channel: str, said: dict[str, Any]) -> None:
        topic = f"campus/{device.school}/{device.kind}/{device.id}/{channel}"
        work = Work(Batch(now=self.now))
        message = Message(topic, json.dumps(said).encode(), 1, False)
        self.judge.digest([message], self.now, work)
        assert not work.batch.rejects, "only what is understood is stored"
        self.rows += work.batch.readings


def replayed(
    rows: Sequence[ReadingRow],
    until: int,
    devices: Sequence[Device] = DEVICES,
    circumstances: Circumstances | None = None,
) -> Heard:
    """All companies, one after the other, as a process does it."""
    heard = Heard()
    for members in companies(devices):
        company = Company(members, RULES, circumstances or Circumstances(BEGIN), heard)
        rest = [row for row in rows if row[0] in {one.row for one in members}]
        while rest:  # in pieces: where they are cut makes no difference
            company.hear(rest[:7])
            rest = rest[7:]
        company.finish(until + 1)
    return heard


def in_order(findings: Sequence[Said]) -> list[Said]:
    """By device; what one device's rules find keeps its order."""
    return sorted(findings, key=lambda one: one[0])


degrees = st.one_of(
    st.floats(15, 30).map(lambda value: round(value, 1)),
    st.sampled_from([55.0, 53.9, 61.5, 300.0, -80, None, "warm", "22.5"]),
)
values = st.fixed_dictionaries(
    {},
    optional={
        "temperature_c": degrees,
        "smoke_alarm": st.sampled_from([False, False, False, True]),
        "obscuration_pct_m": st.one_of(st.floats(0, 0.4), st.floats(3, 20)),
        "co_ppm": st.sampled_from([0, 20, 120, 400]),
        "battery_pct": st.sampled_from([80, 80, 19, 9, 0, None]),
        "battery_v": st.floats(2, 4),
        "current_a": st.lists(st.floats(0, 90), min_size=3, max_size=3),
        "cable_temperature_c": st.lists(st.floats(20, 90), min_size=1, max_size=4),
        "residual_current_ma": st.sampled_from([20, 60, 280, 350, 700]),
        "voltage_v": st.lists(st.sampled_from([230.0, 229.5, 170.0, 280.0, 0.0]), max_size=3),
        "tamper": st.booleans(),
        "door_1": st.integers(0, 3),
        "door_2": st.integers(0, 3),
    },
)
events = st.sampled_from(
    [
        ("event", {"event": "pressed"}),
        ("event", {"event": "released"}),
        ("event", {"event": "alarm"}),
        ("event", {"event": "alarm_cleared"}),
        ("event", {"event": "tamper"}),
        ("status", {"online": False}),
        ("status", {"online": True}),
    ]
)
messages = st.one_of(
    values.filter(bool).map(lambda said: ("telemetry", said)),
    values.filter(bool).map(lambda said: ("telemetry", said)),
    events,
)
pauses = st.one_of(
    st.integers(0, 3_000),
    st.sampled_from([10_000, 30_000, 60_000, 61_000]),
    st.integers(60_000, 4 * 3_600_000),
)
ages = st.one_of(
    st.integers(0, 900),
    st.sampled_from([0, 70_000, 3_600_000, -200_000, -7_200_000, 40 * 86_400_000, None]),
)
single = st.tuples(st.sampled_from(DEVICES), pauses, messages, ages).map(lambda one: [one])


@st.composite
def runs(draw: st.DrawFn) -> list[Any]:
    """A device that says the same sort of thing again and again, as a glance is made for."""
    device, random = draw(st.sampled_from(DEVICES)), Random(draw(st.integers(0, 2**32)))
    pause = draw(st.sampled_from([1_000, 4_000, 9_000, 20_000, 60_000]))
    figures: dict[str, list[Any]] = {
        "temperature_c": [21, 21.5, 22, 53, 54, 58],
        "battery_pct": [60, 20, 19, 9, 25],
        "obscuration_pct_m": [0, 0.2, 4, 12],
        "residual_current_ma": [30, 310, 520],
        "voltage_v": [[230, 231, 229], [230, 0, 229], [281, 280, 270]],
    }
    told = draw(st.sets(st.sampled_from(sorted(figures)), min_size=1))
    lasting = {name: random.choice(figures[name]) for name in told}
    run = []
    for _ in range(draw(st.integers(1, 60))):
        for name in told:
            if random.random() < 0.15:
                lasting[name] = random.choice(figures[name])
        late = random.choice([0, 0, 0, 0, 30_000]) if pause < 60_000 else 0
        run.append((device, pause + late, ("telemetry", dict(lasting)), random.randrange(900)))
    return run


@given(
    history=st.lists(st.one_of(single, runs()), max_size=20),
    rest=st.integers(0, 8 * 3_600_000),
)
@settings(max_examples=150, deadline=None)
def test_a_replay_finds_what_was_found(history: list[Any], rest: int) -> None:
    lived = Lived()
    for seq, (device, pause, (channel, said), age) in enumerate(chain.from_iterable(history)):
        lived.pass_time(pause)
        stamp = {} if age is None else {"ts": max(0, lived.now - age), "seq": seq}
        lived.says(device, channel, {**said, **stamp})
    lived.pass_time(rest)
    assert in_order(replayed(lived.rows, lived.now).findings) == in_order(lived.findings)


def test_an_ordinary_day_with_a_fire_in_it_is_replayed_as_it_was() -> None:
    lived = Lived()
    lab = DEVICES[1]
    for minute in range(24 * 60):
        lived.pass_time(60_000)
        hot = 90.0 if 700 <= minute < 720 else 0.0
        said = {"temperature_c": round(20 + (minute % 7) / 10 + hot, 1), "smoke_alarm": hot > 0}
        lived.says(lab, "telemetry", {"ts": lived.now - 300, "seq": minute, **said})
    found = replayed(lived.rows, lived.now)
    assert in_order(found.findings) == in_order(lived.findings)
    assert {one.condition for row, one in found.findings if row == lab.row} >= {"heat", "smoke"}


@pytest.mark.parametrize("again", [1, 3])
def test_the_time_that_was_believed_when_it_came_is_believed_again(again: int) -> None:
    lab, now = DEVICES[1], BEGIN + 1_000
    rows: list[ReadingRow] = []
    for seq in range(again):
        stamp = {"ts": now + 40_000 * seq - 30_000, "seq": seq}  # the clock is known to be wrong
        body = json.dumps({**stamp, "temperature_c": 80.5}).encode()
        rows.append((lab.row, 0, now + 40_000 * seq, now + 40_000 * seq, body))
    (heat,) = (one for _, one in replayed(rows, now + 60_000).findings if one.condition == "heat")
    assert heat.happened == now


def test_a_press_that_people_confirmed_to_be_a_test_is_none_in_the_replay() -> None:
    gate = DEVICES[0]
    lived = Lived()
    lived.pass_time(1000)
    lived.says(gate, "event", {"event": "pressed", "ts": lived.now, "seq": 1})
    happened = lived.rows[0][2]
    known = Circumstances(BEGIN, tests=frozenset({(gate.row, happened)}))
    assert [one.condition for _, one in replayed(lived.rows, lived.now).findings] == ["panic"]
    assert replayed(lived.rows, lived.now, circumstances=known).findings == []


@pytest.mark.parametrize("deaf", [True, False])
def test_nobody_is_silent_whom_nobody_could_hear(deaf: bool) -> None:
    board = DEVICES[2]
    hour = 3_600_000
    rows: list[ReadingRow] = []
    for at in [*range(0, hour, 60_000), *range(3 * hour, 4 * hour, 60_000)]:
        now = BEGIN + at
        body = json.dumps({"ts": now, "seq": at, "voltage_v": [230, 230, 230]}).encode()
        rows.append((board.row, 0, now, now, body))
    gap = ((BEGIN + hour - 60_000, BEGIN + 3 * hour),) if deaf else ()
    found = replayed(rows, BEGIN + 4 * hour - 60_000, [board], Circumstances(BEGIN, deaf=gap))
    silent = [one for _, one in found.findings if one.condition == "silent"]
    assert len(silent) == (0 if deaf else 2), "raised and returned, if anybody listened"


def test_a_device_is_not_missed_before_it_was_registered() -> None:
    board = DEVICES[2]
    hour = 3_600_000
    known = Circumstances(BEGIN, registered={board.row: BEGIN + 5 * hour})
    assert replayed([], BEGIN + 5 * hour, [board], known).findings == []
    assert replayed([], BEGIN + 5 * hour, [board]).findings != []


def test_who_is_heard_through_a_repeater_is_judged_with_it() -> None:
    together = {frozenset(one.id for one in some) for some in companies(DEVICES)}
    assert frozenset({"radio", "attic", "cellar"}) in together
    assert len(together) == 4


def test_repeaters_in_a_ring_are_judged_together() -> None:
    ring = [
        Device("no3", name, "repeater", row=row, repeater=other)
        for row, (name, other) in enumerate([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")], 1)
    ]
    assert len(companies(ring)) == 1
