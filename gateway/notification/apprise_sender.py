"""Messages to mailboxes, mobile phones and a hundred services more, over the library Apprise.

Apprise blocks, answers only yes or no, and says the reason in its log. So each receiver has one
thread of its own, and what the library says meanwhile in that thread is read for what happened. Its
log goes nowhere else: it holds tokens.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.notification.message import Message
from gateway.notification.webhook import NOT_NOW

EVENT_HEADER: Final = "X-Campus-Event-Id"
"""Of e-mails and of requests that may carry headers: the key, the same at each attempt."""

if TYPE_CHECKING:
    from apprise import NotifyBase

_LONGEST_REASON: Final = 200
_SHORTEST_SECRET: Final = 5
_HTTP: Final = re.compile(r"\berror=(\d{3})\b")
_SMTP: Final = re.compile(r"\((\d{3}), b['\"](.*?)['\"]")
_SOCKET: Final = "Socket Exception: "
_UNREACHED: Final = "onnection error"
_TARGET: Final = re.compile(r" with url: \S+")

_heard: Final = threading.local()


class _Overhears(logging.Handler):
    """Keeps what the library logs for the thread that is delivering."""

    def emit(self, record: logging.LogRecord) -> None:
        said: list[str] | None = getattr(_heard, "said", None)
        if said is not None:
            said.append(record.getMessage())


def _overhear() -> None:
    log = logging.getLogger("apprise")
    if not any(isinstance(one, _Overhears) for one in log.handlers):
        log.addHandler(_Overhears())
        log.setLevel(logging.DEBUG)
        log.propagate = False


class AppriseSender:
    """Sends plain text to whatever the address names. Implements `Sender`."""

    def __init__(self, url: str, *, time_limit: float) -> None:
        """``url`` is a secret; ``time_limit`` (s) bounds each exchange."""
        self._url: Final = url
        self._time_limit: Final = time_limit
        self._thread: Final = ThreadPoolExecutor(1, "message")
        self._under_way: tuple[str, Future[Outcome]] | None = None

    async def send(self, key: str, message: Message) -> Outcome:
        """Send it; asked again while it is under way, wait for what comes of it."""
        if self._under_way is not None and self._under_way[0] != key:
            if not self._under_way[1].done():
                return Retry("the message before is still under way")
            self._under_way = None
        if self._under_way is None:
            self._under_way = key, self._thread.submit(self._notify, key, message)
        # Whoever runs out of patience leaves it running: asked again, a late yes still counts, and
        # nobody is told twice. Shielded, lest it be taken back.
        future = self._under_way[1]
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        finally:
            if future.done():
                self._under_way = None

    async def aclose(self) -> None:
        """Let go of the thread; what it is sending ends by its own time limit."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _notify(self, key: str, message: Message) -> Outcome:
        """In the thread: loading the library takes half a second, each service up to its limit."""
        _heard.said = said = list[str]()
        try:
            from apprise import NotifyFormat  # noqa: PLC0415

            # Made anew each time: one that is kept waits some seconds between two messages.
            service = _service(self._url)
            if service is None:
                return Refused("Apprise makes nothing of the address (url) of this receiver")
            service.socket_connect_timeout = self._time_limit
            service.socket_read_timeout = self._time_limit
            headers = getattr(service, "headers", None)
            if isinstance(headers, dict):
                headers[EVENT_HEADER] = key
            if service.notify(
                title=message.title, body=message.text, body_format=NotifyFormat.TEXT
            ):
                return Delivered()
            return outcome_of(said, self._url)
        finally:
            _heard.said = None


def is_understood(url: str) -> bool:
    """Whether the library makes something of a receiver's address; takes half a second at first."""
    return _service(url) is not None


def _service(url: str) -> NotifyBase | None:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - see `_notify`

    _overhear()
    asset = AppriseAsset(app_id="campus-gateway", app_desc="Campus Gateway", async_mode=False)
    return Apprise.instantiate(url, asset=asset)


def outcome_of(said: Sequence[str], url: str) -> Outcome:
    """What happened, by what the library said (oldest first); ``url`` is not repeated from it."""
    for line in reversed(said):
        if _SOCKET in line:
            reason = line.partition(_SOCKET)[2]
            reply = _SMTP.search(reason)
            if reply is None:
                return Retry(clean(reason, url))
            code, words = reply.groups()
            answer = clean(f"the mail server answered {code} {words}", url)
            # RFC 5321, 4.2.1: 4yz may be better next time, 5yz will not.
            return Refused(answer) if code.startswith("5") else Retry(answer)
        if status := _HTTP.search(line):
            said_no = Retry if int(status[1]) in NOT_NOW else Refused
            return said_no(clean(line, url))
    last = said[-1] if said else "not taken, and no reason given"
    return (Retry if _UNREACHED in last else Refused)(clean(last, url))


def clean(reason: str, url: str) -> str:
    """One line, not too long, and nothing in it of what the receiver's address keeps secret."""
    text = _TARGET.sub("", " ".join(reason.split()))
    host = re.match(r"\w+://(?:[^/?@]*@)?([^/:?]*)", url)
    for part in sorted(set(re.split(r"[^A-Za-z0-9_.-]+", url)), key=len, reverse=True):
        known = host is not None and part == host[1] and "." in part
        if len(part) >= _SHORTEST_SECRET and not known:
            text = text.replace(part, "…")
    return text[:_LONGEST_REASON]
