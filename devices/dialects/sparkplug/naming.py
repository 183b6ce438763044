"""Names and units of metrics, made into ours: ``Energy/Phase A/Voltage`` is in ``voltage_v``.

Nobody lays down how metrics are called. So a name is taken for one of our values only when every
word of it is understood, and its unit is that of such a value; all else is kept under its own name:
``Boiler/Temperature`` is not the room's, and ``Temperature Setpoint`` no temperature at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from devices import values as v
from devices.dialects.sparkplug.quantities import QUANTITIES, Form, Recognised, recognise
from devices.dialects.sparkplug.units import Unit, unit_of
from devices.dialects.sparkplug.values import ARRAYS, NUMBERS, TEXTS, TRUTH


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where a metric's value goes. ``slot`` is its place in a list by phase or sensor.

    A number becomes ``(number + offset) × factor``. ``zone`` tells one button of several.
    """

    key: str
    form: Form = Form.PLAIN
    slot: int | None = None
    factor: float = 1.0
    offset: float = 0.0
    zone: str = ""


class Named(NamedTuple):
    """A metric as it was born: its name, its unit (``None`` = not said), its datatype."""

    name: str
    unit: str | None
    datatype: int


class Plan(NamedTuple):
    """A target for each metric, how long each list is, and the names of those metrics that would
    be one of our values, were their unit known.
    """

    targets: list[Target]
    sizes: dict[str, int]
    unitless: list[str]


_KEPT: Final = frozenset({"ts", "seq", "event", "test", "fw", "online", "zone", "metrics_unread"})
"""Names that say something else in what we store."""

_SUFFIXES: Final = {"°C": "c", "℃": "c", "°F": "f", "℉": "f", "%": "pct", "Ω": "ohm"}
_OURS: Final = frozenset(quantity.ours for quantity in QUANTITIES.values()) | _KEPT


def plan(metrics: Sequence[Named]) -> Plan:
    """Targets for all metrics of one device, that are judged together: phases make a list."""
    found = [_fitting(metric) for metric in metrics]
    targets: list[Target | None] = [None] * len(metrics)
    sizes: dict[str, int] = {}
    rivals: dict[tuple[str, bool], list[int]] = {}
    for number, one in enumerate(found):
        if one is not None:
            tripped = one.quantity.form is Form.TRIPPED
            rivals.setdefault((one.quantity.ours, tripped), []).append(number)
    for (ours, tripped), numbers in sorted(rivals.items()):
        chosen = {number: one for number in numbers if (one := found[number]) is not None}
        if ours == "event":
            for number, one in chosen.items():
                zone = "" if len(chosen) == 1 else _zone(metrics[number].name, one)
                targets[number] = Target(ours, Form.PRESS, zone=zone)
            continue
        slots = _slots(chosen, metrics)
        if tripped and (len(slots) > 1 or ours in sizes):
            continue  # of which of several switches, nobody knows
        if len(slots) > 1:
            sizes[ours] = max(slots.values()) + 1
        for number, slot in slots.items():
            targets[number] = _target(
                metrics[number], chosen[number], slot if len(slots) > 1 else None
            )
    own = [_own(metric.name, metric.unit) for metric in metrics]
    alike = Counter(key for number, key in enumerate(own) if targets[number] is None)
    return Plan(
        [
            # All that would be called alike are marked: which came first may change.
            target
            or Target(
                own[number]
                if alike[own[number]] == 1
                else _marked(own[number], metrics[number].name)
            )
            for number, target in enumerate(targets)
        ],
        sizes,
        [metric.name for metric in metrics if _lacks_unit(metric)],
    )


def _fitting(metric: Named) -> Recognised | None:
    """What the name means, if the unit and the datatype are those of such a value."""
    found = recognise(metric.name)
    if found is None:
        return None
    quantity, kind = found.quantity, metric.datatype
    if quantity.dimension:
        fits = kind in NUMBERS or kind in TEXTS
        if kind in ARRAYS:
            fits = found.phase is None and found.sensor is None
        return found if fits and _unit(metric, found) is not None else None
    if metric.unit:
        return None  # a truth has no unit: this is something else of the same name
    if quantity.form is Form.CLOSED and kind in TEXTS:
        return found
    return found if kind == TRUTH else None


def _unit(metric: Named, found: Recognised) -> Unit | None:
    """The unit that is meant; ``None`` when it is none of this quantity, or two are said."""
    quantity = found.quantity
    said = unit_of(metric.unit) if metric.unit else None
    if metric.unit and (said is None or (found.unit is not None and said != found.unit)):
        return None
    unit = said or found.unit
    if unit is None:
        return Unit(quantity.dimension) if quantity.assumed else None
    if quantity.form is Form.SHARE and unit.dimension == "%":
        return Unit("1", 0.01)
    return unit if unit.dimension == quantity.dimension else None


def _lacks_unit(metric: Named) -> bool:
    found = recognise(metric.name)
    if found is None or not found.quantity.dimension or metric.datatype not in NUMBERS:
        return False
    said = metric.unit or ""
    return not (found.unit or unit_of(said) or (found.quantity.assumed and not said))


def _target(metric: Named, found: Recognised, slot: int | None) -> Target:
    quantity, form = found.quantity, found.quantity.form
    if form is Form.CLOSED and metric.datatype in TEXTS:
        form = Form.WORD
    unit = _unit(metric, found) if quantity.dimension else None
    if unit is None:
        return Target(quantity.ours, form, slot)
    if form is Form.SHARE and (metric.unit or found.unit):
        form = Form.NUMBER  # said in so many words: no need to guess whether it is percent
    return Target(quantity.ours, form, slot, unit.factor * quantity.scale, unit.offset)


def _slots(chosen: dict[int, Recognised], metrics: Sequence[Named]) -> dict[int, int]:
    """Which metrics stand for the value, each with its place: phases, or sensors, or one of all."""
    phases = {number: one.phase for number, one in chosen.items() if one.phase is not None}
    if len(set(phases.values())) == len(phases) > 1:
        return phases
    sensors = {number: one.sensor for number, one in chosen.items() if one.sensor is not None}
    if len(set(sensors.values())) == len(sensors) > 1:
        return {
            number: place for place, number in enumerate(sorted(sensors, key=sensors.__getitem__))
        }
    several = len(phases) > 1 or len(sensors) > 1
    plain = [number for number in chosen if number not in phases and number not in sensors]
    candidates = plain or ([] if several else list(chosen))
    if not candidates:
        return {}  # two of one phase: of which meter, nobody knows

    def simplest(number: int) -> tuple[bool, int, str]:
        one = chosen[number]
        return one.total, one.words, metrics[number].name  # in what order they came may change

    return {min(candidates, key=simplest): 0}


def _zone(name: str, found: Recognised) -> str:
    """Which button of several."""
    return str(found.sensor) if found.sensor is not None else v.snake(name)


def _own(name: str, unit: str | None) -> str:
    """How a value is called that is none of ours: after the metric, with its unit."""
    key = v.snake(name)
    suffix = _SUFFIXES.get(unit, v.snake(unit)) if unit else ""
    if suffix and key != suffix and not key.endswith(f"_{suffix}"):
        key = f"{key}_{suffix}"
    if name.isascii() and 0 < len(key) < 60 and key not in _OURS:
        return key
    return _marked(key, name)


def _marked(key: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{key[:50] or 'metric'}_{digest}"
