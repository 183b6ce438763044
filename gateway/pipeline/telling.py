"""What follows from a transition for others: outbox rows per receiver, deadlines to escalate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from alerts.alert import Alert, Transition, TransitionKind
from alerts.escalation import (
    ESCALATE,
    REMIND,
    EscalationPolicy,
    escalation_due,
    reminder_due,
)
from alerts.notification.audience import Audience, event_key, who_is_told
from alerts.notification.mqtt_alert import mqtt_alert
from alerts.notification.webhook import Bilingual, Setting, webhook_body
from alerts.shelving import UNSHELVE
from devices.model import Device
from gateway.store.batch import Deadline, OutboxEntry
from gateway.words import Words
from gateway.words.explaining import explained

MQTT: Final = "mqtt"
"""The receiver that shows alerts on the broker."""


class Place(msgspec.Struct, frozen=True):
    """Names of where an alert is."""

    school: Bilingual
    place: Bilingual | None
    device: Device | None


class Telling:
    """Puts alerts into words for the receivers. Implements `gateway.pipeline.alert_book.Told`."""

    def __init__(
        self,
        *,
        audiences: Sequence[Audience],
        browsers: Callable[[], tuple[Audience, ...]] = tuple,
        languages: Mapping[str, Literal["zh", "en"]],
        policy: EscalationPolicy | None,
        where: Callable[[Alert], Place],
        words: Words,
        page: str | None,
        demo: bool,
    ) -> None:
        """``browsers`` are audiences that come and go. ``languages`` by receiver, ``page`` the URL
        of the page for links into it.
        """
        self._audiences: Final = tuple(audiences)
        self._browsers: Final = browsers
        self._languages: Final = dict(languages)
        self._policy: Final = policy
        self._where: Final = where
        self._words: Final = words
        self._page: Final = page
        self._demo: Final = demo

    def outbox(self, alert: Alert, transition: Transition, now: int) -> Iterable[OutboxEntry]:
        """One row for each receiver that wants to know."""
        receivers = who_is_told(transition, alert, self._audiences + self._browsers())
        if not receivers:
            return []
        setting = self._setting(alert)
        key = event_key(transition, alert)
        bodies: dict[str, bytes] = {}  # one a form: browsers may be many
        entries = []
        for receiver in receivers:
            form = MQTT if receiver == MQTT else self._languages.get(receiver, "zh")
            if form not in bodies:
                bodies[form] = self._body(form, alert, transition, setting)
            entries.append(OutboxEntry(receiver, key, now, bodies[form], now, alert.id))
        return entries

    def deadlines(self, alert: Alert, transition: Transition) -> Iterable[Deadline]:
        """When to look again at this alert."""
        subject = f"alert:{alert.id}"
        if self._policy is not None:
            escalation = escalation_due(transition, alert, self._policy)
            if escalation is not None:
                yield Deadline(ESCALATE, subject, escalation.due, escalation.body())
            reminder = reminder_due(transition, alert, self._policy)
            if reminder is not None:
                yield Deadline(REMIND, subject, reminder.due, reminder.body())
        if transition.kind in (TransitionKind.SHELVED, TransitionKind.UNSHELVED):
            yield Deadline(UNSHELVE, subject, alert.shelved_until)

    def _body(self, form: str, alert: Alert, transition: Transition, setting: Setting) -> bytes:
        if form == MQTT:
            return mqtt_alert(alert, setting).encode()
        text = setting.explanation.en if form == "en" else setting.explanation.zh
        return webhook_body(transition, alert, setting, text)

    def _setting(self, alert: Alert) -> Setting:
        where, words, why = self._where(alert), self._words, alert.explanation
        device = where.device
        condition = words.both(f"condition.{alert.condition}")
        explanation = explained(words, why)
        return Setting(
            device=str(why.inputs.get("device", "")) if device is None else device.id,
            kind="" if device is None else device.kind,
            device_name=Bilingual("", "")
            if device is None
            else Bilingual(device.name_zh or device.id, device.name_en or device.id),
            school_name=where.school,
            place=where.place,
            condition=Bilingual(condition["zh"], condition["en"]),
            explanation=Bilingual(explanation["zh"], explanation["en"]),
            link=None if self._page is None else f"{self._page}/alerts/{alert.id}",
            demo=self._demo,
        )
