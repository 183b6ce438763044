"""Where heads go: rows of the outbox, and the receivers that no others of ours are.

The outbox does the rest: it keeps what could not be delivered, tries again, and raises an alert
when a receiver is not reached for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

import httpx
import msgspec

from alerts.notification.event import EventSchool, notice_body
from alerts.notification.mqtt_alert import Publication
from alerts.notification.webhook import Bilingual
from audit.evidence.heads import Head, read_head
from audit.evidence.notes import COSIGNATURE_BYTES, NoteError, read_line, read_verifier
from gateway.broker.access import EVIDENCE_HEAD
from gateway.clock import Clock
from gateway.evidence.log import Log
from gateway.evidence.service import Evidence
from gateway.notification.delivery import Delivered, Outcome, Receiver, Refused, Retry
from gateway.notification.webhook import NOT_NOW
from gateway.pipeline.telling import MQTT
from gateway.settings import Settings
from gateway.settings_evidence import RECEIVER, PublishSettings, WitnessSettings
from gateway.store.batch import Batch, OutboxEntry
from gateway.store.evidence import put_cosignature
from gateway.store.read import evidence as stored
from gateway.store.read.evidence import Cosignature, HeadRow
from gateway.store.store import Store
from gateway.words import Words

NEWEST: Final = "newest.head"
_HOUR_MS: Final = 3_600_000
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_ANSWER: Final = 64 * 1024


class Published:
    """Gives the rows of the outbox for a head."""

    def __init__(self, settings: Settings, words: Words) -> None:
        self._publish: Final = settings.evidence.publish
        self._messages: Final = {
            one.name: one.language
            for one in settings.notification.messages
            if one.name in settings.evidence.publish.messages
        }
        self._words: Final = words

    def entries(self, head: HeadRow, before: HeadRow | None) -> list[OutboxEntry]:
        """For everybody to whom this head goes; ``before`` is the one signed before it."""
        key = f"head/{head.size}"
        receivers = receiver_names(self._publish)
        entries = [
            OutboxEntry(name, key, head.at, head.note.encode(), head.at) for name in receivers
        ]
        if self._publish.mqtt:
            shown = Publication(topic=EVIDENCE_HEAD, payload=head.note).encode()
            entries.append(OutboxEntry(MQTT, key, head.at, shown, head.at))
        span = self._publish.message_hours * _HOUR_MS
        if before is None or before.at // span != head.at // span:
            entries += [self._message(name, key, head) for name in self._messages]
        return entries

    def _message(self, receiver: str, key: str, head: HeadRow) -> OutboxEntry:
        when = datetime.fromtimestamp(head.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        title, said = (
            Bilingual(
                zh=self._words.text(name, "zh", when=when, size=head.size, head=head.note),
                en=self._words.text(name, "en", when=when, size=head.size, head=head.note),
            )
            for name in ("message.head.title", "message.head.text")
        )
        language = self._messages[receiver]
        body = notice_body(
            key,
            head.at,
            title=title,
            said=said,
            text=said.en if language == "en" else said.zh,
            school=EventSchool(id="", name=Bilingual(zh="", en="")),
        )
        return OutboxEntry(receiver, key, head.at, body, head.at)


def receiver_names(publish: PublishSettings) -> list[str]:
    """The receivers of heads that no others of ours are."""
    folders = [f"{RECEIVER}folder{number}" for number in range(1, len(publish.folders) + 1)]
    return [*folders, *(RECEIVER + witness.name for witness in publish.witnesses)]


def receivers_of(
    publish: PublishSettings, store: Store, clock: Clock, evidence: Evidence
) -> dict[str, Receiver]:
    """The receivers by name."""
    made: list[Receiver] = [FileDrop(folder) for folder in publish.folders]
    made += [WitnessReceiver(one, store, clock, evidence) for one in publish.witnesses]
    return dict(zip(receiver_names(publish), made, strict=True))


class FileDrop:
    """Writes each head into a folder, under its log's name and size, and the newest beside."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        # Its own: a share that hangs keeps a thread, and it must not be one that others need.
        self._thread: Final = ThreadPoolExecutor(1, "heads")
        self._under_way: Future[None] | None = None

    @property
    def time_limit(self) -> float:
        """Seconds: a share that is not there can keep one waiting."""
        return 20.0

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """Write it."""
        try:
            head = read_head(entry.body.decode())
        except (NoteError, ValueError) as error:
            return Refused(f"not a head: {error}")
        if self._under_way is not None and not self._under_way.done():
            return Retry(f"{self._folder}: the head before is still being written")
        self._under_way = self._thread.submit(self._drop, head.head, entry.body)
        try:
            # Whoever runs out of patience leaves it running.
            await asyncio.shield(asyncio.wrap_future(self._under_way))
        except OSError as error:
            return Retry(f"{self._folder}: {error.strerror or error}")
        return Delivered()

    def _drop(self, head: Head, content: bytes) -> None:
        origin = _UNFIT.sub("-", head.origin)
        self._write(f"{origin}-{head.size:012d}.head", content)
        self._write(f"{origin}-{NEWEST}", content)

    def _write(self, name: str, content: bytes) -> None:
        # Not made: a share that is not mounted must not become a folder of our own disk.
        beside = self._folder / f".{name}.{os.getpid()}"
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._folder / name)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Let go of the thread; what it is writing ends when the share lets it."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Countersigned(msgspec.Struct, frozen=True):
    """What a witness answers: its line of the note, and how far it has seen the log (entries)."""

    line: str = ""
    size: Annotated[int, msgspec.Meta(ge=0)] = 0


class WitnessReceiver:
    """Has each head countersigned by another gateway, and keeps the line."""

    def __init__(
        self, settings: WitnessSettings, store: Store, clock: Clock, evidence: Evidence
    ) -> None:
        self._name: Final = settings.name
        self._url: Final = f"{settings.url.rstrip('/')}/api/v1/evidence/witness"
        self._key: Final = None if settings.key is None else read_verifier(settings.key)
        self._store: Final = store
        self._clock: Final = clock
        self._evidence: Final = evidence
        self._time_limit: Final = settings.timeout_s
        ca_file = settings.ca_file
        self._client: Final = httpx.AsyncClient(
            verify=True if ca_file is None else ssl.create_default_context(cafile=str(ca_file)),
            timeout=settings.timeout_s,
            follow_redirects=False,
            headers={
                "User-Agent": "campus-gateway",
                "Accept-Encoding": "identity",  # what is read of an answer is what was sent
                "Authorization": f"Bearer {settings.token.get_secret_value()}",
            },
        )

    @property
    def time_limit(self) -> float:
        """Seconds a delivery may take in all: it may be told of an earlier head and ask again."""
        return 2 * self._time_limit

    async def deliver(self, entry: OutboxEntry) -> Outcome:
        """Have it countersigned."""
        note = entry.body.decode()
        head = read_head(note)
        old = await asyncio.to_thread(self._store.read, stored.last_cosigned(self._name))
        log = await self._evidence.caught_up()
        key = str((await self._evidence.keys()).signer.verifier)
        try:
            status, said = await self._ask(note, key, old, log, head.head.size)
            if status == HTTPStatus.CONFLICT:
                seen = _countersigned(said).size
                if seen > log.size:
                    return Refused(f"it has seen {seen} entries of a log that has {log.size}")
                if seen > head.head.size:
                    return Delivered()  # it has seen a later one, which says more
                status, said = await self._ask(note, key, seen, log, head.head.size)
        except httpx.HTTPError as error:
            return Retry(f"{type(error).__name__}: {error}"[:200])
        if status in NOT_NOW:
            return Retry(f"HTTP {status}")
        if status != HTTPStatus.OK:
            return Refused(f"HTTP {status}: {said.decode('utf-8', 'replace')[:200]}")
        return await self._keep(note, head.head.size, _countersigned(said))

    async def _ask(self, note: str, key: str, old: int, log: Log, size: int) -> tuple[int, bytes]:
        """The status of the answer, and its beginning."""
        old = min(old, size)
        proof = await asyncio.to_thread(log.consistency, old, size)
        asked = {"note": note, "key": key, "old": old, "proof": [one.hex() for one in proof]}
        async with self._client.stream("POST", self._url, json=asked) as response:
            return response.status_code, await _beginning(response)

    async def _keep(self, note: str, size: int, answer: Countersigned) -> Outcome:
        try:
            line = read_line(answer.line)
            countersigned = read_head(f"{note}{answer.line}\n").note
        except NoteError as error:
            return Refused(f"its answer is no countersignature: {error}")
        if len(line.signature) != COSIGNATURE_BYTES:
            return Refused("its answer is no countersignature: it is not as long as one")
        if self._key is not None and self._key.cosigned(countersigned) is None:
            return Refused("its countersignature is not by the key in evidence.publish.witnesses")
        now = self._clock.now()
        batch = Batch(now=now)
        put_cosignature(batch, Cosignature(size, line.name, self._name, now, answer.line))
        await asyncio.shield(asyncio.wrap_future(self._store.commit(batch)))
        return Delivered()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


_answer: Final = msgspec.json.Decoder(Countersigned).decode


async def _beginning(response: httpx.Response) -> bytes:
    """No more is read, however much it says."""
    read = b""
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) >= _LONGEST_ANSWER:
            break
    return read[:_LONGEST_ANSWER]


def _countersigned(said: bytes) -> Countersigned:
    try:
        return _answer(said)
    except msgspec.MsgspecError:
        return Countersigned()
