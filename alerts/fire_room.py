"""Whether a room burns: one decision from all detectors in it, with the first of them named.

Each detector judges by itself, and its own alert stands whatever is decided here: nothing is
grouped away. What is decided for the room comes on top, in two cases. Two detectors that see parts
of a fire, one smoke and another heat, neither enough by itself, are a fire together: the room is
told of earlier. And a detector in alarm that another one bears out is *confirmed*: that is no
toaster beside one detector, and those who are called know it.

Pure functions of what detectors testify.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Flag
from typing import Final

import msgspec

from alerts.finding import Explanation, Finding, Priority
from alerts.rules.fire_sign import SIGN, SIGN_OF_BOTH
from alerts.rules.smoke_and_temperature import FIRE, SMOKE, SUSPECTED, TEMPERATURE

CONDITION: Final = "room_fire"
RULE: Final = "room_fire"

CONFIRMED: Final = "room_fire_confirmed"
"""The code of the explanation when one of the detectors would have been enough."""

TOGETHER_MS: Final = 1_800_000
"""What began so long before the newest one is of something else: a detector that was left in
alarm, or whose end got lost."""

MOST_NAMED: Final = 5
"""Detectors named in an explanation, the first ones."""


class Seen(Flag):
    """What of a fire a detector sees."""

    SMOKE = 1
    HEAT = 2


class Witness(msgspec.Struct, frozen=True):
    """That a detector sees something, since when (ms). ``device`` is its row, ``name`` its id;
    ``alarm``: it is enough by itself. ``metric`` is the value whose curve shows it.
    """

    device: int
    name: str
    since: int
    seen: Seen
    alarm: bool
    metric: str = ""


class Turn(msgspec.Struct, frozen=True):
    """When a detector, by its id, began to see a fire of its room (ms); ``None``: nobody noted."""

    name: str
    at: int | None


class RoomFire(msgspec.Struct, frozen=True):
    """A room burns: ``witnesses``, one for each detector, the first one first."""

    witnesses: tuple[Witness, ...]

    @property
    def first(self) -> Witness:
        """Who saw it first."""
        return self.witnesses[0]

    @property
    def confirmed(self) -> bool:
        """Whether one of them would have been enough."""
        return any(one.alarm for one in self.witnesses)


_ALARMS: Final = {"smoke": Seen.SMOKE, FIRE: Seen.SMOKE | Seen.HEAT, "heat": Seen.HEAT}
_PARTS: Final = frozenset({SUSPECTED, SIGN, "heavy_smoke", "rate_of_rise"})
_OF_BOTH: Final = frozenset({SIGN_OF_BOTH, "smoke_and_rise"})

STANDING: Final = frozenset({CONDITION, *_ALARMS, *(_PARTS - {SIGN})})
"""The conditions of alerts that tell of a room's fire: the room's own, and those of detectors."""


def testifies(condition: str) -> bool:
    """Whether a finding of this condition has a say here."""
    return condition in _ALARMS or condition in _PARTS


def witness_of(
    condition: str, why: Explanation, *, device: int, name: str, since: int
) -> Witness | None:
    """What a detector's finding, or its open alert, says of its room; ``None``: nothing.

    What it saw follows from the condition, or from what the explanation is about. A threshold of
    another temperature, as of a cable, says nothing of the air of the room.
    """
    alarm = condition in _ALARMS
    if alarm:
        seen = _ALARMS[condition]
    elif condition not in _PARTS:
        return None
    elif why.code in _OF_BOTH:
        seen = Seen.SMOKE | Seen.HEAT
    elif why.metric == SMOKE:
        seen = Seen.SMOKE
    elif why.metric == TEMPERATURE:
        seen = Seen.HEAT
    else:
        return None
    if seen is Seen.HEAT and why.metric != TEMPERATURE:
        return None
    return Witness(device, name, since, seen, alarm, why.metric)


def judge_room(witnesses: Iterable[Witness]) -> RoomFire | None:
    """Whether what the detectors of one room testify now is a fire of the room."""
    said = sorted(witnesses, key=lambda one: (one.since, one.device))
    if not said:
        return None
    newest = said[-1].since
    said = [one for one in said if one.since >= newest - TOGETHER_MS]
    by_device: dict[int, Witness] = {}
    for one in said:
        known = by_device.get(one.device)
        by_device[one.device] = one if known is None else _both(known, one)
    each = tuple(by_device.values())
    if len(each) > 1 and (any(one.alarm for one in each) or _complete(each)):
        return RoomFire(each)
    return None


def why_room_fire(fire: RoomFire) -> Explanation:
    """Why it is one, with the first detector named."""
    code = CONFIRMED if fire.confirmed else "room_fire_together"
    named = [one.name for one in fire.witnesses]
    rest = ", ".join(named[1:MOST_NAMED])
    after = [max(one.since - fire.first.since, 0) // 1000 for one in fire.witnesses[1:MOST_NAMED]]
    told: dict[str, bool | int | float | str | None] = {
        "devices": len(named),
        "first": fire.first.name,
        "others": rest if len(named) <= MOST_NAMED else f"{rest} …",
        "seconds": after[0],
        "others_after_s": ", ".join(map(str, after)),
    }
    return Explanation(RULE, code, told, metric=fire.first.metric)


def order_told(told: Iterable[tuple[int, Mapping[str, object]]]) -> tuple[Turn, ...]:
    """Who saw a room's fire in which order, from what each activation of its alert told: when the
    first one began to see something (ms), and the inputs of `why_room_fire`; the oldest first.

    Of a detector that is told of more than once its earliest time counts: one that calmed and came
    again was there before. Those of which no time was noted come last.
    """
    found: dict[str, int | None] = {}
    for began, inputs in told:
        others, after = _listed(inputs.get("others")), _listed(inputs.get("others_after_s"))
        turns: list[tuple[str, int | None]] = [(str(inputs.get("first") or ""), began)]
        for number, name in enumerate(others):
            noted = after[number] if number < len(after) else ""
            turns.append((name, began + int(noted) * 1000 if noted.isdecimal() else None))
        for name, at in turns:
            known = found.get(name)
            found[name] = known if at is None or (known is not None and known <= at) else at
    found.pop("", None)
    later = max((at for at in found.values() if at is not None), default=0) + 1
    each = sorted(found.items(), key=lambda one: later if one[1] is None else one[1])
    return tuple(Turn(name, at) for name, at in each)


def room_burns(fire: RoomFire, now: int) -> Finding:
    """The finding, of the detector that saw it first. Each further detector is an occurrence."""
    return Finding(
        CONDITION,
        True,
        Priority.EMERGENCY,
        min(fire.first.since, now),
        now,
        why_room_fire(fire),
        occurrence=True,
        latches=True,
    )


def room_is_quiet(now: int) -> Finding:
    """No detector of the room sees anything any more. The alert stays until a person resets it."""
    why = Explanation(RULE, "room_fire_over")
    return Finding(CONDITION, False, Priority.EMERGENCY, now, now, why)


def _both(one: Witness, other: Witness) -> Witness:
    """What one detector says in two ways: what it saw first counts from then."""
    alarm = one.alarm or other.alarm
    return msgspec.structs.replace(one, seen=one.seen | other.seen, alarm=alarm)


def _listed(told: object) -> list[str]:
    """What stands in one input, by commas; more than are named end with a mark of that."""
    return told.removesuffix(" …").split(", ") if isinstance(told, str) and told else []


def _complete(each: Sequence[Witness]) -> bool:
    """Whether one sees smoke and another one heat."""
    return any(
        Seen.SMOKE in one.seen and Seen.HEAT in other.seen
        for one in each
        for other in each
        if one.device != other.device
    )
