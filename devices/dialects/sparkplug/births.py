"""What nodes and their devices said of themselves when they were born, until they die.

Everything that later messages mean hangs on it: which metric an alias stands for, its datatype and
its unit. So it is forgotten as soon as a birth may have been missed.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeAlias
from zlib import crc32

import msgspec

from devices.dialects.sparkplug.naming import Named, Target, plan
from devices.dialects.sparkplug.values import kind_of
from devices.dialects.sparkplug.wire import Metric

MAX_NODES: Final = 2000
MAX_PARTS: Final = 500
"""Devices of one node that are kept."""

MAX_DEFINITIONS: Final = 50_000
"""Metrics of all nodes of one binding, up to 1 kB each: five hundred devices of a hundred."""

MAX_NAME: Final = 250
"""Characters of a metric's name."""

_CONTROL: Final = ("Node Control/", "Device Control/")
BD_SEQ: Final = "bdSeq"
Scalar: TypeAlias = "bool | int | float | str | None"


class UnknownMetricError(Exception):
    """A metric that the birth does not know, or knows otherwise; says which."""


class Definition(msgspec.Struct, gc=False):
    """A metric as it was born. ``field`` is the one its value came in, ``""`` = it had none;
    ``target`` is ``None`` of what says nothing of the world.
    """

    name: str
    datatype: int
    field: str
    unit: str | None
    target: Target | None


class Birth(msgspec.Struct):
    """What a node or a device is made of. An alias that stands for two metrics is ``None``.

    ``latest`` are the lists by phase or sensor as last said: only what changed is sent. ``flags``
    are the truths that something is made of when they change. ``unread`` says what is not read,
    ``unitless`` what lacks nothing but a unit.
    """

    aliases: dict[int, Definition | None] = {}
    names: dict[str, Definition] = {}
    latest: dict[str, list[Scalar]] = {}
    flags: dict[str, bool] = {}
    unread: list[str] = []
    unitless: list[str] = []

    def find(self, metric: Metric) -> Definition:
        """What a metric in a later message is. Raises `UnknownMetricError`."""
        name, alias = metric.name, metric.alias
        if alias is not None and alias in self.aliases:
            definition = self.aliases[alias]
            if definition is None and name:
                definition = self.names.get(name)
            if definition is None:
                raise UnknownMetricError(f"alias {alias} stands for two metrics")
            if name and name != definition.name:
                raise UnknownMetricError(f"alias {alias} with the name of another metric")
        elif name in self.names and alias is None:
            definition = self.names[name]
        else:
            raise UnknownMetricError(
                f"alias {alias}" if alias is not None else f"metric {name[:60]!r}"
            )
        if metric.datatype and definition.datatype and metric.datatype != definition.datatype:
            raise UnknownMetricError(f"{definition.name[:60]!r} with another datatype")
        if metric.field and definition.field and metric.field != definition.field:
            raise UnknownMetricError(f"{definition.name[:60]!r} as another sort of value")
        if metric.unit is not None and metric.unit != (definition.unit or ""):
            raise UnknownMetricError(f"{definition.name[:60]!r} in another unit")
        return definition


def born(metrics: list[Metric], flags: dict[str, bool]) -> Birth:
    """The birth that these metrics declare. ``flags`` are those of the birth before."""
    birth = Birth()
    named: list[Named] = []
    told: list[Metric] = []
    twice = {name for name, count in Counter(each.name for each in metrics).items() if count > 1}
    for metric in metrics:
        name = metric.name
        # Also of what is not read it must be known later that it was born.
        definition = Definition(
            name[:MAX_NAME], kind_of(metric.datatype, metric.field), metric.field, metric.unit, None
        )
        if metric.alias is not None:
            known = metric.alias in birth.aliases
            birth.aliases[metric.alias] = None if known else definition
        if not name or len(name) > MAX_NAME:
            birth.unread.append(f"{name[:40] or metric.alias}: no name of up to {MAX_NAME}")
            continue
        birth.names[name] = definition
        if name in twice:
            birth.unread.append(f"{name[:60]}: said twice")  # one of the two is not what it says
        elif name != BD_SEQ and not name.startswith(_CONTROL):
            named.append(Named(name, metric.unit, definition.datatype))
            told.append(metric)
    birth.flags = {name: flag for name, flag in flags.items() if name in birth.names}
    planned = plan(named)
    for metric, target in zip(told, planned.targets, strict=True):
        birth.names[metric.name].target = target
    birth.unitless = planned.unitless
    birth.latest = {key: [None] * size for key, size in planned.sizes.items()}
    return birth


class Room:
    """How many metrics may still be remembered of all nodes together."""

    def __init__(self, left: int = MAX_DEFINITIONS) -> None:
        self.left = left


class Node:
    """One edge node. ``births`` are its own (``""``) and its devices'; ``seq`` the last number.

    ``bd_seq`` numbers its connections, ``None`` = not said. ``lost`` says why a birth is not known.
    """

    def __init__(self, room: Room) -> None:
        self.births: dict[str, Birth] = {}
        self.bd_seq: int | None = None
        self.seq: int | None = None
        self.lost = "its birth was not heard"
        self._room: Final = room
        self._flags: dict[str, dict[str, bool]] = {}
        self._sum = 0

    def begin(self, seq: int, bd_seq: int | None) -> None:
        """It was born: all its devices are yet to be."""
        self.doubt("its birth was not heard after that of its node")
        self.seq, self.bd_seq = seq, bd_seq

    def follows(self, seq: int, payload: bytes) -> bool:
        """Whether the message is new; one that is not was delivered twice.

        After a gap a birth may be among what was lost: then none is known any more.
        """
        due = None if self.seq is None else (self.seq + 1) % 256
        checksum = crc32(payload)
        if seq == self.seq and checksum == self._sum:
            return False
        if due is not None and seq != due:
            self.doubt(f"number {seq} came where {due} was due: a birth may have been missed")
        self.seq, self._sum = seq, checksum
        return True

    def doubt(self, why: str) -> None:
        """Forget what it and its devices said of themselves."""
        for part in list(self.births):
            self._forget(part)
        self.lost = why

    def declare(self, part: str, metrics: list[Metric]) -> Birth | None:
        """The node itself (``""``) or a device of it is born; ``None`` = there is no room."""
        self._forget(part)
        if len(self.births) > MAX_PARTS or len(metrics) > self._room.left:
            return None
        birth = self.births[part] = born(metrics, self._flags.get(part, {}))
        self._room.left -= len(birth.names)
        return birth

    def bury(self, part: str) -> None:
        """A device of it has died."""
        self._forget(part)
        self._flags.pop(part, None)

    def _forget(self, part: str) -> None:
        birth = self.births.pop(part, None)
        if birth is None:
            return
        self._room.left += len(birth.names)
        if birth.flags:
            self._flags[part] = birth.flags


class Nodes:
    """The nodes of one binding, within bounds."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._room: Final = Room()

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def room(self) -> int:
        """How many metrics may still be remembered."""
        return self._room.left

    def get(self, name: str) -> Node | None:
        """``None``: nothing is known of it."""
        return self._nodes.get(name)

    def at(self, name: str) -> Node | None:
        """The node, new if need be; ``None`` when there are too many."""
        node = self._nodes.get(name)
        if node is None and len(self._nodes) < MAX_NODES:
            node = self._nodes[name] = Node(self._room)
        return node

    def remove(self, name: str) -> None:
        """It has died."""
        node = self._nodes.pop(name, None)
        if node is not None:
            node.doubt("it has died")
