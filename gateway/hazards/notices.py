"""Issues rectification notices: numbered without a gap, with their entries in one commit."""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Refusal
from alerts.notification.webhook import Bilingual
from audit.ledger.hazard import MOST_REMARKS, Grade, Hazard
from audit.ledger.hazard_actions import By
from audit.ledger.hazard_acts import noticed
from audit.ledger.hazard_acts import replied as answered
from audit.ledger.notice import Finding, Notice, Reply, refused, replied
from devices.recording.local_time import day_of
from gateway.hazards.entering import Change
from gateway.hazards.pen import Pen
from gateway.hazards.service import Inspected, Ledger
from gateway.store.batch import Batch
from gateway.store.hazards import put_notice
from gateway.store.read.hazards import last_hazard, some_hazards
from gateway.store.read.pictures import pictures_of
from gateway.store.read.rectifications import (
    last_notice,
    last_sequence,
    notice_made,
    one_notice,
)


class Faulted(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a notice to be issued: of an entry that stands, or of a new one."""

    text: str
    requirement: str = ""
    hazard: int | None = None
    grade: Grade = Grade.GENERAL
    place: str = ""
    photos: tuple[str, ...] = ()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to be issued. Names are those printed on it."""

    school: str
    school_name: str
    bureau: str
    bureau_name: str
    issuer: str
    due: int
    findings: tuple[Faulted, ...]
    basis: str = ""


class Notices:
    """The notices of the running gateway; they share the ledger's pen."""

    def __init__(self, *, pen: Pen, ledger: Ledger, zone: str) -> None:
        """``zone``: that of local days, by which a year begins."""
        self._pen: Final = pen
        self._ledger: Final = ledger
        self.zone: Final = zone

    async def issue(self, wanted: Wanted, by: By, *, key: str = "") -> Notice | Refusal:
        """Issue a notice at once; its findings are entries of the ledger when this returns. With
        the same ``key`` again, it is issued once."""
        made = f"{by.name}/{key}" if key else ""
        async with self._pen.alone():
            if made:
                before = await self._pen.read(notice_made(made))
                if before is not None:
                    return before
            now = self._pen.now()
            notice = await self._numbered(wanted, by, now, key)
            refusal = refused(notice) or await self._missing(wanted)
            if refusal is not None:
                return refusal
            changes = await self._entries(wanted, by, notice)
            if isinstance(changes, Refusal):
                return changes
            findings = tuple(
                Finding(change.after.number, each.text, each.requirement)
                for change, each in zip(changes, wanted.findings, strict=True)
            )
            notice = msgspec.structs.replace(notice, findings=findings)
            names = await self._pen.names([notice.school])
            batch = Batch(now=now, urgent=True)
            for change in changes:
                self._pen.add(batch, change, names)
            put_notice(batch, notice, by=by.name, made=made)
            name = names.get(notice.school, Bilingual(notice.school_name))
            batch.outbox += self._pen.telling.of_notice(notice, name, now)
            await self._pen.commit(batch)
            return notice

    async def _numbered(self, wanted: Wanted, by: By, now: int, key: str) -> Notice:
        """The notice with the next number; only while alone. A number is taken by the commit alone:
        one that fails leaves no gap."""
        year = day_of(self.zone, now).year
        return Notice(
            number=await self._pen.read(last_notice) + 1,
            bureau=wanted.bureau,
            bureau_name=wanted.bureau_name,
            year=year,
            sequence=await self._pen.read(last_sequence(wanted.bureau, year)) + 1,
            school=wanted.school,
            school_name=wanted.school_name,
            issued=now,
            issued_by=by.name,
            issuer=wanted.issuer,
            due=wanted.due,
            findings=tuple(Finding(0, each.text, each.requirement) for each in wanted.findings),
            basis=wanted.basis,
            key=key,
        )

    async def _missing(self, wanted: Wanted) -> Refusal | None:
        photos = {photo for each in wanted.findings for photo in each.photos}
        if photos:
            known = await self._pen.read(pictures_of(wanted.school, photos))
            if photos - known:
                return Refusal("unknown_picture", f"upload {min(photos - known)} first")
        return None

    async def _entries(self, wanted: Wanted, by: By, notice: Notice) -> list[Change] | Refusal:
        """The entry of each finding, with the notice in it."""
        numbers = [each.hazard for each in wanted.findings if each.hazard is not None]
        if len(set(numbers)) != len(numbers):
            return Refusal("notice_twice", "an entry is named twice")
        there = {each.number: each for each in await self._pen.read(some_hazards(numbers))}
        last = await self._pen.read(last_hazard)
        changes: list[Change] = []
        for each in wanted.findings:
            before: Hazard | None = None
            if each.hazard is not None:
                before = there.get(each.hazard)
                if before is None or before.school != wanted.school:
                    return Refusal("unknown_hazard", f"the school has no entry {each.hazard}")
                if not before.standing:
                    return Refusal("hazard_over", f"entry {each.hazard} is closed")
                if len(before.steps) >= MOST_REMARKS:
                    return Refusal("hazard_full", f"entry {each.hazard} is full of steps")
                entry = before
            else:
                found = Inspected(
                    school=wanted.school,
                    text=each.text,
                    grade=each.grade,
                    place=each.place,
                    photos=each.photos,
                )
                entry = await self._ledger.entry_by_hand(found, by, after=last)
                last += 1
            photos = () if before is None else each.photos  # a new one was found with them
            after = noticed(entry, notice.number, notice.due, by, now=notice.issued, photos=photos)
            changes.append(Change(before, after))
        return changes

    async def reply(
        self, number: int, text: str, photos: tuple[str, ...], by: By, *, key: str = ""
    ) -> Notice | Refusal:
        """The school answers. With the same ``key`` again, it answers once."""
        async with self._pen.alone():
            notice = await self._pen.read(one_notice(number))
            if notice is None:
                return Refusal("unknown_notice", f"there is no notice {number}")
            known = await self._pen.read(pictures_of(notice.school, photos)) if photos else ()
            missing = next((photo for photo in photos if photo not in known), None)
            if missing is not None:
                return Refusal("unknown_picture", f"upload the picture {missing} first")
            now = self._pen.now()
            reply = Reply(at=now, by=by.name, role=by.role.value, text=text, photos=photos, key=key)
            after = replied(notice, reply)
            if isinstance(after, Refusal) or after is notice:
                return after
            batch = Batch(now=now, urgent=True)
            for hazard in await self._pen.read(some_hazards(notice.hazards)):
                entry = answered(hazard, number, text, by, now=now)
                if entry is not hazard:
                    self._pen.add(batch, Change(hazard, entry), {})
            put_notice(batch, after, by=by.name)
            await self._pen.commit(batch)
            return after
