"""How one required device stands by the needs of an item.

Grace is given only to what was shown to work: a device settles for a while after it was registered
(or is verified), so that registering a dead one anew gains nothing; recordings, tests and links are
forgiven a fault only if they once were well.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from audit.coverage.clockwork import DAY_MS, HOUR_MS, Clockwork
from audit.coverage.record import DeviceRecord, Tested
from audit.coverage.verdict import Code, Part, Reason
from audit.coverage.video import VideoJudge
from audit.coverage.view import View
from audit.policy import Figures, Needs, Test
from audit.verification.model import Verdict

Rank: TypeAlias = tuple[int, int, str]
"""How bad a device stands, for choosing: by verdict, whether anything is pending, its id."""

Found: TypeAlias = tuple[Rank, tuple[Reason, ...]]

_SEVERITY: Final = {Verdict.MET: 0, Verdict.UNKNOWN: 1, Verdict.FAILED: 2}
_UNTESTED: Final = Tested()


class DeviceJudge:
    """Judges devices of one school by the needs of one sort of them."""

    __slots__ = (
        "_by_button",
        "_clock",
        "_needs",
        "_settle",
        "_test",
        "_test_days",
        "_video",
        "_view",
    )

    def __init__(
        self, view: View, needs: Needs, figures: Figures, clock: Clockwork, video: VideoJudge
    ) -> None:
        self._view: Final = view
        self._needs: Final = needs
        self._clock: Final = clock
        self._video: Final = video
        self._by_button: Final = Test.BUTTON in needs.tested
        self._settle: Final = figures.settling_hours.value * HOUR_MS
        self._test_days: Final = figures.test_days.value
        self._test: Final = figures.test_days.value * DAY_MS

    def judge(self, name: str, commissioned: int | None) -> Found:
        """How it stands, and why. ``commissioned`` (ms): nothing older need be recorded."""
        device, needs = self._view.record.devices[name], self._needs
        place = device.place or ""
        reasons: list[Reason] = []
        settled = device.since if device.proven is not None else device.since + self._settle
        if not self._clock.passed(settled):
            reasons.append(
                Reason(
                    code=Code.SETTLING,
                    part=Part.INSTALLED,
                    verdict=Verdict.UNKNOWN,
                    device=name,
                    place=place,
                    since=device.since,
                    due=settled,
                    evidence=device.row,
                )
            )
        if device.aside is not None or name in self._view.faults or name in self._view.cut_off:
            self._look_at_work(name, device, settled, reasons)
        if self._by_button:
            self._look_at_test(name, place, reasons)
        if needs.recorded and (why := self._video.recordings(name, place, commissioned)):
            reasons.append(why)
        if needs.platform is not None:
            reasons += self._video.platform(name, needs.platform)
        if not reasons:
            return (0, 0, name), ()
        worst = max(0 if one.pending else _SEVERITY[one.verdict] for one in reasons)
        return (worst, int(any(one.pending for one in reasons)), name), tuple(reasons)

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
                self._clock.fault(
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
                    self._clock.fault(
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
                self._clock.fault(
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

    def _look_at_test(self, name: str, place: str, reasons: list[Reason]) -> None:
        """Its own test: one that failed tells against it, whether or not each needs one."""
        test = self._view.record.tests.get(name, _UNTESTED)
        if test.failing is not None:
            reasons.append(
                self._clock.fault(
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
