"""Whether a dialect told the truth about a spoiled message: the oracle of the mutation tests.

A conversation is read twice, as it was and with one message spoiled. What does not depend on the
spoiled part must be read as before. What depends on it may be missing, unknown (``None``) or text;
a number must be one that stands in the message, converted at most by one of the conversions that
the dialect declares. What depends on what is found out beforehand, by changing each part in turn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from devices import values as v
from devices.dialects.dialect import Dialect
from devices.reading import Reading, Reject, Route, values_of
from devices.simulator.mutants import (
    JSON,
    Document,
    Mutant,
    Path,
    is_invented,
    leaves_of,
    mutant,
    removed,
    replaced,
)

NOW: Final = 1_795_161_600_000
"""When the messages arrive, in ms."""

Conversion: TypeAlias = Callable[[float], float]
Key: TypeAlias = tuple[int, int, int, str]
"""Which message, channel, which reading on it, and what a value is called there."""

_EVENT: Final = "event!"
_OTHER_THAN_VALUES: Final = ("at", "seq", "test", "firmware")
_PROBES: Final[tuple[Any, ...]] = (
    None, "word", "ON", "F", "1", 0, 1, 7.25, 230, -5e12, True, False, [], {},
)  # fmt: skip
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_MOST_WORDS: Final = 24
_MOST_PAIRED: Final = 60
"""Parts of a message up to which they are also taken out in pairs."""

_NEAR: Final = 6e-3
"""How far rounding after a conversion may be off: two digits of a degree."""


class Said(NamedTuple):
    """One message of a conversation."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True)
class Spoken:
    """How one dialect speaks: messages that belong together, and what it may do to numbers.

    ``conversions`` by the names of values, also with something of their own before them; numbers
    of all others come as they are.
    """

    name: str
    make: Callable[[], Dialect]
    conversations: Sequence[Sequence[Said]]
    conversions: Mapping[str, Sequence[Conversion]] = field(default_factory=dict)
    document: Document = JSON


class WrongError(AssertionError):
    """A dialect raised, or said something that the message does not."""


class _Heard(NamedTuple):
    """What a conversation came to: every value by its key, and which messages were rejected."""

    values: dict[Key, Any]
    rejects: dict[int, Reject]

    def holds(self, key: Key) -> bool:
        """Whether the reading is there of which this key tells the time or the like."""
        return key[3][:-1] not in _OTHER_THAN_VALUES or any(
            other[:3] == key[:3] for other in self.values
        )


class _Change(NamedTuple):
    """What is other in the spoiled message ``number``: which leaves stand in it now, and which of
    the healthy ones do not. ``traceable``: nothing in it could be taken for something else.
    """

    number: int
    leaves: Mapping[Path, Any]
    changed: set[Path]
    traceable: bool


class Witness:
    """Knows one conversation as it was, and judges what a dialect makes of it spoiled.

    Raises `WrongError` when the healthy conversation is not read cleanly.
    """

    def __init__(self, spoken: Spoken, conversation: Sequence[Said]) -> None:
        self._spoken = spoken
        self._said = list(conversation)
        self._documents = [self._parsed(message.payload) for message in self._said]
        self._leaves = [leaves_of(document) for document in self._documents]
        self.clean = self._hear(self._said)
        self._depends: dict[Key, set[tuple[int, Path]]] = {}
        for number, leaves in enumerate(self._leaves):
            for path in leaves:
                self._probe(number, path)

    def mutations(self, seed: int, count: int) -> int:
        """Spoil the conversation so often; how many were still read. Raises `WrongError`."""
        chance = random.Random(seed)
        return sum(self.judge(*self.spoil(chance)) for _ in range(count))

    def spoil(self, chance: random.Random) -> tuple[int, Mutant]:
        """Which message of the conversation is spoiled now, and how."""
        number = chance.randrange(len(self._said))
        return number, mutant(chance, self._said[number].payload, self._spoken.document)

    def judge(self, number: int, spoiled: Mutant) -> bool:
        """Read the conversation with that message spoiled; false when that one was rejected.

        Raises `WrongError` with all that is needed to see it again.
        """
        said = list(self._said)
        said[number] = said[number]._replace(payload=spoiled.payload)
        try:
            heard = self._hear(said)
            self._compare(heard, self._change(heard, number, spoiled))
        except WrongError as wrong:
            raise WrongError(
                f"{self._spoken.name}: {wrong}\nspoiled: {said[number].topic} "
                f"{spoiled.payload[:2000]!r}\nhealthy: {self._said[number].payload[:2000]!r}"
            ) from wrong
        return number not in heard.rejects

    def _parsed(self, payload: bytes) -> Any:
        return self._spoken.document.parse(payload)

    def _hear(self, said: Sequence[Said]) -> _Heard:
        """A new dialect hears it all, in order."""
        dialect = self._spoken.make()
        heard = _Heard({}, {})
        for number, message in enumerate(said):
            route = dialect.route(message.topic)
            if not isinstance(route, Route):
                if isinstance(route, Reject):
                    heard.rejects[number] = route
                continue
            try:
                result = dialect.read(route, message.payload, NOW, retained=message.retained)
                if isinstance(result, list):
                    dialect.guess_kind(route, result)
            except Exception as error:
                raise WrongError(f"it raised {type(error).__name__}: {error}") from error
            if isinstance(result, Reject):
                if not result.detail:
                    raise WrongError("a reject without a word of what is wrong")
                heard.rejects[number] = result
            else:
                _collect(heard.values, number, result)
        return heard

    def _probe(self, number: int, path: Path) -> None:
        """Which values are other ones when this part of this message is, and which parts stand in
        for it when it is not there.
        """
        document = self._documents[number]
        words = {each for each in self._leaves[number].values() if isinstance(each, str)}
        figure = v.number(self._leaves[number][path])
        others = [] if figure is None else [figure * factor for factor in (-1, 0.01, 0.5, 2, 100)]
        spoiled = [replaced(document, path, probe) for probe in (*_PROBES, *others)]
        spoiled += [replaced(document, path, word) for word in sorted(words)[:_MOST_WORDS]]
        for each in spoiled:
            self._note(self.clean.values, self._with(number, each), (number, path))
        without = removed(document, path)
        values = self._with(number, without)
        self._note(self.clean.values, values, (number, path))
        if values is None or len(self._leaves[number]) > _MOST_PAIRED:
            return
        for other in leaves_of(without):
            self._note(values, self._with(number, removed(without, other)), (number, other))

    def _with(self, number: int, document: Any) -> dict[Key, Any] | None:
        """What is heard with this in place of a message; ``None``: this format cannot say it."""
        try:
            payload = self._spoken.document.encode(document)
        except (ValueError, TypeError, OverflowError):
            return None
        said = list(self._said)
        said[number] = said[number]._replace(payload=payload)
        return self._hear(said).values

    def _note(
        self, before: dict[Key, Any] | None, after: dict[Key, Any] | None, part: tuple[int, Path]
    ) -> None:
        if before is None or after is None:
            return
        for key in before.keys() | after.keys():
            if not _same(before.get(key, _MISSING), after.get(key, _MISSING)):
                self._depends.setdefault(key, set()).add(part)

    def _change(self, heard: _Heard, number: int, spoiled: Mutant) -> _Change:
        """What is other in the spoiled message; all of it, when nothing was understood."""
        leaves: dict[Path, Any] = {}
        if number not in heard.rejects:
            try:
                leaves = leaves_of(self._parsed(spoiled.payload))
            except (ValueError, RecursionError):
                leaves = {}  # nothing stands in what is no document
        before = self._leaves[number]
        changed = {
            path
            for path, value in before.items()
            if path not in leaves or not _same(value, leaves[path])
        }
        added = [path for path in leaves if path not in before]
        # What was invented is nobody's; what stands inside a changed value belongs to that one.
        traceable = spoiled.whole and all(
            is_invented(path) or any(path[: len(old)] == old for old in changed) for path in added
        )
        return _Change(number, leaves, changed, traceable)

    def _touches(self, change: _Change, key: Key) -> bool:
        sources = self._depends.get(key, set())
        return any((change.number, path) in sources for path in change.changed)

    def _compare(self, heard: _Heard, change: _Change) -> None:
        for key, was in self.clean.values.items():
            if key[0] == change.number and key[0] in heard.rejects:
                continue
            now = heard.values.get(key, _MISSING)
            if now is _MISSING and not heard.holds(key):
                continue
            sources = self._depends.get(key, set())
            apart = key[0] != change.number and all(at != change.number for at, _ in sources)
            free = change.traceable or apart
            if free and not _same(was, _known(now)) and not self._touches(change, key):
                raise WrongError(f"{key} was {was!r} and is {now!r}; nothing of it was spoiled")
        for key, now in heard.values.items():
            if not _same(self.clean.values.get(key, _MISSING), now):
                self._justify(key, now, change)

    def _justify(self, key: Key, now: Any, change: _Change) -> None:
        """A value that is not as it was comes from what was spoiled, and is no other number."""
        name = key[3]
        if name == _EVENT and change.traceable and not self._touches(change, key):
            raise WrongError(f"{key} is {now!r}: an event that nobody sent")
        if name.endswith("!"):
            return
        conversions: list[Conversion] = [_as_it_is]
        for known, allowed in self._spoken.conversions.items():
            if name == known or name.endswith(f"_{known}"):
                conversions.extend(allowed)
        there = [x for each in self._candidates(key, change) if (x := _number(each)) is not None]
        for figure in _numbers_in(now):
            if not any(_near(convert, x, figure) for x in there for convert in conversions):
                raise WrongError(f"{key} is {now!r}: {figure!r} stands nowhere in what was said")

    def _candidates(self, key: Key, change: _Change) -> list[Any]:
        """What a value may have come from: what it always does, or what was spoiled. When that is a
        message that teaches what others mean, then from anything in these.
        """
        taught = key[0] != change.number and self._touches(change, key)
        sources, before = self._depends.get(key, set()), self._leaves[change.number]
        new = key not in self.clean.values
        # Where a section says in words what it is of, other words give its values to others.
        renamed = {
            path[:-1]
            for path in change.changed
            if len(path) > 1 and isinstance(before[path], str) and _number(before[path]) is None
        }
        found = [
            value
            for path, value in change.leaves.items()
            if new
            or path not in before
            or path in change.changed
            or path[:-1] in renamed
            or (change.number, path) in sources
        ]
        for other, standing in enumerate(self._leaves):
            if other != change.number:
                anything = new or taught
                found += [x for path, x in standing.items() if anything or (other, path) in sources]
        return found


def _collect(into: dict[Key, Any], number: int, readings: list[Reading]) -> None:
    ordinal: dict[int, int] = {}
    for reading in readings:
        if type(reading) is not Reading:
            raise WrongError(f"{reading!r} is no reading")
        try:
            stored = values_of(reading.body)
        except (ValueError, RecursionError) as error:
            raise WrongError(f"the body is no JSON object: {error}") from error
        if not _same(stored, msgspec.to_builtins(_apart(reading))):
            raise WrongError(f"stored is {stored!r}, judged {reading.values!r}")
        channel = int(reading.channel)
        at = ordinal[channel] = ordinal.get(channel, -1) + 1
        for name, value in reading.values.items():
            into[number, channel, at, name] = value
        if reading.event is not None:
            into[number, channel, at, _EVENT] = reading.event
        for name in _OTHER_THAN_VALUES:
            into[number, channel, at, f"{name}!"] = getattr(reading, name)


def _apart(reading: Reading) -> dict[str, Any]:
    """Its values without those that share a name with what a body says besides."""
    besides = ("ts", "seq", "event", "test", "fw")
    return {name: value for name, value in reading.values.items() if name not in besides}


class _Missing:
    def __repr__(self) -> str:
        return "missing"


_MISSING: Final = _Missing()


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON is: NaN is NaN, true is not 1, 21 is 21.0."""
    if type(one) is type(other) and type(one) in _PLAIN:
        return bool(one == other or (one != one and other != other))  # noqa: PLR0124 - NaN
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or (one != one and other != other)  # noqa: PLR0124 - NaN
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


def _known(value: Any) -> Any:
    """Without what a mutation invented inside an object that is kept as it came."""
    if isinstance(value, list):
        return [_known(each) for each in value]
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items() if not is_invented((key,))}
    return value


def _number(value: Any) -> int | float | None:
    """A number, also as text, and whole ones of any length."""
    return value if type(value) is int else v.number(value)


def _numbers_in(value: Any) -> list[int | float]:
    return [
        each
        for each in leaves_of(value).values()
        if isinstance(each, (int, float)) and not isinstance(each, bool)
    ]


def _as_it_is(number: float) -> float:
    return number


def _near(convert: Conversion, number: float, figure: float) -> bool:
    if convert is _as_it_is and number == figure:
        return True
    try:
        expected = convert(float(number))
        exact = convert is _as_it_is
        return math.isclose(expected, float(figure), rel_tol=1e-9, abs_tol=0 if exact else _NEAR)
    except OverflowError:  # whole numbers beyond all others
        return False
