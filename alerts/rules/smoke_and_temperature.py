"""Smoke and heat together: a fire is recognised earlier, and steam, cooking and dust are not one.

Either alone has its own everyday causes: showers and dust obscure, cooking and the sun heat. Both
at once seldom do, so less of each is enough; and one alone, however strong, is no more than a
suspicion (a class A1 heat limit and the detector's own alarm have rules of their own). Steam does
both, and tells itself by its humidity: the relative humidity of a room that burns falls.

Both are judged by level and by rate. What burns with a flame heats the ceiling within a minute, a
cooker or a heater takes several: a quick rise needs to be half as large, and a quick rise of the
whole size needs half the smoke. Of smoke, what the chamber reads in clean air is taken off
(`alerts.rules.clean_air`), so that dust neither brings the limit closer nor, beyond a bound, moves
it away. What is not enough for a finding by itself is a sign: others in the same room may have
seen the rest of it (`alerts.fire_room`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.clean_air import DAY, CleanAir, learn
from alerts.rules.fire_figures import SmokeAndTemperatureParameters
from alerts.rules.fire_sign import SIGN, SIGN_OF_BOTH, SIGN_OF_HEAT, SIGN_OF_SMOKE
from alerts.rules.measure import Inputs, number, tidy
from alerts.rules.quiet import QuietRule, remark_on, stopped
from alerts.rules.rise import (
    SLOTS,
    UNKNOWN,
    RiseWindow,
    certain_rise,
    note,
    quick_rise,
    refilled,
)
from alerts.rules.rule import DeviceState
from devices.reading import Reading

FIRE: Final = "fire"
SUSPECTED: Final = "fire_suspected"

SMOKE: Final = "obscuration_pct_m"
TEMPERATURE: Final = "temperature_c"
HUMIDITY: Final = "humidity_pct"

NOTHING: Final = 0
SUSPICION: Final = 1
BURNING: Final = 2

_LOOK_MS: Final = 60_000
"""What changes slowly (clean air, the usual humidity) is looked at so often."""

_QUICK_SHARE: Final = 2 / 3
"""Of a fast rise that is a suspicion by itself, when it is quick."""

_STEAM_MS: Final = 300_000
"""So long after the humidity of steam what obscures may still be steam."""

_USUAL_MS: Final = 1_800_000
_USUAL_SHARE: Final = 0.25
"""The usual humidity follows a higher one so slowly, and with one reading by no more of the way: a
device that was silent for long does not take the steam of which it speaks for usual."""

_SUSPECT: Final = 0.75
"""Of the quick rise that is a fire, how much is a suspicion."""

SURE: Final = 2.0
"""One reading may be false; one that is no more than twice the one before is not: smoke grows."""

HALF: Final = 0.5
"""Of the smoke that is watched more closely; of the rise that is enough when it is quick."""


_UNRISEN: Final = (UNKNOWN, 0.0)


class Rises(NamedTuple):
    """By how much the temperature has risen (°C) and within how many seconds: ``slow`` within the
    whole time, ``quick`` within a third of it; ``held`` and ``held_quick`` the same since the last
    word before a gap.
    """

    slow: tuple[float, float] = _UNRISEN
    quick: tuple[float, float] = _UNRISEN
    held: tuple[float, float] = _UNRISEN
    held_quick: tuple[float, float] = _UNRISEN


class SmokeAndTemperatureMemory:
    """``smoke`` and ``smoke_at`` (ms) are of the last reading that told of smoke, ``since`` and
    ``heavy_since`` when smoke and heavy smoke began (0 = there is none). ``humidity`` is the last,
    ``usual`` what it usually is, and until ``steam_until`` (ms) smoke may be steam. ``looked`` (ms)
    is when what changes slowly was last taken in, ``saved`` when that was last stored. Until
    ``calm_until`` (ms) nothing but smoke or a rise is looked at. ``sign`` is the code of what
    others in the room may need to know.
    """

    __slots__ = (
        "air",
        "calm_until",
        "heavy_since",
        "humidity",
        "looked",
        "saved",
        "sign",
        "since",
        "smoke",
        "smoke_at",
        "stage",
        "steam_until",
        "usual",
        "window",
    )

    def __init__(self) -> None:
        self.window = RiseWindow()
        self.air = CleanAir()
        self.calm_until = 0
        self.saved = 0
        self.smoke = 0.0
        self.smoke_at = 0
        self.since = 0
        self.heavy_since = 0
        self.humidity = 0.0
        self.usual = UNKNOWN
        self.steam_until = 0
        self.looked = 0
        self.stage = NOTHING
        self.sign = ""

    @property
    def calm(self) -> bool:
        """Whether nothing is going on that needs every reading."""
        return not (self.stage or self.since or self.sign)


class SmokeAndTemperature(QuietRule):
    """Condition ``fire`` (emergency, latches) or ``fire_suspected`` (high); ``fire_sign`` is for
    the room's judgement and no alert.

    Smoke counts when two readings one after the other tell of it, the first of at least half.
    """

    __slots__ = (
        "_compensated",
        "_fast_rise",
        "_gap",
        "_heavy",
        "_heavy_for",
        "_held_for",
        "_hot",
        "_least_rise",
        "_length",
        "_rise",
        "_slot",
        "_smoke",
        "_steam",
        "_steam_jump",
        "_watched_smoke",
    )

    Parameters = SmokeAndTemperatureParameters
    Memory = SmokeAndTemperatureMemory
    kept = (("stage", int), ("air", CleanAir))
    telemetry = True

    def __init__(self, parameters: SmokeAndTemperatureParameters, name: str) -> None:
        super().__init__(parameters, name)
        self._smoke = parameters.smoke_pct_m
        self._watched_smoke = parameters.smoke_pct_m * HALF
        self._heavy = parameters.heavy_smoke_pct_m
        self._heavy_for = int(parameters.heavy_for_s * 1000)
        self._rise = parameters.rise_c
        self._fast_rise = parameters.fast_rise_c
        # Half of a rise, quickly, is a sign; its last reading may be twice the one before.
        self._least_rise = parameters.rise_c * HALF / SURE
        self._length = int(parameters.within_s * 1000)
        self._slot = self._length // SLOTS
        self._hot = parameters.hot_c
        self._steam = parameters.steam_humidity_pct
        self._steam_jump = parameters.steam_jump_pct
        self._gap = int(parameters.longest_gap_s * 1000)
        self._held_for = int(parameters.held_for_s * 1000)
        self._compensated = parameters.compensated_pct_m

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
        at = reading.happened
        temperature = values.get(TEMPERATURE)
        at_most = UNKNOWN
        if temperature.__class__ is not float and temperature is not None:
            temperature = number(temperature)
        if temperature is not None:
            at_most = note(memory.window, at, temperature, self._slot, self._gap)
        smoke = values.get(SMOKE)
        try:
            if (
                at < memory.calm_until
                and at_most < self._least_rise
                and (smoke is None or smoke < self._watched_smoke)  # type: ignore[operator] # odd raise
            ):
                return None
        except TypeError:
            smoke = None
        smoke = number(smoke)
        save = self._take_in_slow(memory, smoke, reading)
        found = None
        smoky = smoke is not None and smoke >= self._watched_smoke
        if at_most >= self._least_rise or smoky or not memory.calm:
            found = self._look(memory, smoke, reading, now)
        memory.calm_until = at + _LOOK_MS if memory.calm else 0
        return Outcome(save=True) if save and found is None else found

    def window(self) -> tuple[str, int]:
        """The temperature's: smoke counts anew from the next readings on."""
        return TEMPERATURE, self._length + self._slot

    def refill(self, memory: SmokeAndTemperatureMemory, points: list[tuple[int, float]]) -> None:
        """Put the stored past before what the window holds."""
        memory.window = refilled(memory.window, points, self._slot, self._gap)

    def _look(
        self, memory: SmokeAndTemperatureMemory, smoke: float | None, reading: Reading, now: int
    ) -> Outcome | None:
        sure, gone = self._sure(memory, smoke, reading.happened)
        if memory.stage == BURNING and not gone:
            return None
        return self._judge_both(memory, sure, gone, reading, now)

    def _take_in_slow(
        self, memory: SmokeAndTemperatureMemory, smoke: float | None, reading: Reading
    ) -> bool:
        """Learn clean air and the usual humidity; whether it is time to store that."""
        at = reading.happened
        passed = at - memory.looked
        if (humidity := number(reading.values.get(HUMIDITY))) is not None:
            memory.humidity = humidity
            if memory.usual == UNKNOWN or humidity < memory.usual:
                memory.usual = humidity
            elif passed > 0:
                # What has jumped may have come to stay, as with the weather, but not in an hour.
                jumped = humidity - memory.usual >= self._steam_jump
                share = min(passed / _USUAL_MS, _USUAL_SHARE) / (10 if jumped else 1)
                memory.usual += share * (humidity - memory.usual)
        memory.looked = at
        if smoke is None or not learn(memory.air, at, smoke) or at - memory.saved < DAY:
            return False
        memory.saved = at
        return True

    def _sure(
        self, memory: SmokeAndTemperatureMemory, smoke: float | None, at: int
    ) -> tuple[float, bool]:
        """Smoke that two readings tell of, in %/m above clean air's, and whether it is gone."""
        if smoke is None or at < memory.smoke_at:
            return 0.0, False
        smoke -= min(memory.air.level, self._compensated)
        followed = at - memory.smoke_at <= self._gap
        sure = min(smoke, SURE * memory.smoke) if followed else 0.0
        gone = followed and max(smoke, memory.smoke) < self._watched_smoke * 0.7
        memory.smoke = smoke
        memory.smoke_at = at
        memory.since = _since(memory.since, smoke >= self._watched_smoke, followed, at)
        memory.heavy_since = _since(memory.heavy_since, smoke >= self._heavy, followed, at)
        return sure, gone

    def _judge_both(
        self,
        memory: SmokeAndTemperatureMemory,
        sure: float,
        gone: bool,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        rises = self._rises(memory, reading.happened)
        risen = rises.slow[0]
        if memory.stage and gone and risen < self._fast_rise / 2:
            return self._over(memory, reading, now)
        if sure >= self._watched_smoke:
            found = self._weigh(memory, sure, rises, reading, now)
            if found is not None:
                return found
        if memory.stage == NOTHING:
            for rise, limit in (
                (rises.quick, self._fast_rise * _QUICK_SHARE),
                (rises.slow, self._fast_rise),
            ):
                if rise[0] >= limit:
                    told = {"rise_c": tidy(rise[0]), "minutes": tidy(rise[1] / 60)}
                    why = self.explain(
                        "heat_without_smoke", told, limit=limit, metric=TEMPERATURE, unit="°C"
                    )
                    return self._found(memory, SUSPICION, why, reading, now)
        return self._signs(memory, sure, rises, reading, now)

    def _rises(self, memory: SmokeAndTemperatureMemory, at: int) -> Rises:
        window = memory.window
        if at - window.at > self._gap:
            return Rises()
        slow, quick = certain_rise(window, self._slot), quick_rise(window, self._slot)
        since = at - window.resumed
        if window.silent <= self._held_for and since <= self._length:
            # Signs and suspicions do without it: what happened in a gap is not known for certain.
            held = (window.level - window.held, since / 1000)
            return Rises(slow, quick, held, held if 3 * since <= self._length else _UNRISEN)
        return Rises(slow, quick)

    def _weigh(
        self,
        memory: SmokeAndTemperatureMemory,
        sure: float,
        rises: Rises,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """There is smoke for sure: is it a fire, or a suspicion, or may it be steam?"""
        at = reading.happened
        steam = self._steams(memory, at)
        heavy = memory.heavy_since and at - memory.heavy_since >= self._heavy_for
        lasting = bool(heavy) and sure >= self._heavy
        inputs: Inputs = {"smoke_pct_m": tidy(sure), "seconds": (at - memory.since) // 1000}
        enough = self._enough_in_steam(sure, rises) if steam else self._enough(sure, lasting, rises)
        if enough is not None:
            risen, seconds = enough
            told = {**inputs, "rise_c": tidy(risen), "minutes": tidy(seconds / 60)}
            return self._found(memory, BURNING, self._why("smoke_and_rise", told), reading, now)
        level = memory.window.level
        if sure >= self._smoke and rises.slow[0] != UNKNOWN and level >= self._hot:
            told = {**inputs, "temperature_c": tidy(level), "hot_c": tidy(self._hot)}
            return self._found(memory, BURNING, self._why("smoke_and_heat", told), reading, now)
        if steam or memory.stage != NOTHING:
            return None
        for rise, enough_c, least in (
            (rises.quick, self._rise * max(_SUSPECT * self._share(sure), HALF), 0.0),
            (rises.slow, self._rise, self._smoke),
        ):
            if rise[0] >= enough_c and sure >= least:
                told = {**inputs, "rise_c": tidy(rise[0]), "minutes": tidy(rise[1] / 60)}
                why = self._why("smoke_and_rise", told, least or self._watched_smoke)
                return self._found(memory, SUSPICION, why, reading, now)
        if lasting:
            told = {**inputs, "seconds": (at - memory.heavy_since) // 1000}
            why = self._why("smoke_without_heat", told, self._heavy)
            return self._found(memory, SUSPICION, why, reading, now)
        return None

    def _enough_in_steam(self, sure: float, rises: Rises) -> tuple[float, float] | None:
        """A hot shower heats, too: the rise must be double, and no smoke makes up for it."""
        risen = max(rises.slow, rises.held)
        return risen if sure >= self._smoke and risen[0] >= 2 * self._rise else None

    def _enough(self, sure: float, lasting: bool, rises: Rises) -> tuple[float, float] | None:
        """The rise that with so much smoke is a fire, and its seconds; ``None``: there is none."""
        dense = sure >= self._heavy / HALF
        quick = max(rises.quick, rises.held_quick)
        if quick[0] >= self._rise * (HALF * HALF if dense else self._share(sure)):
            return quick
        slow = max(rises.slow, rises.held)
        # A cooker while the heating comes on smokes and warms slowly: little smoke wants double.
        if sure >= self._smoke and slow[0] >= self._rise * (HALF if lasting else 2.0):
            return slow
        return None

    def _share(self, sure: float) -> float:
        """Of the rise, how much is enough when it is quick: from all of it with half the smoke to
        half of it with all the smoke, evenly."""
        return max(1.5 - HALF * sure / self._watched_smoke, HALF)

    def _steams(self, memory: SmokeAndTemperatureMemory, at: int) -> bool:
        """Whether what obscures may be steam: droplets outlast the humidity that made them."""
        humidity = memory.humidity
        jumped = memory.usual != UNKNOWN and humidity - memory.usual >= self._steam_jump
        if jumped or humidity >= self._steam:
            memory.steam_until = at + _STEAM_MS
        return at <= memory.steam_until

    def _signs(
        self,
        memory: SmokeAndTemperatureMemory,
        sure: float,
        rises: Rises,
        reading: Reading,
        now: int,
    ) -> Outcome | None:
        """What others in the room may have seen the rest of."""
        at = reading.happened
        smokes = 0.0 if self._steams(memory, at) else sure
        risen, seconds = max(rises.slow, rises.quick)
        if smokes >= self._watched_smoke and risen >= self._rise * HALF:
            sign = SIGN_OF_BOTH
        elif smokes >= self._smoke:
            sign = SIGN_OF_SMOKE
        elif rises.slow[0] >= self._rise or rises.quick[0] >= self._rise * HALF:
            sign = SIGN_OF_HEAT
        elif sure < self._watched_smoke and risen < self._rise * HALF:
            sign = ""
        else:
            return None
        if sign == memory.sign:
            return None
        memory.sign = sign
        if not sign:
            why = self.explain("fire_sign_gone")
            return Outcome((stopped(SIGN, Priority.NOTICE, at, now, why),))
        told: Inputs = {"smoke_pct_m": tidy(max(sure, 0.0))}
        if risen != UNKNOWN:
            told = {**told, "rise_c": tidy(risen), "minutes": tidy(seconds / 60)}
        heat = sign == SIGN_OF_HEAT
        why = self.explain(
            sign,
            told,
            limit=self._rise if heat else self._smoke,
            metric=TEMPERATURE if heat else SMOKE,
            unit="°C" if heat else "%/m",
        )
        return Outcome((Finding(SIGN, True, Priority.NOTICE, at, now, why),))

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
        why = self._why("smoke_gone", {"smoke_pct_m": tidy(max(memory.smoke, 0.0))})
        happened = reading.happened
        findings = [stopped(SUSPECTED, Priority.HIGH, happened, now, why)]
        if memory.stage == BURNING:  # a suspicion may have come before it
            findings.append(stopped(FIRE, Priority.EMERGENCY, happened, now, why))
        if memory.sign:
            findings.append(stopped(SIGN, Priority.NOTICE, happened, now, why))
        memory.stage, memory.sign = NOTHING, ""
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
