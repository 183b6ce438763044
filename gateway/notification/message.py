"""An event, or several, as people read it on a phone: a title and a few lines in one language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from alerts.notification.event import NOTICE, TEST, Event
from alerts.notification.webhook import Bilingual
from gateway.words import Language, Words

MARKS: Final = {"emergency": "■", "high": "▲", "medium": "◆", "low": "●", "notice": "○"}
"""The shapes of the page: priorities are told apart without colour and without words."""

LONGEST: Final = 1800
"""Bytes of a digest. Group robots cut off or refuse more than some 2,000."""

SPELT_OUT: Final = 60
"""Events of a digest that are looked at: more than fit into it. The others are counted."""


class Message(msgspec.Struct, frozen=True):
    """What is sent: plain text."""

    title: str
    text: str


class Wording:
    """Puts events into the words of one language."""

    def __init__(self, words: Words, language: Language) -> None:
        self._words: Final = words
        self._language: Final = language

    def single(self, event: Event, acknowledge: str | None = None) -> Message:
        """One event; ``acknowledge`` is the link to acknowledge with, if there is one."""
        alert = event.alert
        if event.kind == NOTICE:
            return self._notice(event)
        if event.kind == TEST or alert is None:
            return Message(self._text("message.test.title"), event.text)
        lines = [
            *([self._text("message.demo")] if event.demo else []),
            self._kind(event),
            "" if event.explanation is None else self._of(event.explanation.text),
            self._text("message.where", where=self._where(event)),
            self._text("message.when", when=moment(event.happened)),
            self._text("message.number", number=f"{alert.id}.{alert.version}"),
            *([self._text("message.look", link=event.link)] if event.link else []),
            *([self._text("message.acknowledge", link=acknowledge)] if acknowledge else []),
        ]
        return Message(self._headline(event), "\n".join(line for line in lines if line))

    def several(self, events: Sequence[Event], page: str | None, more: int = 0) -> Message:
        """A digest: one line an event, as many as fit, the oldest first; ``more`` go unread."""
        if len(events) == 1 and not more:
            return self.single(events[0])
        demo = any(event.demo for event in events)
        head = [self._text("message.demo")] if demo else []
        tail = [self._text("message.look", link=page)] if page else []
        room = LONGEST - sum(len(line.encode()) + 1 for line in (*head, *tail)) - 80
        lines: list[str] = []
        for event in events:
            line = self._line(event)
            room -= len(line.encode()) + 1
            if room < 0:
                break
            lines.append(line)
        if left := len(events) + more - len(lines):
            lines.append(self._text("message.digest.more", n=left))
        title = self._text("message.digest.title", n=len(events) + more)
        return Message(title, "\n".join([*head, *lines, *tail]))

    def _notice(self, event: Event) -> Message:
        lines = [
            *([self._text("message.demo")] if event.demo else []),
            event.text if event.said is None else self._of(event.said),
            self._text("message.where", where=self._school(event) or self._text("message.gateway")),
            *([self._text("message.look", link=event.link)] if event.link else []),
        ]
        return Message(self._headline(event), "\n".join(line for line in lines if line))

    def _headline(self, event: Event) -> str:
        if event.kind == NOTICE:
            return "" if event.title is None else self._of(event.title)
        alert = event.alert
        if alert is None:
            return (
                self._text("message.test.title") if event.title is None else self._of(event.title)
            )
        return self._text(
            "message.title",
            mark=MARKS.get(alert.priority, ""),
            priority=self._text(f"priority.{alert.priority}"),
            condition=self._of(alert.condition_name),
            where=self._school(event) or self._text("message.gateway"),
        )

    def _line(self, event: Event) -> str:
        if event.kind == NOTICE:
            return f"{moment(event.happened)} {self._headline(event)} · {self._school(event)}"
        if event.alert is None:
            return f"{moment(event.happened)} {self._headline(event)}"
        device = "" if event.device is None else self._of(event.device.name)
        return f"{moment(event.happened)} {self._headline(event)} {device} · {self._kind(event)}"

    def _kind(self, event: Event) -> str:
        said = self._text(f"transition.{event.kind}")
        return f"{said} · {event.actor}" if event.actor else said

    def _where(self, event: Event) -> str:
        place = "" if event.place is None else self._of(event.place)
        device = "" if event.device is None else self._of(event.device.name)
        parts = [part for part in (self._school(event), place, device) if part]
        return " · ".join(parts) or self._text("message.gateway")

    def _school(self, event: Event) -> str:
        return "" if event.school is None else self._of(event.school.name)

    def _of(self, text: Bilingual) -> str:
        first, second = (text.en, text.zh) if self._language == "en" else (text.zh, text.en)
        return first or second

    def _text(self, key: str, /, **inputs: str | int) -> str:
        return self._words.text(key, self._language, **inputs)


def moment(ms: int) -> str:
    """``11-22 14:03:21`` where the gateway is."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%m-%d %H:%M:%S")
