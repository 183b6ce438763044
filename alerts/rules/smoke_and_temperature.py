"""Smoke and heat together: a fire is recognised earlier, and steam, cooking and dust are not one.

Either alone has its own everyday causes: showers and dust obscure, cooking and the sun heat. Both
at once seldom do, so less of each is enough; and one alone, however strong, is no more than a
suspicion (a class A1 heat limit and the detector's own alarm have rules of their own). Steam does
both, and tells itself by its humidity: the relative humidity of a room that burns falls.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field, model_validator

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.measure import Inputs, number, tidy
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rise import SLOTS, UNKNOWN, RiseWindow, certain_rise, note, refilled
from alerts.rules.rule import DeviceState, Parameters
from devices.reading import Reading

FIRE: Final = "fire"
SUSPECTED: Final = "fire_suspected"

SMOKE: Final = "obscuration_pct_m"
TEMPERATURE: Final = "temperature_c"
HUMIDITY: Final = "humidity_pct"

NOTHING: Final = 0
SUSPICION: Final = 1
BURNING: Final = 2


class SmokeAndTemperatureParameters(Parameters):
    """How much smoke with how much heat."""

    smoke_pct_m: float = Field(default=3, gt=0, le=100)
    """Smoke that together with heat is a fire, in %/m."""

    heavy_smoke_pct_m: float = Field(default=10, gt=0, le=100)
    """Smoke that is a suspicion by itself, and needs only half the rise to be a fire, in %/m."""

    heavy_for_s: float = Field(default=20, ge=0, le=86_400)
    """How long it must be so heavy to be a suspicion by itself."""

    rise_c: float = Field(default=5, gt=0)
    """Rise of the temperature that together with smoke is a fire, in °C."""

    fast_rise_c: float = Field(default=12, gt=0)
    """Rise of the temperature that is a suspicion by itself, in °C."""

    within_s: float = Field(default=300, ge=10, le=86_400)
    """The time within which it must have risen so much."""

    hot_c: float = 54
    """A temperature that together with smoke is a fire whether it rises or not, in °C."""

    steam_humidity_pct: float = Field(default=90, gt=0)
    """From this relative humidity on smoke may be steam: by itself it is no suspicion then, and
    the rise must be double."""

    longest_gap_s: float = Field(default=150, ge=1, le=86_400)
    """After so long without a value, what was before is not compared with what comes after."""

    @model_validator(mode="after")
    def _ordered(self) -> SmokeAndTemperatureParameters:
        if self.heavy_smoke_pct_m <= self.smoke_pct_m:
            raise ValueError("heavy_smoke_pct_m must be more than smoke_pct_m")
        if self.fast_rise_c <= self.rise_c:
            raise ValueError("fast_rise_c must be more than rise_c")
        return self


class SmokeAndTemperatureMemory:
    """``smoke`` and ``smoke_at`` (ms) are of the last reading that told of smoke, ``since`` and
    ``heavy_since`` when smoke and heavy smoke began (0 = there is none), ``humidity`` the last.
    """

    __slots__ = ("heavy_since", "humidity", "since", "smoke", "smoke_at", "stage", "window")

    def __init__(self) -> None:
        self.window = RiseWindow()
        self.smoke = 0.0
        self.smoke_at = 0
        self.since = 0
        self.heavy_since = 0
        self.humidity = 0.0
        self.stage = NOTHING


class SmokeAndTemperature(QuietRule):
    """Condition ``fire`` (emergency, latches) or ``fire_suspected`` (high).

    Smoke counts when two readings one after the other tell of it.
    """

    __slots__ = (
        "_fast_rise",
        "_gap",
        "_heavy",
        "_heavy_for",
        "_hot",
        "_length",
        "_rise",
        "_slot",
        "_smoke",
        "_steam",
    )

    Parameters = SmokeAndTemperatureParameters
    Memory = SmokeAndTemperatureMemory
    kept = (("stage", int),)
    telemetry = True

    def __init__(self, parameters: SmokeAndTemperatureParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._smoke = parameters.smoke_pct_m
        self._heavy = parameters.heavy_smoke_pct_m
        self._heavy_for = int(parameters.heavy_for_s * 1000)
        self._rise = parameters.rise_c
        self._fast_rise = parameters.fast_rise_c
        self._length = int(parameters.within_s * 1000)
        self._slot = self._length // SLOTS
        self._hot = parameters.hot_c
        self._steam = parameters.steam_humidity_pct
        self._gap = int(parameters.longest_gap_s * 1000)

    def watches(self) -> frozenset[str]:
        """Smoke, heat, and what tells steam."""
        return frozenset({SMOKE, TEMPERATURE, HUMIDITY})

    def judge(
        self,
        memory: SmokeAndTemperatureMemory,
        state: DeviceState,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """Note smoke and temperature; look closer as soon as there is smoke."""
        values = reading.values
        temperature = values.get(TEMPERATURE)
        at_most = UNKNOWN
        if temperature.__class__ is not float and temperature is not None:
            temperature = number(temperature)
        if temperature is not None:
            at_most = note(memory.window, reading.happened, temperature, self._slot, self._gap)
        smoke = values.get(SMOKE)
        try:
            if (
                at_most < self._fast_rise
                and not memory.stage
                and not memory.since
                and (smoke is None or smoke < self._smoke)  # type: ignore[operator] # odd raise
            ):
                return None
        except TypeError:
            smoke = None
        return self._look(memory, number(smoke), reading, now)

    def window(self) -> tuple[str, int]:
        """The temperature's: smoke counts anew from the next readings on."""
        return TEMPERATURE, self._length + self._slot

    def refill(self, memory: SmokeAndTemperatureMemory, points: list[tuple[int, float]]) -> None:
        """Put the stored past before what the window holds."""
        memory.window = refilled(memory.window, points, self._slot, self._gap)

    def _look(
        self, memory: SmokeAndTemperatureMemory, smoke: float | None, reading: Reading, now: int
    ) -> Outcome | None:
        at = reading.happened
        if (humidity := number(reading.values.get(HUMIDITY))) is not None:
            memory.humidity = humidity
        sure = 0.0
        gone = False
        if smoke is not None and at >= memory.smoke_at:
            followed = at - memory.smoke_at <= self._gap
            sure = min(smoke, memory.smoke) if followed else 0.0
            gone = followed and max(smoke, memory.smoke) < self._smoke * 0.7
            memory.smoke = smoke
            memory.smoke_at = at
            memory.since = _since(memory.since, smoke >= self._smoke, followed, at)
            memory.heavy_since = _since(memory.heavy_since, smoke >= self._heavy, followed, at)
        if memory.stage == BURNING and not gone:
            return None
        window = memory.window
        recent = at - window.at <= self._gap
        risen, seconds = certain_rise(window, self._slot) if recent else (UNKNOWN, 0.0)
        if memory.stage and gone and risen < self._fast_rise / 2:
            return self._over(memory, reading, now)
        if sure >= self._smoke:
            return self._weigh(memory, sure, (risen, seconds), reading, now)
        if risen >= self._fast_rise and memory.stage == NOTHING:
            told = {"rise_c": tidy(risen), "minutes": tidy(seconds / 60)}
            why = self.explain(
                "heat_without_smoke", told, limit=self._fast_rise, metric=TEMPERATURE, unit="°C"
            )
            return self._found(memory, SUSPICION, why, reading, now)
        return None

    def _weigh(
        self,
        memory: SmokeAndTemperatureMemory,
        sure: float,
        rise: tuple[float, float],
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """There is smoke for sure: is it a fire, or a suspicion, or may it be steam?"""
        risen, seconds = rise
        steam = memory.humidity >= self._steam
        needed = self._rise * (2 if steam else 0.5 if sure >= self._heavy else 1)
        inputs: Inputs = {
            "smoke_pct_m": tidy(sure),
            "seconds": (reading.happened - memory.since) // 1000,
        }
        if risen >= needed:
            told = {**inputs, "rise_c": tidy(risen), "minutes": tidy(seconds / 60)}
            return self._found(memory, BURNING, self._why("smoke_and_rise", told), reading, now)
        level = memory.window.level
        if risen != UNKNOWN and level >= self._hot:
            told = {**inputs, "temperature_c": tidy(level), "hot_c": tidy(self._hot)}
            return self._found(memory, BURNING, self._why("smoke_and_heat", told), reading, now)
        lasting = memory.heavy_since and reading.happened - memory.heavy_since >= self._heavy_for
        if lasting and sure >= self._heavy and not steam and memory.stage == NOTHING:
            told = {**inputs, "seconds": (reading.happened - memory.heavy_since) // 1000}
            why = self._why("smoke_without_heat", told, self._heavy)
            return self._found(memory, SUSPICION, why, reading, now)
        return None

    def _found(
        self,
        memory: SmokeAndTemperatureMemory,
        stage: int,
        why: Explanation,
        reading: Reading,
        now: int,
    ) -> Outcome:
        memory.stage = stage
        fire = stage == BURNING
        finding = Finding(
            FIRE if fire else SUSPECTED,
            True,
            Priority.EMERGENCY if fire else Priority.HIGH,
            reading.happened,
            now,
            why,
            occurrence=fire,
            latches=fire,
            remark=remark_on(reading),
        )
        return Outcome((finding,), save=True)

    def _over(self, memory: SmokeAndTemperatureMemory, reading: Reading, now: int) -> Outcome:
        why = self._why("smoke_gone", {"smoke_pct_m": tidy(memory.smoke)})
        happened = reading.happened
        findings = [stopped(SUSPECTED, Priority.HIGH, happened, now, why)]
        if memory.stage == BURNING:  # a suspicion may have come before it
            findings.append(stopped(FIRE, Priority.EMERGENCY, happened, now, why))
        memory.stage = NOTHING
        memory.since = memory.heavy_since = 0
        return Outcome(tuple(findings), save=True)

    def _why(
        self,
        code: str,
        inputs: Inputs,
        limit: float | None = None,
    ) -> Explanation:
        return self.explain(
            code, inputs, limit=self._smoke if limit is None else limit, metric=SMOKE, unit="%/m"
        )


def _since(since: int, there: bool, followed: bool, at: int) -> int:
    if not there:
        return 0
    return since if since and followed else at
