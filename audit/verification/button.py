"""An alarm button: its press seen, confirmed by who tests, and acknowledged by the police."""

from __future__ import annotations

from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.notice import NOT_GIVEN, Notices
from audit.verification.notice import STEP as NOTICE
from audit.verification.procedure import (
    Cancelled,
    Confirmed,
    Course,
    Exchanged,
    Input,
    OpenWindow,
    PoliceTold,
    Pressed,
    Sent,
    Subject,
    WindowOver,
)
from audit.verification.sending import NO_REPORT, Sending
from audit.verification.steps import Ending, begun, ended, passed, present
from devices.police_link.link import Code

TARGET_MS: Final = 2000
"""An alarm is at the police platform within 2 s (DB15/T 3968-2025)."""

_SLACK_MS: Final = 5000
"""The pipeline ends windows and held presses; this much later nobody waits for its word."""

_OVER: Final = {
    "expired": Ending(Verdict.FAILED, "no_press", "find_press"),
    "unconfirmed": Ending(Verdict.UNKNOWN, "unconfirmed", "call_off"),
    "pressed_again": Ending(Verdict.UNKNOWN, "pressed_again", "call_off"),
    "earlier": Ending(Verdict.UNKNOWN, "pressed_earlier", "set_device_clock"),
    "changed": Ending(Verdict.UNKNOWN, "device_changed", "again"),
}
_DOUBTFUL: Final = Ending(Verdict.UNKNOWN, "doubtful", "call_off")
_SHUT: Final = Ending(Verdict.UNKNOWN, "window_shut", "again")
NOT_OPENED: Final = _SHUT
"""Nobody may press now: the gateway opens no window."""
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class Button:
    """Steps ``notice`` (where the police want it), ``press``, ``confirm``, ``send`` (code 607)."""

    kind = "button"

    def __init__(self, subject: Subject) -> None:
        self._window: Final = subject.window
        self._notices: Final = Notices(subject.notices)
        self._sending: Final = Sending(subject.links, Code.WALK_TEST)

    def begin(self, run: Verification, now: int) -> Course:
        """Open the window and wait for the press, once the police know of it."""
        run, known = self._notices.ask(run, now)
        if not known:
            return Course(run)
        run = begun(run, "press", now, due=now + self._window, waits_for="press")
        return Course(run, (OpenWindow(self._window),))

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """A press, its confirmation, what the receiver said - or why it is none."""
        step = present(run)
        if step is None:
            return Course(run)
        match heard:
            case PoliceTold() if step.step == NOTICE:
                told = self._notices.take(run, heard, now)
                return Course(run) if told is run else self.begin(told, now)
            case Pressed() if step.step == "press":
                run = passed(run, "press_seen", now, delay_ms=max(0, heard.known - heard.happened))
                return Course(begun(run, "confirm", now, due=heard.due, waits_for="confirm"))
            case Confirmed() if step.step == "confirm":
                return self._sending.begin(passed(run, "press_confirmed", now), now)
            case Exchanged() | Sent() if step.step == "send":
                course, all_there = self._sending.take(run, heard, now)
                return Course(_met(course.run, now)) if all_there else course
            case WindowOver() if step.step in ("press", "confirm"):
                doubtful = _DOUBTFUL if heard.alarm else _SHUT
                return Course(_OVER.get(heard.why, doubtful).of(run, now))
            case Cancelled():
                return Course(_CANCELLED.of(run, now, actor=heard.actor))
            case _:
                return Course(run)

    def tick(self, run: Verification, now: int) -> Course:
        """Windows end in the pipeline; only what never comes back from there or the link ends
        here."""
        step = present(run)
        if step is None or step.due is None or now < step.due + _SLACK_MS:
            return Course(run)
        if step.step == "send":
            return Course(NO_REPORT.of(run, now))
        if step.step == NOTICE:
            return Course(NOT_GIVEN.of(run, now))
        ending = _OVER["expired"] if step.step == "press" else _OVER["unconfirmed"]
        return Course(ending.of(run, now))


def _met(run: Verification, now: int) -> Verification:
    """Press to gateway, and gateway to police: the confirmation between is a person's time."""
    delay = sum(int(step.inputs.get("delay_ms") or 0) for step in run.steps)
    slowest = max(float(step.inputs.get("ack_ms") or 0) for step in run.steps)
    total = round(delay + slowest)
    if total > TARGET_MS:
        return ended(
            run, Verdict.MET, "button_slow", now, advice="slow", total_ms=total, target_ms=TARGET_MS
        )
    return ended(run, Verdict.MET, "button_met", now, total_ms=total)
