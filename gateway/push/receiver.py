"""The receiver that is one browser: each message encrypted for it and handed to its push service
(RFC 8030). The service says 201 when it has taken it, and 404 or 410 when the browser is no more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx

from alerts.notification.event import Event
from gateway.clock import Clock
from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.notification.for_people import ForPeople
from gateway.notification.webhook import NOT_NOW, beginning, retry_after
from gateway.push.encryption import CONTENT_ENCODING, BrowserKeys, KeysError, encrypt
from gateway.push.key import PushKey, PushKeyError
from gateway.push.notice import Notices, Post
from gateway.push.subscription import Subscription
from gateway.store.batch import OutboxEntry

GONE: Final = frozenset({404, 410})
"""The subscription has ended (RFC 8030, 7.3): nobody will ever hear of it again."""

_SERVERS: Final = 500


class PushReceiver(ForPeople):
    """One browser. The connection is shared and not closed here."""

    def __init__(
        self,
        subscription: Subscription,
        *,
        notices: Notices,
        key: Callable[[], Awaitable[PushKey]],
        client: httpx.AsyncClient,
        clock: Clock,
        gone: Callable[[Subscription], None],
        digest_over: int,
        time_limit: float,
    ) -> None:
        """``key`` may raise `PushKeyError`. ``gone`` is told when the browser is no more;
        ``time_limit`` (s) bounds the whole exchange.
        """
        super().__init__(digest_over=digest_over, time_limit=time_limit)
        self.subscription: Final = subscription
        self._notices: Final = notices
        self._key: Final = key
        self._client: Final = client
        self._clock: Final = clock
        self._gone: Final = gone

    async def _tell(self, event: Event, entry: OutboxEntry) -> Outcome:  # noqa: ARG002
        return await self._hand_over(self._notices.single(event))

    async def _tell_together(
        self, events: Sequence[Event], entries: Sequence[OutboxEntry]
    ) -> Outcome:
        return await self._hand_over(self._notices.several(events, len(entries) - len(events)))

    async def aclose(self) -> None:
        """Nothing of its own is open."""

    async def _hand_over(self, post: Post) -> Outcome:
        one = self.subscription
        try:
            key = await self._key()
            body = encrypt(post.plain(), BrowserKeys(one.p256dh, one.auth))
        except PushKeyError as error:
            return Retry(str(error))
        except KeysError as error:
            return Refused(str(error))
        headers = {
            "Authorization": key.authorization(one.endpoint, self._clock.now()),
            "Content-Encoding": CONTENT_ENCODING,
            "Content-Type": "application/octet-stream",
            "TTL": str(post.ttl),
            "Urgency": post.urgency,
        }
        if post.topic is not None:
            headers["Topic"] = post.topic
        try:
            async with self._client.stream(
                "POST", one.endpoint, content=body, headers=headers
            ) as answer:
                return self._outcome(answer, await beginning(answer))
        except httpx.InvalidURL:
            return Refused("the browser has given no address")
        except httpx.HTTPError as error:
            # Its words may hold the endpoint, which is a secret of the browser.
            return Retry(f"{type(error).__name__} on the way to the push service")

    def _outcome(self, answer: httpx.Response, said: str) -> Outcome:
        status = answer.status_code
        if answer.is_success:
            return Delivered()
        if status in GONE:
            self._gone(self.subscription)
            return Refused(f"the browser takes no more messages ({status})")
        reason = f"the push service answered {status} {answer.reason_phrase}: {said}".rstrip(": ")
        # Our messages are all alike: a service that fails at one would fail at the next.
        if status in NOT_NOW or status >= _SERVERS:
            return Retry(reason, retry_after(answer))
        return Refused(reason)
