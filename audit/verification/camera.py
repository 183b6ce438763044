"""A camera, by what its probe reports: online, pictures coming, no faults, and all of it fresh.

The picture and the recordings themselves are judged by the cameras' own rooms; what can be proven
from telemetry is proven here, and without telemetry the verdict is unknown, never met.
"""

from __future__ import annotations

from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Cancelled, Course, Input, Said, Subject
from audit.verification.steps import Ending, begun, ended, passed, present
from devices.reading import Channel

LONGEST_MS: Final = 600_000

_NOTHING: Final = Ending(Verdict.UNKNOWN, "camera_unheard", "look_at_probe")
_OFFLINE: Final = Ending(Verdict.FAILED, "camera_offline", "find_silence")
_FAULTY: Final = Ending(Verdict.FAILED, "camera_faults", "look_at_camera")
_NO_FRAMES: Final = Ending(Verdict.FAILED, "camera_no_frames", "look_at_camera")
_UNDECIDED: Final = Ending(Verdict.UNKNOWN, "camera_undecided", "look_at_camera")
_TELLS_NOTHING: Final = Ending(Verdict.UNKNOWN, "camera_tells_nothing", "look_at_probe")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class Camera:
    """Step ``report``: the next report of the probe that looks at it."""

    kind = "camera"

    def __init__(self, subject: Subject) -> None:
        self._wait: Final = min(subject.heartbeat + subject.grace, LONGEST_MS)

    def begin(self, run: Verification, now: int) -> Course:
        """Wait for a report made from now on: the last one tells what was."""
        return Course(begun(run, "report", now, due=now + self._wait, waits_for="device"))

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """A report."""
        step = present(run)
        if step is None:
            return Course(run)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if not isinstance(heard, Said) or heard.happened < (step.started or 0):
            return Course(run)
        values = heard.values
        if values.get("online") is False:
            return Course(_OFFLINE.of(run, now))
        if heard.channel is not Channel.TELEMETRY:
            return Course(run)
        return Course(_judge(run, heard, now))

    def tick(self, run: Verification, now: int) -> Course:
        """Nobody reported: there is nothing to judge."""
        return Course(_NOTHING.of(run, now) if present(run) is not None else run)


def _judge(run: Verification, heard: Said, now: int) -> Verification:
    values = heard.values
    faults = values.get("faults")
    named = [str(one) for one in faults] if isinstance(faults, list) else []
    if named:
        return _FAULTY.of(run, now, faults=", ".join(named)[:200])
    if values.get("undecidable"):
        return _UNDECIDED.of(run, now, why=str(values["undecidable"])[:120])
    fps = values.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int | float):
        return _TELLS_NOTHING.of(run, now)
    if fps <= 0:
        return _NO_FRAMES.of(run, now)
    if values.get("online") is not True or faults is None:
        return _TELLS_NOTHING.of(run, now)
    run = passed(run, "report_seen", now, fps=float(fps))
    return ended(run, Verdict.MET, "camera_met", now, fps=float(fps))
