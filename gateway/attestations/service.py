"""Takes statements, confirmations and withdrawals, and reminds before one ends.

One change at a time: who confirms what is being withdrawn gets to know it. Each step, what it
replaces, the files it uses, its fact and when somebody is to be reminded are one transaction.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from alerts.alert import Refusal
from alerts.notification.event import EventSchool
from alerts.notification.webhook import Bilingual
from audit.asked import Asked
from audit.attestation import (
    FACT,
    Attestation,
    AttestationError,
    AttestationStep,
    FileRef,
    confirm,
    replaced_at,
    state,
    subject_of,
    withdraw,
)
from audit.reminding import days_left, next_reminder
from audit.roster import RosterEntry
from gateway.clock import Clock
from gateway.files.sight import SUFFIXES
from gateway.notification.notices import notice_entries
from gateway.settings import Settings
from gateway.store.attestations import put_attestation, put_replaced
from gateway.store.batch import Batch, Deadline
from gateway.store.read.attestations import (
    attestations_of,
    due_deadlines,
    name_of_school,
    newest_at,
    one_attestation,
    without_deadline,
)
from gateway.store.read.files import KeptFile, files_of
from gateway.store.read.roster import entry_of
from gateway.store.store import Store, StoreError
from gateway.words import Words

_log: Final = structlog.get_logger(__name__)

REMIND: Final = FACT
"""The kind of the stored deadlines; their subject is the attestation's."""

LOOK_S: Final = 30.0
AT_ONCE: Final = 100
COMMIT_S: Final = 15.0

Result = TypeVar("Result")


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody states. Times in ms; ``files`` are hashes; ``valid_from`` ``None`` = now."""

    school: str
    item: str
    expires: int
    valid_from: int | None = None
    figures: dict[str, int] = msgspec.field(default_factory=dict)
    files: tuple[str, ...] = ()
    text: str = ""


class Attestations:
    """The attestations of the running gateway: every change goes through here."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        settings: Settings,
        words: Words,
        asked: Callable[[], dict[str, Asked]],
        notify: Callable[[Iterable[str]], None] = lambda _: None,
    ) -> None:
        """``asked`` gives what policies ask to be attested, by item; ``notify`` is told of
        receivers that have something to be delivered."""
        self._store: Final = store
        self._clock: Final = clock
        self._settings: Final = settings
        self._words: Final = words
        self._asked: Final = asked
        self._notify: Final = notify
        self._lock: Final = asyncio.Lock()
        self._writing: asyncio.Future[None] | None = None

    def asked(self) -> dict[str, Asked]:
        """What policies ask to be attested, by item."""
        return self._asked()

    async def now(self) -> int:
        """The time (ms), never before the newest statement: a clock that was set back must not make
        it one of the future."""
        return max(self._clock.now(), await self._read(newest_at))

    async def listed(self, school: str) -> RosterEntry | None:
        """The school as it stands on the roster."""
        return await self._read(entry_of(school))

    # What people do

    async def state(self, wanted: Statement, actor: str, *, key: str = "") -> Attestation | Refusal:
        """``actor`` states that an item is met; returns when it is committed.

        With the same ``key`` again, it is stated once. Raises `StoreError`.
        """
        asked = self._asked().get(wanted.item)
        if asked is None:
            return Refusal("attestation_item", f"no policy asks for {wanted.item}")
        name = _name(actor, key)
        async with self._lock:
            await self._last_written()
            known = await self._read(one_attestation(name))
            if known is not None:
                return known.attestation
            # Never before an earlier one, whatever the clock says meanwhile: the later one counts.
            now = max(self._clock.now(), await self._read(newest_at) + 1)
            roster = await self._read(entry_of(wanted.school))
            files = await self._read(files_of(wanted.school, wanted.files))
            missing = next((each for each in wanted.files if each not in files), None)
            if missing is not None:
                return Refusal("unknown_file", f"upload the file {missing} first")
            draft = Attestation(
                id=name,
                school=wanted.school,
                item=wanted.item,
                stated_by=actor,
                at=now,
                valid_from=now if wanted.valid_from is None else wanted.valid_from,
                expires=wanted.expires,
                figures=dict(wanted.figures),
                files=_refs(wanted, files),
                text=wanted.text.strip(),
            )
            kind = "" if roster is None else roster.kind.value
            try:
                stated = state(draft, terms=asked.terms, kind=kind, now=now)
            except AttestationError as error:
                return Refusal(error.code, str(error))
            await self._write(stated, AttestationStep.STATED, actor, now)
            return stated

    async def confirm(self, name: str, actor: str) -> Attestation | Refusal:
        """``actor`` confirms one as a second person. Raises `StoreError`."""
        return await self._step(
            name,
            AttestationStep.CONFIRMED,
            actor,
            lambda one, now: confirm(one, by=actor, now=now),
        )

    async def withdraw(self, name: str, actor: str, reason: str) -> Attestation | Refusal:
        """``actor`` withdraws one. Raises `StoreError`."""
        return await self._step(
            name,
            AttestationStep.WITHDRAWN,
            actor,
            lambda one, now: withdraw(one, by=actor, reason=reason, now=now),
        )

    async def _step(
        self,
        name: str,
        step: AttestationStep,
        actor: str,
        act: Callable[[Attestation, int], Attestation],
    ) -> Attestation | Refusal:
        async with self._lock:
            await self._last_written()
            stored = await self._read(one_attestation(name))
            if stored is None:
                return Refusal("unknown_attestation", f"there is no attestation {name}")
            before = stored.attestation
            now = max(self._clock.now(), before.at)
            try:
                after = act(before, now)
            except AttestationError as error:
                return Refusal(error.code, str(error))
            if after is not before:
                await self._write(after, step, actor, now)
            return after

    async def _write(self, one: Attestation, step: AttestationStep, actor: str, now: int) -> None:
        batch = Batch(now=now, urgent=True)
        put_attestation(batch, one, step, by=actor)
        if step is not AttestationStep.CONFIRMED:
            others = await self._read(attestations_of(one.school, one.item))
            every = [each for each in others if each.id != one.id] + [one]
            changed = [(each.id, replaced_at(each, every)) for each in every]
            put_replaced(batch, changed)
            batch.deadlines += [
                self._deadline(each, now, replaced=dict(changed)[each.id]) for each in every
            ]
        await self._commit(batch)

    def _deadline(self, one: Attestation, now: int, *, replaced: int | None) -> Deadline:
        """When somebody is reminded of it next; never, once it is replaced."""
        following = next_reminder(one, self._settings.attestations.remind_days, now)
        due = None if following is None or _in_time(one, replaced) else following.due
        return Deadline(REMIND, subject_of(one), due)

    # What happens by itself

    async def run(self) -> None:
        """Remind of what ends, until cancelled. A store that refuses is asked again."""
        newest = math.inf
        while True:
            try:
                now = self._clock.now()
                if now < newest:  # at a start, and when a clock that ran ahead has been set right
                    await self.resume()
                newest = now
                await self.remind()
            except StoreError as error:
                _log.warning("attestations.put_off", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def resume(self) -> int:
        """See to it that everything that has not ended is told of; how many had been forgotten.

        A clock that ran past their end had them told of for the last time.
        """
        async with self._lock:
            await self._last_written()
            now = self._clock.now()
            forgotten = await self._read(without_deadline(REMIND, now))
            if forgotten:
                batch = Batch(now=now)
                batch.deadlines += [
                    self._deadline(one.attestation, now, replaced=one.replaced) for one in forgotten
                ]
                await self._commit(batch)
        return len(forgotten)

    async def remind(self) -> int:
        """Tell of all that is due; how many. Of several days that have passed meanwhile (the
        gateway was off, the clock was set) the last one is told."""
        told = 0
        while due := await self._read(due_deadlines(REMIND, self._clock.now(), AT_ONCE)):
            async with self._lock:
                await self._last_written()
                batch = Batch(now=self._clock.now())
                for deadline in due:
                    told += await self._tell(deadline.subject, batch)
                await self._commit(batch)
            self._notify({entry.receiver for entry in batch.outbox})
        return told

    async def _tell(self, subject: str, batch: Batch) -> int:
        """Put into ``batch`` what is to be said of one, and when there is more to say."""
        number = subject.rpartition("/")[2]
        stored = await self._read(one_attestation(number))
        if stored is None or stored.attestation.withdrawn is not None:
            batch.deadlines.append(Deadline(REMIND, subject, None))
            return 0
        one, replaced = stored.attestation, stored.replaced
        batch.deadlines.append(self._deadline(one, batch.now, replaced=replaced))
        if _in_time(one, replaced):
            return 0
        left = days_left(one, batch.now)
        name = await self._read(name_of_school(one.school))
        batch.outbox += notice_entries(
            self._settings.notification,
            self._settings.attestations.receivers,
            key=f"notice/{one.school}/{one.id}/{left}",
            school=EventSchool(id=one.school, name=Bilingual(*name)),
            title=self._say(
                "attestation.notice.title" if left else "attestation.notice.ended", one
            ),
            said=self._say(
                "attestation.notice.ends" if left else "attestation.notice.over", one, left
            ),
            now=batch.now,
            link=self._link(one),
            demo=self._settings.demo,
        )
        return 1

    def _say(self, key: str, one: Attestation, left: int = 0) -> Bilingual:
        name = self.item_name(one.item)
        return Bilingual(
            self._words.text(key, "zh", item=name.zh, n=left),
            self._words.text(key, "en", item=name.en, n=left),
        )

    def item_name(self, item: str) -> Bilingual:
        """What an item is called: by the policy that asks for it, or by the catalogues."""
        asked = self._asked().get(item)
        if asked is not None and asked.name_zh:
            return Bilingual(asked.name_zh, asked.name_en or asked.name_zh)
        key = f"attestation.item.{item}"
        if key not in self._words:
            return Bilingual(item, item)
        said = self._words.both(key)
        return Bilingual(said["zh"], said["en"])

    def _link(self, one: Attestation) -> str | None:
        page = self._settings.web.public_url
        return None if page is None else f"{page}/attestations/{one.school}"

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _last_written(self) -> None:
        """None of ours is still on its way: what is read without it would be judged wrongly."""
        if self._writing is not None:
            await self._ended(self._writing)

    async def _commit(self, batch: Batch) -> None:
        self._writing = asyncio.wrap_future(self._store.commit(batch))
        await self._ended(self._writing)
        self._writing.result()

    async def _ended(self, writing: asyncio.Future[None]) -> None:
        done, _ = await asyncio.wait([writing], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        writing.exception()  # whoever wrote it may have gone away


def _in_time(one: Attestation, replaced: int | None) -> bool:
    """Whether a newer one takes its place before it ends."""
    return replaced is not None and replaced <= one.expires


def _name(actor: str, key: str) -> str:
    """The id of what is stated under a key; without one, of its own."""
    if not key:
        return secrets.token_hex(16)
    return sha256(f"{actor}\n{key}".encode()).hexdigest()[:32]


def _refs(wanted: Statement, files: dict[str, KeptFile]) -> tuple[FileRef, ...]:
    """The files as they stand in the fact: under names of ours."""
    return tuple(
        FileRef(
            hash=each,
            name=f"{wanted.item}-{number}.{SUFFIXES[files[each].media_type]}",
            media_type=files[each].media_type,
            size=files[each].size,
        )
        for number, each in enumerate(dict.fromkeys(wanted.files), 1)
    )
