"""Who is registered, and what is known of each device right now.

A start with a hundred thousand devices must not keep the first alarm waiting: `load` only notes who
there is. A device is *woken* - its rules bound, what they remember loaded - by its first message,
or a few hundred at a time in the background, so that silence is noticed of those, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from alerts.finding import Outcome
from alerts.rules.rule import DeviceState, Hearing
from devices.dialects.native import Native
from devices.model import Device
from devices.reading import Route
from gateway.pipeline.glance import RuleSet
from gateway.store.encoding import canonical

_log: Final = structlog.get_logger(__name__)

GATEWAY: Final = Device(
    school="", id="gateway", kind="gateway", row=0, name_zh="网关", name_en="Gateway"
)
"""Stands for the gateway itself in alerts; belongs to no school and so concerns everybody."""

WOKEN_AT_ONCE: Final = 250
"""Devices woken at a time in the background: some milliseconds."""

Follow: TypeAlias = Callable[[DeviceState, int, Outcome], None]
Address: TypeAlias = tuple[str, str, str]
"""Dialect, school and the dialect's own name of a device that is not native."""


class Roster:
    """All registered devices. ``follow`` takes what a rule finds when it begins to watch."""

    def __init__(self, *, rules_of: Callable[[Device], RuleSet], follow: Follow) -> None:
        """``rules_of`` gives the (shared) rules of a device, after all overrides."""
        self._rules_of: Final = rules_of
        self._follow: Final = follow
        self.hearing: Final = Hearing()
        self._devices: dict[int, Device] = {}
        self._saved: dict[int, bytes] = {}
        self._asleep: deque[int] = deque()
        self._states: dict[int, DeviceState] = {}
        # By the identity of a state's rules, which thousands share: a row each would add up.
        self._rule_sets: dict[int, RuleSet] = {}
        # By school and then id: a pair of strings for each of 100,000 devices takes 7 MB more.
        self._by_key: dict[str, dict[str, int]] = {}
        self._by_address: dict[Address, int] = {}
        self._through: dict[tuple[str, str], set[int]] = {}
        self._stamps: dict[str, int] = {}
        self._started = 0

    def __len__(self) -> int:
        return len(self._devices)

    def load(self, devices: Iterable[Device], saved: dict[int, bytes], now: int) -> None:
        """Note who is registered, and what was saved of each (`dump`), at a start.

        Every device gets its grace period anew, so that a restart calls nobody silent.
        """
        self._started = now
        self._saved = saved
        for device in devices:
            self._note(device)
            self._asleep.append(device.row)

    def put(self, device: Device, now: int) -> None:
        """Add a device or take over its changes. What rules remember of it is kept if they stay."""
        row = device.row
        old = self._states.get(row)
        if old is not None:
            self._saved[row] = self.dump(old)
        if row in self._devices:
            self._forget(self._devices[row])
        self._note(device)
        state = self._wake(row, now)
        if old is not None:
            _keep_facts(old, state)
        for other in self._through.get(device.key, ()):
            if other in self._states:
                self._states[other].repeater = state

    def remove(self, row: int) -> None:
        """Take a device off the register."""
        device = self._devices.get(row)
        if device is None:
            return
        self._forget(device)
        for other in self._through.get(device.key, ()):
            if other in self._states:
                self._states[other].repeater = None

    def devices(self) -> Iterable[Device]:
        """All registered devices."""
        return self._devices.values()

    def of_school(self, school: str) -> Iterable[Device]:
        """The registered devices of one school."""
        return (self._devices[row] for row in self._by_key.get(school, {}).values())

    def schools(self) -> list[str]:
        """The schools that have devices."""
        return [school for school, devices in self._by_key.items() if devices]

    def stamp(self, school: str) -> int:
        """Another number as soon as somebody of this school has come, gone, changed or woken."""
        return self._stamps.get(school, 0)

    def behind(self, device: Device) -> list[Device]:
        """The registered devices that are heard through this one."""
        rows = self._through.get(device.key, ())
        return [self._devices[row] for row in sorted(rows)]

    def device(self, row: int) -> Device | None:
        """A registered device by its row."""
        return self._devices.get(row)

    def named(self, school: str, device: str) -> Device | None:
        """A registered device by its school and id."""
        return self._devices.get(self._by_key.get(school, {}).get(device, 0))

    def state(self, school: str, device: str) -> DeviceState | None:
        """What is known of a registered device; wakes it."""
        row = self._by_key.get(school, {}).get(device)
        return None if row is None else self.state_of(row)

    def state_of(self, row: int) -> DeviceState | None:
        """What is known of the device with this row; wakes it."""
        state = self._states.get(row)
        if state is None and row in self._devices:
            state = self._wake(row, self._started)
        return state

    def awake(self, row: int) -> DeviceState | None:
        """What is known of a device that is awake."""
        return self._states.get(row)

    def found(self, route: Route) -> DeviceState | None:
        """The registered device that a topic leads to; wakes it."""
        # The kind in a native topic is what the device takes itself for; the register says what
        # it is.
        name = route.address or route.device
        if route.dialect != Native.name:
            row = self._by_address.get((route.dialect, route.school, name))
            return None if row is None else self.state_of(row)
        row = self._by_key.get(route.school, {}).get(name)
        if row is None or self._devices[row].dialect != Native.name:
            return None
        return self.state_of(row)

    def rules(self, row: int) -> RuleSet:
        """The rules that judge a device that is awake."""
        return self._rule_sets[id(self._states[row].rules)]

    @property
    def all_awake(self) -> bool:
        """Whether nobody is left to be woken."""
        return not self._asleep

    def wake_some(self) -> None:
        """Wake a few of those that have not spoken yet."""
        for _ in range(min(WOKEN_AT_ONCE, len(self._asleep))):
            row = self._asleep.popleft()
            if row in self._devices and row not in self._states:
                self._wake(row, self._started)
        if not self._asleep:
            self._saved = {}

    def dump(self, state: DeviceState) -> bytes:
        """What cannot be derived from readings again, as JSON."""
        kept: dict[str, object] = {}
        for rule, memory in zip(state.rules, state.memories, strict=True):
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

    def _note(self, device: Device) -> None:
        row = device.row
        self._devices[row] = device
        self._stamped(device.school)
        self._by_key.setdefault(device.school, {})[device.id] = row
        if device.dialect != Native.name:
            self._by_address[_address(device)] = row
        if device.repeater is not None:
            self._through.setdefault((device.school, device.repeater), set()).add(row)

    def _forget(self, device: Device) -> None:
        row = device.row
        del self._devices[row]
        self._stamped(device.school)
        self._states.pop(row, None)
        self._by_key.get(device.school, {}).pop(device.id, None)
        self._by_address.pop(_address(device), None)
        if device.repeater is not None:
            self._through.get((device.school, device.repeater), set()).discard(row)

    def _stamped(self, school: str) -> None:
        self._stamps[school] = self._stamps.get(school, 0) + 1

    def _wake(self, row: int, now: int) -> DeviceState:
        device = self._devices[row]
        rule_set = self._rules_of(device)
        state = DeviceState(device, self.hearing, now)
        state.rules = rule_set.rules
        remembered = _decode_state(device, self._saved.pop(row, None))
        memories = [
            rule.load(remembered[rule.name]) if rule.name in remembered else rule.memory()
            for rule in rule_set.rules
        ]
        state.memories = memories.copy()  # a copy has no room to grow
        if "_events" in remembered:
            state.events_seen = [(at, seq) for at, seq in remembered["_events"]]
        if "_online" in remembered:
            state.online, state.online_since = remembered["_online"]
        state.firmware = remembered.get("_firmware", "")
        self._states[row] = state
        self._stamped(device.school)
        self._rule_sets[id(rule_set.rules)] = rule_set
        if device.repeater is not None and device.repeater != device.id:
            state.repeater = self.state(device.school, device.repeater)
        for number, rule in enumerate(rule_set.rules):
            outcome = rule.start(state.memories[number], state, now)
            if outcome is not None:
                self._follow(state, number, outcome)
        return state


def _address(device: Device) -> Address:
    return (device.dialect, device.school, device.address or device.id)


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
    for name in ("heard", "spoke", "pause", "due_seq", "hitches", "recorded", "offset"):
        setattr(new, name, getattr(old, name))
    new.values.update(old.values)
