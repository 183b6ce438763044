"""The full-load test of a feeder: room by room everything is switched on, and each step recorded.

The technician names a room, switches all in it on and says so; what the feeder's monitor measures
then is the step. After the last room the whole load stays on for a while. Nothing here switches
anything: a test that grows dangerous ends with the advice to switch off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from audit.verification.model import Detail, Step, Verdict, Verification
from audit.verification.procedure import Cancelled, Course, Input, LoadTold, Said, Subject
from audit.verification.steps import Ending, begun, noted, passed, present
from devices.feeder import LEAST_W, measured, power_of
from devices.reading import Channel, Value

NEXT_MS: Final = 1_800_000
"""So long the technician may take from one room to the next."""

LOOK_MS: Final = 60_000
LONGEST_MS: Final = 600_000
HOLD_MS: Final = 600_000
"""How long the whole load stays on: joints that are loose grow warm within minutes. Default of
ours."""

READINGS: Final = 2
"""Readings of a load that are waited for: the first may have caught the start of a motor."""

DROP_PCT: Final = 5.0
"""The voltage may drop by so much from no load to full load: GB 50052, from memory, default only.
At the monitor: the wires behind it come on top."""

RESIDUAL_RISE_MA: Final = 50.0
"""Leakage may grow by so much: filters of what is plugged in. Default of ours."""

GONE: Final = 0.1
"""Less than this share of the load is left: it has been switched off, or something tripped."""

_FIRST: Final = 2
"""The steps there are while the first room is waited for."""

_FIGURES: Final = ("power_w", "current_a", "voltage_v", "cable_c", "residual_ma")

_UNHEARD: Final = Ending(Verdict.UNKNOWN, "silent", "find_silence")
_NOTHING: Final = Ending(Verdict.UNKNOWN, "load_no_power", "look_at_device")
_IDLE: Final = Ending(Verdict.UNKNOWN, "load_left", "again")
_NONE: Final = Ending(Verdict.UNKNOWN, "load_none", "again")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "load_cancelled", "switch_off")


class Measured(msgspec.Struct, frozen=True):
    """What a reading says of a load: total power (W), the most loaded phase (A), the lowest voltage
    (V), the hottest cable (°C), the residual current (mA); ``None`` = not told.
    """

    power_w: float | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    cable_c: float | None = None
    residual_ma: float | None = None
    tripped: bool = False


class LoadTest:
    """Steps ``baseline``, ``load`` (one for each room), ``hold`` (the whole load)."""

    kind = "load-test"

    def __init__(self, subject: Subject) -> None:
        self._heartbeat: Final = subject.heartbeat + subject.grace
        self._look: Final = max(LOOK_MS, min(2 * self._heartbeat, LONGEST_MS))
        self._limits: Final = subject.limits

    def begin(self, run: Verification, now: int) -> Course:
        """Wait for what flows before anything is switched on."""
        due = now + min(self._heartbeat, LONGEST_MS)
        return Course(begun(run, "baseline", now, due=due, waits_for="device"))

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """A measurement, or what the technician says."""
        step = present(run)
        if step is None:
            return Course(run)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if isinstance(heard, LoadTold):
            return Course(self._told(run, heard, now))
        if (
            not isinstance(heard, Said)
            or heard.channel is not Channel.TELEMETRY
            or heard.happened < run.started
        ):
            return Course(run)
        return Course(self._measured(run, step, measured_of(heard.values), heard.happened, now))

    def tick(self, run: Verification, now: int) -> Course:
        """What did not come; or the end of the time under full load."""
        step = present(run)
        if step is None:
            return Course(run)
        if step.step == "baseline":
            return Course(_UNHEARD.of(run, now))
        if step.step == "hold":
            return Course(self._judged(run, step, now))
        if run.waits_for != "device":
            return Course(_IDLE.of(run, now))
        if step.inputs.get("readings"):
            return Course(_next(self._seen(run, step, now), now))
        run = passed(run, "load_unheard", now, Verdict.UNKNOWN)
        return Course(_next(run, now))

    # What the technician says

    def _told(self, run: Verification, told: LoadTold, now: int) -> Verification:
        if told.finished and run.waits_for == "load":
            if not any(one.inputs.get("name") for one in run.steps):
                return _NONE.of(run, now)
            # The step that waited for one more room is none.
            run = msgspec.structs.replace(run, steps=run.steps[:-1])
            due = now + max(HOLD_MS, self._look)
            return begun(run, "hold", now, due=due, waits_for="device")
        if told.name and run.waits_for == "load":
            run = noted(run, name=told.name)
            return _waiting(run, "switch_on", now + NEXT_MS)
        if told.on and run.waits_for == "switch_on":
            return _waiting(noted(run, since=now, readings=0), "device", now + self._look)
        return run

    # What the monitor says

    def _measured(
        self, run: Verification, step: Step, seen: Measured, happened: int, now: int
    ) -> Verification:
        if step.step == "baseline":
            if seen.power_w is None and seen.current_a is None:
                return _NOTHING.of(run, now)
            run = passed(run, "load_baseline", now, **_figures(seen))
            return _next(run, now)
        danger = self._danger(run, step, seen, now)
        if danger is not None:
            return danger
        if step.step == "hold":
            count = _count(step) + 1
            return noted(run, readings=count, **_worst(step, seen))
        if run.waits_for != "device":
            return noted(run, **_figures(seen, "before_"))
        since = step.inputs.get("since")
        if not isinstance(since, int) or happened < since:
            return run
        run = noted(run, readings=_count(step) + 1, **_figures(seen))
        if _count(run.steps[-1]) < READINGS:
            return run
        return _next(self._seen(run, run.steps[-1], now), now)

    def _seen(self, run: Verification, step: Step, now: int) -> Verification:
        """A room's load was measured: what it has added."""
        before, after = _figure(step, "before_power_w"), _figure(step, "power_w")
        rise = None if before is None or after is None else round(after - before, 1)
        drop = _drop(run, _figure(step, "voltage_v"))
        added: dict[str, Detail] = {"rise_w": rise, "drop_pct": drop}
        if rise is not None and rise < LEAST_W:
            return passed(run, "load_not_seen", now, Verdict.UNKNOWN, **added)
        if drop is not None and drop > DROP_PCT:
            return passed(run, "load_drops", now, Verdict.FAILED, limit_pct=DROP_PCT, **added)
        return passed(run, "load_seen", now, **added)

    def _danger(
        self, run: Verification, step: Step, seen: Measured, now: int
    ) -> Verification | None:
        """What ends the test at once."""
        limits = self._limits
        if seen.tripped or seen.voltage_v == 0:
            return _failed(run, "load_tripped", now, "find_trip", **_figures(seen))
        if step.step == "hold" and _is_gone(run, seen):
            return _failed(run, "load_gone", now, "find_trip", **_figures(seen))
        for value, limit, code in (
            (seen.cable_c, limits.cable_c, "load_cable_hot"),
            (seen.residual_ma, limits.residual_ma, "load_leaks"),
        ):
            if value is not None and limit is not None and value >= limit:
                return _failed(run, code, now, "switch_off", limit=limit, **_figures(seen))
        return None

    def _judged(self, run: Verification, step: Step, now: int) -> Verification:
        """The verdict, when the whole load has been on for long enough."""
        if not _count(step):
            return _UNHEARD.of(run, now)
        rating = self._limits.rating_a
        current, voltage = _figure(step, "current_a"), _figure(step, "voltage_v")
        leaks, leaked = _figure(step, "residual_ma"), _figure(run.steps[0], "residual_ma")
        drop = _drop(run, voltage)
        more = None if leaks is None or leaked is None else round(leaks - leaked, 1)
        rooms = sum(1 for one in run.steps if one.step == "load")
        told: dict[str, Detail] = {
            **{name: step.inputs.get(name) for name in _FIGURES},
            "drop_pct": drop,
            "rooms": rooms,
            "rating_a": rating,
        }
        if rating is not None and current is not None and current > rating:
            return _failed(run, "load_over_rating", now, "spread_load", **told)
        worst = max((share for share in (drop, *_drops(run)) if share is not None), default=None)
        if worst is not None and worst > DROP_PCT:
            told = {**told, "drop_pct": worst, "limit_pct": DROP_PCT}
            return _failed(run, "load_drops_under_full", now, "check_joints", **told)
        if more is not None and more > RESIDUAL_RISE_MA:
            told = {**told, "rise_ma": more, "limit_ma": RESIDUAL_RISE_MA}
            return _failed(run, "load_leaks_more", now, "find_leak", **told)
        if any(one.verdict is Verdict.UNKNOWN for one in run.steps):
            return Ending(Verdict.UNKNOWN, "load_incomplete", "again").of(run, now, **told)
        code = "load_met" if rating is not None else "load_met_unrated"
        return Ending(Verdict.MET, code).of(run, now, **told)


def repeats(run: Verification, told: LoadTold) -> bool:
    """Whether that was said already: asked once more, from a poor network."""
    step = present(run)
    if step is None:
        return True
    if told.finished:
        return step.step == "hold"
    if told.on:
        # Either it is being measured, or that is done and one more room is waited for.
        one_more = "name" not in step.inputs and len(run.steps) > _FIRST
        return (step.step == "load" and run.waits_for == "device") or one_more
    return step.inputs.get("name") == told.name


def measured_of(values: Mapping[str, Value]) -> Measured:
    """What a reading says of the load."""
    return Measured(
        power_w=power_of(values),
        current_a=_most(values.get("current_a")),
        voltage_v=min(measured(values.get("voltage_v")), default=None),
        cable_c=_most(values.get("cable_temperature_c")),
        residual_ma=_most(values.get("residual_current_ma")),
        tripped=values.get("switch") == "tripped",
    )


def _most(value: object) -> float | None:
    return max((abs(one) for one in measured(value)), default=None)


def _figures(seen: Measured, prefix: str = "") -> dict[str, Detail]:
    return {f"{prefix}{name}": getattr(seen, name) for name in _FIGURES}


def _worst(step: Step, seen: Measured) -> dict[str, Detail]:
    """The worst of each figure so far: the most that flowed, the least voltage."""
    worst: dict[str, Detail] = {}
    for name in _FIGURES:
        before, now = _figure(step, name), getattr(seen, name)
        choose = min if name == "voltage_v" else max
        worst[name] = choose((one for one in (before, now) if one is not None), default=None)
    return worst


def _figure(step: Step, name: str) -> float | None:
    value = step.inputs.get(name)
    return float(value) if isinstance(value, int | float) else None


def _count(step: Step) -> int:
    value = step.inputs.get("readings")
    return value if isinstance(value, int) else 0


def _drop(run: Verification, voltage: float | None) -> float | None:
    """By how many percent the voltage has dropped since nothing was switched on."""
    before = _figure(run.steps[0], "voltage_v")
    if before is None or voltage is None or before <= 0:
        return None
    return round(max(0.0, 100 * (before - voltage) / before), 1)


def _drops(run: Verification) -> list[float | None]:
    return [_figure(step, "drop_pct") for step in run.steps if step.step == "load"]


def _is_gone(run: Verification, seen: Measured) -> bool:
    """Whether hardly anything of the load is left."""
    last = next(one for one in reversed(run.steps) if one.step == "load")
    for name in ("power_w", "current_a"):
        was, idle, now = _figure(last, name), _figure(run.steps[0], name), getattr(seen, name)
        if was is not None and idle is not None and now is not None and was > idle:
            return bool(now - idle < GONE * (was - idle))
    return False


def _next(run: Verification, now: int) -> Verification:
    """Wait for the name of one more room. What is on now is what it starts from."""
    last = run.steps[-1]
    before: dict[str, Detail] = {f"before_{name}": last.inputs.get(name) for name in _FIGURES}
    return begun(run, "load", now, due=now + NEXT_MS, waits_for="load", **before)


def _waiting(run: Verification, waits_for: str, due: int) -> Verification:
    """The present step goes on, and waits for something else."""
    last = msgspec.structs.replace(run.steps[-1], due=due)
    return msgspec.structs.replace(run, steps=(*run.steps[:-1], last), waits_for=waits_for)


def _failed(run: Verification, code: str, now: int, advice: str, **inputs: Detail) -> Verification:
    return Ending(Verdict.FAILED, code, advice).of(run, now, **inputs)
