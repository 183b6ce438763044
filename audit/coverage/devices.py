"""How one required device stands by the needs of an item.

Grace is given only to what was shown to work: a device settles for a while after it was registered
(or is verified), so that registering a dead one anew gains nothing; recordings, tests and links are
forgiven a fault only if they once were well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from audit.coverage.record import DeviceRecord, Joined, Recorded, Tested
from audit.coverage.verdict import Code, Detail, Part, Reason
from audit.coverage.view import View
from audit.policy import Figures, Needs, Platform, Test
from audit.verification.model import Verdict

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

Rank: TypeAlias = tuple[int, int, str]
"""How bad a device stands, for choosing: by verdict, whether anything is pending, its id."""

Found: TypeAlias = tuple[Rank, tuple[Reason, ...]]

_SEVERITY: Final = {Verdict.MET: 0, Verdict.UNKNOWN: 1, Verdict.FAILED: 2}
_UNTESTED: Final = Tested()


class Clockwork:
    """An instant, and the next one at which something may change without a new fact."""

    __slots__ = ("now", "until")

    def __init__(self, now: int) -> None:
        self.now = now
        self.until: int | None = None

    def passed(self, at: int) -> bool:
        """Whether it is ``at`` (ms) or later; if not, that may change then."""
        if at <= self.now:
            return True
        if self.until is None or at < self.until:
            self.until = at
        return False


class _Wrong(NamedTuple):
    """What is to be said of recordings. ``fault``: it is one that can be mended."""

    code: Code
    verdict: Verdict
    inputs: dict[str, Detail]
    fault: bool = False


class DeviceJudge:
    """Judges devices of one school by one item's needs. ``attested`` answers for a platform."""

    __slots__ = (
        "_attested",
        "_clock",
        "_days",
        "_fresh",
        "_needs",
        "_repair",
        "_settle",
        "_test",
        "_test_days",
        "_view",
    )

    def __init__(
        self,
        view: View,
        needs: Needs,
        figures: Figures,
        clock: Clockwork,
        *,
        key_target: bool,
        attested: Callable[[Platform], Reason],
    ) -> None:
        days = figures.storage_days_key_target if key_target else figures.storage_days
        self._view = view
        self._needs = needs
        self._clock = clock
        self._attested = attested
        self._days = days.value
        self._repair = figures.repair_hours.value * HOUR_MS
        self._settle = figures.settling_hours.value * HOUR_MS
        self._fresh = figures.recordings_hours.value * HOUR_MS
        self._test_days = figures.test_days.value
        self._test = figures.test_days.value * DAY_MS

    def judge(self, name: str, commissioned: int | None) -> Found:
        """How it stands, and why. ``commissioned`` (ms): nothing older need be recorded."""
        device, needs = self._view.record.devices[name], self._needs
        reasons: list[Reason] = []
        settled = device.since if device.proven is not None else device.since + self._settle
        if not self._clock.passed(settled):
            reasons.append(
                Reason(
                    code=Code.SETTLING,
                    part=Part.INSTALLED,
                    verdict=Verdict.UNKNOWN,
                    device=name,
                    place=device.place or "",
                    since=device.since,
                    due=settled,
                    evidence=device.row,
                )
            )
        self._look_at_work(name, device, settled, reasons)
        if needs.tested and Test.BUTTON in needs.tested:
            self._look_at_test(name, device, reasons)
        if needs.recorded:
            self._look_at_recordings(name, device, commissioned, reasons)
        if needs.platform is not None:
            self._look_at_platform(name, needs.platform, reasons)
        if not reasons:
            return (0, 0, name), ()
        worst = max(0 if one.pending else _SEVERITY[one.verdict] for one in reasons)
        return (worst, int(any(one.pending for one in reasons)), name), tuple(reasons)

    def fault(
        self,
        code: Code,
        part: Part,
        verdict: Verdict,
        inputs: dict[str, Detail] | None = None,
        *,
        since: int,
        forgiven: bool,
        evidence: int,
        device: str = "",
        place: str = "",
        link: str = "",
    ) -> Reason:
        """A fault; if ``forgiven``, pending until it has stood for the time to repair."""
        due = since + self._repair
        pending = forgiven and not self._clock.passed(due)
        return Reason(
            code=code,
            part=part,
            verdict=verdict,
            device=device,
            place=place,
            link=link,
            since=since,
            due=due if pending else None,
            evidence=evidence,
            inputs=inputs or {},
            pending=pending,
        )

    def untested(self, test: Tested, device: str = "", place: str = "") -> Reason | None:
        """Why a test proves nothing now; ``None`` = it does."""
        ends = None if test.met is None else test.met + self._test
        if ends is not None and not self._clock.passed(ends):
            return None
        return Reason(
            code=Code.NEVER_TESTED if ends is None else Code.TEST_OLD,
            part=Part.TESTED,
            verdict=Verdict.UNKNOWN,
            device=device,
            place=place,
            since=ends,
            evidence=test.met_row,
            inputs={"days": self._test_days},
        )

    def tested(self, test: Tested) -> Reason:
        """That one does, and until when."""
        return Reason(
            code=Code.TESTED,
            part=Part.TESTED,
            verdict=Verdict.MET,
            since=test.met,
            due=None if test.met is None else test.met + self._test,
            evidence=test.met_row,
        )

    def _look_at_work(
        self, name: str, device: DeviceRecord, settled: int, reasons: list[Reason]
    ) -> None:
        view, needs, place = self._view, self._needs, device.place or ""
        if device.aside is not None:
            reasons.append(
                self.fault(
                    Code.OUT_OF_SERVICE,
                    Part.WORKING,
                    Verdict.FAILED,
                    since=device.aside,
                    forgiven=device.aside >= settled,
                    evidence=device.aside_row,
                    device=name,
                    place=place,
                )
            )
        for fault in view.faults.get(name, ()):
            picture = fault.condition in needs.picture
            if fault.since is not None and (picture or fault.condition in needs.working):
                reasons.append(
                    self.fault(
                        Code.FAULT,
                        Part.PICTURE if picture else Part.WORKING,
                        Verdict.FAILED,
                        {"condition": fault.condition},
                        since=fault.since,
                        forgiven=fault.since >= settled,
                        evidence=fault.row,
                        device=name,
                        place=place,
                    )
                )
        out = view.cut_off.get(name) if needs.working else None
        if out is not None:
            reasons.append(
                self.fault(
                    Code.CUT_OFF,
                    Part.WORKING,
                    Verdict.UNKNOWN,
                    since=out.since,
                    forgiven=out.since >= settled,
                    evidence=out.row,
                    device=name,
                    place=place,
                )
            )

    def _look_at_test(self, name: str, device: DeviceRecord, reasons: list[Reason]) -> None:
        """Its own test: one that failed tells against it, whether or not each needs one."""
        test, place = self._view.record.tests.get(name, _UNTESTED), device.place or ""
        if test.failing is not None:
            reasons.append(
                self.fault(
                    Code.TEST_FAILED,
                    Part.TESTED,
                    Verdict.FAILED,
                    {"code": test.code},
                    since=test.failing,
                    forgiven=test.met is not None,
                    evidence=test.failing_row,
                    device=name,
                    place=place,
                )
            )
        if self._needs.tested_each and (why := self.untested(test, name, place)) is not None:
            reasons.append(why)

    def _look_at_recordings(
        self, name: str, device: DeviceRecord, commissioned: int | None, reasons: list[Reason]
    ) -> None:
        one, place = self._view.record.recorded.get(name), device.place or ""
        if one is None:
            wrong: _Wrong | None = _Wrong(
                Code.NO_RECORDINGS, Verdict.UNKNOWN, {"days": self._days}
            )
        else:
            wrong = self._recordings(one, commissioned)
        if wrong is None:
            return
        if one is not None and one.since is not None and wrong.fault:
            since, forgiven, evidence = one.since, one.was_met, one.since_row
        else:
            since, forgiven, evidence = None, False, 0 if one is None else one.row
        if since is not None:
            reasons.append(
                self.fault(
                    wrong.code,
                    Part.RECORDED,
                    wrong.verdict,
                    wrong.inputs,
                    since=since,
                    forgiven=forgiven,
                    evidence=evidence,
                    device=name,
                    place=place,
                )
            )
            return
        reasons.append(
            Reason(
                code=wrong.code,
                part=Part.RECORDED,
                verdict=wrong.verdict,
                device=name,
                place=place,
                evidence=evidence,
                inputs=wrong.inputs,
            )
        )

    def _recordings(self, one: Recorded, commissioned: int | None) -> _Wrong | None:
        """What is wrong with them; ``None``: they are proven for the days required."""
        inputs: dict[str, Detail] = {"days": self._days}
        if self._clock.passed(one.known + self._fresh):
            return _Wrong(
                Code.RECORDINGS_STALE, Verdict.UNKNOWN, {"hours": self._fresh // HOUR_MS}
            )
        wanted = self._days
        if commissioned is not None:
            wanted = min(wanted, max(0, one.as_of - commissioned) // DAY_MS)
        other = _Wrong(
            Code.RECORDINGS_OTHER_DAYS, Verdict.UNKNOWN, {**inputs, "judged": one.required_days}
        )
        if one.status == "met":
            return None if one.required_days >= wanted else other
        if one.status not in ("short", "gaps"):
            return _Wrong(Code.RECORDINGS_UNKNOWN, Verdict.UNKNOWN, inputs, fault=True)
        short = one.reach is not None and one.reach > one.as_of - wanted * DAY_MS
        if one.required_days > wanted and not (one.status == "short" and short):
            return other  # what is lacking may be older than what is asked for here
        code = Code.RECORDINGS_SHORT if one.status == "short" else Code.RECORDINGS_GAPS
        return _Wrong(code, Verdict.FAILED, inputs, fault=True)

    def _look_at_platform(self, name: str, platform: Platform, reasons: list[Reason]) -> None:
        """Measured where something measures it, else by somebody's word."""
        told = self._told(name, platform)
        lost = [(who, one) for who, one in told if one is not None and one.lost is not None]
        for who, one in lost:
            reasons.append(
                self.fault(
                    Code.PLATFORM_LOST,
                    Part.PLATFORM,
                    Verdict.FAILED,
                    since=one.lost or 0,
                    forgiven=one.was,
                    evidence=one.row,
                    device=who,
                )
            )
        measured = told and all(one is not None and one.joined for _, one in told)
        if lost or measured:
            return
        reasons.append(self._attested(platform))

    def _told(self, name: str, platform: Platform) -> list[tuple[str, Joined | None]]:
        """Who says what of a camera's way to the platform."""
        record = self._view.record
        recorded, channel = record.recorded.get(name), record.channels.get(name)
        if platform.ours:
            recorder = "" if channel is None else channel.basis
            return [(recorder, record.registrations.get(recorder)), (name, channel)]
        if not platform.reported:
            return []
        recorder = "" if recorded is None else recorded.recorder
        recorder = recorder or ("" if channel is None else channel.basis)
        return [(recorder, record.police_reports.get(recorder))]
