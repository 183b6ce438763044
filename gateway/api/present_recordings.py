"""Recordings put for people: names, sentences, totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from devices.model import Device
from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone, to_local
from devices.recording.proof import Proof
from devices.recording.source import Trouble
from devices.recording.verdict import Reason, ReasonKind, Status, Verdict
from gateway.api.models.devices import RegionOut
from gateway.api.models.recordings import (
    RecorderOut,
    RecordingDayOut,
    RecordingDetailOut,
    RecordingOut,
    RecordingReasonOut,
    RecordingSampleOut,
    RecordingsOut,
    RecordingSpanOut,
    RecordingTotalsOut,
    RegionRecordingsOut,
    SchoolRecordingsOut,
)
from gateway.api.models.shapes import Names
from gateway.api.register import Register, names
from gateway.recordings.desk import RecordingsDesk
from gateway.settings_recordings import RecorderSettings
from gateway.store.read.recordings import Standing
from gateway.store.recordings import Judged
from gateway.words import Language, Words

STALE_MS: Final = 36 * HOUR_MS
"""Asked each night; a verdict older than this says nothing about now."""

_MINUTE_MS: Final = 60_000


def as_of_now(one: Judged, now: int) -> Judged:
    """A verdict that nobody renewed in time is worth nothing: unknown, whatever it was."""
    if not one.asked or now - one.as_of <= STALE_MS:
        return one
    reason = Reason(kind=ReasonKind.NEVER_ASKED, begin=one.as_of, end=now, amount=now - one.as_of)
    return msgspec.structs.replace(
        one,
        status=Status.UNKNOWN,
        reasons=(reason, *one.reasons),
        falls_short=None,
        marks="u" * len(one.marks),
    )


class RecordingPresenter:
    """Makes answers of what is stored."""

    def __init__(
        self,
        *,
        desk: RecordingsDesk,
        register: Register,
        words: Words,
        zone: str,
        now: Callable[[], int],
    ) -> None:
        """``zone``: by whose wall clock sentences name times."""
        self.desk: Final = desk
        self._register: Final = register
        self._words: Final = words
        self._zone: Final = named_zone(zone)
        self._now: Final = now

    def recording(self, standing: Standing) -> RecordingOut:
        """One camera."""
        one = as_of_now(standing.judged, self._now())
        return RecordingOut(
            school=one.school,
            school_name=self._register.school_name(one.school),
            camera=one.camera,
            name=names(standing.name_zh, standing.name_en, one.camera),
            place=self._register.place_path(one.school, standing.place),
            recorder=one.recorder,
            status=one.status,
            reasons=[self._reason(reason) for reason in one.reasons],
            required_days=one.required_days,
            held_days=None if one.reach is None else round((one.as_of - one.reach) / DAY_MS, 2),
            reach=one.reach,
            covered_pct=None if one.covered is None else round(one.covered * 100, 2),
            gaps=one.gaps,
            asked=one.asked or None,
            as_of=one.as_of,
            falls_short=one.falls_short,
            first_day=one.first_day,
            marks=one.marks,
            sample=None if one.proof is None else self._sample(one.proof),
            checking=self.desk.checking(one.key),
        )

    def _sample(self, proof: Proof) -> RecordingSampleOut:
        sample = proof.sample
        return RecordingSampleOut(
            outcome=sample.outcome,
            text=Names(**self._words.both(f"recording.sample.{sample.outcome.value}")),
            at=proof.at,
            moment=sample.wanted,
            width=sample.width,
            height=sample.height,
            detail=sample.detail,
            played_at=proof.played_at,
        )

    def detail(self, standing: Standing, verdict: Verdict) -> RecordingDetailOut:
        """One camera, day by day."""
        whole = self.recording(standing)
        stale = whole.status is not standing.judged.status
        return RecordingDetailOut(
            **dict(whole),
            begin=verdict.begin,
            end=verdict.end,
            oldest=verdict.oldest,
            days=[
                RecordingDayOut(
                    day=day.day.isoformat(),
                    begin=day.begin,
                    end=day.end,
                    recorded_ms=0 if stale else day.recorded,
                    unknown_ms=day.end - day.begin if stale else day.unknown,
                    status=Status.UNKNOWN if stale else day.status,
                )
                for day in verdict.days
            ],
            gap_spans=[RecordingSpanOut(begin=one.begin, end=one.end) for one in verdict.gaps],
            unknown_spans=[
                RecordingSpanOut(begin=one.begin, end=one.end) for one in verdict.unknown
            ],
            drift_ms=verdict.drift,
            forecast=None if verdict.forecast is None else verdict.forecast.basis,
        )

    def totals(self, found: Sequence[Standing], schools: frozenset[str] | None) -> RecordingsOut:
        """How many stand how: all, by region, by school."""
        now = self._now()
        by_school: dict[str, list[Judged]] = {}
        for each in found:
            by_school.setdefault(each.judged.school, []).append(as_of_now(each.judged, now))
        region_of = {school.id: school.region for school in self._register.schools}
        regions = []
        for region in _from_the_top(self._register.regions_out(schools)):
            within = self._register.schools_in(region.id)
            counts = _counts(one for school in within for one in by_school.get(school, ()))
            if counts["total"]:
                regions.append(
                    RegionRecordingsOut(
                        region=region.id, name=region.name, parent=region.parent, **counts
                    )
                )
        return RecordingsOut(
            all=RecordingTotalsOut(**_counts(one for of in by_school.values() for one in of)),
            regions=regions,
            schools=[
                SchoolRecordingsOut(
                    school=school,
                    school_name=self._register.school_name(school),
                    region=region_of.get(school),
                    **_counts(its),
                )
                for school, its in by_school.items()
            ],
        )

    def recorder(self, recorder: RecorderSettings, device: Device | None) -> RecorderOut:
        """One recorder."""
        look = self.desk.look(recorder.key)
        trouble = None if look is None else look.trouble
        zh, en = ("", "") if device is None else (device.name_zh, device.name_en)
        return RecorderOut(
            school=recorder.school,
            school_name=self._register.school_name(recorder.school),
            id=recorder.id,
            name=names(zh, en, recorder.id),
            kind=recorder.kind,
            cameras=len(recorder.cameras),
            looked=None if look is None else look.at,
            failing=None if look is None else look.failing,
            trouble=trouble,
            trouble_text=None if trouble is None else self._trouble(trouble),
            detail="" if look is None else look.detail,
            drift_ms=None if look is None else look.drift,
        )

    def _trouble(self, trouble: Trouble) -> Names:
        return Names(**self._words.both(f"recording.trouble.{trouble.value}"))

    def _reason(self, reason: Reason) -> RecordingReasonOut:
        return RecordingReasonOut(
            kind=reason.kind,
            text=Names(zh=self.sentence(reason, "zh"), en=self.sentence(reason, "en")),
            begin=reason.begin,
            end=reason.end,
            detail=reason.detail,
        )

    def sentence(self, reason: Reason, language: Language) -> str:
        """A reason in words."""
        trouble = reason.trouble and self._words.text(
            f"recording.trouble.{reason.trouble}", language
        )
        return self._words.text(
            f"recording.reason.{reason.kind.value}",
            language,
            begin=self._at(reason.begin),
            end=self._at(reason.end),
            amount=self._amount(abs(reason.amount), language),
            count=reason.count,
            trouble=trouble,
            sense=self._words.text(
                f"recording.clock.{'slow' if reason.amount < 0 else 'fast'}", language
            ),
        )

    def _at(self, moment: int | None) -> str:
        return "" if moment is None else f"{to_local(self._zone, moment):%Y-%m-%d %H:%M}"

    def _amount(self, ms: int, language: Language) -> str:
        for unit, size in (("days", DAY_MS), ("hours", HOUR_MS), ("minutes", _MINUTE_MS)):
            if ms >= 2 * size or (unit == "minutes" and ms >= size):
                return self._words.text(
                    f"recording.amount.{unit}", language, amount=round(ms / size, 1)
                )
        return self._words.text("recording.amount.seconds", language, amount=round(ms / 1000))


def _from_the_top(regions: Sequence[RegionOut]) -> list[RegionOut]:
    """Each before those within it."""
    parents = {region.id: region.parent for region in regions}

    def depth(region: RegionOut) -> int:
        steps, at = 0, region.parent
        while at in parents and steps < len(parents):  # a circle in imported data ends, too
            steps, at = steps + 1, parents[at]
        return steps

    return sorted(regions, key=lambda region: (depth(region), region.id))


def _counts(found: Iterable[Judged]) -> dict[str, int]:
    counts = dict.fromkeys((*(status.value for status in Status), "total", "falling"), 0)
    for one in found:
        counts[one.status.value] += 1
        counts["total"] += 1
        counts["falling"] += one.falls_short is not None and one.status is Status.MET
    return counts
