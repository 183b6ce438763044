"""What a browser is sent: everything it needs to show a notification, in its user's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from alerts.notification.event import TEST, Event
from gateway.notification.message import Message, Wording
from gateway.push.book import ENDS
from gateway.push.encryption import LONGEST

Kind = Literal["alert", "end", "digest", "test"]

DIGEST_URL: Final = "/"

_TITLE: Final = 200
_BODY: Final = 900
"""Characters; notifications show far less."""

_HOUR: Final = 3600


class Notice(msgspec.Struct, frozen=True):
    """The plain text of a push message, as JSON.

    ``tag``: notifications with the same one replace each other, one an alert. ``again``: sound,
    also when it replaces one. ``url`` is what a click opens, within the page; ``at`` in ms.
    """

    kind: Kind
    tag: str
    title: str
    body: str
    url: str
    lang: Literal["zh-CN", "en"]
    priority: str
    again: bool
    at: int


class Post(msgspec.Struct, frozen=True):
    """A notice and what the push service is told of it (RFC 8030, 5.2 to 5.4).

    ``ttl`` (s): how long it is kept for a device that is off. ``topic``: it replaces one that is
    still kept.
    """

    notice: Notice
    urgency: Literal["high", "normal", "low"]
    ttl: int
    topic: str | None = None

    def plain(self) -> bytes:
        """What is to be encrypted. What does not fit is cut off the text, never the rest."""
        notice = self.notice
        while len(said := msgspec.json.encode(notice)) > LONGEST and notice.body:
            shorter = len(notice.body) * 3 // 4
            notice = msgspec.structs.replace(notice, body=notice.body[:shorter])
        return said


class Notices:
    """Makes what one browser is sent."""

    def __init__(self, wording: Wording, language: Literal["zh", "en"]) -> None:
        self._wording: Final = wording
        self._lang: Final[Literal["zh-CN", "en"]] = "en" if language == "en" else "zh-CN"

    def single(self, event: Event) -> Post:
        """One event."""
        message = self._wording.single(msgspec.structs.replace(event, link=None))
        alert = event.alert
        if event.kind == TEST or alert is None:
            notice = self._notice("test", "test", message, "/settings", "notice", event.happened)
            return Post(notice, "high", _HOUR)
        ended = event.kind in ENDS
        tag, priority = f"alert-{alert.id}", alert.priority
        notice = self._notice(
            "end" if ended else "alert",
            tag,
            message,
            f"/alerts/{alert.id}",
            priority,
            event.happened,
        )
        # What ends an alert lasts as long as the alert: whoever gets the one gets the other.
        ttl = 24 * _HOUR if priority == "emergency" else 4 * _HOUR
        return Post(notice, _urgency(priority), ttl, tag)

    def several(self, events: Sequence[Event], more: int = 0) -> Post:
        """A digest; as urgent as the most urgent of them. Emergencies are never in one."""
        message = self._wording.several(events, None, more)
        high = any(event.alert is not None and event.alert.priority == "high" for event in events)
        priority = "high" if high else "medium"
        notice = self._notice(
            "digest", "digest", message, DIGEST_URL, priority, events[-1].happened
        )
        return Post(notice, _urgency(priority), 4 * _HOUR)

    def _notice(
        self, kind: Kind, tag: str, message: Message, url: str, priority: str, at: int
    ) -> Notice:
        return Notice(
            kind=kind,
            tag=tag,
            title=message.title[:_TITLE],
            body=message.text[:_BODY],
            url=url,
            lang=self._lang,
            priority=priority,
            again=kind != "end",
            at=at,
        )


def _urgency(priority: str) -> Literal["high", "normal", "low"]:
    if priority in ("emergency", "high"):
        return "high"
    return "normal" if priority == "medium" else "low"
