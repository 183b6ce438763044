"""A detector: its test trigger - self-test, smoke or warmth - seen in time.

Its alarm is never held back: a press may wait half a minute for a person, a fire may not. Who
triggers it with smoke gives the control room a real alarm, and says so beforehand.
"""

from __future__ import annotations

from typing import Final

from audit.verification.model import Detail, Verdict, Verification
from audit.verification.procedure import Cancelled, Course, Input, Said, Subject
from audit.verification.steps import Ending, begun, ended, noted, passed, present
from devices.reading import Channel

RISE_C: Final = 3.0
"""A hand warms a sensor by more; a room does not warm so in ten minutes. Default of ours."""

IN_TIME_MS: Final = 10_000
"""What a detector says is with the gateway within this. Default of ours, far above what networks
take."""

_NONE: Final = Ending(Verdict.FAILED, "no_trigger", "find_trigger")
_LATE: Final = Ending(Verdict.FAILED, "trigger_late", "find_delay")
_FAULT: Final = Ending(Verdict.FAILED, "detector_fault", "replace")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")

_TRIGGERS: Final = {"self_test": "self_test_seen", "alarm": "alarm_seen"}


class Detector:
    """Step ``trigger``."""

    kind = "detector"

    def __init__(self, subject: Subject) -> None:
        self._window: Final = subject.window
        self._smoke: Final = subject.values.get("smoke_alarm")
        self._warmth: Final = _warmth(subject.values.get("temperature_c"))

    def begin(self, run: Verification, now: int) -> Course:
        """Wait for it."""
        run = begun(
            run,
            "trigger",
            now,
            due=now + self._window,
            waits_for="trigger",
            lowest_c=self._warmth,
            smoke=self._smoke is True,
        )
        return Course(run)

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """A message of the detector."""
        step = present(run)
        if step is None:
            return Course(run)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if not isinstance(heard, Said) or heard.received < (step.started or 0):
            return Course(run)
        if heard.event == "fault":
            return Course(_FAULT.of(run, now))
        code, more = self._trigger(step.inputs, heard)
        if code is None:
            return Course(noted(run, **more) if more else run)
        if heard.happened < (step.started or 0) - IN_TIME_MS:
            return Course(run)  # triggered before anybody tested it
        delay = max(0, heard.received - heard.happened)
        if delay > IN_TIME_MS:
            return Course(_LATE.of(run, now, delay_ms=delay, limit_ms=IN_TIME_MS))
        run = passed(run, code, now, delay_ms=delay, **more)
        return Course(ended(run, Verdict.MET, "detector_met", now, delay_ms=delay))

    def tick(self, run: Verification, now: int) -> Course:
        """Nothing was seen."""
        return Course(_NONE.of(run, now) if present(run) is not None else run)

    def _trigger(
        self, inputs: dict[str, Detail], heard: Said
    ) -> tuple[str | None, dict[str, Detail]]:
        """The code of the trigger, if it is one; and what to remember."""
        if heard.event in _TRIGGERS:
            return _TRIGGERS[heard.event], {}
        smoke = heard.values.get("smoke_alarm")
        if smoke is True and not inputs.get("smoke"):
            return "alarm_seen", {"smoke": True}
        more: dict[str, Detail] = {}
        if smoke is False and inputs.get("smoke"):
            more["smoke"] = False
        warmth = _warmth(heard.values.get("temperature_c"))
        if warmth is not None and heard.channel is Channel.TELEMETRY:
            lowest = inputs.get("lowest_c")
            if not isinstance(lowest, int | float) or warmth < lowest:
                more["lowest_c"] = warmth
            elif warmth - lowest >= RISE_C:
                return "warmth_seen", {**more, "rise_c": round(warmth - lowest, 1)}
        return None, more


def _warmth(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
