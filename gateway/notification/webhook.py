"""The receiver over HTTP: one signed POST a message (`alerts.notification.webhook`), on request as
a CloudEvent (`alerts.notification.cloud_event`).
"""

from __future__ import annotations

import ssl
from typing import Final

import httpx
import msgspec

from alerts.notification.cloud_event import CONTENT_TYPE, cloud_event
from alerts.notification.webhook import EVENT_HEADER, SIGNATURE_HEADER, signature
from gateway.clock import Clock
from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.store.batch import OutboxEntry

NOT_NOW: Final = frozenset({408, 425, 429, 502, 503, 504})
"""Answers that speak of the moment or of the way, not of the message (RFC 9110, RFC 6585)."""

_ANSWER_READ: Final = 4096
_ANSWER_QUOTED: Final = 200


class WebhookReceiver:
    """POSTs each entry's body. 2xx = delivered; redirects are refused: the signature is for us and
    for the address in the configuration.
    """

    def __init__(
        self,
        *,
        url: str,
        secret: bytes,
        clock: Clock,
        time_limit: float = 10.0,
        verify: ssl.SSLContext | bool = True,
        source: str | None = None,
    ) -> None:
        """``secret`` signs, ``time_limit`` (s) bounds the whole exchange, ``verify`` holds the
        authorities whose certificates are believed (``True``: the usual ones). With a ``source``
        (a URI of this gateway) each event goes as a CloudEvent.
        """
        content = "application/json" if source is None else CONTENT_TYPE
        self._source: Final = source
        self._url: Final = url
        self._secret: Final = secret
        self._clock: Final = clock
        self._time_limit: Final = time_limit
        self._client: Final = httpx.AsyncClient(
            verify=verify,
            timeout=time_limit,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            headers={"User-Agent": "campus-gateway", "Content-Type": content},
        )

    @property
    def time_limit(self) -> float:
        """Seconds a delivery may take in all."""
        return self._time_limit

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """POST it once."""
        try:
            body = entry.body if self._source is None else cloud_event(entry.body, self._source)
        except msgspec.MsgspecError as error:
            return Refused(f"not an event: {error}")
        timestamp = self._clock.now() // 1000
        headers = {
            SIGNATURE_HEADER: signature(self._secret, timestamp, body),
            EVENT_HEADER: entry.key,
        }
        try:
            async with self._client.stream(
                "POST", self._url, content=body, headers=headers
            ) as response:
                return _outcome(response, await beginning(response))
        except httpx.HTTPError as error:
            return Retry(f"{type(error).__name__}: {error}".rstrip(": "))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()


async def beginning(response: httpx.Response) -> str:
    """The first words of the answer. However much a receiver says, no more is read."""
    read = b""
    async for chunk in response.aiter_bytes(_ANSWER_READ):
        read += chunk
        if len(read) >= _ANSWER_READ:
            break
    return " ".join(read.decode("utf-8", "replace").split())[:_ANSWER_QUOTED]


def _outcome(response: httpx.Response, answer: str) -> Outcome:
    if response.is_success:
        return Delivered()
    reason = f"answered {response.status_code} {response.reason_phrase}: {answer}".rstrip(": ")
    if response.status_code in NOT_NOW:
        return Retry(reason, retry_after(response))
    return Refused(reason)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds, if the receiver says so; a date would trust its clock and is left out."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else None
