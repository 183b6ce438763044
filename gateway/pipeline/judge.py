"""Judges messages: which device, what it says, when it was, and what the rules make of it.

The hot path of the gateway. Everything here is synchronous and does no I/O: messages and ``now``
go in, a `Work` comes out, to be committed. What is cached per topic or device is bounded by what is
registered; whoever is not registered takes the slower way to the discoveries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.events_seen import is_news
from alerts.rules.pressed import Pressed
from alerts.rules.rule import DeviceState
from devices.dialects.dialect import Dialect
from devices.dialects.native import Native
from devices.model import Device
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value
from devices.timekeeping import ROUND, place_in_time, place_with_thought
from gateway.ingest.source import Message
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.asking import Asking
from gateway.pipeline.discoveries import Discoveries
from gateway.pipeline.glance import Calls, RuleSet
from gateway.pipeline.heard import (
    count_gap,
    count_on,
    event_fact,
    fill_in,
    is_fault,
    own_reading,
    take_in,
    take_status,
)
from gateway.pipeline.late_press import LatePress
from gateway.pipeline.rejects import Rejects
from gateway.pipeline.roster import GATEWAY, Roster
from gateway.pipeline.slot import Slot, in_its_words
from gateway.pipeline.strangers import alarm_of, stand_in
from gateway.pipeline.timers import TimerQueue
from gateway.pipeline.windows import Why, Windows
from gateway.pipeline.work import Work
from gateway.store.encoding import canonical

_log: Final = structlog.get_logger(__name__)
_TELEMETRY: Final = Channel.TELEMETRY
UNHURRIED_MS: Final = 30_000
"""Rules that call nobody out (battery, clock, range) look at a device's telemetry this often."""

_TICKS_AT_ONCE: Final = 1000

_TRACE_EVERY: Final = 10_000
"""ms. A fault that comes with every message must not fill the disk with its traces; it is counted
among the rejects and the alert's occurrences each time."""

_TOPICS_KEPT: Final = 16
"""Topics of one device that are remembered: more than any has that means well."""


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
        sift: Callable[[Finding, Device, Work], bool] = lambda _finding, _device, _work: False,
    ) -> None:
        """``rules_of`` gives the (shared) rules of a device, after all overrides. ``sift`` says
        whether a finding waits elsewhere before it comes into the book (`gateway.pipeline.causes`).
        """
        self._dialects: Final = tuple(dialects)
        self.asking: Final = Asking(dialects)
        self._book: Final = book
        self._discoveries: Final = discoveries
        self._rejects: Final = rejects
        self._sift: Final = sift
        self.roster: Final = Roster(rules_of=rules_of, follow=self._begin)
        self.timers: Final[TimerQueue[tuple[int, int]]] = TimerQueue()
        late = LatePress(self.roster, book, follow=self._follow, fault=self._fault)
        self.windows: Final = Windows(late.goes_out)
        self._slots: dict[str, Slot] = {}
        self._topics: dict[int, str | tuple[str, ...]] = {}  # most devices have one
        self._begun: list[tuple[Device, Finding]] = []
        self._trace_due = 0

    # Who is registered

    def register(self, device: Device, now: int) -> None:
        """Add a device or take over its changes; judged by them from its next message on."""
        self.windows.doubt(device.row, Why.CHANGED)
        self._drop(device.row)
        self.roster.put(device, now)
        self._discoveries.forget(device.school, device.id)
        self.asking.meet(device, now)

    def remove(self, row: int) -> None:
        """A device is off the register; what it says from now on is a discovery."""
        self.windows.doubt(row, Why.CHANGED)
        self._drop(row)
        self.roster.remove(row)

    def _drop(self, row: int) -> None:
        """Forget what is cached and what waits of a device."""
        for topic in _each(self._topics.pop(row, ())):
            self._slots.pop(topic, None)
        state = self.roster.awake(row)
        for number in range(0 if state is None else len(state.memories)):
            self.timers.set((row, number), None)

    def _begin(self, state: DeviceState, number: int, outcome: Outcome) -> None:
        """What a rule finds when it begins to watch is taken in with the next tick."""
        if outcome.wake is not None:
            self.timers.set((state.device.row, number), outcome.wake)
        self._begun += [(state.device, finding) for finding in outcome.findings]

    # Judging

    def digest(self, messages: Sequence[Message], now: int, work: Work) -> None:
        """Judge messages in their order; everything they lead to goes into ``work``."""
        slots, follow, add_row = self._slots, self._follow, work.batch.readings.append
        work.messages += len(messages)
        for topic, payload, _, retained, _ in messages:
            try:
                slot = slots.get(topic) or self._find(topic)
                if slot is None:
                    self._stranger(topic, payload, retained, now, work)
                    continue
                state = slot.state
                glance = state.glance
                if (
                    glance is None
                    or not state.heard <= now < state.unhurried_due  # or our clock was set back
                    or not slot.plain
                    or retained
                    or (values := glance.read(payload)) is None
                ):
                    self._read_in_full(slot, topic, payload, retained, now, work)
                    continue
                # `place_in_time`, `take_in` and `_judge`, written out.
                at, seq = values.pop("ts"), values.pop("seq")
                reading = Reading(_TELEMETRY, values, now, payload, at, at, seq)
                clock = state.offset
                clock.messages = count = clock.messages + 1
                if not (clock.plain_from <= now - at < clock.plain_to and count % ROUND):
                    place_with_thought(reading, clock)
                if seq != state.due_seq:
                    count_gap(state, seq, reading)
                else:
                    state.due_seq = seq + 1
                state.spoke = happened = reading.happened
                state.latest = payload
                if now - state.heard > state.pause:  # noqa: PLR1730 - max() is three times this
                    state.pause = now - state.heard
                memories = state.memories
                for number, judge in glance.calls:
                    outcome = judge(memories[number], state, reading, now)
                    if outcome is not None:
                        follow(state, number, outcome, work)
                state.heard = now
                add_row((slot.row, 0, happened, now, payload))
            except Exception as error:  # noqa: BLE001 - see `_fault`
                self._fault(topic, payload, error, now, work)

    def _fault(self, topic: str, payload: bytes, error: Exception, now: int, work: Work) -> None:
        """Our own fault at one message: said loudly, and no reason to stop watching all others.

        Were it let through, the gateway would end, have the message delivered again, and end again.
        """
        if not 0 < self._trace_due - now <= _TRACE_EVERY:  # our clock may be set back
            self._trace_due = now + _TRACE_EVERY
            _log.exception("judging.failed", topic=topic)
        what = f"{type(error).__name__}: {error}"[:200]
        self._rejects.add(Reject(RejectReason.FAULT, what), topic, payload, "", now, work.batch)
        why = Explanation("judge", "judging_failed", {"topic": topic[:120], "fault": what})
        failed = Finding("judging_failed", False, Priority.HIGH, now, now, why, occurrence=True)
        self._book.fold(failed, GATEWAY, work)

    def _read_in_full(
        self, slot: Slot, topic: str, payload: bytes, retained: bool, now: int, work: Work
    ) -> None:
        """What cannot be taken at a glance, and now and then what could."""
        reading = None
        if slot.plain and not retained:
            reading = slot.dialect.read_plain(slot.route, payload, now)
        if reading is None:
            self._digest_odd(slot, topic, payload, retained, now, work)
            return
        state = slot.state
        glance = slot.rules.glance(payload, reading.values)
        if glance is None or glance is not state.glance:
            state.take_in_latest()
        place_in_time(reading, state.offset)
        count_on(state, reading)
        state.latest = payload
        self._judge_all(slot, reading, now, work)
        state.glance = glance
        work.batch.readings.append((slot.row, 0, reading.happened, now, payload))

    def _digest_odd(
        self, slot: Slot, topic: str, payload: bytes, retained: bool, now: int, work: Work
    ) -> None:
        """Everything but the commonest telemetry."""
        state = slot.state
        readings = slot.dialect.read(slot.route, payload, now, retained=retained)
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
                fill_in(state, reading)
            else:
                place_in_time(reading, state.offset)
                if reading.firmware and reading.firmware != state.firmware:
                    state.firmware = reading.firmware
                    work.batch.states[state.device.row] = b""  # filled by `finish`
                take_in(state, reading)
                self._judge_all(slot, reading, now, work)
                work.batch.readings.append(
                    (state.device.row, 0, reading.happened, now, reading.body)
                )
        self._hear_asides(slot.dialect, now, work)

    def _hear_asides(self, dialect: Dialect, now: int, work: Work) -> None:
        """What a message said of others than who sent it."""
        for state, route, reading in self.asking.others(dialect, self.roster):
            slot = Slot(state, route, dialect, self.roster.rules(state.device.row))
            self._hear_event(state, slot, reading, now, work)

    def hear_own(
        self,
        row: int,
        values: dict[str, Value],
        now: int,
        work: Work,
        *,
        online: bool | None = None,
    ) -> bool:
        """Take in what the gateway itself found out about a device that it speaks for.

        ``online``: whether the device is there, if that was found out. False when there is no such
        device.
        """
        state = self.roster.state_of(row)
        if state is None:
            return False
        if online is not None and (online is not state.online or not online):
            state.online, state.online_since = online, now
            work.batch.states[row] = b""  # filled by `finish`
        reading = own_reading(values, now)
        place_in_time(reading, state.offset)
        take_in(state, reading)
        self._judge(state, self.roster.rules(row).telemetry, reading, now, work)
        work.batch.readings.append((row, 0, reading.happened, now, reading.body))
        return True

    def hear_of(self, row: int, values: dict[str, Value], now: int, work: Work) -> bool:
        """Take in what something else says of a device: no sign of life of its own.

        Only rules that watch one of the values see it. False when there is no such device.
        """
        state = self.roster.state_of(row)
        if state is None:
            return False
        reading, heard = own_reading(values, now), state.heard
        state.values.update(values)
        calls = tuple(
            (number, rule.judge)
            for number, rule in enumerate(state.rules)
            if rule.telemetry and not (rule.watches() or frozenset()).isdisjoint(values)
        )
        self._judge(state, calls, reading, now, work)
        state.heard = heard
        work.batch.readings.append((row, 0, reading.happened, now, reading.body))
        return True

    def next(self) -> int | None:
        """When a rule wants to act next; at once while devices are still to be woken."""
        return self.timers.next() if self.roster.all_awake and not self._begun else 0

    def tick(self, now: int, work: Work) -> None:
        """Let rules act whose time has come: at most so many that nothing else has to wait."""
        if not self.roster.all_awake:
            self.roster.wake_some()
        begun, self._begun = self._begun, []
        for device, finding in begun:
            if not self._sift(finding, device, work):
                self._book.fold(finding, device, work)
        for row, number in self.timers.pop_due(now, _TICKS_AT_ONCE):
            state = self.roster.awake(row)
            if state is not None and number < len(state.rules):
                try:
                    outcome = state.rules[number].tick(state.memories[number], state, now)
                except Exception as error:  # noqa: BLE001 - see `_fault`
                    name = f"{state.device.school}/{state.device.id}"
                    self._fault(f"{name} {state.rules[number].name}", b"", error, now, work)
                    continue
                if outcome is not None:
                    self._follow(state, number, outcome, work)

    def _judge_all(self, slot: Slot, reading: Reading, now: int, work: Work) -> None:
        """Ask those in no hurry, too."""
        state = slot.state
        state.unhurried_due = now + UNHURRIED_MS
        self._judge(state, slot.rules.telemetry, reading, now, work)
        state.pause = 0

    def _judge(
        self,
        state: DeviceState,
        calls: Calls,
        reading: Reading,
        now: int,
        work: Work,
    ) -> None:
        memories = state.memories
        for number, judge in calls:
            outcome = judge(memories[number], state, reading, now)
            if outcome is not None:
                self._follow(state, number, outcome, work)
        # Last, so that rules can see when it had been heard before this reading.
        state.heard = now

    def _hear_event(
        self, state: DeviceState, slot: Slot, reading: Reading, now: int, work: Work
    ) -> None:
        batch, route = work.batch, slot.route
        rules = self.roster.rules(state.device.row).events
        clock_error = state.offset.error
        batch.urgent = True
        place_in_time(reading, state.offset)
        if reading.firmware:
            state.firmware = reading.firmware
        if reading.event is not None or reading.channel is Channel.EVENT:
            if not reading.retained:
                self._reply(route, reading, work)
            if not self._is_news(state, reading, work):
                return  # repeated until our reply arrived, or retained: said and judged before
        if reading.channel is Channel.STATUS:
            take_status(state, reading, now, work)
        if reading.retained:
            state.values.update(reading.values)
            for number, judge in rules:
                outcome = judge(state.memories[number], state, reading, now)
                if outcome is not None:
                    self._follow(state, number, outcome, work)
        else:
            take_in(state, reading)
            if self.windows and self._held_back(state, reading, clock_error, now, work):
                rules = tuple(one for one in rules if not isinstance(state.rules[one[0]], Pressed))
            self._judge(state, rules, reading, now, work)
        batch.readings.append(
            (state.device.row, int(reading.channel), reading.happened, now, reading.body)
        )

    def _is_news(self, state: DeviceState, reading: Reading, work: Work) -> bool:
        """Whether this event was not known; if so it is a fact."""
        if state.events_seen is None:
            state.events_seen = []
        if not is_news(state.events_seen, reading):
            return False
        work.batch.states[state.device.row] = b""  # filled by `finish`
        work.batch.facts.append(event_fact(state.device, reading))
        return True

    def _held_back(
        self, state: DeviceState, reading: Reading, clock_error: int | None, now: int, work: Work
    ) -> bool:
        """Whether this is the press of a test, which waits to be confirmed."""
        try:
            return self.windows.holds_back(state.device, reading, clock_error, now, work)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not keep an alarm back
            self._fault(f"{state.device.school}/{state.device.id} test", b"", error, now, work)
            return False

    def refused(self, work: Work) -> None:
        """The store refused this work: what was held back goes out, in it if it was in it."""
        if self.windows or work.tests:
            self.windows.refused(work)

    def _follow(self, state: DeviceState, number: int, outcome: Outcome, work: Work) -> None:
        for finding in outcome.findings:
            if not self._sift(finding, state.device, work):
                self._book.fold(finding, state.device, work)
        if outcome.wake is not None:
            self.timers.set((state.device.row, number), outcome.wake)
        if outcome.save:
            work.batch.states[state.device.row] = b""  # filled by `finish`
        # What has just begun is seen through: the next message is shown to all rules.
        state.unhurried_due = 0

    def finish(self, work: Work) -> None:
        """Before the commit: encode the state of each device whose state is to be saved, once."""
        states = work.batch.states
        for row in states:
            state = self.roster.awake(row)
            if state is not None:
                states[row] = self.roster.dump(state)

    # Finding out who speaks

    def _find(self, topic: str) -> Slot | None:
        for dialect in self._dialects:
            route = dialect.route(topic)
            if isinstance(route, Route):
                state = self.roster.found(route)
                if state is None:
                    return None
                row = state.device.row
                route = in_its_words(route, state.device)
                slot = Slot(state, route, dialect, self.roster.rules(row))
                topics = _each(self._topics.get(row, ()))
                if len(topics) < _TOPICS_KEPT:
                    self._slots[topic] = slot
                    self._topics[row] = (*topics, topic) if topics else topic
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
                self._hear_asides(dialect, now, work)
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
                work.batch.facts.append(event_fact(device, reading))
                self._book.fold(alarm, device, work)
            if reading.event is not None and not reading.retained:
                self._reply(route, reading, work)

    def _reply(self, route: Route, reading: Reading, work: Work) -> None:
        """Certainty for a native alarm device, sent once its event is committed."""
        if route.dialect == Native.name and reading.seq is not None:
            topic = f"campus/{route.school}/{route.kind}/{route.device}/reply"
            work.replies.append((topic, canonical({"seq": reading.seq, "ts": reading.at})))

    def _reject(
        self, reject: Reject, topic: str, payload: bytes, slot: Slot, now: int, work: Work
    ) -> None:
        counts = is_fault(reject, slot.state, now)
        for number, rule in self.roster.rules(slot.row).rejected if counts else ():
            outcome = rule.count(slot.state.memories[number], reject.reason.value, now)
            if outcome is not None:
                self._follow(slot.state, number, outcome, work)
        slot.state.hitch().reject(reject.reason.value, reject.detail, now)
        self._rejects.add(reject, topic, payload, slot.route.school, now, work.batch)


def _each(topics: str | tuple[str, ...]) -> tuple[str, ...]:
    return (topics,) if isinstance(topics, str) else topics
