"""A police link: a test event over every path, and its acknowledgement.

Where the police want to be told beforehand, a test that a person begins waits for that person's
word; a scheduled one has been announced (`gateway.police.testing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.notice import NOT_GIVEN, Notices
from audit.verification.notice import STEP as NOTICE
from audit.verification.procedure import (
    Cancelled,
    Course,
    Exchanged,
    Input,
    LinkNotice,
    PoliceTold,
    Sent,
)
from audit.verification.sending import NO_REPORT, Sending
from audit.verification.sending import STEP as SEND
from audit.verification.steps import Ending, ended, present
from devices.police_link.link import Code, Path

_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class LinkTest:
    """Steps ``notice`` (where it is wanted) and ``send``: each of ``paths`` has to acknowledge by
    itself (none = as an alarm goes)."""

    kind = "link"

    def __init__(
        self,
        link: str,
        *,
        code: Code = Code.MANUAL_TEST,
        paths: Sequence[Path] = (),
        notices: Sequence[LinkNotice] = (),
    ) -> None:
        self._notices: Final = Notices(notices)
        self._sending: Final = Sending((link,), code, paths)

    def begin(self, run: Verification, now: int) -> Course:
        """Send, once the police know of it."""
        run, known = self._notices.ask(run, now)
        return self._sending.begin(run, now) if known else Course(run)

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """What the receivers said."""
        step = present(run)
        if step is None:
            return Course(run)
        match heard:
            case PoliceTold() if step.step == NOTICE:
                told = self._notices.take(run, heard, now)
                return Course(run) if told is run else self.begin(told, now)
            case Exchanged() | Sent() if step.step == SEND:
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
        """Nobody told the police, or no report came back."""
        step = present(run)
        if step is None or step.due is None or now < step.due:
            return Course(run)
        return Course((NOT_GIVEN if step.step == NOTICE else NO_REPORT).of(run, now))
