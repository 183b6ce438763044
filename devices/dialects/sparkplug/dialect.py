"""Reads Sparkplug B's topics: births, data, deaths; says whom to ask to be born anew.

Source: Eclipse Sparkplug specification 3.0. One binding is one group of edge nodes. A node is one
of our devices, and so is each device of it, with the address ``{edge node}/{device}``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from devices import values as v
from devices.dialects.dialect import Aside
from devices.dialects.guess import kind_of
from devices.dialects.sparkplug import wire
from devices.dialects.sparkplug.births import (
    BD_SEQ,
    MAX_NODES,
    Birth,
    Definition,
    Node,
    Nodes,
    UnknownMetricError,
)
from devices.dialects.sparkplug.rebirths import Rebirths
from devices.dialects.sparkplug.wire import Metric, Payload
from devices.dialects.sparkplug.writing import Put, Writer
from devices.reading import Channel, Reading, Reject, RejectReason, Route, Value

NAMESPACE: Final = "spBv1.0"
MAX_NAME: Final = 250
"""Characters of an address; what is longer is nobody's name."""

SETTLE: Final = 3_000
"""ms after a start before registered nodes are asked: what waited at the broker may tell all."""

TOGETHER: Final = 1_000
"""ms. Metrics of one message whose times differ by no more are one reading."""

MOST_UNREAD: Final = 20
_FIRMWARE: Final = re.compile(r"(?:firmware|fw)[ _]?(?:version)?\Z", re.IGNORECASE)

_OF_NODES: Final = ("NBIRTH", "NDATA", "NDEATH")
_OF_DEVICES: Final = ("DBIRTH", "DDATA", "DDEATH")
_COMMANDS: Final = frozenset({"NCMD", "DCMD"})


class _SparkplugRoute(Route, frozen=True):
    verb: str = ""
    node: str = ""
    part: str = ""


class Sparkplug:
    """Decodes one group's topics. Remembers births; asks for those it missed."""

    name = "sparkplug"

    def __init__(
        self,
        school: str,
        base: str,
        *,
        offset_minutes: int | None = None,  # noqa: ARG002  (times are in ms since 1970 UTC)
        qualified: bool = False,
    ) -> None:
        """``base`` is ``spBv1.0/{group}``. ``qualified`` puts it before addresses: for a school
        with more groups than one, whose nodes may be called the same.
        """
        wire.load()  # now, and not when the first message is waited for
        self.school = school
        self.base = base.strip("/")
        self._before = f"{self.base}/" if qualified else ""
        self._nodes = Nodes()
        self._rebirths = Rebirths()
        self._asides: list[Aside] = []

    def filters(self) -> Sequence[tuple[str, bool]]:
        """All in one session, that keeps their order: any message may carry an alarm."""
        return [(topic, True) for topic in self.spoken()]

    def spoken(self) -> Sequence[str]:
        """What nodes publish for themselves and for their devices; commands are not theirs."""
        return [
            *(f"{self.base}/{verb}/+" for verb in _OF_NODES),
            *(f"{self.base}/{verb}/+/+" for verb in _OF_DEVICES),
        ]

    def heard(self) -> Sequence[str]:
        """Commands, which the gateway alone writes."""
        return [f"{self.base}/NCMD/+", f"{self.base}/DCMD/+/+"]

    def route(self, topic: str) -> Route | Reject | None:
        """Where the topic leads."""
        if not topic.startswith(f"{self.base}/"):
            return Reject(RejectReason.TOPIC, f"expected a topic below {self.base}/")
        verb, *names = topic[len(self.base) + 1 :].split("/")
        if verb in _COMMANDS:
            return None
        if not (verb in _OF_NODES and len(names) == 1) and not (
            verb in _OF_DEVICES and len(names) == 2
        ):
            return Reject(
                RejectReason.TOPIC,
                "expected NBIRTH, NDATA or NDEATH and an edge node, or DBIRTH, DDATA or DDEATH, "
                "an edge node and a device",
            )
        address = self._before + "/".join(names)
        if not all(names) or len(address) > MAX_NAME or "\0" in topic:
            return Reject(RejectReason.IDENTIFIER, f"a name has 1 to {MAX_NAME} characters")
        channel = Channel.TELEMETRY if verb.endswith("DATA") else Channel.STATUS
        return _SparkplugRoute(
            self.school, v.identifier(address), channel, "", self.name, address=address,
            verb=verb, node=names[0], part=names[1] if len(names) == 2 else "",
        )  # fmt: skip

    def read(
        self, route: Route, payload: bytes, received: int, *, retained: bool
    ) -> list[Reading] | Reject:
        """What the message says; it may also say something of others (`asides`)."""
        self._asides = []
        if not isinstance(route, _SparkplugRoute):
            return Reject(RejectReason.TOPIC, "no topic of a Sparkplug node")
        message = _decoded(route, payload, retained=retained)
        if isinstance(message, Reject):
            if payload and not retained and route.verb.endswith("BIRTH"):
                self._doubt(route.node, "its birth was not understood", received)
            return message
        if route.verb == "NDEATH":
            return self._node_died(route, message, received)
        node = self._nodes.at(route.node)
        if node is None:
            return Reject(
                RejectReason.TOO_LARGE, f"more than {MAX_NODES} edge nodes in {self.base}"
            )
        seq = message.seq or 0
        if route.verb == "NBIRTH":
            node.begin(seq, _bd_seq(message.metrics))
            self._rebirths.answered(route.node)
        elif not node.follows(seq, payload):
            return []
        return self._said(node, route, message, received)

    def _said(
        self, node: Node, route: _SparkplugRoute, message: Payload, received: int
    ) -> list[Reading] | Reject:
        if "" not in node.births and route.verb != "NBIRTH":
            self._rebirths.want(route.node, received)
        if route.verb.endswith("BIRTH"):
            return self._born(node, route, message, received)
        if route.verb == "DDEATH":
            node.bury(route.part)
            return [v.reading_of(Channel.STATUS, {"online": False}, received, at=message.at)]
        return self._data(node, route, message, received)

    def read_plain(self, route: Route, payload: bytes, received: int) -> Reading | None:  # noqa: ARG002
        """Nothing is plain here."""
        return None

    def guess_kind(self, route: Route, readings: Sequence[Reading]) -> str:
        """By the values it sent; a node that measures nothing is a gateway of others."""
        names = {name for reading in readings for name in reading.values}
        kind = kind_of(names, press=any(reading.event for reading in readings))
        if kind == "other" and isinstance(route, _SparkplugRoute) and not route.part:
            return "repeater"
        return kind

    # What it wants published, and says of others (`Conversing`)

    def meet(self, address: str, now: int) -> None:
        """A registered device: its node is asked for its birth, which no broker keeps, and which
        tells all that does not change for long.
        """
        if address.startswith(self._before):
            node = address[len(self._before) :].partition("/")[0]
            if node:
                self._rebirths.want(node, now, after=SETTLE)

    def next_request(self) -> int | None:
        """When a node may have to be asked (ms)."""
        return self._rebirths.next()

    def requests(self, now: int, most: int) -> list[tuple[str, bytes]]:
        """Up to ``most`` requests to nodes to be born anew."""
        nodes = self._rebirths.take(now, most)
        return [(f"{self.base}/NCMD/{node}", wire.rebirth(now)) for node in nodes]

    def asides(self) -> Sequence[Aside]:
        """A node that has died: so have its devices."""
        return self._asides

    # Births, data and deaths

    def _born(
        self, node: Node, route: _SparkplugRoute, message: Payload, received: int
    ) -> list[Reading] | Reject:
        birth = node.declare(route.part, message.metrics)
        if birth is None:
            return Reject(RejectReason.TOO_LARGE, "more devices or metrics than are remembered")
        known = [
            (definition, metric)
            for metric in message.metrics
            if (definition := birth.names.get(metric.name)) is not None
        ]
        readings, unread = _read(birth, known, message, received, at_birth=True)
        unread = [*birth.unread, *unread]
        said: dict[str, Value] = {"online": True}
        if unread:
            said["metrics_unread"] = [*unread[:MOST_UNREAD]]
        if birth.unitless:
            said["unit_unknown"] = [*birth.unitless[:MOST_UNREAD]]
        status = v.reading_of(
            Channel.STATUS, said, received, at=message.at, firmware=_firmware(known)
        )
        return [status, *readings]

    def _data(
        self, node: Node, route: _SparkplugRoute, message: Payload, received: int
    ) -> list[Reading] | Reject:
        birth = node.births.get(route.part)
        if birth is None:
            self._rebirths.want(route.node, received)
            return Reject(RejectReason.BIRTH, f"{node.lost}; {route.node} is asked to be born anew")
        try:
            known = [(birth.find(metric), metric) for metric in message.metrics]
        except UnknownMetricError as error:
            self._doubt(route.node, f"{error} is not in its birth", received)
            return Reject(
                RejectReason.BIRTH,
                f"{error} is not in its birth; {route.node} is asked to be born anew",
            )
        readings, unread = _read(birth, known, message, received, at_birth=False)
        if unread:
            if not readings:
                return Reject(RejectReason.SHAPE, f"no metric that is read: {unread[0]}"[:200])
            body: dict[str, Value] = {"metrics_unread": [*unread[:MOST_UNREAD]]}
            readings.append(v.reading_of(Channel.TELEMETRY, body, received, at=message.at))
        if not readings and not message.metrics:
            return Reject(RejectReason.EMPTY, "a message without a metric")
        return readings

    def _node_died(
        self, route: _SparkplugRoute, message: Payload, received: int
    ) -> list[Reading] | Reject:
        node = self._nodes.get(route.node)
        will = _bd_seq(message.metrics)
        if node is None:
            # Perhaps the will of a connection before the one it has: if it lives, it will answer.
            self._rebirths.want(route.node, received)
        elif None not in (will, node.bd_seq) and will != node.bd_seq:
            return []  # the will of a connection that is over; the node was born again since
        else:
            self._nodes.remove(route.node)
            self._rebirths.answered(route.node)
        # No time: its own is that of the connection, when the will was made.
        gone = v.reading_of(Channel.STATUS, {"online": False}, received)
        self._asides = [Aside(f"{route.address}/", gone)]
        return [gone]

    def _doubt(self, name: str, why: str, now: int) -> None:
        node = self._nodes.get(name)
        if node is not None:
            node.doubt(why)
        self._rebirths.want(name, now)


def _decoded(route: _SparkplugRoute, payload: bytes, *, retained: bool) -> Payload | Reject:
    if retained:
        return Reject(RejectReason.SHAPE, "retained, which no Sparkplug message may be")
    message = wire.decode(payload)
    if isinstance(message, Payload) and message.seq is None and route.verb != "NDEATH":
        return Reject(RejectReason.SHAPE, f"{route.verb} without a sequence number")
    return message


def _read(
    birth: Birth,
    known: Sequence[tuple[Definition, Metric]],
    message: Payload,
    received: int,
    *,
    at_birth: bool,
) -> tuple[list[Reading], list[str]]:
    """Readings, oldest first, and what was not read.

    Metrics of about the same time are one reading; at a birth all that are not historical are: it
    says what is, whenever that began.
    """
    writer = Writer(birth, at_birth=at_birth)
    now = message.at
    moments: list[tuple[int | None, bool, Put]] = []
    told: set[str] = set()
    for definition, metric in known:
        target = definition.target
        if target is None:
            continue
        at = metric.at or now
        if at_birth and not metric.historical:
            at = now
        if moments:
            begun, historical, put = moments[-1]
            together = (
                historical is metric.historical
                and definition.name not in told
                and (at == begun or (at and begun and abs(at - begun) <= TOGETHER))
            )
        if not moments or not together:
            moments.append((at, metric.historical, put := Put()))
            told.clear()
        told.add(definition.name)
        writer.put(definition, metric, put)
    if len(moments) > 1:
        moments.sort(key=lambda moment: moment[0] or received)
    readings: list[Reading] = []
    for at, _, put in moments:
        if put.values:
            readings.append(v.reading_of(Channel.TELEMETRY, put.values, received, at=at))
        for event, zone, pressed in put.presses:
            said: dict[str, Value] = {"zone": zone} if zone else {}
            readings.append(
                v.reading_of(Channel.EVENT, said, received, at=pressed or at, event=event)
            )
    return readings, writer.unread


def _bd_seq(metrics: Sequence[Metric]) -> int | None:
    for metric in metrics:
        if metric.name == BD_SEQ and isinstance(metric.raw, int) and not metric.null:
            return metric.raw
    return None


def _firmware(known: Sequence[tuple[Definition, Metric]]) -> str | None:
    """The text of a metric that is called so: ``Properties/Firmware Version``."""
    for definition, metric in known:
        if isinstance(metric.raw, str) and _FIRMWARE.search(definition.name):
            return metric.raw[:64] or None
    return None
