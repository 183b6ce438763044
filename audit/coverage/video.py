"""How a camera stands by its recordings and by its way to a platform that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from audit.coverage.clockwork import DAY_MS, HOUR_MS, Clockwork
from audit.coverage.record import Joined, Recorded, SchoolRecord
from audit.coverage.verdict import Code, Detail, Part, Reason
from audit.policy import Figures, Platform
from audit.verification.model import Verdict


class _Wrong(NamedTuple):
    """What is to be said of recordings. ``fault``: it is one that can be mended."""

    code: Code
    verdict: Verdict
    inputs: dict[str, Detail]
    fault: bool = False


class VideoJudge:
    """Judges cameras of one school. ``attested`` says what somebody's word says of a platform."""

    __slots__ = ("_attested", "_clock", "_days", "_fresh", "_record")

    def __init__(
        self,
        record: SchoolRecord,
        figures: Figures,
        clock: Clockwork,
        *,
        key_target: bool,
        attested: Callable[[Platform], Reason],
    ) -> None:
        days = figures.storage_days_key_target if key_target else figures.storage_days
        self._record: Final = record
        self._clock: Final = clock
        self._attested: Final = attested
        self._days: Final = days.value
        self._fresh: Final = figures.recordings_hours.value * HOUR_MS

    def recordings(self, name: str, place: str, commissioned: int | None) -> Reason | None:
        """What is wrong with them; ``None``: they are proven for the days required."""
        one = self._record.recorded.get(name)
        if one is None:
            wrong: _Wrong | None = _Wrong(Code.NO_RECORDINGS, Verdict.UNKNOWN, {"days": self._days})
        else:
            wrong = self._wrong(one, commissioned)
        if wrong is None:
            return None
        if one is not None and one.since is not None and wrong.fault:
            return self._clock.fault(
                wrong.code,
                Part.RECORDED,
                wrong.verdict,
                wrong.inputs,
                since=one.since,
                forgiven=one.was_met,
                evidence=one.since_row,
                device=name,
                place=place,
            )
        return Reason(
            code=wrong.code,
            part=Part.RECORDED,
            verdict=wrong.verdict,
            device=name,
            place=place,
            evidence=0 if one is None else one.row,
            inputs=wrong.inputs,
        )

    def _wrong(self, one: Recorded, commissioned: int | None) -> _Wrong | None:
        if self._clock.passed(one.known + self._fresh):
            hours: dict[str, Detail] = {"hours": self._fresh // HOUR_MS}
            return _Wrong(Code.RECORDINGS_STALE, Verdict.UNKNOWN, hours)
        wanted = self._days
        if commissioned is not None:
            wanted = min(wanted, max(0, one.as_of - commissioned) // DAY_MS)
        if one.status == "met" and one.required_days >= wanted:
            return None
        inputs: dict[str, Detail] = {"days": self._days}
        judged: dict[str, Detail] = {**inputs, "judged": one.required_days}
        other = _Wrong(Code.RECORDINGS_OTHER_DAYS, Verdict.UNKNOWN, judged)
        if one.status == "met":
            return other
        if one.status not in ("short", "gaps"):
            return _Wrong(Code.RECORDINGS_UNKNOWN, Verdict.UNKNOWN, inputs, fault=True)
        short = one.reach is not None and one.reach > one.as_of - wanted * DAY_MS
        if one.required_days > wanted and not (one.status == "short" and short):
            return other  # what is lacking may be older than what is asked for here
        code = Code.RECORDINGS_SHORT if one.status == "short" else Code.RECORDINGS_GAPS
        return _Wrong(code, Verdict.FAILED, inputs, fault=True)

    def platform(self, name: str, platform: Platform) -> list[Reason]:
        """Measured where something measures it, else by somebody's word."""
        told = self._told(name, platform)
        if told and all(one is not None and one.joined for _, one in told):
            return []
        lost = [
            self._clock.fault(
                Code.PLATFORM_LOST,
                Part.PLATFORM,
                Verdict.FAILED,
                since=one.lost,
                forgiven=one.was,
                evidence=one.row,
                device=who,
            )
            for who, one in told
            if one is not None and one.lost is not None
        ]
        return lost or [self._attested(platform)]

    def _told(self, name: str, platform: Platform) -> list[tuple[str, Joined | None]]:
        """Who says what of a camera's way to the platform."""
        record = self._record
        recorded, channel = record.recorded.get(name), record.channels.get(name)
        if platform.ours:
            recorder = "" if channel is None else channel.basis
            return [(recorder, record.registrations.get(recorder)), (name, channel)]
        if not platform.reported:
            return []
        recorder = "" if recorded is None else recorded.recorder
        recorder = recorder or ("" if channel is None else channel.basis)
        return [(recorder, record.police_reports.get(recorder))]
