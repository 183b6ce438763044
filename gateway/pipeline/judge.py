"""Judges messages: which device, what it says, when it was, and what the rules make of it.

The hot path of the gateway. Everything here is synchronous and does no I/O: messages and ``now``
go in, a `Work` comes out, to be committed. What is cached per topic or device is bounded by what is
registered; whoever is not registered takes the slower way to the discoveries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from alerts.finding import Finding, Outcome
from alerts.rules.events_seen import is_news
from alerts.rules.rejected import Rejected
from alerts.rules.rule import DeviceState, Hearing, Rule
from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.model import Device
from devices.reading import Channel, Origin, Reading, Reject, RejectReason, Route
from devices.timekeeping import place_in_time
from gateway.ingest.source import Message
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.strangers import alarm_of, stand_in
from gateway.pipeline.timers import TimerQueue
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical

_log: Final = structlog.get_logger(__name__)
_TELEMETRY: Final = Channel.TELEMETRY
_SEQ_WRAP: Final = 2**32
UNHURRIED_MS: Final = 10_000
"""Rules that call nobody out (battery, clock, range) look at a device's telemetry this often."""

_MOST_LOST: Final = 10_000
"""A larger jump of ``seq`` is a device that has started anew, no loss."""

_TICKS_AT_ONCE: Final = 1000

JudgeCall: TypeAlias = Callable[[Any, DeviceState, Reading, int], Outcome | None]
Address: TypeAlias = tuple[str, str, str]
"""Dialect, school and the dialect's own name of the device."""


class RuleSet:
    """The rules of all devices with equal parameters, sorted by what they want to see."""

    __slots__ = ("events", "hurried", "rejected", "rules", "telemetry")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules: Final = tuple(rules)
        self.telemetry: Final[tuple[tuple[int, JudgeCall], ...]] = tuple(
            (number, rule.judge) for number, rule in enumerate(rules) if rule.telemetry
        )
        self.rejected: Final[tuple[tuple[int, Rejected], ...]] = tuple(
            (number, rule) for number, rule in enumerate(rules) if isinstance(rule, Rejected)
        )
        self.hurried: Final[tuple[tuple[int, JudgeCall], ...]] = tuple(
            call for call in self.telemetry if not rules[call[0]].unhurried
        )
        self.events: Final[tuple[tuple[int, JudgeCall], ...]] = tuple(
            (number, rule.judge) for number, rule in enumerate(rules) if rule.events
        )


class _Slot:
    """Where a topic leads, looked up once."""

    __slots__ = ("all_rules", "read", "read_plain", "route", "row", "rules", "state")

    def __init__(self, state: DeviceState, route: Route, dialect: Dialect, rules: RuleSet) -> None:
        self.state = state
        self.row = state.device.row
        self.route = route
        self.read = dialect.read
        self.read_plain = dialect.read_plain if route.channel is _TELEMETRY else None
        self.all_rules = rules.telemetry if route.channel is _TELEMETRY else rules.events
        self.rules = rules.hurried if route.channel is _TELEMETRY else rules.events


class Judge:
    """Holds the state of every registered device and judges what they say."""

    def __init__(
        self,
        *,
        dialects: Sequence[Dialect],
        rules_of: Callable[[Device], RuleSet],
        book: AlertBook,
        discoveries: Discoveries,
        rejects: Rejects,
    ) -> None:
        """``rules_of`` gives the (shared) rules of a device, after all overrides."""
        self._dialects: Final = tuple(dialects)
        self._rules_of: Final = rules_of
        self._book: Final = book
        self._discoveries: Final = discoveries
        self._rejects: Final = rejects
        self.hearing: Final = Hearing()
        self.timers: Final[TimerQueue[tuple[int, int]]] = TimerQueue()
        self._states: dict[int, DeviceState] = {}
        self._rule_sets: dict[int, RuleSet] = {}
        self._by_key: dict[tuple[str, str], int] = {}
        self._by_address: dict[Address, int] = {}
        self._slots: dict[str, _Slot] = {}

    def __len__(self) -> int:
        return len(self._states)

    # Who is registered

    def load(self, devices: Iterable[Device], saved: dict[int, bytes], now: int) -> Work:
        """Take up the register at start; the work holds what rules find at once (mostly nothing).

        Every device gets its grace period anew, so that a restart calls nobody silent.
        """
        work = Work(Batch(now=now))
        wakes: list[tuple[tuple[int, int], int]] = []
        for device in devices:
            self._add(device, saved.get(device.row), now, work, wakes)
        for state in self._states.values():
            self._link(state)
        self.timers.fill(wakes)
        return work

    def register(self, device: Device, now: int, work: Work) -> None:
        """Add a device or take over its changes. What rules remember of it is kept if they stay."""
        old = self._states.get(device.row)
        saved = None if old is None else self.dump(old)
        if old is not None:
            self._remove(old)
        wakes: list[tuple[tuple[int, int], int]] = []
        state = self._add(device, saved, now, work, wakes)
        if old is not None:
            _keep_facts(old, state)
        for key, due in wakes:
            self.timers.set(key, due)
        self._link(state)
        for other in self._states.values():
            if other.device.repeater == device.id and other.device.school == device.school:
                other.repeater = state
        self._discoveries.forget(device.school, device.id)

    def remove(self, row: int) -> None:
        """A device is off the register; what it says from now on is a discovery."""
        state = self._states.get(row)
        if state is not None:
            self._remove(state)

    def state(self, school: str, device: str) -> DeviceState | None:
        """What is known of a registered device."""
        row = self._by_key.get((school, device))
        return None if row is None else self._states[row]

    def device(self, row: int) -> Device | None:
        """A registered device by its row."""
        state = self._states.get(row)
        return None if state is None else state.device

    def states(self) -> Iterable[DeviceState]:
        """Of all registered devices."""
        return self._states.values()

    def rules(self, row: int) -> RuleSet:
        """The rules that judge a device."""
        return self._rule_sets[row]

    # Judging

    def digest(self, messages: Sequence[Message], now: int, work: Work) -> None:
        """Judge messages in their order; everything they lead to goes into ``work``."""
        slots, follow, add_row = self._slots, self._follow, work.batch.readings.append
        place = place_in_time
        work.messages += len(messages)
        for topic, payload, _, retained, _ in messages:
            slot = slots.get(topic) or self._find(topic)
            if slot is None:
                self._stranger(topic, payload, retained, now, work)
                continue
            state = slot.state
            read_plain = slot.read_plain
            if read_plain is not None and not retained:
                reading = read_plain(slot.route, payload, now)
                if reading is not None:
                    # `_take_in` and `_judge`, written out: calls are dear here.
                    place(reading, state.offset)
                    seq, last = reading.seq, state.seq
                    if last is not None and seq is not None and seq != last + 1:
                        _count_gap(state, last, seq)
                    state.seq = seq
                    state.messages += 1
                    state.spoke = happened = reading.happened
                    state.values.update(reading.values)
                    memories = state.memories
                    rules = slot.rules
                    if now >= state.unhurried_due:
                        state.unhurried_due = now + UNHURRIED_MS
                        rules = slot.all_rules
                    for number, judge in rules:
                        outcome = judge(memories[number], state, reading, now)
                        if outcome is not None:
                            follow(state, number, outcome, work)
                    state.heard = now
                    add_row((slot.row, 0, happened, now, payload))
                    continue
            self._digest_odd(slot, topic, payload, retained, now, work)

    def _digest_odd(
        self, slot: _Slot, topic: str, payload: bytes, retained: bool, now: int, work: Work
    ) -> None:
        """Everything but the commonest telemetry."""
        state = slot.state
        readings = slot.read(slot.route, payload, now, retained=retained)
        if isinstance(readings, Reject):
            self._reject(readings, topic, payload, slot, now, work)
            return
        for reading in readings:
            if reading.channel is not _TELEMETRY:
                # By the reading's channel: on a foreign dialect's one topic presses come too.
                self._hear_event(state, slot, reading, now, work)
            elif retained:
                # What was said before we listened tells what was, not what is: it fills in, it
                # is neither a sign of life nor judged.
                _fill_in(state, reading)
            else:
                place_in_time(reading, state.offset)
                self._judge(state, slot.all_rules, reading, now, work)
                work.batch.readings.append(
                    (state.device.row, 0, reading.happened, now, reading.body)
                )

    def next(self) -> int | None:
        """When a rule wants to act next."""
        return self.timers.next()

    def tick(self, now: int, work: Work) -> None:
        """Let rules act whose time has come: at most so many that nothing else has to wait."""
        for row, number in self.timers.pop_due(now, _TICKS_AT_ONCE):
            state = self._states.get(row)
            if state is None:
                continue
            rules = self._rule_sets[row].rules
            if number < len(rules):
                outcome = rules[number].tick(state.memories[number], state, now)
                if outcome is not None:
                    self._follow(state, number, outcome, work)

    def find(self, finding: Finding, device: Device, work: Work) -> None:
        """Take in a finding that no device's rule made (the gateway's own health)."""
        self._book.fold(finding, device, work)

    def dump(self, state: DeviceState) -> bytes:
        """What cannot be derived from readings again, as JSON."""
        kept: dict[str, object] = {}
        rules = self._rule_sets[state.device.row].rules
        for rule, memory in zip(rules, state.memories, strict=True):
            data = rule.dump(memory)
            if data is not None:
                kept[rule.name] = data
        if state.events_seen is not None:
            kept["_events"] = state.events_seen
        if state.online is not None:
            kept["_online"] = [state.online, state.online_since]
        if state.firmware:
            kept["_firmware"] = state.firmware
        return canonical(kept)

    def _judge(
        self,
        state: DeviceState,
        calls: tuple[tuple[int, JudgeCall], ...],
        reading: Reading,
        now: int,
        work: Work,
    ) -> None:
        _take_in(state, reading)
        memories = state.memories
        for number, judge in calls:
            outcome = judge(memories[number], state, reading, now)
            if outcome is not None:
                self._follow(state, number, outcome, work)
        # Last, so that rules can see when it had been heard before this reading.
        state.heard = now

    def _hear_event(
        self, state: DeviceState, slot: _Slot, reading: Reading, now: int, work: Work
    ) -> None:
        batch, route = work.batch, slot.route
        rules = self._rule_sets[state.device.row].events
        batch.urgent = True
        place_in_time(reading, state.offset)
        if reading.firmware:
            state.firmware = reading.firmware
        if reading.event is not None or reading.channel is Channel.EVENT:
            if not reading.retained:
                self._reply(route, reading, work)
            if state.events_seen is None:
                state.events_seen = []
            if not is_news(state.events_seen, reading):
                return  # repeated until our reply arrived, or retained: said and judged before
            batch.states[state.device.row] = b""  # filled by `finish`
            batch.facts.append(_event_fact(state.device, reading))
        if reading.channel is Channel.STATUS:
            _take_status(state, reading, now, work)
        if reading.retained:
            state.values.update(reading.values)
            for number, judge in rules:
                outcome = judge(state.memories[number], state, reading, now)
                if outcome is not None:
                    self._follow(state, number, outcome, work)
        else:
            self._judge(state, rules, reading, now, work)
        batch.readings.append(
            (state.device.row, int(reading.channel), reading.happened, now, reading.body)
        )

    def _follow(self, state: DeviceState, number: int, outcome: Outcome, work: Work) -> None:
        for finding in outcome.findings:
            self._book.fold(finding, state.device, work)
        if outcome.wake is not None:
            self.timers.set((state.device.row, number), outcome.wake)
        if outcome.save:
            work.batch.states[state.device.row] = b""  # filled by `finish`

    def finish(self, work: Work) -> None:
        """Before the commit: encode the state of each device whose state is to be saved, once."""
        states = work.batch.states
        for row in states:
            state = self._states.get(row)
            if state is not None:
                states[row] = self.dump(state)

    # Finding out who speaks

    def _find(self, topic: str) -> _Slot | None:
        for dialect in self._dialects:
            route = dialect.route(topic)
            if isinstance(route, Route):
                row = self._by_address.get(_address(route))
                if row is None:
                    return None
                slot = _Slot(self._states[row], route, dialect, self._rule_sets[row])
                self._slots[topic] = slot
                return slot
        return None

    def _stranger(self, topic: str, payload: bytes, retained: bool, now: int, work: Work) -> None:
        reject: Reject | None = None
        for dialect in self._dialects:
            route = dialect.route(topic)
            if route is None:
                return
            if isinstance(route, Reject):
                # The dialect that knows the topic best is the one that went on past its name.
                if reject is None or reject.reason is RejectReason.TOPIC:
                    reject = route
                continue
            readings = dialect.read(route, payload, now, retained=retained)
            if isinstance(readings, Reject):
                self._rejects.add(readings, topic, payload, route.school, now, work.batch)
                return
            if readings:
                self._discover(dialect, route, topic, payload, readings, now, work)
            return
        if reject is not None:
            self._rejects.add(reject, topic, payload, "", now, work.batch)

    def _discover(
        self,
        dialect: Dialect,
        route: Route,
        topic: str,
        payload: bytes,
        readings: list[Reading],
        now: int,
        work: Work,
    ) -> None:
        kind = dialect.guess_kind(route, readings)
        self._discoveries.add(route, kind, topic, payload, readings, now)
        seen = self._discoveries.events_seen(route)
        for reading in readings:
            alarm = alarm_of(route, reading, seen, now)
            if alarm is not None:
                device = stand_in(route, kind)
                work.batch.urgent = True
                work.batch.facts.append(_event_fact(device, reading))
                self._book.fold(alarm, device, work)
            if reading.event is not None and not reading.retained:
                self._reply(route, reading, work)

    def _reply(self, route: Route, reading: Reading, work: Work) -> None:
        """Certainty for a native alarm device, sent once its event is committed."""
        if route.dialect == Native.name and reading.seq is not None:
            topic = f"campus/{route.school}/{route.kind}/{route.device}/reply"
            work.replies.append((topic, canonical({"seq": reading.seq, "ts": reading.at})))

    def _reject(
        self, reject: Reject, topic: str, payload: bytes, slot: _Slot, now: int, work: Work
    ) -> None:
        for number, rule in self._rule_sets[slot.row].rejected:
            outcome = rule.count(slot.state.memories[number], reject.reason.value, now)
            if outcome is not None:
                self._follow(slot.state, number, outcome, work)
        self._rejects.add(reject, topic, payload, slot.route.school, now, work.batch)

    # The register

    def _add(
        self,
        device: Device,
        saved: bytes | None,
        now: int,
        work: Work,
        wakes: list[tuple[tuple[int, int], int]],
    ) -> DeviceState:
        rule_set = self._rules_of(device)
        state = DeviceState(device, self.hearing, now)
        state.rules = rule_set.rules
        remembered = _decode_state(device, saved)
        state.memories = [
            rule.load(remembered[rule.name]) if rule.name in remembered else rule.memory()
            for rule in rule_set.rules
        ]
        if "_events" in remembered:
            state.events_seen = [(at, seq) for at, seq in remembered["_events"]]
        if "_online" in remembered:
            state.online, state.online_since = remembered["_online"]
        state.firmware = remembered.get("_firmware", "")
        row = device.row
        self._states[row] = state
        self._rule_sets[row] = rule_set
        self._by_key[device.school, device.id] = row
        self._by_address[_registered_address(device)] = row
        for number, rule in enumerate(rule_set.rules):
            outcome = rule.start(state.memories[number], state, now)
            if outcome is not None:
                for finding in outcome.findings:
                    self._book.fold(finding, device, work)
                if outcome.wake is not None:
                    wakes.append(((row, number), outcome.wake))
        return state

    def _remove(self, state: DeviceState) -> None:
        device = state.device
        for number in range(len(state.memories)):
            self.timers.set((device.row, number), None)
        self._states.pop(device.row, None)
        self._rule_sets.pop(device.row, None)
        self._by_key.pop(device.key, None)
        self._by_address.pop(_registered_address(device), None)
        self._slots = {
            topic: slot for topic, slot in self._slots.items() if slot.state is not state
        }
        for other in self._states.values():
            if other.repeater is state:
                other.repeater = None

    def _link(self, state: DeviceState) -> None:
        repeater = state.device.repeater
        if repeater is not None:
            state.repeater = self.state(state.device.school, repeater)


def _address(route: Route) -> Address:
    # The kind in a native topic is what the device takes itself for; the register says what it is.
    return (route.dialect, route.school, route.address or route.device)


def _registered_address(device: Device) -> Address:
    native = device.dialect == Native.name
    return (device.dialect, device.school, device.id if native else device.address or device.id)


def _decode_state(device: Device, saved: bytes | None) -> dict[str, Any]:
    if not saved:
        return {}
    try:
        return msgspec.json.decode(saved, type=dict[str, Any])
    except msgspec.DecodeError as error:
        # Starting without it is safe (rules begin anew), starting not at all would not be.
        _log.error("state.unreadable", device=device.key, error=str(error))
        return {}


def _keep_facts(old: DeviceState, new: DeviceState) -> None:
    """What is true of the device whatever its rules are."""
    for name in ("heard", "spoke", "seq", "messages", "gap_total", "values", "offset"):
        setattr(new, name, getattr(old, name))


def _take_in(state: DeviceState, reading: Reading) -> None:
    """What a reading tells of its device, whatever the rules make of it."""
    seq = reading.seq
    if seq is not None:
        if state.seq is not None and seq != state.seq + 1:
            _count_gap(state, state.seq, seq)
        state.seq = seq
    state.messages += 1
    state.spoke = reading.happened
    state.values.update(reading.values)


def _count_gap(state: DeviceState, last: int, seq: int) -> None:
    missed = (seq - last - 1) % _SEQ_WRAP
    if 0 < missed <= _MOST_LOST:
        state.gap_total += missed


def _fill_in(state: DeviceState, reading: Reading) -> None:
    for name, value in reading.values.items():
        state.values.setdefault(name, value)


def _take_status(state: DeviceState, reading: Reading, now: int, work: Work) -> None:
    online = reading.values.get("online")
    if isinstance(online, bool) and online is not state.online:
        state.online = online
        state.online_since = now
        work.batch.states[state.device.row] = b""  # filled by `Judge.finish`


def _event_fact(device: Device, reading: Reading) -> Fact:
    return Fact(
        kind="event",
        happened=reading.happened,
        known=reading.received,
        actor=f"{Origin(reading.origin).name.lower()}:{device.school}/{device.id}",
        subject=f"device:{device.school}/{device.id}",
        body=canonical(
            {
                "at": reading.at,
                "event": reading.event,
                "late": reading.late,
                "retained": reading.retained,
                "seq": reading.seq,
                "test": reading.test,
                "values": reading.values,
            }
        ),
    )
