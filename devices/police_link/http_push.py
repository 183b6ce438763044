"""The police link that pushes JSON over HTTPS: for platforms of the DB15/T 3968-2025 kind.

Each message is signed and carries an idempotency key, the same at each attempt: the platform can
tell a repetition from a second alarm. Only the answers that the template names acknowledge.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from devices.police_link.failover import ANSWER_TIMEOUT_S, FAILED_PATH_RESTS_S, Failover
from devices.police_link.link import (
    Code,
    Exchange,
    LinkEvent,
    OnExchange,
    Path,
    Report,
    Result,
    is_clock_off,
)
from devices.police_link.names import NAMES, Names
from devices.police_link.push_template import PushTemplate
from devices.police_link.shape import Fields

RECORDING_BEFORE_MS: Final = 30_000
"""Video from 30 s before the alarm goes along (DB15/T 3968-2025)."""

_LARGEST_ANSWER: Final = 64 * 1024
_SHORTEST_KEY: Final = 16
_FAULTS: Final = frozenset(
    {
        Code.AC_LOSS,
        Code.LOW_BATTERY,
        Code.COMMUNICATION_FAILURE,
        Code.SENSOR_TROUBLE,
    }
)
_CLOCK_STATUSES: Final = frozenset({401, 403})


class PushError(ValueError):
    """An HTTP push link that cannot be set up so; says what to change."""


class PushConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to set about one HTTP push link. Raises `PushError`.

    ``link`` is its id, ``{school}/{name}``. ``key`` signs: 16 bytes at least. ``answer_timeout_s``:
    for one exchange, connecting included. ``plain_http``: also allow ``http://`` to other machines,
    where everybody on the way can read and hold back alarms.
    """

    link: str
    primary: str
    key: bytes
    backup: str | None = None
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    failed_path_rests_s: float = FAILED_PATH_RESTS_S
    plain_http: bool = False

    def __post_init__(self) -> None:
        if len(self.key) < _SHORTEST_KEY:
            raise PushError(f"the key of {self.link} must be {_SHORTEST_KEY} bytes at least")
        if not self.answer_timeout_s > 0:
            raise PushError(f"the time limit of {self.link} has to be above 0 s")
        for url in filter(None, (self.primary, self.backup)):
            _check(url, plain_http=self.plain_http)

    def __repr__(self) -> str:
        """Without the key."""
        return f"PushConfig({self.link}, {self.primary}, {self.backup})"


def _check(text: str, *, plain_http: bool) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise PushError(f"no URL: {text}: {error}") from error
    if url.scheme not in {"https", "http"} or not url.host:
        raise PushError(f"a platform's URL begins with https:// and names a host, not: {text}")
    if url.userinfo or url.fragment:
        raise PushError(f"no user, password or fragment in the URL of {url.host}")
    if url.scheme == "http" and not (plain_http or _is_own_machine(url.host)):
        raise PushError(f"{text} is not encrypted: use https://, or set plain_http knowingly")


def _is_own_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def push_client(authorities: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """Connections for many links: a TLS context costs too much to have one for each.

    Certificates are always checked, against ``authorities`` or those that httpx brings along.
    """
    return httpx.AsyncClient(
        # A platform's cookies are neither kept nor sent back: who sets a new one with each answer
        # would fill memory and headers.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        verify=True if authorities is None else authorities,
        trust_env=False,  # no proxy by accident
        follow_redirects=False,
        timeout=None,  # noqa: S113 - each exchange has its own limit, over all of its steps
        limits=httpx.Limits(
            # None stays unused for longer than platforms usually keep theirs open.
            max_connections=1000,
            max_keepalive_connections=1000,
            keepalive_expiry=50.0,
        ),
    )


class HttpPushLink:
    """A `PoliceLink` over HTTPS. Calls may overlap."""

    def __init__(
        self,
        config: PushConfig,
        template: PushTemplate,
        *,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], int] | None = None,
        names: Names = NAMES,
    ) -> None:
        """``client``: shared with other links, and closed by who made it. ``now`` in ms."""
        self.config: Final = config
        self.template: Final = template
        self._own_client: Final = client is None
        self._client: Final = client or push_client()
        self._now: Final = now or _machine_clock
        self._names: Final = names
        self._urls: Final = {Path.PRIMARY: config.primary}
        if config.backup is not None:
            self._urls[Path.BACKUP] = config.backup
        self._failover: Final = Failover(self._urls, config.failed_path_rests_s)

    @property
    def paths(self) -> Sequence[Path]:
        """The paths there are, the primary first."""
        return tuple(self._urls)

    async def send(self, event: LinkEvent, *, on_exchange: OnExchange | None = None) -> Report:
        """Try once over every path until one acknowledges; the primary first, unless it failed."""
        return await self._failover.carry(
            event.key, lambda path: self.probe(path, event), on_exchange
        )

    async def probe(self, path: Path, event: LinkEvent | None = None) -> Exchange:
        """One exchange over exactly this path. Raises ``KeyError`` when the link has no such."""
        url = self._urls[path]
        started, steady = self._now(), time.perf_counter()
        key = f"supervision:{self.config.link}:{path}:{started}" if event is None else event.key
        request = self._request(url, self._body(event, started), key, started)
        one = _Exchange(self._client, request, self._names)
        result, reason = await one.run(self.config.answer_timeout_s, self.template)
        exchange = Exchange(
            path=path,
            started=started,
            elapsed_ms=round((time.perf_counter() - steady) * 1000, 3),
            sent=one.sent,
            received=one.received,
            result=result,
            reason=reason,
            offset_ms=one.offset(self._now()),
        )
        if _refused_for_clock(one.status, exchange):
            exchange = msgspec.structs.replace(exchange, result=Result.CLOCK)
        self._failover.learn(exchange)
        return exchange

    async def aclose(self) -> None:
        """Close the connections, unless they are shared."""
        if self._own_client:
            await self._client.aclose()

    def _body(self, event: LinkEvent | None, now: int) -> bytes:
        if event is None:
            school = self.config.link.partition("/")[0]
            fields: Fields = {"link": self.config.link, "school": school, "sent": now}
            return self.template.supervision.fill(fields)
        shape = self.template.device_state if event.code in _FAULTS else self.template.alarm
        cameras: list[Fields] = [
            {
                "camera.id": camera.id,
                "camera.name": camera.name,
                "camera.recording": camera.recording,
            }
            for camera in event.cameras
        ]
        return shape.fill(
            {
                "key": event.key,
                "sequence": event.sequence,
                "code": int(event.code),
                "event": event.code.name.lower(),
                "type": self.template.types[event.code],
                "happened": event.happened,
                "known": event.known,
                "recording_from": event.happened - RECORDING_BEFORE_MS,
                "restore": event.restore,
                "test": event.test,
                "link": self.config.link,
                "school": event.school,
                "school_name": event.school_name,
                "device": event.device,
                "place": event.place,
                "zone": event.zone,
                "partition": event.partition,
                "alert": event.alert,
                "text": event.text,
                "contact": event.contact,
                "latitude": event.latitude,
                "longitude": event.longitude,
                "cameras": cameras,
            }
        )

    def _request(self, url: str, body: bytes, key: str, now: int) -> httpx.Request:
        template = self.template
        plain_key = quote(key, safe=":/._-")  # keys name schools; a header holds ASCII
        headers = {
            "User-Agent": "campus-gateway",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # the answer is kept as evidence, byte for byte
            **template.headers,
            "Content-Type": "application/json; charset=utf-8",
            template.idempotency_header: plain_key,
            template.signature.time_header: str(now),
            template.signature.header: template.signature.prefix
            + signature(self.config.key, str(now), plain_key, body),
        }
        return self._client.build_request("POST", url, content=body, headers=headers)


def signature(key: bytes, sent_at: str, idempotency_key: str, body: bytes) -> str:
    """HMAC-SHA-256, lower-case hex: what a platform computes to know that it was us."""
    signed = b"\n".join((sent_at.encode(), idempotency_key.encode(), body))
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


class _Exchange:
    """One request and its answer, with the bytes of both."""

    def __init__(self, client: httpx.AsyncClient, request: httpx.Request, names: Names) -> None:
        self._client = client
        self._request = request
        self._names = names
        self._host = request.url.raw_host.decode("ascii")
        self._request.extensions["trace"] = self._trace
        self._under_way = False
        self._date = ""
        self.status = 0
        self.received = b""

    @property
    def sent(self) -> bytes:
        """The request as it went out; empty when no connection came about."""
        if not self._under_way:
            return b""
        target = self._request.url.raw_path
        head = b"".join(name + b": " + value + b"\r\n" for name, value in self._request.headers.raw)
        return b"POST " + target + b" HTTP/1.1\r\n" + head + b"\r\n" + self._request.content

    async def run(self, limit_s: float, template: PushTemplate) -> tuple[Result, str]:
        """What came of it, and why. Nothing that a network or a platform does is raised."""
        result, reason = await self._run(limit_s, template)
        if result in (Result.UNREACHABLE, Result.SILENT):
            self._names.failed(self._host)
        return result, reason

    async def _run(self, limit_s: float, template: PushTemplate) -> tuple[Result, str]:
        try:
            async with asyncio.timeout(limit_s):
                await self._find()
                try:
                    return await self._once(template)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    if self.received:
                        raise
                    # A kept connection that the platform closed as we wrote: once more, anew. The
                    # idempotency key makes it safe.
                    return await self._once(template)
        except TimeoutError:
            if self._under_way:
                return Result.SILENT, f"no answer in {limit_s:g} s"
            return Result.UNREACHABLE, f"no connection in {limit_s:g} s"
        except httpx.HTTPError as error:
            return self._broken(error)
        except OSError as error:
            return Result.UNREACHABLE, f"{self._host}: {error.strerror or error}"

    async def _find(self) -> None:
        """Go to the address of the name, which stays what the certificate has to be for."""
        address = await self._names.address(self._host)
        if address != self._host:
            self._request.url = self._request.url.copy_with(host=address)
            self._request.extensions["sni_hostname"] = self._host

    async def _once(self, template: PushTemplate) -> tuple[Result, str]:
        response = await self._client.send(self._request, stream=True)
        try:
            self.status = response.status_code
            self._date = response.headers.get("Date", "")
            head = b"".join(n + b": " + v + b"\r\n" for n, v in response.headers.raw)
            self.received = f"HTTP {self.status}\r\n".encode() + head + b"\r\n"
            body = b""
            # As it came: we asked for no compression, and a small answer may unpack to a huge one.
            async for chunk in response.aiter_raw(8192):
                body += chunk
                if len(body) > _LARGEST_ANSWER:
                    return Result.GARBLED, f"an answer of more than {_LARGEST_ANSWER} bytes"
            self.received += body
        finally:
            await response.aclose()
        return judge(self.status, body, template)

    def _broken(self, error: httpx.HTTPError) -> tuple[Result, str]:
        told = f"{type(error).__name__}: {error}"
        if not self._under_way:
            return Result.UNREACHABLE, told
        if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
            return Result.GARBLED, told
        return Result.SILENT, f"connection lost before the answer: {told}"

    async def _trace(self, step: str, info: Mapping[str, object]) -> None:  # noqa: ARG002 - httpx's
        if step.endswith("send_request_headers.started"):
            self._under_way = True

    def offset(self, now: int) -> int | None:
        """The platform's clock less ours, to a second, when its answer is dated."""
        try:
            told = parsedate_to_datetime(self._date)
        except (TypeError, ValueError):
            return None
        if told.tzinfo is None:
            return None
        behind = int(told.timestamp() * 1000) - now
        # A date of whole seconds, told a moment ago: up to a second behind is no difference.
        return 0 if -1500 <= behind <= 500 else behind


def judge(status: int, body: bytes, template: PushTemplate) -> tuple[Result, str]:
    """What an answer means."""
    wanted = template.acknowledged
    if status not in wanted.statuses:
        result = Result.UNABLE if status >= 500 else Result.REFUSED
        return result, f"HTTP {status}"
    if not wanted.field:
        return Result.ACKNOWLEDGED, ""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Result.GARBLED, f"HTTP {status}, and no JSON in the answer"
    for step in wanted.field.split("."):
        if not isinstance(value, dict) or step not in value:
            return Result.GARBLED, f"HTTP {status}, and no field {wanted.field} in the answer"
        value = value[step]
    if type(value) is type(wanted.equals) and value == wanted.equals:
        return Result.ACKNOWLEDGED, ""
    shown = repr(value)[:80]
    return Result.REFUSED, f"HTTP {status}, {wanted.field} is {shown}, not {wanted.equals!r}"


def _refused_for_clock(status: int, exchange: Exchange) -> bool:
    """Whether a signature may have been refused for its time."""
    offset = exchange.offset_ms
    return status in _CLOCK_STATUSES and offset is not None and is_clock_off(offset)


def _machine_clock() -> int:
    return time.time_ns() // 1_000_000
