"""Verdicts on recordings written: how they stand, what they rest on, and the facts of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import delete

from devices.recording.holdings import Holdings
from devices.recording.proof import Proof
from devices.recording.requirement import Requirement
from devices.recording.verdict import Reason, Status, Verdict
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.upserts import upsert

FACT: Final = "recording_verdict"
ROUND: Final = "recordings_round"

_body: Final = msgspec.json.Encoder()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """How the recordings of one camera stand. Times in ms UTC.

    ``asked``: when its recorder was asked last, 0 = never. ``covered`` is a share of the days
    judged. ``unknown_since``: ``None`` when it is known. ``marks``: a letter for each day from
    ``first_day`` (2026-11-20) on, the first of its status.
    """

    school: str
    camera: str
    recorder: str
    status: Status
    required_days: int
    asked: int
    as_of: int
    reach: int | None = None
    covered: float | None = None
    gaps: int = 0
    falls_short: int | None = None
    unknown_since: int | None = None
    first_day: str = ""
    marks: str = ""
    reasons: tuple[Reason, ...] = ()
    proof: Proof | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The camera's school and id."""
        return (self.school, self.camera)


def judged(
    key: tuple[str, str],
    recorder: str,
    verdict: Verdict,
    requirement: Requirement,
    *,
    asked: int,
    unknown_since: int | None,
) -> Judged:
    """How it stands by a verdict; ``unknown_since`` is what counts if that is unknown."""
    whole = sum(day.end - day.begin for day in verdict.days)
    recorded = sum(day.recorded for day in verdict.days)
    ahead = verdict.forecast
    return Judged(
        school=key[0],
        camera=key[1],
        recorder=recorder,
        status=verdict.status,
        required_days=requirement.days,
        asked=asked,
        as_of=verdict.as_of,
        reach=verdict.reach,
        covered=recorded / whole if whole else None,
        gaps=verdict.gap_count,
        falls_short=None if ahead is None else ahead.falls_short,
        unknown_since=unknown_since if verdict.status is Status.UNKNOWN else None,
        first_day=verdict.days[0].day.isoformat() if verdict.days else "",
        marks="".join(day.status.value[0] for day in verdict.days),
        reasons=verdict.reasons,
        proof=verdict.proof,
    )


def put_verdict(batch: Batch, one: Judged, verdict: Verdict, holdings: Holdings) -> None:
    """Write it over what stood of this camera."""
    row: dict[str, Any] = {
        **msgspec.structs.asdict(one),
        "status": one.status.value,
        "reasons": _body.encode(one.reasons),
        "verdict": _body.encode(verdict),
        "holdings": holdings.to_bytes(),
        "proof": None if one.proof is None else _body.encode(one.proof),
    }
    batch.statements.append((upsert("sqlite", schema.recordings), [row]))


def is_news(before: Judged | None, after: Judged) -> bool:
    """Whether a verdict says other things than the one before; amounts grow each night."""
    return before is None or not before.asked or _gist(before) != _gist(after)


def put_fact(batch: Batch, one: Judged, verdict: Verdict, actor: str) -> None:
    """What is proven: the verdict and its grounds, not each of its days."""
    body = {
        "recorder": one.recorder,
        "status": one.status,
        "required_days": one.required_days,
        "as_of": one.as_of,
        "begin": verdict.begin,
        "end": verdict.end,
        "oldest": verdict.oldest,
        "reach": one.reach,
        "covered_ppm": _ppm(one),
        "gaps": one.gaps,
        "drift": verdict.drift,
        "falls_short": one.falls_short,
        "reasons": one.reasons,
        "sample": None if one.proof is None else one.proof.sample,
        "sampled": None if one.proof is None else one.proof.at,
    }
    subject = f"device:{one.school}/{one.camera}"
    batch.facts.append(Fact(FACT, one.as_of, batch.now, actor, subject, canonical(body)))


def put_round(batch: Batch, recorder: tuple[str, str], its: Iterable[Judged], actor: str) -> None:
    """How all cameras of a recorder stood when it was asked through: one fact a night, so that
    what did not change is proven of that night as well.
    """
    cameras = {
        one.camera: {
            "status": one.status,
            "required_days": one.required_days,
            "as_of": one.as_of,
            "reach": one.reach,
            "covered_ppm": _ppm(one),
            "sample": None if one.proof is None else one.proof.sample,
            "sampled": None if one.proof is None else one.proof.at,
        }
        for one in its
    }
    subject = f"device:{recorder[0]}/{recorder[1]}"
    body = canonical({"cameras": cameras})
    batch.facts.append(Fact(ROUND, batch.now, batch.now, actor, subject, body))


def _ppm(one: Judged) -> int | None:
    return None if one.covered is None else round(one.covered * 1_000_000)


def _gist(one: Judged) -> tuple[object, ...]:
    told = frozenset((reason.kind, reason.trouble) for reason in one.reasons)
    outcome = None if one.proof is None else one.proof.sample.outcome
    return one.recorder, one.status, one.required_days, told, outcome


def forget(batch: Batch, keys: Iterable[tuple[str, str]]) -> None:
    """No recorder of the settings records these cameras any more. The facts stay."""
    table = schema.recordings
    for school, camera in keys:
        gone = delete(table).where(table.c.school == school, table.c.camera == camera)
        batch.statements.append((gone, None))
