"""Who may say what on the broker: principals and their access list. Pure; texts only.

- The *gateway* hears everything and alone writes ``command``, ``reply`` and ``alert``.
- A *school* speaks only under its own topics, natively and in the dialects bound to it.
- A *device* may have a principal of its own, which speaks only for that device.
- The *probe* and the *observer* speak under their own prefixes, from which the origin is known.
- The *reader* (a dashboard) sees alerts and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import msgspec

from devices.dialects.native import CHANNELS, PREFIXES
from devices.model import is_identifier
from devices.reading import Channel, Origin

GATEWAY: Final = "gateway"
PROBE: Final = "probe"
OBSERVER: Final = "observer"
READER: Final = "reader"


SPOKEN: Final = (Channel.TELEMETRY, Channel.EVENT, Channel.STATUS)
"""What devices, probes and observers write."""

WRITTEN_BY_GATEWAY: Final = (Channel.COMMAND, Channel.REPLY)

_ANY: Final = "#"
"""Stands for the second level of filters that have a wildcard there, or none."""

_LEVELS: Final = {channel: name for name, channel in CHANNELS.items()}
_FIRST: Final = {origin: prefix for prefix, origin in PREFIXES.items()}


class AccessError(ValueError):
    """An access list that would let somebody speak as somebody else; says which and why."""


class Grant(msgspec.Struct, frozen=True):
    """Topic filters that one principal may publish to (``writes``) and receive (``reads``)."""

    principal: str
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class SchoolAccess(msgspec.Struct, frozen=True):
    """A school that may speak. ``writes`` and ``reads`` are the topics of the foreign dialects
    bound to it: what its bridges and plugs publish, and what they listen to.
    """

    school: str
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class DeviceAccess(msgspec.Struct, frozen=True):
    """A device with credentials of its own."""

    school: str
    kind: str
    device: str


def device_topic(
    school: str, kind: str, device: str, channel: Channel, origin: Origin = Origin.DEVICE
) -> str:
    """The topic of one channel of a device; ``+`` for a level gives a filter."""
    return f"{_FIRST[origin]}/{school}/{kind}/{device}/{_LEVELS[channel]}"


def alert_topic(school: str, alert: int | str) -> str:
    """Where an alert is shown while it is open (retained)."""
    return f"{_FIRST[Origin.DEVICE]}/{school}/alert/{alert}"


EVIDENCE_HEAD: Final = f"{_FIRST[Origin.DEVICE]}/_gateway/evidence/head"
"""Where the newest signed head of the evidence log is shown (retained)."""


def school_principal(school: str) -> str:
    """The user name of a school."""
    return f"school-{school}"


def device_principal(school: str, device: str) -> str:
    """The user name of a device; the slash keeps ids with hyphens apart."""
    return f"device/{school}/{device}"


def grants(
    schools: Sequence[SchoolAccess], devices: Sequence[DeviceAccess] = ()
) -> tuple[Grant, ...]:
    """What each principal may do.

    Raises `AccessError` for an id or a filter that would reach beyond its school.
    """
    _refuse_shared_topics(schools)
    foreign = _once(topic for school in schools for topic in school.writes)
    listened = _once(topic for school in schools for topic in school.reads)
    return (
        _gateway(foreign, listened),
        _speaker(PROBE, Origin.PROBE),
        _speaker(OBSERVER, Origin.OBSERVED),
        Grant(READER, reads=(alert_topic("+", "#"), EVIDENCE_HEAD)),
        *(_school(school) for school in schools),
        *(_device(device) for device in devices),
    )


def access_list(allowed: Iterable[Grant]) -> str:
    """The text of Mosquitto's ``acl_file``. What is not granted is refused."""
    lines = ["# Written by campus-gateway; changes are overwritten. See docs/broker.md."]
    for grant in allowed:
        lines += ["", f"user {grant.principal}"]
        lines += [f"topic write {topic}" for topic in grant.writes]
        lines += [f"topic read {topic}" for topic in grant.reads]
    return "\n".join(lines) + "\n"


def _gateway(foreign: tuple[str, ...], listened: tuple[str, ...]) -> Grant:
    own = tuple(
        device_topic("+", "+", "+", channel, origin)
        for origin in _FIRST
        for channel in WRITTEN_BY_GATEWAY
    )
    return Grant(
        GATEWAY,
        writes=(*own, alert_topic("+", "+"), EVIDENCE_HEAD, *listened),
        reads=(*(f"{prefix}/#" for prefix in PREFIXES), "$SYS/#", *foreign),
    )


def _speaker(principal: str, origin: Origin) -> Grant:
    return Grant(
        principal,
        writes=tuple(device_topic("+", "+", "+", channel, origin) for channel in SPOKEN),
        reads=tuple(device_topic("+", "+", "+", channel, origin) for channel in WRITTEN_BY_GATEWAY),
    )


def _school(access: SchoolAccess) -> Grant:
    if not is_identifier(access.school):
        raise AccessError(f"school {access.school!r} is no valid id (1 to 64 of A-Z a-z 0-9 . _ -)")
    return Grant(
        school_principal(access.school),
        writes=(*(device_topic(access.school, "+", "+", each) for each in SPOKEN), *access.writes),
        reads=(
            *(device_topic(access.school, "+", "+", each) for each in WRITTEN_BY_GATEWAY),
            alert_topic(access.school, "#"),
            *access.reads,
        ),
    )


def _device(access: DeviceAccess) -> Grant:
    for part in (access.school, access.kind, access.device):
        if not is_identifier(part):
            raise AccessError(f"{part!r} is no valid id (1 to 64 of A-Z a-z 0-9 . _ -)")

    def topics(channels: tuple[Channel, ...]) -> tuple[str, ...]:
        return tuple(
            device_topic(access.school, access.kind, access.device, channel) for channel in channels
        )

    return Grant(
        device_principal(access.school, access.device),
        writes=topics(SPOKEN),
        reads=topics(WRITTEN_BY_GATEWAY),
    )


def _refuse_shared_topics(schools: Sequence[SchoolAccess]) -> None:
    # By first level, which is never a wildcard, and by the second, where it is none: thousands of
    # schools need not be compared, though all of one dialect may begin alike.
    taken: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for school in schools:
        for topic in (*school.writes, *school.reads):
            _refuse_unsafe(school.school, topic)
            first, second = (*topic.split("/"), "#")[:2]
            beside = taken.setdefault(first, {})
            owners = [beside.get(second, []), beside.get(_ANY, [])]
            if _wild(second):
                owners = list(beside.values())
            for other, theirs in chain.from_iterable(owners):
                if other != school.school and overlap(topic, theirs):
                    raise AccessError(
                        f"schools {other!r} and {school.school!r} would share topics "
                        f"({theirs!r} and {topic!r}), so one could speak as the other: "
                        "give each school's dialect a base topic of its own"
                    )
            beside.setdefault(_ANY if _wild(second) else second, []).append((school.school, topic))


def _wild(level: str) -> bool:
    return level in {"+", "#"}


def _refuse_unsafe(school: str, topic: str) -> None:
    if topic != topic.strip() or any(character < " " for character in topic):
        raise AccessError(f"school {school!r}: {topic!r} cannot stand in an access list")
    first = topic.partition("/")[0]
    if not first or first.startswith("$") or first in PREFIXES or "+" in first or "#" in first:
        raise AccessError(
            f"school {school!r}: {topic!r} reaches into topics that belong to the native format "
            "or to all schools: begin a dialect's topics with a word of their own"
        )


def overlap(one: str, other: str) -> bool:
    """Whether some topic matches both filters."""
    ours, theirs = one.split("/"), other.split("/")
    for left, right in zip(ours, theirs, strict=False):
        if "#" in (left, right):
            return True
        if left != right and "+" not in (left, right):
            return False
    longer = ours if len(ours) > len(theirs) else theirs
    shorter = min(len(ours), len(theirs))
    # "a/#" also matches "a" itself.
    return len(ours) == len(theirs) or longer[shorter:] == ["#"]


def _once(topics: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(topics))
