"""The demonstration's attestations: some stand, one is to be confirmed, one has ended.

The last school has stated nothing: its page shows what is asked of it.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from audit.attestation import (
    DAY_MS,
    DRILL,
    FACT,
    Attestation,
    AttestationStep,
    FileRef,
    confirm,
    subject_of,
    withdraw,
)
from audit.reminding import next_reminder
from gateway.files.shelf import Shelf
from gateway.store.attestations import put_attestation
from gateway.store.batch import Batch, Deadline
from gateway.store.files import kept
from gateway.store.read.attestations import newest_at
from gateway.store.read.files import KeptFile
from gateway.store.store import Store

OFFICER: Final = "demo.officer"
PRINCIPAL: Final = "demo.principal"
REMIND_DAYS: Final = (30, 7, 1)


class _Told(msgspec.Struct, frozen=True):
    """One of the demonstration: days from now, and what became of it."""

    item: str
    begun: int
    ends: int
    figures: dict[str, int] = msgspec.field(default_factory=dict)
    confirmed: bool = True
    withdrawn: str = ""


_OF_SCHOOLS: Final[tuple[tuple[_Told, ...], ...]] = (
    (
        _Told("closed_management", -60, 300),
        _Told("hard_isolation", -60, 300),
        _Told("guards", -60, 300, {"guards": 4}),
        _Told("guard_posts", -3, 180, confirmed=False),
        _Told(DRILL, -6, 25, {"participants": 1180, "duration_s": 172}),
    ),
    (
        _Told("closed_management", -360, 5),
        _Told("guards", -100, -10, {"guards": 3}),
        _Told("hard_isolation", -40, 300, withdrawn="车辆撞坏了一处防撞柱"),
        _Told(DRILL, -45, -14, {"participants": 960, "duration_s": 214}),
    ),
)


def attest(store: Store, directory: Path, now: int) -> None:
    """State them, until somebody has stated anything. ``directory`` is the database's. Blocks."""
    if store.read(newest_at):
        return
    paper = _paper(b"Demonstration: an invented proof")
    shelf = Shelf(directory)
    digest = shelf.keep(paper)
    schools = [school.id for school in store.load_names()[0]]
    for school, every in zip(schools, _OF_SCHOOLS, strict=False):
        file = KeptFile(school, digest, "application/pdf", len(paper), "demo.pdf")
        store.commit(kept(file, by=OFFICER, now=now)).result()
        for told in every:
            batch = Batch(now=now)
            _put(batch, told, school, file)
            store.commit(batch).result()


def _put(batch: Batch, told: _Told, school: str, file: KeptFile) -> None:
    begun = batch.now + told.begun * DAY_MS
    name = f"{told.item}-1.pdf"
    ref = FileRef(hash=file.hash, name=name, media_type=file.media_type, size=file.size)
    one = Attestation(
        id=sha256(f"demo/{school}/{told.item}".encode()).hexdigest()[:32],
        school=school,
        item=told.item,
        stated_by=OFFICER,
        at=begun,
        valid_from=begun,
        expires=batch.now + told.ends * DAY_MS,
        figures=told.figures,
        files=(ref,),
    )
    put_attestation(batch, one, AttestationStep.STATED, by=OFFICER)
    if told.confirmed:
        one = confirm(one, by=PRINCIPAL, now=begun + DAY_MS)
        put_attestation(batch, one, AttestationStep.CONFIRMED, by=PRINCIPAL)
    if told.withdrawn:
        one = withdraw(one, by=PRINCIPAL, reason=told.withdrawn, now=batch.now)
        put_attestation(batch, one, AttestationStep.WITHDRAWN, by=PRINCIPAL)
    following = next_reminder(one, REMIND_DAYS, batch.now)
    if following is not None:
        batch.deadlines.append(Deadline(FACT, subject_of(one), following.due))


def _paper(words: bytes) -> bytes:
    """A page of PDF that says so, in Helvetica, which every viewer has."""
    fonts = b"/Resources << /Font << /F1 5 0 R >> >> >>"
    shown = b"BT /F1 18 Tf 72 720 Td (" + words + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R " + fonts,
        b"<< /Length %d >>\nstream\n" % len(shown) + shown + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        made
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
        + b"startxref\n%d\n%%%%EOF\n" % len(made)
    )
