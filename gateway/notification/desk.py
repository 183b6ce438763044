"""What people see of the receivers and may do: how each fares, a test, dead letters."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from alerts.notification.event import trial_body
from alerts.notification.mqtt_alert import GATEWAY, Publication
from gateway.clock import Clock
from gateway.notification import dead_letters
from gateway.notification.dead_letters import Letter
from gateway.notification.delivery import Delivered
from gateway.outbox import DeliveryStatus, Outbox
from gateway.pipeline.telling import MQTT
from gateway.push.book import PushBook
from gateway.security.record import fact
from gateway.settings_evidence import RECEIVER
from gateway.settings_fields import chosen
from gateway.settings_notification import NotificationSettings
from gateway.store.batch import Batch, OutboxEntry
from gateway.words import Words


class ReceiverKind(StrEnum):
    """What sort of receiver it is."""

    MQTT = "mqtt"
    WEBHOOK = "webhook"
    MESSAGE = "message"
    PUSH = "push"  # somebody's browser
    EVIDENCE = "evidence"  # signed heads of the evidence log go there
    UNKNOWN = "unknown"  # the settings name it no more, and messages wait for it


class ReceiverHere(msgspec.Struct, frozen=True):
    """A receiver. ``user`` is whom it reaches, when that is one person, and ``label`` on which of
    their devices. ``schools`` are those it wants to hear of, ``None`` = all.
    """

    kind: ReceiverKind
    status: DeliveryStatus
    user: str | None = None
    label: str | None = None
    schools: frozenset[str] | None = None


class Trial(msgspec.Struct, frozen=True):
    """What came of a test, after how many ms; ``reason`` says why it did not arrive."""

    arrived: bool
    reason: str
    took_ms: int


class NotificationDesk:
    """In front of the outbox."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        browsers: PushBook,
        settings: NotificationSettings,
        words: Words,
        clock: Clock,
    ) -> None:
        self._outbox: Final = outbox
        self._browsers: Final = browsers
        self._words: Final = words
        self._clock: Final = clock
        self._kinds: Final = {
            MQTT: ReceiverKind.MQTT,
            **{one.name: ReceiverKind.WEBHOOK for one in settings.webhooks},
            **{one.name: ReceiverKind.MESSAGE for one in settings.messages},
        }
        self._schools: Final = {one.name: chosen(one.schools) for one in settings.receivers}
        self._users: Final = {one.name: one.user for one in settings.messages}
        self._languages: Final = {one.name: one.language for one in settings.receivers}

    @property
    def known(self) -> frozenset[str]:
        """The receivers there are."""
        return self._outbox.receivers

    async def receivers(self) -> list[ReceiverHere]:
        """How each fares, also those that are no more and for which messages wait."""
        return [self._here(one) for one in await self._outbox.status()]

    def _here(self, status: DeliveryStatus) -> ReceiverHere:
        name = status.receiver
        browser = self._browsers.named(name)
        if browser is not None:
            return ReceiverHere(ReceiverKind.PUSH, status, browser.user, browser.label)
        known = name in self.known
        if known and name.startswith(RECEIVER):
            return ReceiverHere(ReceiverKind.EVIDENCE, status)
        kind = self._kinds.get(name, ReceiverKind.UNKNOWN) if known else ReceiverKind.UNKNOWN
        return ReceiverHere(
            kind, status, user=self._users.get(name), schools=self._schools.get(name)
        )

    async def test(self, receiver: str, actor: str) -> tuple[Trial, Batch]:
        """Send something that is plainly a test, now; and the fact to be kept of it.

        Raises ``KeyError`` when there is no such receiver.
        """
        now, began = self._clock.now(), self._clock.steady()
        key = f"test/{now}/{secrets.token_hex(4)}"
        entry = OutboxEntry(receiver, key, now, self._body(receiver, key, now, actor), now)
        outcome = await self._outbox.attempt(receiver, entry)
        trial = Trial(
            arrived=isinstance(outcome, Delivered),
            reason="" if isinstance(outcome, Delivered) else outcome.reason,
            took_ms=round((self._clock.steady() - began) * 1000),
        )
        kept = fact(
            "receiver_tested",
            now,
            actor,
            f"receiver:{receiver}",
            arrived=trial.arrived,
            reason=trial.reason,
        )
        return trial, Batch(facts=[kept], now=now)

    def retry(self, letters: Sequence[Letter], actor: str) -> Batch:
        """They are in turn again; call `look` once it is committed."""
        return dead_letters.retried(letters, actor, self._clock.now())

    def drop(self, letters: Sequence[Letter], actor: str, reason: str) -> Batch:
        """They are never tried again."""
        return dead_letters.dropped(letters, actor, self._clock.now(), reason)

    def look(self) -> None:
        """There is something to deliver."""
        self._outbox.notify()

    def _body(self, receiver: str, key: str, now: int, actor: str) -> bytes:
        if self._kinds.get(receiver) is ReceiverKind.MQTT:
            # Nothing to be seen: it takes away a retained message that is not there.
            return Publication(topic=f"campus/{GATEWAY}/alert/test", payload="").encode()
        browser = self._browsers.named(receiver)
        if browser is None:
            language, name = self._languages.get(receiver, "zh"), receiver
        else:
            language, name = browser.language, browser.label
        text = self._words.text("message.test", language, receiver=name, actor=actor)
        return trial_body(key, now, actor, text)
