"""How recordings stand: lists for people, and what a round of asking begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import Connection, select

from devices.recording.holdings import Holdings
from devices.recording.proof import Proof
from devices.recording.verdict import Reason, Status, Verdict
from gateway.store.recordings import Judged
from gateway.store.schema import devices, recordings

_log: Final = structlog.get_logger(__name__)
_reasons: Final = msgspec.json.Decoder(tuple[Reason, ...])
_verdict: Final = msgspec.json.Decoder(Verdict)
_proof: Final = msgspec.json.Decoder(Proof)

_FIELDS: Final = Judged.__struct_fields__
_COLUMNS: Final = tuple(recordings.c[name] for name in _FIELDS)


class Standing(msgspec.Struct, frozen=True):
    """How it stands with one camera, and what the register calls it; no names off the register."""

    judged: Judged
    name_zh: str
    name_en: str
    place: str | None


def every_standing(connection: Connection) -> list[Judged]:
    """How it stands with all cameras."""
    return [_judged(row) for row in connection.execute(select(*_COLUMNS))]


def standing(schools: frozenset[str] | None) -> Callable[[Connection], list[Standing]]:
    """How it stands with the cameras of these schools (``None`` = all), by school and id."""
    of_register = (devices.c.school == recordings.c.school) & (devices.c.id == recordings.c.camera)
    query = (
        select(*_COLUMNS, devices.c.name_zh, devices.c.name_en, devices.c.place)
        .select_from(recordings.outerjoin(devices, of_register))
        .order_by(recordings.c.school, recordings.c.camera)
    )
    if schools is not None:
        query = query.where(recordings.c.school.in_(sorted(schools)))

    def read(connection: Connection) -> list[Standing]:
        return [
            Standing(_judged(row), row[-3] or "", row[-2] or "", row[-1])
            for row in connection.execute(query)
        ]

    return read


def one_verdict(school: str, camera: str) -> Callable[[Connection], Verdict | None]:
    """One camera's, with each of its days."""
    query = select(recordings.c.verdict).where(*_of(school, camera))

    def read(connection: Connection) -> Verdict | None:
        found = connection.execute(query).scalar()
        return None if found is None else _verdict.decode(found)

    return read


def holdings_of(school: str, camera: str) -> Callable[[Connection], Holdings]:
    """What is known of one camera's recordings; nothing when none of it can be read."""
    query = select(recordings.c.holdings).where(*_of(school, camera))

    def read(connection: Connection) -> Holdings:
        found = connection.execute(query).scalar()
        if found is None:
            return Holdings()
        try:
            return Holdings.from_bytes(found)
        except (ValueError, msgspec.MsgspecError) as error:
            # It is asked for anew, all of it: that takes longer and is never wrong.
            _log.error("recordings.unreadable", school=school, camera=camera, error=str(error))
            return Holdings()

    return read


def _of(school: str, camera: str) -> tuple[Any, Any]:
    return recordings.c.school == school, recordings.c.camera == camera


def _judged(row: Sequence[Any]) -> Judged:
    fields = dict(zip(_FIELDS, row, strict=False))
    fields["status"] = Status(fields["status"])
    fields["reasons"] = _reasons.decode(fields["reasons"])
    fields["proof"] = None if fields["proof"] is None else _proof.decode(fields["proof"])
    return Judged(**fields)
