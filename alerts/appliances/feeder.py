"""One phase of a feeder: which loads are on, when each came and went, and what kind it is.

Event-based: a step up is something that was switched on; a step down of the same height is that
being switched off. Nothing is learned of single appliances beforehand.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import msgspec

from alerts.appliances.kinds import (
    CYCLES_MS,
    KETTLE_MS,
    Kind,
    Likeness,
    alike,
    at_first_sight,
    in_turns,
)
from alerts.appliances.loads import Load, Pulsing, Start, note_pulse, pulses_for_hours
from alerts.appliances.steps import UNKNOWN, Edge, Level, Pulse, band_at, take

LEAST_LOAD_W: Final = 300.0
"""Steps below are not followed: computers, lamps, chargers of telephones."""

PAIRS: Final = 0.12
"""A step down ends a load whose height it meets by so much: coils take less when they are hot."""

LOOSE_PAIRS: Final = 0.25
"""When none does, by so much: something small came or went in the same seconds, then or now."""

FRESH_PAIRS: Final = 0.2
"""And one that was not on for long by so much: its height was taken from its first readings."""

FRESH_MS: Final = 30_000

LEAST_OF_TWO_W: Final = 500.0
"""Two smaller loads seldom end at once."""

ON_MS: Final = 8_000
"""A load that was seen on for so long is no compressor's start, which takes a second."""

ON_ABOUT_MS: Final = 7_500
"""One that was over by then counts when it was read twice, and the middle between its shortest and
its longest possible time is as long as this: pulses of coffee makers' thermostats last 3 to 4 s,
some refrigerators take 900 W for 5 to 6 s."""

READ_TWICE_MS: Final = 2_000
"""And the readings that saw it are so far apart."""

FUSER_W: Final = 800.0
FUSER_MS: Final = 24_000
"""A laser printer's fuser takes 600 to 800 W for ten seconds and more: smaller loads must be on for
so long."""

TELLS_PULSES: Final = 3
"""So many readings in a row are no pulses that happen to be hit."""

MERGE_MS: Final = 5_000
"""Steps up within this of each other are one appliance's: element by element, or fan, then coil."""

DECAY_MS: Final = 20_000
"""A fresh load that falls by less than half within this time had a surge, or came together with
something that has gone."""

STAGE: Final = 0.3
"""A fall by this share of a fresh load, after which it is too small to be judged, is its own: a
laser printer that is warm. Smaller ones are somebody else's."""

MOST_LOADS: Final = 12
MOST_STARTS: Final = 24
LONGEST_BLIND_MS: Final = 15 * 60_000
"""After a longer gap it is unknown what is on."""

LONGEST_LOAD_MS: Final = 24 * 3_600_000
LONGEST_UNTOLD_MS: Final = 3_600_000
"""What seems to be on for longer had an end that was not seen; the second, of what was too small to
be judged."""


class Feeder(msgspec.Struct, gc=False):
    """What is known of one phase; ``judging`` loads are not yet called anything."""

    level: Level = msgspec.field(default_factory=Level)
    loads: list[Load] = msgspec.field(default_factory=list)
    starts: list[Start] = msgspec.field(default_factory=list)
    pulsing: list[Pulsing] = msgspec.field(default_factory=list)
    judging: int = 0


def follow(
    feeder: Feeder, now: int, watts: float, reactive: float, least: float, longest_gap: int
) -> list[Load]:
    """Take in a reading (ms, W, var); loads of ``least`` W whose kind has become known, changed,
    or that have ended. ``longest_gap`` in ms.
    """
    told: list[Load] = []
    for change in take(feeder.level, now, watts, reactive, longest_gap):
        if isinstance(change, Pulse):
            if change.height >= least:
                note_pulse(feeder.pulsing, change.after, change.height)
        elif change.blind:
            _after_gap(feeder, change, least, told)
        elif change.height > 0:
            _rise(feeder, change)
        else:
            _fall(feeder, change, least, told)
    if feeder.judging:
        _judge(feeder, now, watts, least, told)
    return told


def forget_old(feeder: Feeder, now: int) -> list[Load]:
    """Loads whose end was not seen: they cannot be on for so long. Recognised ones are given."""
    old = [
        load
        for load in feeder.loads
        if now - load.since > (LONGEST_LOAD_MS if load.recognised else LONGEST_UNTOLD_MS)
    ]
    for load in old:
        feeder.loads.remove(load)
        load.ended, load.unseen = now, True
    return [load for load in old if load.recognised]


def _rise(feeder: Feeder, edge: Edge) -> None:
    for load in reversed(feeder.loads):
        if not load.recognised and edge.at - load.since <= MERGE_MS and load.steady:
            load.height += edge.height
            load.reactive += edge.reactive
            load.low = load.high = load.total = edge.level
            return
    if edge.height < LEAST_LOAD_W:
        return
    _add(feeder, edge)


def _add(feeder: Feeder, edge: Edge) -> None:
    load = Load(
        before=edge.before,
        since=edge.at,
        last=edge.known,
        height=edge.height,
        reactive=edge.reactive,
        low=edge.level,
        high=edge.level,
        total=edge.level,
        readings=edge.readings,
        steady=edge.steady,
        unseen=edge.blind,
    )
    feeder.loads.append(load)
    if len(feeder.loads) > MOST_LOADS:
        del feeder.loads[0]
    feeder.judging += 1


def _judge(feeder: Feeder, now: int, watts: float, least: float, told: list[Load]) -> None:
    """Those that have been on for long enough are called by their kind."""
    feeder.judging = 0
    moving = feeder.level.moving
    for load in feeder.loads:
        if load.recognised or load.height < least:
            continue
        if moving is None:
            if now > load.last:
                load.readings += 1
                load.last = now
            load.low, load.high = min(load.low, watts), max(load.high, watts)
            if load.last - load.since >= _long_enough(load.height) and _often_enough(
                feeder, now, load.height, load.readings
            ):
                _recognise(feeder, load, now)
                told.append(load)
                continue
        feeder.judging += 1


def _long_enough(height: float) -> int:
    return ON_MS if height >= FUSER_W else FUSER_MS


def _often_enough(feeder: Feeder, now: int, height: float, readings: int) -> bool:
    """Two readings far apart may be two pulses of a machine that pulses all day."""
    return readings >= TELLS_PULSES or not pulses_for_hours(feeder.pulsing, now, height)


def _was_on(shortest: int, longest: int, height: float) -> bool:
    """Whether what is over was on for long enough to be called something."""
    least = ON_ABOUT_MS if height >= FUSER_W else FUSER_MS
    return shortest >= READ_TWICE_MS and (shortest + longest) / 2 >= least


def _recognise(feeder: Feeder, load: Load, now: int) -> None:
    load.recognised = now
    likeness = at_first_sight(load.height, load.reactive, load.total, unseen=load.unseen)
    turns = _turns(feeder, load.since, load.height)
    unsure = likeness.kind is Kind.HEATER_OR_MICROWAVE
    if turns is not None and (
        unsure or (likeness.kind is Kind.HEATER and turns.kind is Kind.THERMOSTAT)
    ):
        likeness = turns
    load.kind, load.confidence = likeness.kind, likeness.confidence


def _turns(feeder: Feeder, at: int, height: float) -> Likeness | None:
    """Notes a start; what the starts of this height of late look like."""
    feeder.starts.append(Start(at, height))
    if len(feeder.starts) > MOST_STARTS:
        del feeder.starts[0]
    return in_turns(
        [
            start.at
            for start in feeder.starts
            if start.at > at - CYCLES_MS and alike(start.height, height)
        ]
    )


def _fall(feeder: Feeder, edge: Edge, least: float, told: list[Load]) -> None:
    drop = -edge.height
    ending = _ending(feeder, edge.at, drop)
    for load in ending:
        _end(feeder, load, edge, least, told)
    if not ending:
        _shrink(feeder, edge, drop, least, told)
    # Whatever would leave the feeder below nothing was not on any more.
    spare = edge.level + band_at(edge.level)
    for load in list(feeder.loads):
        if load.height > spare:
            load.unseen = True
            _end(feeder, load, edge, least, told)


def _ending(feeder: Feeder, now: int, drop: float) -> tuple[Load, ...]:
    """The load, or the two, that a step down of ``drop`` W fits best."""
    slack = band_at(feeder.level.watts + drop)
    alone = [(load,) for load in feeder.loads]
    large = [load for load in feeder.loads if load.height >= LEAST_OF_TWO_W]
    for choices, share in ((alone, PAIRS), (combinations(large, 2), PAIRS), (alone, LOOSE_PAIRS)):
        best: tuple[Load, ...] = ()
        least = 1.0
        for few in choices:
            height = sum(load.height for load in few)
            fresh = any(now - load.since <= FRESH_MS for load in few)
            off = abs(height - drop) / max(slack, max(share, FRESH_PAIRS * fresh) * height)
            if off <= least:  # of those that fit equally well the latest
                best, least = few, off
        if best:
            return best
    return ()


def _shrink(feeder: Feeder, edge: Edge, drop: float, least: float, told: list[Load]) -> None:
    """A step down that is nobody's end: a surge that is over, or one stage of several."""
    if drop < LEAST_LOAD_W and not feeder.judging:
        return
    for load in reversed(feeder.loads):
        if load.height <= drop:
            continue
        rest = load.height - drop
        if (
            not load.recognised
            and edge.at - load.since <= DECAY_MS
            and drop < load.height / 2
            and (rest >= least or drop >= STAGE * load.height)
        ):
            load.height = rest
            load.reactive += edge.reactive
            load.low = load.high = load.total = edge.level
            return
        if drop < LEAST_LOAD_W:
            continue
        # What stays on was judged with it: two that came at once, or the lower stage of one.
        stage = msgspec.structs.replace(load, height=rest, reactive=UNKNOWN)
        _end(feeder, load, edge, least, told)
        if rest >= LEAST_LOAD_W:
            feeder.loads.append(stage)
            feeder.judging += not stage.recognised
        return


def _end(feeder: Feeder, load: Load, edge: Edge, least: float, told: list[Load]) -> None:
    feeder.loads.remove(load)
    if not load.recognised:
        load.last = max(load.last, min(edge.before, edge.known))
    else:
        load.last = edge.before
    load.ended = edge.left
    load.unseen = load.unseen or edge.blind
    if load.height < least:
        return
    if not load.recognised:
        shortest, longest = load.last - load.since, load.ended - load.before
        if not _was_on(shortest, longest, load.height):
            note_pulse(feeder.pulsing, edge.known, load.height)
            return
        if not _often_enough(feeder, edge.known, load.height, load.readings):
            return
        _recognise(feeder, load, edge.known)
    elif load.kind is Kind.HEATER and KETTLE_MS[0] <= load.lasted() <= KETTLE_MS[1]:
        load.kind = Kind.KETTLE
    told.append(load)


def _after_gap(feeder: Feeder, edge: Edge, least: float, told: list[Load]) -> None:
    """Nothing was seen for a while: what fits what was known goes on, the rest is unknown."""
    gap = edge.at - edge.before
    if gap > LONGEST_BLIND_MS:
        for load in list(feeder.loads):
            _end(feeder, load, edge, least, told)
        feeder.judging = 0
        return
    slack = band_at(edge.level)
    if abs(edge.height) <= 2 * slack:
        for load in feeder.loads:
            load.unseen = True
    elif edge.height < 0:
        _fall(feeder, edge, least, told)
    elif edge.height >= least:
        _add(feeder, edge)
