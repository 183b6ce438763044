"""An electrical meter: plausible in itself, and against a reference.

The reference is a figure that the technician types in: the power (W) that a reference meter shows
at the same moment, or the power of a load that is switched on next.
"""

from __future__ import annotations

from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Cancelled, Course, Input, Said, Subject, Typed
from audit.verification.steps import Ending, begun, ended, noted, passed, present
from devices.feeder import LEAST_W, SHARE, contradiction, power_of
from devices.reading import Channel

TYPE_MS: Final = 600_000
LOOK_MS: Final = 60_000
LONGEST_MS: Final = 600_000

_UNHEARD: Final = Ending(Verdict.FAILED, "silent", "find_silence")
_NOT_DUE: Final = Ending(Verdict.UNKNOWN, "not_due", "wait_or_wake")
_NO_POWER: Final = Ending(Verdict.UNKNOWN, "meter_no_power", "look_at_device")
_INCONSISTENT: Final = Ending(Verdict.FAILED, "meter_inconsistent", "check_wiring")
_NOTHING_TYPED: Final = Ending(Verdict.UNKNOWN, "meter_nothing_typed", "again")
_DIFFERS: Final = Ending(Verdict.FAILED, "meter_differs", "check_wiring")
_NO_RISE: Final = Ending(Verdict.FAILED, "meter_no_rise", "check_wiring")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class Meter:
    """Steps ``report`` (fresh and plausible), ``reading`` (typed in), ``compare``."""

    kind = "meter"

    def __init__(self, subject: Subject) -> None:
        self._heartbeat: Final = subject.heartbeat + subject.grace

    def begin(self, run: Verification, now: int) -> Course:
        """Wait for what it measures now."""
        due = now + min(self._heartbeat, LONGEST_MS)
        return Course(begun(run, "report", now, due=due, waits_for="device"))

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """A measurement, or the reference."""
        step = present(run)
        if step is None:
            return Course(run)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if isinstance(heard, Typed) and step.step == "reading":
            return Course(self._typed(run, heard, now))
        if (
            not isinstance(heard, Said)
            or heard.channel is not Channel.TELEMETRY
            or heard.happened < run.started
        ):
            return Course(run)
        power = power_of(heard.values)
        if power is None:
            return Course(_NO_POWER.of(run, now) if step.step == "report" else run)
        mistake = contradiction(heard.values)
        if mistake is not None:
            expected = mistake.expected_w
            return Course(_INCONSISTENT.of(run, now, measured_w=power, expected_w=expected))
        if step.step == "report":
            run = passed(run, "meter_reports", now, measured_w=power)
            run = begun(run, "reading", now, due=now + TYPE_MS, waits_for="reading")
            return Course(noted(run, measured_w=power))
        if step.step == "reading":
            return Course(noted(run, measured_w=power))
        return Course(_compared(run, power, now))

    def tick(self, run: Verification, now: int) -> Course:
        """What did not come."""
        step = present(run)
        if step is None:
            return Course(run)
        if step.step == "report":
            return Course(
                (_NOT_DUE if self._heartbeat > LONGEST_MS else _UNHEARD).of(
                    run, now, minutes=round(self._heartbeat / 60_000)
                )
            )
        if step.step == "reading":
            return Course(_NOTHING_TYPED.of(run, now))
        inputs = step.inputs
        ending = _NO_RISE if inputs.get("load") else _DIFFERS
        return Course(
            ending.of(
                run,
                now,
                measured_w=inputs.get("measured_w"),
                typed_w=inputs.get("typed_w"),
                rise_w=inputs.get("rise_w"),
            )
        )

    def _typed(self, run: Verification, typed: Typed, now: int) -> Verification:
        before = run.steps[-1].inputs.get("measured_w")
        run = passed(run, "reading_typed", now, typed_w=typed.value)
        run = begun(
            run,
            "compare",
            now,
            due=now + max(LOOK_MS, min(2 * self._heartbeat, LONGEST_MS)),
            waits_for="device",
            typed_w=typed.value,
            load=typed.load,
            before_w=before,
            measured_w=before,
        )
        if typed.load or not isinstance(before, int | float):
            return run
        return _compared(run, float(before), now)


def _compared(run: Verification, power: float, now: int) -> Verification:
    """Met if it agrees; else the next measurement is looked at, until the time is over."""
    inputs = run.steps[-1].inputs
    wanted = inputs.get("typed_w")
    before = inputs.get("before_w")
    if not isinstance(wanted, int | float):
        return run
    seen = power
    if inputs.get("load"):
        seen = power - (float(before) if isinstance(before, int | float) else 0.0)
        run = noted(run, rise_w=round(seen, 1))
    run = noted(run, measured_w=power)
    if abs(seen - wanted) > max(LEAST_W, SHARE * abs(wanted)):
        return run
    code = "meter_rose" if inputs.get("load") else "meter_agrees"
    run = passed(run, code, now)
    return ended(run, Verdict.MET, "meter_met", now, measured_w=round(seen, 1), typed_w=wanted)
