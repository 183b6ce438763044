"""The dialect of devices that describe themselves by Home Assistant's MQTT discovery.

Below a base of the school's own: ``{base}/homeassistant/…/config`` says which topics tell what, in
which unit (`devices.dialects.home_assistant_config`); the states come on those topics, which must
lie below the base as well, because the school may write only there. Discovery messages are retained
and asked for again at every start, so nothing of them is kept elsewhere. How commands are given is
ignored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from devices import values as v
from devices.dialects.guess import kind_of
from devices.dialects.home_assistant_config import ASIDE, About, Entity, Lesson, lesson_of, said
from devices.dialects.units import converted
from devices.dialects.value_template import MISSING, VALUE
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

MAX_PAYLOAD: Final = 64 * 1024
MAX_ENTITIES: Final = 20_000
"""Learned entities that are kept of one binding: some 1,000 devices of twenty values."""

PREFIX: Final = "homeassistant"
_COMMON: Final = ("/set", "/get", "/command", "/debug")
"""How topics end that no discovery names: of commands, and of a device's log."""

_APART: Final = frozenset({"online", ASIDE})
"""Kinds that are no values of a device."""

_NOT_KNOWN: Final = frozenset({"", "none", "unknown", "unavailable", "nan"})
_PHASES: Final = re.compile(r"(.*?)(?:phase_?|_l|_)?(a|b|c|[123])\Z")
_PHASE: Final = {"a": 0, "b": 1, "c": 2, "1": 0, "2": 1, "3": 2}

_PRESSES: Final = {
    "press": "pressed", "pressed": "pressed", "single": "pressed", "single_press": "pressed",
    "short_press": "pressed", "button_short_press": "pressed", "click": "pressed",
    "ring": "pressed", "initial_press": "pressed", "on": "pressed", "emergency": "pressed",
    "double": "pressed_twice", "double_press": "pressed_twice", "double_click": "pressed_twice",
    "button_double_press": "pressed_twice", "multi_press_2": "pressed_twice",
    "hold": "held", "long": "held", "long_press": "held", "button_long_press": "held",
    "release": "released", "released": "released", "short_release": "released",
    "long_release": "released", "button_short_release": "released",
    "button_long_release": "released",
}  # fmt: skip


class _HaRoute(Route, frozen=True):
    topic: str = ""
    config: bool = False


class _Device:
    """One learned device: what its topics tell, and how its values are called."""

    __slots__ = ("_names", "_phases", "about", "configs", "entities", "told")

    def __init__(self, about: About) -> None:
        self.about = about
        self.configs = 0
        self.entities: Counter[Entity] = Counter()
        self.told = False
        self._names: Counter[str] | None = None
        self._phases: dict[Entity, tuple[str, int]] = {}

    def changed(self) -> None:
        """Names are to be given anew: another entity may have the same."""
        self._names = None

    def name_of(self, entity: Entity) -> tuple[str, int | None]:
        """Ours, with the phase of three; or its own, when another of the device has ours too."""
        if self._names is None:
            self._names = Counter(each.ours for each in self.entities)
            self._phases = self._find_phases(self._names)
        if entity in self._phases:
            return self._phases[entity]
        return (entity.ours if self._names[entity.ours] == 1 else entity.own), None

    def _find_phases(self, names: Counter[str]) -> dict[Entity, tuple[str, int]]:
        """Three entities of one topic and one quantity, called by their phases."""
        found: dict[tuple[str, str, str], dict[int, Entity]] = {}
        for entity in self.entities:
            match = _PHASES.match(entity.own.removesuffix(f"_{entity.ours}"))
            if entity.unit is not None and match is not None:
                three = found.setdefault((entity.topic, entity.ours, match[1]), {})
                three[_PHASE[match[2]]] = entity
        return {
            entity: (ours, phase)
            for (_, ours, _), three in found.items()
            if len(three) == names[ours] == 3
            for phase, entity in three.items()
        }


class _Told:
    """What is told on one topic, and of whom: of one device, but for a bridge's availability."""

    __slots__ = ("entities", "owners")

    def __init__(self) -> None:
        self.entities: Counter[Entity] = Counter()
        self.owners: Counter[str] = Counter()

    @property
    def is_online(self) -> bool:
        """Whether it tells of nothing but being there."""
        return all(entity.kind in _APART for entity in self.entities)

    @property
    def is_aside(self) -> bool:
        """Whether it carries nothing to keep."""
        return all(entity.kind == ASIDE for entity in self.entities)

    @property
    def owner(self) -> str | None:
        """The device it belongs to; ``None`` for one of many."""
        return next(iter(self.owners)) if len(self.owners) == 1 else None


class HomeAssistant:
    """Learns devices from discovery messages below one base, and decodes their states."""

    name = "home_assistant"

    def __init__(
        self,
        school: str,
        base: str = "ha",
        *,
        offset_minutes: int | None = None,  # noqa: ARG002  (states tell no time)
        qualified: bool = False,
    ) -> None:
        """``qualified`` puts the base before addresses and ids: for a school with more bindings
        than one.
        """
        self.school = school
        self.base = base.strip("/")
        self._qualified = qualified
        self._prefix = f"{self.base}/{PREFIX}/"
        self._learned: dict[str, Lesson] = {}
        self._devices: dict[str, _Device] = {}
        self._topics: dict[str, _Told] = {}
        self._count = 0

    def filters(self) -> Sequence[tuple[str, bool]]:
        """Discovery first, so that at a start it is known what the states mean."""
        return [(pattern, True) for pattern in (*self.lessons(), f"{self.base}/#")]

    def lessons(self) -> Sequence[str]:
        """Whose retained messages are needed again at every start."""
        return [f"{self._prefix}#"]

    def spoken(self) -> Sequence[str]:
        """What the devices publish: discovery and states."""
        return [f"{self.base}/#"]

    def heard(self) -> Sequence[str]:
        """What the devices listen to: their command topics lie below the base too."""
        return [f"{self.base}/#"]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads, as far as it was learned."""
        if not topic.startswith(f"{self.base}/"):
            return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
        if topic.startswith(self._prefix):
            levels = topic[len(self._prefix) :].split("/")
            if levels[-1] != "config" or not 3 <= len(levels) <= 4:
                return None  # of Home Assistant itself, such as its birth message
            name = f"{self.base}/{PREFIX}"
            return _HaRoute(
                self.school, v.identifier(name.replace("/", "-")), Channel.STATUS, "repeater",
                self.name, address=name, topic=topic, config=True,
            )  # fmt: skip
        told = self._topics.get(topic)
        if told is None:
            if topic.endswith(_COMMON):
                return None
            return Reject(
                RejectReason.TOPIC, f"no discovery message below {self._prefix} names this topic"
            )
        if told.owner is None or told.is_aside:
            return None  # availability of many at once: of a bridge
        address = self._address(told.owner)
        return _HaRoute(
            self.school, v.identifier(address),
            Channel.STATUS if told.is_online else Channel.TELEMETRY, "", self.name,
            address=address, topic=topic,
        )  # fmt: skip

    def _address(self, address: str) -> str:
        return f"{self.base}/{address}" if self._qualified else address

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the payload says, by what was learned of its topic."""
        if not isinstance(route, _HaRoute):
            return []
        if route.config:
            return self._learn(route.topic, payload)
        if len(payload) > MAX_PAYLOAD:
            return Reject(RejectReason.TOO_LARGE, f"{len(payload)} bytes, at most {MAX_PAYLOAD}")
        told = self._topics.get(route.topic)
        if told is None or told.owner is None or self._address(told.owner) != route.address:
            return Reject(RejectReason.TOPIC, "its discovery was taken back, or given to another")
        if not payload:
            return []  # a retained message was removed
        return _read_state(self._devices[told.owner], told, payload, received, retained)

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here: what a topic tells was learned."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:
        """By all that its discovery says it tells."""
        told = self._topics.get(route.topic) if isinstance(route, _HaRoute) else None
        device = self._devices.get(told.owner or "") if told is not None else None
        entities = [] if device is None else list(device.entities)
        names = {entity.ours for entity in entities}
        press = any(entity.presses for entity in entities)
        return kind_of(names, press=press or any(reading.event for reading in readings))

    def _learn(self, topic: str, payload: bytes) -> list[Reading] | Reject:
        """Take in a discovery message; an empty one takes back what it said."""
        self._forget(topic)
        if not payload.strip():
            return []
        document = v.decode(payload, MAX_PAYLOAD)
        if isinstance(document, Reject):
            return document
        if not isinstance(document, dict):
            return Reject(RejectReason.SHAPE, "a discovery message is a JSON object")
        levels = topic[len(self._prefix) :].split("/")[:-1]
        lesson = lesson_of(levels, document, self.base)
        if isinstance(lesson, Reject):
            return lesson
        if self._count + len(lesson.entities) > MAX_ENTITIES:
            return Reject(RejectReason.TOO_LARGE, f"more than {MAX_ENTITIES} entities")
        taken = [entity for entity in lesson.entities if self._free(entity, lesson.about)]
        refused = list(lesson.refused)
        if len(taken) < len(lesson.entities):
            refused.append(Reject(RejectReason.TOPIC, "a topic of it is another device's already"))
        self._add(topic, Lesson(lesson.about, tuple(taken)))
        if not refused:
            return []
        return Reject(
            refused[0].reason,
            f"{len(refused)} of what it tells left out, {len(taken)} learned. {refused[0].detail}",
        )

    def _free(self, entity: Entity, about: About) -> bool:
        told = self._topics.get(entity.topic)
        if told is None or told.owner == about.address:
            return True
        # Availability may be a bridge's, and so of many devices.
        return entity.kind in _APART and told.is_online

    def _add(self, topic: str, lesson: Lesson) -> None:
        address = lesson.about.address
        device = self._devices.setdefault(address, _Device(lesson.about))
        device.told = device.told and device.about == lesson.about
        device.about = lesson.about
        device.configs += 1
        device.changed()
        self._learned[topic] = lesson
        self._count += len(lesson.entities)
        for entity in lesson.entities:
            if entity.kind not in _APART:
                device.entities[entity] += 1
            told = self._topics.setdefault(entity.topic, _Told())
            told.entities[entity] += 1
            told.owners[address] += 1

    def _forget(self, topic: str) -> None:
        lesson = self._learned.pop(topic, None)
        if lesson is None:
            return
        address = lesson.about.address
        device = self._devices[address]
        device.configs -= 1
        device.changed()
        self._count -= len(lesson.entities)
        for entity in lesson.entities:
            if entity.kind not in _APART:
                _take_off(device.entities, entity)
            told = self._topics[entity.topic]
            _take_off(told.entities, entity)
            _take_off(told.owners, address)
            if not told.entities:
                del self._topics[entity.topic]
        if not device.configs:
            del self._devices[address]


_Countable = TypeVar("_Countable", Entity, str)


def _take_off(counter: Counter[_Countable], key: _Countable) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def _read_state(
    device: _Device, told: _Told, payload: bytes, received: int, retained: bool
) -> list[Reading] | Reject:
    """What a message on a learned topic says of its device."""
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError as error:
        return Reject(RejectReason.ENCODING, f"not UTF-8 at byte {error.start}")
    document: Any = None
    if any(entity.template.from_json or entity.kind == "event" for entity in told.entities):
        decoded = v.decode(payload, MAX_PAYLOAD)
        if not isinstance(decoded, Reject):
            document = decoded
        elif all(entity.template.from_json for entity in told.entities if entity.kind != ASIDE):
            return decoded
    state = _State(device, received, retained)
    for entity in told.entities:
        state.take(entity, text, document)
    return state.readings()


class _State:
    """One message of a device, taken apart by the entities that its topic tells."""

    def __init__(self, device: _Device, received: int, retained: bool) -> None:
        self._device = device
        self._received = received
        self._retained = retained
        self._values: dict[str, Value] = {}
        self._phases: dict[str, list[bool | int | float | str | None]] = {}
        self._online: bool | None = None
        self._events: list[tuple[str, str]] = []
        self._odd = ""

    def take(self, entity: Entity, text: str, document: Any) -> None:
        """What one entity finds in the message."""
        found = entity.template.of(text, document)
        if entity.kind == ASIDE:
            return
        if entity.kind == "event":
            self._take_event(entity, text, document if entity.template is VALUE else found)
        elif found is MISSING:
            return
        elif entity.kind == "trigger":
            if said(found) == entity.on or not entity.on:
                self._events.append((_PRESSES.get(entity.ours, entity.ours), entity.own))
        elif entity.kind in {"truth", "switch", "online"}:
            self._take_truth(entity, found)
        elif entity.kind == "number":
            self._take_number(entity, found)
        else:
            name, _ = self._device.name_of(entity)
            self._values[name] = None if _is_unknown(found) else v.clean(found)

    def _take_number(self, entity: Entity, found: Any) -> None:
        number = v.number(found)
        value: int | float | None = number
        if number is not None and entity.unit is not None:
            value = converted(number, entity.unit)
        name, phase = self._device.name_of(entity)
        if phase is None:
            self._values[name] = value
        else:
            self._phases.setdefault(name, [None, None, None])[phase] = value

    def _take_truth(self, entity: Entity, found: Any) -> None:
        word = said(found)
        truth = {entity.off: False, entity.on: True}.get(word)
        if truth is None and not _is_unknown(found):
            self._odd = f"{word[:40]!r} is neither {entity.on[:40]!r} nor {entity.off[:40]!r}"
        elif entity.kind == "online":
            self._online = truth
        elif entity.kind == "switch" and truth is not None:
            self._values[self._device.name_of(entity)[0]] = "closed" if truth else "open"
        else:
            self._values[self._device.name_of(entity)[0]] = truth

    def _take_event(self, entity: Entity, text: str, found: Any) -> None:
        word = found.get("event_type") if isinstance(found, dict) else found
        if not isinstance(word, str) or not word:
            self._odd = f"no event_type in {text[:40]!r}"
            return
        event = v.snake(word) or "event"
        self._events.append((_PRESSES.get(event, event) if entity.presses else event, entity.own))

    def readings(self) -> list[Reading] | Reject:
        """What was found, the device itself first when it is news; or why nothing was."""
        values: dict[str, Value] = {**self._values, **self._phases}
        if not values and not self._events and self._online is None:
            if self._odd:
                return Reject(RejectReason.SHAPE, self._odd)
            return Reject(RejectReason.EMPTY, "nothing that its discovery tells of")
        readings = []
        about: dict[str, Value] = {} if self._online is None else {"online": self._online}
        device = self._device
        if not device.told:
            device.told = True
            told = {"device_name": device.about.name, "model": device.about.model}
            about |= {name: text for name, text in told.items() if text}
        if about:
            readings.append(self._reading(Channel.STATUS, about))
        if values:
            readings.append(self._reading(Channel.TELEMETRY, values))
        for event, zone in self._events:
            readings.append(self._reading(Channel.EVENT, {"zone": zone}, event))
        return readings

    def _reading(
        self, channel: Channel, values: dict[str, Value], event: str | None = None
    ) -> Reading:
        return v.reading_of(
            channel, values, self._received, event=event, firmware=self._device.about.firmware,
            retained=self._retained,
        )  # fmt: skip


def _is_unknown(found: Any) -> bool:
    return found is None or (isinstance(found, str) and found.strip().lower() in _NOT_KNOWN)
