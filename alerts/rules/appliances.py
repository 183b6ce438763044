"""Forbidden appliances behind a feeder, and vehicles that are charged at night.

Told from the feeder's power alone (`alerts.appliances`), better where the meter gives reactive
power or the power factor. Off until a feeder is said to be judged, since what is forbidden in a
dormitory is not in a kitchen. Where readings come too seldom it says that it cannot tell.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from pydantic import Field, field_validator

from alerts.appliances.charging import CONFIDENCE, Candidate, Charging, charge
from alerts.appliances.feeder import Feeder, follow, forget_old
from alerts.appliances.loads import Load
from alerts.appliances.policy import MINUTE_MS, Policy, clock, hours_of
from alerts.appliances.seen import Seen, lose_sight, note_seen
from alerts.appliances.usual import Usual
from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.appliances_memory import (
    FACTOR,
    POWER,
    REACTIVE,
    AppliancesMemory,
    Raised,
    catch_up,
    idle_memory,
    reactive_of,
)
from alerts.rules.measure import Inputs, number, tidy
from alerts.rules.priorities import PriorityName, priority_of
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

APPLIANCE: Final = "forbidden_appliance"
CHARGING: Final = "vehicle_charging"
CANNOT_TELL: Final = "appliances_cannot_tell"

MOST_PHASES: Final = 3
MOST_HEIGHTS: Final = 8
ALIKE: Final = 0.08
"""Heights that differ by no more than this share are the same appliance, on again."""

SLOW_MS: Final = 15_000
SLOW: Final = 20
"""After so many pauses longer than that, close to each other, nothing can be recognised."""

SLOW_WITHIN_MS: Final = SLOW * 120_000
MOST_BLIND: Final = 15 * MINUTE_MS
"""After a longer gap nobody knows what charges."""

AGAIN_MS: Final = 20 * MINUTE_MS
"""After so long without such a pause it can be told again."""

DAY_MS: Final = 86_400_000

_OVER: Final = {APPLIANCE: "appliance_off", CHARGING: "charging_over"}

Use: TypeAlias = Literal["forbidden", "allowed"]


class AppliancesParameters(Parameters):
    """What is forbidden on this feeder, and when."""

    judged: bool = False
    """Whether appliances on this feeder are judged at all."""

    heaters: Use = "forbidden"
    """Hotplates, immersion heaters, irons, hair dryers: whatever heats."""

    kettles: Use = "forbidden"
    """What boils for some minutes and ends by itself. If allowed while heaters are not, a heater is
    told only when it has been on for longer than a kettle, or switches itself on and off."""

    microwaves: Use = "forbidden"
    """Microwave ovens."""

    motors: Use = "allowed"
    """Vacuum cleaners, fans, compressors; told only where the meter gives reactive power."""

    charging: Use = "forbidden"
    """Batteries of vehicles that are charged in the hours of `charging_hours`."""

    allowed_hours: str = ""
    """When appliances are allowed, as `11:00-13:30, 17:00-19:00`; empty = never."""

    charging_hours: str = "22:00-06:00"
    """When charging is watched for."""

    utc_offset_h: float = Field(default=8, ge=-12, le=14)
    """What local time is ahead of UTC, in hours. China has one zone and no summer time."""

    least_w: float = Field(default=600, ge=300, le=20_000)
    """Smaller loads are not judged."""

    least_confidence_pct: float = Field(default=60, ge=0, le=100)
    """It is told when it is at least so sure."""

    least_charging_w: float = Field(default=80, ge=40, le=600)
    """Chargers that take less are not told from other loads."""

    longest_gap_s: float = Field(default=60, ge=15, le=600)
    """After so long without a reading nobody knows what was on meanwhile."""

    clear_for_s: float = Field(default=300, ge=0, le=86_400)
    """So long after the last forbidden load was switched off it is over."""

    learning_days: int = Field(default=0, ge=0, le=60)
    """For so many days after it is first judged, heaters are learned as belonging there instead of
    being told: while a boiler runs and nobody lives there yet."""

    priority: PriorityName = "medium"
    """How urgently people must act."""

    @field_validator("allowed_hours", "charging_hours")
    @classmethod
    def _hours(cls, text: str) -> str:
        hours_of(text, 0)
        return text


class Appliances(QuietRule):
    """One alert for all that is forbidden on a feeder at a time; each further appliance is one more
    occurrence of it.
    """

    __slots__ = (
        "_allowed",
        "_charging",
        "_charging_hours",
        "_clear",
        "_gap",
        "_judged",
        "_learning",
        "_least",
        "_least_charging",
        "_offset",
        "_policy",
        "_priority",
        "_sure",
    )

    Parameters = AppliancesParameters
    Memory = AppliancesMemory
    kept = (
        ("raised", Raised | None),
        ("charged", Raised | None),
        ("blind", bool),
        ("usual", Usual | None),
        ("recent", list[Seen]),
    )
    telemetry = True

    def __init__(self, parameters: AppliancesParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._judged = parameters.judged
        self._policy = Policy(
            heaters=parameters.heaters == "forbidden",
            kettles=parameters.kettles == "forbidden",
            microwaves=parameters.microwaves == "forbidden",
            motors=parameters.motors == "forbidden",
        )
        self._charging = parameters.charging == "forbidden"
        self._offset = int(parameters.utc_offset_h * 3_600_000)
        self._allowed = hours_of(parameters.allowed_hours, self._offset)
        self._charging_hours = hours_of(parameters.charging_hours, self._offset)
        self._least = parameters.least_w
        self._sure = parameters.least_confidence_pct / 100
        self._least_charging = parameters.least_charging_w
        self._gap = int(parameters.longest_gap_s * 1000)
        self._clear = int(parameters.clear_for_s * 1000)
        self._learning = parameters.learning_days * DAY_MS
        self._priority = priority_of(parameters.priority)

    def memory(self) -> AppliancesMemory:
        """Of the many feeders that are not judged hardly anything is remembered."""
        return AppliancesMemory() if self._judged else idle_memory()

    def watches(self) -> frozenset[str]:
        """The power, and what tells resistive loads from others; nothing while it is off."""
        return frozenset({POWER, REACTIVE, FACTOR}) if self._judged else frozenset()

    def start(self, memory: AppliancesMemory, state: DeviceState, now: int) -> Outcome | None:
        """What was on before is not known to be on; what was said is taken back after a while."""
        lose_sight(memory.recent, now)
        raised = memory.raised
        if raised is None and memory.charged is None:
            return None
        for one in (raised, memory.charged):
            if one is not None and not one.off:
                one.off, one.unseen = now, True
        return Outcome(wake=now + max(self._clear, 1))

    def judge(
        self, memory: AppliancesMemory, state: DeviceState, reading: Reading, now: int
    ) -> Outcome | None:
        """Look for steps; most readings are where the last one was."""
        if not self._judged:
            return None
        power: Any = reading.values.get(POWER)
        moment = reading.happened
        levels = memory.levels
        if power.__class__ is not list:
            power = [power]
        if (
            0 < moment - memory.seen <= SLOW_MS
            and memory.calm
            and moment < memory.minute
            and len(power) == len(levels)
        ):
            try:
                for watts, level in zip(power, levels, strict=True):
                    if not level.low <= watts <= level.high:
                        break
                else:
                    memory.seen = moment
                    memory.before = reading.values
                    return None
            except TypeError:
                pass  # no number: looked at closely below
        return self._look(memory, power, reading, now)

    def tick(self, memory: AppliancesMemory, state: DeviceState, now: int) -> Outcome | None:
        """What was off for long enough is over."""
        found: list[Finding] = []
        wakes: list[int] = []
        for condition, raised in ((APPLIANCE, memory.raised), (CHARGING, memory.charged)):
            if raised is None or not raised.off:
                continue
            if now < raised.off + self._clear:
                wakes.append(raised.off + self._clear)
                continue
            code = "appliance_lost" if raised.unseen else _OVER[condition]
            why = self.explain(code, raised.said, metric=POWER, unit="W")
            found.append(stopped(condition, self._priority, raised.off, now, why))
            if condition == APPLIANCE:
                memory.raised = None
            else:
                memory.charged = None
        if not found and not wakes:
            return None
        return Outcome(tuple(found), wake=min(wakes, default=None), save=bool(found))

    def _look(
        self, memory: AppliancesMemory, power: Any, reading: Reading, now: int
    ) -> Outcome | None:
        """Something was switched, is being judged, or a minute is over."""
        values, moment = reading.values, reading.happened
        catch_up(memory)
        if memory.seen and moment - memory.seen > SLOW_MS:
            memory.slow.append(moment)
            del memory.slow[:-SLOW]
        told: list[tuple[int, Load]] = []
        calm = memory.calm and 0 < moment - memory.seen <= SLOW_MS
        for phase, given in enumerate(power[:MOST_PHASES]):
            watts = number(given)
            while len(memory.feeders) <= phase:
                memory.feeders.append(Feeder())
            feeder = memory.feeders[phase]
            if watts is None or (calm and feeder.level.low <= watts <= feeder.level.high):
                continue  # caught up with at the next look
            reactive = reactive_of(values, phase, watts)
            loads = follow(feeder, moment, watts, reactive, self._least, self._gap)
            told += [(phase, load) for load in loads]
        outcome = self._conclude(memory, told, reading, now)
        memory.levels = [feeder.level for feeder in memory.feeders]
        memory.calm = all(
            not feeder.judging and feeder.level.moving is None for feeder in memory.feeders
        )
        memory.before = values
        memory.seen = max(memory.seen, moment)
        return outcome

    def _conclude(
        self, memory: AppliancesMemory, told: list[tuple[int, Load]], reading: Reading, now: int
    ) -> Outcome | None:
        moment = reading.happened
        found: list[Finding] = []
        for phase, load in told:
            said = (self._hear_end if load.ended else self._hear_of)(
                memory, load, reading, now, found
            )
            note_seen(memory.recent, load, phase, moment, told=said)
        if not memory.minute - 2 * MINUTE_MS < moment < memory.minute:
            memory.minute = moment + MINUTE_MS
            self._each_minute(memory, reading, now, found)
        waiting = [raised.off for raised in (memory.raised, memory.charged) if raised]
        wakes = [off + self._clear for off in waiting if off]
        if not found and not told and not wakes:
            return None
        return Outcome(tuple(found), wake=min(wakes, default=None), save=bool(found or told))

    def _hear_of(
        self,
        memory: AppliancesMemory,
        load: Load,
        reading: Reading,
        now: int,
        found: list[Finding],
    ) -> bool:
        """A load is on, or was: whether it is told, being forbidden, now, and surely enough."""
        moment = reading.happened
        sure = self._policy.sure_of(load, moment)
        if not sure or sure < self._sure or self._allowed.hold(moment):
            return False
        local = moment + self._offset
        usual = memory.usual
        if usual is not None and usual.knows(local, load.height):
            return False
        if usual is not None and moment - usual.since < self._learning:
            usual.learn(local, load.height)
            return False
        if not load.ended:
            memory.forbidden.append(load)
        raised = memory.raised
        inputs = self._inputs(memory, load, moment, sure)
        if raised is None:
            raised = memory.raised = Raised(load.since, [load.height])
        elif any(_alike(load.height, height) for height in raised.heights):
            raised.off, raised.unseen = 0, False
            raised.said = inputs
            return True
        else:
            raised.heights = [*raised.heights[1 - MOST_HEIGHTS :], load.height]
        raised.off, raised.unseen, raised.said = 0, False, inputs
        why = self._why(f"appliance_{load.kind}", inputs)
        found.append(
            Finding(
                APPLIANCE,
                True,
                self._priority,
                min(load.since, now),
                now,
                why,
                occurrence=True,
                remark=remark_on(reading),
            )
        )
        return True

    def _hear_end(
        self,
        memory: AppliancesMemory,
        load: Load,
        reading: Reading,
        now: int,
        found: list[Finding],
    ) -> bool:
        known = [one for one in memory.forbidden if one is not load]
        said = len(known) < len(memory.forbidden) or self._hear_of(
            memory, load, reading, now, found
        )
        memory.forbidden = known
        raised = memory.raised
        if raised is not None and not known and not raised.off:
            raised.off, raised.unseen = now, load.unseen
            raised.said = self._inputs(memory, load, reading.happened, load.confidence)
        return said

    def _each_minute(
        self, memory: AppliancesMemory, reading: Reading, now: int, found: list[Finding]
    ) -> None:
        moment = reading.happened
        if memory.usual is None:
            memory.usual = Usual(moment)
        for phase, feeder in enumerate(memory.feeders):
            for load in forget_old(feeder, moment):
                said = self._hear_end(memory, load, reading, now, found)
                note_seen(memory.recent, load, phase, moment, told=said)
            for load in feeder.loads:
                # Time alone may have made it one: hours that ended, longer on than a kettle.
                if (
                    load.recognised
                    and not any(load is one for one in memory.forbidden)
                    and self._hear_of(memory, load, reading, now, found)
                ):
                    note_seen(memory.recent, load, phase, moment, told=True)
        if memory.raised is None:
            total = sum(feeder.level.watts for feeder in memory.feeders)
            memory.usual.note_power(moment + self._offset, total)
        if self._charging:
            self._look_for_charging(memory, reading, now, found)
        self._look_at_pauses(memory, moment, now, found)

    def _look_at_pauses(
        self, memory: AppliancesMemory, moment: int, now: int, found: list[Finding]
    ) -> None:
        """Whether readings come often enough: none comes late for a while, and all did before."""
        slow = memory.slow
        limit = SLOW_MS / 1000
        if memory.blind:
            if not slow or moment - slow[-1] > AGAIN_MS:
                memory.blind = False
                slow.clear()
                why = self.explain("appliances_can_tell", limit=limit, unit="s", metric=POWER)
                found.append(stopped(CANNOT_TELL, Priority.NOTICE, moment, now, why))
        elif len(slow) == SLOW and moment - slow[0] <= SLOW_WITHIN_MS:
            memory.blind = True
            inputs = {"interval_s": tidy((slow[-1] - slow[0]) / (SLOW - 1) / 1000)}
            why = self.explain(CANNOT_TELL, inputs, limit=limit, unit="s", metric=POWER)
            found.append(Finding(CANNOT_TELL, True, Priority.NOTICE, moment, now, why))

    def _look_for_charging(
        self, memory: AppliancesMemory, reading: Reading, now: int, found: list[Finding]
    ) -> None:
        moment = reading.happened
        while len(memory.charging) < len(memory.feeders):
            memory.charging.append(Charging())
        for feeder, charging in zip(memory.feeders, memory.charging, strict=True):
            level = feeder.level
            if level.moving is not None or moment - level.seen > MINUTE_MS:
                continue
            began, ended = charge(charging, moment, level.watts, self._least_charging, MOST_BLIND)
            if began is not None and not self._charging_hours.hold(moment):
                began.told = False  # it may be night before it is full
            elif began is not None and memory.charged is None:
                inputs = self._charged(began, moment)
                memory.charged = Raised(began.since, [began.height], said=inputs)
                found.append(
                    Finding(
                        CHARGING,
                        True,
                        self._priority,
                        min(began.since, now),
                        now,
                        self._why(CHARGING, inputs),
                        occurrence=True,
                        remark=remark_on(reading),
                    )
                )
            if ended is not None and memory.charged is not None and not memory.charged.off:
                memory.charged.off = now
                memory.charged.said = self._charged(ended, moment)

    def _inputs(
        self, memory: AppliancesMemory, load: Load, moment: int, sure: float
    ) -> dict[str, bool | int | float | str | None]:
        seconds = max(0, load.lasted() if load.ended else moment - load.since) // 1000
        factor = load.power_factor
        local = load.since + self._offset
        usual = None if memory.usual is None else memory.usual.power_at(local)
        return {
            "step_w": tidy(load.height),
            "flat_pct": tidy(100 * load.flatness),
            "power_factor": None if factor is None else f"{factor:.2f}",
            "minutes": seconds // 60,
            "seconds": seconds % 60,
            "clock": clock(load.since, self._offset),
            "confidence_pct": round(100 * sure),
            "usual_w": None if usual is None else tidy(usual),
        }

    def _charged(self, one: Candidate, moment: int) -> dict[str, bool | int | float | str | None]:
        return {
            "step_w": tidy(one.height),
            "left_w": tidy(max(0.0, one.left)),
            "hours": round((moment - one.since) / 3_600_000, 1),
            "clock": clock(one.since, self._offset),
            "confidence_pct": round(100 * CONFIDENCE),
        }

    def _why(self, code: str, inputs: Inputs) -> Explanation:
        return self.explain(code, inputs, metric=POWER, unit="W")


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= ALIKE * max(one, other)


def loads_seen(state: DeviceState) -> list[Seen] | None:
    """What was recognised behind a feeder of late, oldest first; ``None`` when it is not judged."""
    for rule, memory in zip(state.rules, state.memories, strict=False):
        if isinstance(rule, Appliances) and rule.watches():
            return list(memory.recent)
    return None
