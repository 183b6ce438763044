"""What the outbox holds of an event, read back: for receivers that put it into a form of their own.

Written by `alerts.notification.webhook.webhook_body`; here only what those forms show.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.notification.webhook import Bilingual

TEST: Final = "test"
"""The kind of an event that somebody asked for, to see whether a receiver is reached."""

NOTICE: Final = "notice"
"""The kind of an event about no alert that people are to be told of: something ends, is overdue."""

_canonical: Final = msgspec.json.Encoder(order="sorted")


class EventAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The alert as it stood after the event. Times in ms."""

    id: int
    version: int
    state: str
    active: bool
    priority: str
    condition: str
    condition_name: Bilingual
    occurrence: int
    raised: int
    last_occurrence: int
    acknowledged: int | None = None
    acknowledged_by: str | None = None
    closed: int | None = None


class EventSchool(msgspec.Struct, frozen=True, kw_only=True):
    """Whose alert it is; an empty id is the gateway itself."""

    id: str
    name: Bilingual


class EventDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What it is about."""

    id: str
    kind: str
    name: Bilingual


class EventExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in one sentence."""

    text: Bilingual


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event. ``alert``, ``school`` and ``device`` are ``None`` in a test (`TEST`); of a notice
    (`NOTICE`) ``title`` and ``said`` say everything, and ``school`` whose it is.
    """

    event: str
    kind: str
    happened: int
    known: int
    actor: str = ""
    text: str = ""
    demo: bool = False
    link: str | None = None
    alert: EventAlert | None = None
    school: EventSchool | None = None
    device: EventDevice | None = None
    place: Bilingual | None = None
    explanation: EventExplanation | None = None
    title: Bilingual | None = None
    said: Bilingual | None = None


_event: Final = msgspec.json.Decoder(Event)


def decode_event(body: bytes) -> Event:
    """Read an outbox row back. Raises ``msgspec.MsgspecError`` when it is none."""
    return _event.decode(body)


def trial_body(key: str, now: int, actor: str, text: str) -> bytes:
    """What a receiver is sent to see whether it is reached: an event about no alert."""
    return _canonical.encode(
        Event(event=key, kind=TEST, happened=now, known=now, actor=actor, text=text)
    )


def notice_body(
    key: str,
    now: int,
    *,
    title: Bilingual,
    said: Bilingual,
    text: str,
    school: EventSchool | None = None,
    link: str | None = None,
    demo: bool = False,
) -> bytes:
    """What a receiver is sent of something that is no alert; ``text`` in its language."""
    return _canonical.encode(
        Event(
            event=key,
            kind=NOTICE,
            happened=now,
            known=now,
            text=text,
            demo=demo,
            link=link,
            school=school,
            title=title,
            said=said,
        )
    )
