"""Which alerts go to the police over which links, and what is said: decided, not yet sent.

Every activation of an emergency goes (raised, occurred, active again, become an emergency), and
its end once: when the condition stops, or when people close what was still active. A platform that
wants to know hears of faults of devices in the same way, on a lane of its own, so that no alarm is
behind one. What is wrong with the links themselves or with the gateway does not go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from alerts.alert import Alert, Transition, TransitionKind
from alerts.course import ACTIVATIONS
from alerts.notification.audience import event_key, is_emergency
from devices.model import Device
from devices.police_link.link import Camera, LinkEvent
from gateway.police.codes import code_of, fault_of, zone_of
from gateway.settings_police import EVERY, LinkSchool, PoliceLinkSettings
from gateway.store.batch import POLICE, OutboxEntry

KIND: Final = "police-link"
ALARM_SEQUENCES: Final = 9000
"""Sequence numbers of alarms are 1 to 9000; those above are for tests. A receiver drops what it
takes for a repetition, and must never take an alarm for a test."""

FAULTS: Final = "/faults"
"""After a link's id, in the outbox's name of the lane for what is no emergency."""

_BEFORE_MS: Final = 30_000
_CAMERAS: Final = 8

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(LinkEvent).decode


class Surroundings(msgspec.Struct, frozen=True):
    """What the register knows of where an alert is: names as people use them."""

    device: Device | None
    school: str
    place: str
    text: str
    cameras: tuple[Device, ...] = ()
    """Of the school, the nearest first."""


class Where(Protocol):
    """Looks up where an alert is."""

    def __call__(self, alert: Alert) -> Surroundings:
        """Names, and cameras near it."""
        ...


def link_id(school: str, name: str) -> str:
    """What names the link of one school among all."""
    return f"{school}/{name}"


def receiver_of(link: str, *, urgent: bool = True) -> str:
    """The outbox's name of the link with this id: for emergencies, or for everything else."""
    return f"{POLICE}{link}" if urgent else f"{POLICE}{link}{FAULTS}"


def receiver_for(link: str, key: str) -> str:
    """The outbox's name of the link for the event with this key."""
    return receiver_of(link, urgent=is_emergency(key))


def link_of(receiver: str) -> str:
    """The id of the link that a name of the outbox stands for."""
    return receiver.removeprefix(POLICE).removesuffix(FAULTS)


def encode_event(event: LinkEvent) -> bytes:
    """For the outbox row."""
    return _encode(event)


def decode_event(body: bytes) -> LinkEvent:
    """From the outbox row. Raises ``msgspec.DecodeError``."""
    return _decode(body)


class Forwarding:
    """Implements `gateway.pipeline.alert_book.Forwarding`. Observed links carry nothing of ours."""

    def __init__(self, links: Sequence[PoliceLinkSettings], where: Where) -> None:
        self._where: Final = where
        by_school: dict[str, list[PoliceLinkSettings]] = {}
        for link in links:
            if link.observed is None:
                for school in link.schools:
                    by_school.setdefault(school, []).append(link)
        self._by_school: Final[Mapping[str, list[PoliceLinkSettings]]] = by_school

    def links(self, before: Alert | None, alert: Alert, transition: Transition) -> tuple[str, ...]:
        """The names of the school's links that ``transition`` goes to."""
        configured = self._by_school.get(alert.school)
        if configured is None or alert.condition.startswith("police_"):
            return ()
        if transition.kind in ACTIVATIONS:
            return tuple(link.name for link in configured if self._wants(link, alert))
        if _ends(before, transition):
            told = {forward.link for forward in alert.forwards}
            return tuple(link.name for link in configured if link.name in told)
        return ()

    def entries(
        self, alert: Alert, transition: Transition, links: tuple[str, ...], row: int
    ) -> Iterable[OutboxEntry]:
        """One row of the outbox for each link."""
        around = self._where(alert)
        key = event_key(transition, alert)
        for link in self._by_school.get(alert.school, ()):
            if link.name in links:
                event = _event(alert, transition, key, row, around, link.schools[alert.school])
                receiver = receiver_for(link_id(alert.school, link.name), key)
                known = transition.known
                yield OutboxEntry(receiver, key, known, encode_event(event), known, alert.id)

    def _wants(self, link: PoliceLinkSettings, alert: Alert) -> bool:
        if alert.emergency:
            return EVERY in link.conditions or alert.condition in link.conditions
        hidden = alert.suppressed or alert.shelved_until is not None
        return (
            link.http is not None
            and link.http.faults
            and fault_of(alert) is not None
            and not hidden
            and not self._of_a_link(alert)
        )

    def _of_a_link(self, alert: Alert) -> bool:
        device = self._where(alert).device
        return device is not None and device.kind == KIND


def _ends(before: Alert | None, transition: Transition) -> bool:
    """Whether it was active, and no longer is."""
    return (
        before is not None
        and before.active
        and transition.kind in (TransitionKind.RETURNED, TransitionKind.CLOSED)
    )


def _event(
    alert: Alert,
    transition: Transition,
    key: str,
    row: int,
    around: Surroundings,
    school: LinkSchool,
) -> LinkEvent:
    device = around.device
    name = str(alert.explanation.inputs.get("device", "")) if device is None else device.id
    return LinkEvent(
        key=key,
        sequence=row % ALARM_SEQUENCES + 1,
        code=code_of(alert),
        happened=transition.happened,
        known=transition.known,
        school=alert.school,
        restore=transition.kind not in ACTIVATIONS,
        zone=zone_of(name, alert.device, school.zones),
        device=name,
        alert=alert.id,
        school_name=around.school,
        place=around.place,
        text=around.text,
        contact=school.contact,
        latitude=school.latitude,
        longitude=school.longitude,
        cameras=tuple(
            Camera(
                id=camera.id,
                name=camera.name_zh or camera.id,
                recording=f"{alert.school}/{camera.id}/{transition.happened - _BEFORE_MS}",
            )
            for camera in around.cameras[:_CAMERAS]
        ),
    )
