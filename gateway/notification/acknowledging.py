"""Acknowledging by the link of a message: who may, what stands, and that it serves once.

Looking changes nothing: chat programs fetch every link for a preview. Only a press does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Final, Protocol, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection, delete, insert, select

from alerts.alert import Acknowledge, Alert, Refusal
from alerts.notification import acknowledge_link
from alerts.notification.acknowledge_link import AcknowledgeLink
from alerts.notification.event import Event
from gateway.clock import Clock
from gateway.desk import Desk
from gateway.notification.link_key import LinkKeyError
from gateway.security.access import What, role_may
from gateway.security.accounts import User, user_named
from gateway.security.record import fact
from gateway.store.batch import Batch
from gateway.store.read.alerts import one_alert
from gateway.store.schema import used_links

Result = TypeVar("Result")

PATH: Final = "/acknowledge/"

_log: Final = structlog.get_logger(__name__)


class Offer:
    """Makes the links in the messages of one person."""

    def __init__(self, key: bytes, page: str, user: str, *, valid: int, language: str) -> None:
        """``page`` is the address of the page, ``valid`` (ms) how long a link serves."""
        self._key: Final = key
        self._page: Final = page
        self._user: Final = user
        self._valid: Final = valid
        self._query: Final = "?lang=en" if language == "en" else ""

    def __call__(self, event: Event, created: int) -> str | None:
        """The link for an event written at ``created``; the same at each attempt."""
        alert = event.alert
        if alert is None or alert.acknowledged is not None or alert.closed is not None:
            return None
        link = AcknowledgeLink(
            alert=alert.id,
            occurrences=alert.occurrence,
            user=self._user,
            expires=created + self._valid,
            event=event.event,
        )
        return f"{self._page}{PATH}{acknowledge_link.sign(link, self._key)}{self._query}"


class Standing(StrEnum):
    """What a link comes to. Each is a word of the catalogues (``acknowledge.…``)."""

    OPEN = "open"  # a press acknowledges
    DONE = "done"  # this press has
    TAKEN = "taken"  # somebody has already
    OVER = "over"  # it has ended, and nobody had to
    USED = "used"  # this link has served, and the alert is nobody's again
    MORE = "more"  # it has happened again since
    DENIED = "denied"  # the user may not, any more
    INVALID = "invalid"  # not ours, changed, or too old


class Found(msgspec.Struct, frozen=True):
    """What a link leads to; without an alert when it is `Standing.INVALID`."""

    standing: Standing
    link: AcknowledgeLink | None = None
    alert: Alert | None = None


INVALID: Final = Found(Standing.INVALID)


class Reads(Protocol):
    """Runs a reading query in a thread."""

    async def __call__(self, query: Callable[[Connection], Result], /) -> Result:
        """What the query finds."""
        ...


class Acknowledging:
    """Looks links up and uses them."""

    def __init__(
        self,
        *,
        key: Callable[[], bytes],
        desk: Desk,
        clock: Clock,
        read: Reads,
        commit: Callable[[Batch], Awaitable[None]],
        schools_of: Callable[[Iterable[str]], frozenset[str] | None],
    ) -> None:
        """``key`` blocks, and is asked each time: without its file no link serves any more.
        ``schools_of`` are those in a user's scopes.
        """
        self._key: Final = key
        self._desk: Final = desk
        self._clock: Final = clock
        self._read: Final = read
        self._commit: Final = commit
        self._schools_of: Final = schools_of
        self._pressing: Final = asyncio.Lock()

    async def look(self, token: str) -> Found:
        """What a press would do."""
        try:
            key = await asyncio.to_thread(self._key)
        except LinkKeyError as error:
            _log.error("acknowledge.no_key", error=str(error))
            return INVALID
        link = acknowledge_link.read(token, key, self._clock.now())
        if link is None:
            return INVALID
        alert = await self._read(one_alert(link.alert))
        if alert is None:
            return INVALID
        user = await self._read(user_named(link.user))
        used = await self._read(_is_used(acknowledge_link.digest(token)))
        may = user is not None and self._may(user, alert)
        return Found(standing(link, alert, may=may, used=used), link, alert)

    async def press(self, token: str) -> Found:
        """Acknowledge in the name of the link's user, once."""
        async with self._pressing:
            found = await self.look(token)
            if found.standing is not Standing.OPEN or found.link is None:
                return found
            # Used first, and durably: whatever happens after this, it does not serve again.
            await self._commit(self._use(token, found.link))
            acted = await self._desk.act(
                found.link.alert, Acknowledge(occurrences=found.link.occurrences), found.link.user
            )
            if isinstance(acted, Refusal):
                return await self.look(token)
            return Found(Standing.DONE, found.link, acted.alert)

    def _may(self, user: User, alert: Alert) -> bool:
        if user.disabled or not role_may(user.role, What.ACKNOWLEDGE):
            return False
        schools = self._schools_of(user.scopes)
        return schools is None or not alert.school or alert.school in schools

    def _use(self, token: str, link: AcknowledgeLink) -> Batch:
        now = self._clock.now()
        row = {
            "digest": acknowledge_link.digest(token),
            "expires": link.expires,
            "used": now,
            "user": link.user,
        }
        return Batch(
            statements=[
                (delete(used_links).where(used_links.c.expires < now), None),
                (insert(used_links), [row]),
            ],
            facts=[fact("link_used", now, link.user, f"alert:{link.alert}", event=link.event)],
            urgent=True,
            now=now,
        )


def standing(link: AcknowledgeLink, alert: Alert, *, may: bool, used: bool) -> Standing:
    """What a press on a link that is ours and not too old would come to."""
    if not may:
        return Standing.DENIED
    if alert.acknowledged is not None:
        return Standing.TAKEN
    if not alert.open:
        return Standing.OVER
    if alert.occurrences > link.occurrences:
        return Standing.MORE
    return Standing.USED if used else Standing.OPEN


def _is_used(digest: str) -> Callable[[Connection], bool]:
    query = select(used_links.c.used).where(used_links.c.digest == digest)
    return lambda connection: connection.execute(query).first() is not None
