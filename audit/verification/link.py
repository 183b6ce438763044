"""A police link: a test event over every path, and its acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Cancelled, Course, Exchanged, Input, Sent
from audit.verification.sending import NO_REPORT, Sending
from audit.verification.steps import Ending, ended, present
from devices.police_link.link import Code, Path

_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class LinkTest:
    """Step ``send``: each of ``paths`` has to acknowledge by itself (none = as an alarm goes)."""

    kind = "link"

    def __init__(
        self, link: str, *, code: Code = Code.MANUAL_TEST, paths: Sequence[Path] = ()
    ) -> None:
        self._sending: Final = Sending((link,), code, paths)

    def begin(self, run: Verification, now: int) -> Course:
        """Send."""
        return self._sending.begin(run, now)

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """What the receivers said."""
        if present(run) is None:
            return Course(run)
        match heard:
            case Exchanged() | Sent():
                course, all_there = self._sending.take(run, heard, now)
                if not all_there:
                    return course
                worst = max(float(step.inputs.get("ack_ms") or 0) for step in course.run.steps)
                return Course(ended(course.run, Verdict.MET, "link_met", now, ack_ms=worst))
            case Cancelled():
                return Course(_CANCELLED.of(run, now, actor=heard.actor))
            case _:
                return Course(run)

    def tick(self, run: Verification, now: int) -> Course:
        """No report came back."""
        step = present(run)
        over = step is not None and step.due is not None and now >= step.due
        return Course(NO_REPORT.of(run, now) if over else run)
