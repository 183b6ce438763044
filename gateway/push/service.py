"""People's browsers: taken in, kept, turned into receivers of the outbox, and let go of.

The rows of the store are what there is; `Pushes.run` makes the receivers follow them, also when a
user was disabled or their scope changed elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

import httpx
import msgspec
import structlog
from sqlalchemy import delete, insert
from sqlalchemy.exc import SQLAlchemyError

from alerts.alert import Refusal
from gateway.clock import Clock
from gateway.notification import rows
from gateway.notification.lane import commit, read
from gateway.notification.message import Wording
from gateway.outbox import Outbox
from gateway.push.book import PushBook
from gateway.push.encryption import BrowserKeys, KeysError
from gateway.push.key import PushKey, push_key
from gateway.push.notice import Notices
from gateway.push.receiver import PushReceiver
from gateway.push.subscription import PUSH, Reach, Subscription, id_of
from gateway.security.record import fact
from gateway.settings import Settings
from gateway.settings_push import PushSettings
from gateway.store.batch import Batch
from gateway.store.push import row_of
from gateway.store.read.push import number_of, reached, subscription, subscriptions_of
from gateway.store.schema import push_subscriptions
from gateway.store.store import Store, StoreError
from gateway.words import Words

LOOK_S: Final = 30.0
"""How often the rows are looked at without being told."""

_CONNECTIONS: Final = 20

_log: Final = structlog.get_logger(__name__)

Result = TypeVar("Result")


class Wanted(msgspec.Struct, frozen=True):
    """What a browser asks for."""

    endpoint: str
    p256dh: str
    auth: str
    label: str
    language: Literal["zh", "en"]
    priorities: tuple[str, ...]


class Pushes:
    """The browsers of the running gateway."""

    def __init__(
        self,
        *,
        store: Store,
        outbox: Outbox,
        book: PushBook,
        settings: PushSettings,
        words: Words,
        clock: Clock,
        key: Callable[[], PushKey],
    ) -> None:
        """``book`` is what those read who decide whom to tell. ``key`` blocks at its first call."""
        self._store: Final = store
        self._outbox: Final = outbox
        self._settings: Final = settings
        self._words: Final = words
        self._clock: Final = clock
        self._make_key: Final = key
        self._key: PushKey | None = None
        self._client: httpx.AsyncClient | None = None
        self._receivers: Final[dict[str, Subscription]] = {}
        self._gone: Final[dict[str, Subscription]] = {}
        self._wake: Final = asyncio.Event()
        self._following: Final = asyncio.Lock()
        self.book: Final = book

    @property
    def enabled(self) -> bool:
        """Whether people may have alerts on their devices."""
        return self._settings.enabled

    @property
    def per_user(self) -> int:
        """Most browsers of one user."""
        return self._settings.per_user

    async def key(self) -> PushKey:
        """The key of this gateway. Raises `PushKeyError`."""
        if self._key is None:
            self._key = await asyncio.to_thread(self._make_key)
        return self._key

    async def run(self) -> None:
        """Make the receivers follow the rows, until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self._let_go()
                await self.follow()
            except (StoreError, SQLAlchemyError) as error:
                # What is, stays; the next look tries again.
                _log.warning("push.not_followed", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)

    async def aclose(self) -> None:
        """Close the connections, when nothing is delivered any more."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def mine(self, user: str) -> list[Subscription]:
        """The browsers of a user."""
        return await read(self._store, subscriptions_of(user))

    async def subscribe(self, user: str, wanted: Wanted) -> Subscription | Refusal:
        """Take a browser in, or what it wants now. Whoever had it before has it no more."""
        if not self.enabled:
            return Refusal("push_off", "alerts on devices are switched off by notification.push")
        if not self._settings.allows(wanted.endpoint):
            return Refusal("push_service", "its push service is none of notification.push.services")
        try:
            BrowserKeys(wanted.p256dh, wanted.auth)
        except KeysError as error:
            return Refusal("push_keys", str(error))
        async with self._following:
            now = self._clock.now()
            one = Subscription(
                id=id_of(wanted.endpoint), user=user, added=now, **msgspec.structs.asdict(wanted)
            )
            before = await read(self._store, subscription(one.id))
            if before is not None and before.user == user:
                one = msgspec.structs.replace(one, added=before.added)
            elif refusal := await self._too_many(user):
                return refusal
            batch = Batch(now=now)
            if before is not None:
                self._end(batch, before, by=user, why="" if before.user == user else "taken over")
            batch.statements.append((insert(push_subscriptions), [row_of(one)]))
            batch.facts.append(
                fact(
                    "push_on",
                    now,
                    user,
                    f"user:{user}",
                    browser=one.id,
                    label=one.label,
                    priorities=one.priorities,
                )
            )
            await commit(self._store, batch)
        await self.follow()
        return one

    async def unsubscribe(self, user: str, id_: str, *, anybodys: bool = False) -> bool:
        """Let go of one of this user's browsers, or of ``anybodys``; false when there is none."""
        async with self._following:
            one = await read(self._store, subscription(id_))
            if one is None or not (anybodys or one.user == user):
                return False
            batch = Batch(now=self._clock.now())
            why = "switched off" if one.user == user else "taken off by an administrator"
            self._end(batch, one, by=user, why=why)
            await commit(self._store, batch)
        await self.follow()
        return True

    async def follow(self) -> None:
        """Make the receivers what the rows say."""
        async with self._following:
            found = await read(self._store, reached) if self.enabled else []
            here = [one for one in found if self._settings.allows(one.subscription.endpoint)]
            self.book.put(here)
            await self._make_receivers(here)
            await self._drop_for_nobody()

    def gone(self, one: Subscription) -> None:
        """A push service has said that this browser is no more."""
        self._gone[one.id] = one
        self._wake.set()

    async def _too_many(self, user: str) -> Refusal | None:
        if len(await read(self._store, subscriptions_of(user))) >= self._settings.per_user:
            return Refusal("push_too_many_mine", f"at most {self._settings.per_user} of one user")
        if await read(self._store, number_of) >= self._settings.most:
            return Refusal("push_too_many", f"at most {self._settings.most} in all")
        return None

    async def _let_go(self) -> None:
        """Take away what is no more, unless it has been renewed meanwhile."""
        async with self._following:
            while self._gone:
                id_, gone = next(iter(self._gone.items()))
                one = await read(self._store, subscription(id_))
                if one == gone:
                    batch = Batch(now=self._clock.now())
                    self._end(batch, one, by="", why="the browser takes no more messages")
                    await commit(self._store, batch)
                    _log.info("push.gone", user=one.user, browser=one.id)
                del self._gone[id_]

    async def _make_receivers(self, here: Sequence[Reach]) -> None:
        wanted = {one.subscription.receiver: one.subscription for one in here}
        for name, one in list(self._receivers.items()):
            if wanted.get(name) != one:
                del self._receivers[name]
                await self._outbox.remove(name)
        for name, one in wanted.items():
            if name not in self._receivers:
                self._receivers[name] = one
                self._outbox.add(name, self._receiver(one))

    async def _drop_for_nobody(self) -> None:
        """What waits for a browser that is no receiver any more is wanted by nobody."""
        waiting = [
            one.receiver
            for one in await read(self._store, rows.tallies)
            if one.receiver.startswith(PUSH)
            and one.receiver not in self._receivers
            and (one.waiting or one.given_up)
        ]
        if waiting:
            dropped = [rows.drop(name, "alerts on this device were ended") for name in waiting]
            await commit(self._store, Batch(statements=[*dropped], now=self._clock.now()))

    def _end(self, batch: Batch, one: Subscription, *, by: str, why: str) -> None:
        """Into ``batch``: the row goes; the fact only when the user loses it (``why``)."""
        statement = delete(push_subscriptions).where(push_subscriptions.c.id == one.id)
        batch.statements.append((statement, None))
        if why:
            subject = f"user:{one.user}"
            batch.facts.append(
                fact("push_off", batch.now, by, subject, browser=one.id, label=one.label, why=why)
            )

    def _receiver(self, one: Subscription) -> PushReceiver:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._settings.timeout_s,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=_CONNECTIONS),
                headers={"User-Agent": "campus-gateway"},
            )
        return PushReceiver(
            one,
            notices=Notices(Wording(self._words, one.language), one.language),
            key=self.key,
            client=self._client,
            clock=self._clock,
            gone=self.gone,
            digest_over=self._settings.digest_over,
            time_limit=self._settings.timeout_s,
        )


def make_pushes(
    *,
    store: Store,
    outbox: Outbox,
    settings: Settings,
    words: Words,
    clock: Clock,
    book: PushBook | None = None,
) -> Pushes:
    """The browsers as the settings want them; ``book`` is that of whoever decides whom to tell."""
    wanted, page = settings.notification.push, settings.web.public_url
    contact = wanted.contact or (page if page is not None and page.startswith("https") else None)
    return Pushes(
        store=store,
        outbox=outbox,
        book=PushBook() if book is None else book,
        settings=wanted,
        words=words,
        clock=clock,
        key=lambda: push_key(settings.database.parent, contact),
    )
