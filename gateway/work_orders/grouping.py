"""Which work orders faults come to: one a fault, unless many have one cause.

When the power of a quarter fails, 10,000 devices are silent within minutes. Nobody mends them one
by one. What was cut off together is one alert and goes to one order of the school, whatever else of
it is cut off meanwhile. What is behind a repeater that is silent itself goes to the repeater's
order; when more faults of one sort come together at a school than anybody would mend one by one,
they go to one order of the school; and the gateway never has more orders of its own standing than
its bound.

Pure: faults and the orders that stand in, what to open and what to join out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from audit.ledger.work_order import WorkOrder
from gateway.store.read.work_orders import Fault

UNHEARD: Final = frozenset({"silent", "offline"})
"""Conditions that a repeater's own silence explains."""

TOGETHER_MS: Final = 3_600_000
"""Orders of one sort opened at a school within so long count as coming together."""

Place: TypeAlias = tuple[str, int | None, str]
"""School, device's row (``None`` = the school as a whole) and condition: one order stands there."""


class Bounds(msgspec.Struct, frozen=True):
    """``together``: more faults of one sort at a school than this become one order. ``standing``:
    orders the gateway may have standing."""

    together: int
    standing: int


class Opening(msgspec.Struct, frozen=True):
    """An order to open. ``fault`` is the one it is named after; ``whole_school``: it is for no
    single device, but for the school or what ``scope`` names of it.

    ``alerts`` are all that it covers.
    """

    fault: Fault
    whole_school: bool
    alerts: tuple[int, ...]
    scope: str = ""


class Joining(msgspec.Struct, frozen=True):
    """Alerts that belong to an order that stands, and what they are about if that is one scope."""

    order: WorkOrder
    alerts: tuple[int, ...]
    scope: str = ""


class Grouped(msgspec.Struct, frozen=True):
    """What is to be written, and how many faults have to wait because of the bound."""

    openings: tuple[Opening, ...]
    joinings: tuple[Joining, ...]
    held_back: int


def group(
    faults: Sequence[Fault],
    standing: Iterable[WorkOrder],
    repeaters: Mapping[tuple[str, str], Fault],
    bounds: Bounds,
    now: int,
) -> Grouped:
    """Put each fault in its place. ``repeaters`` are the faults of repeaters, by (school, id)."""
    orders = list(standing)
    by_place: dict[Place, WorkOrder] = {}
    recent: Counter[tuple[str, str]] = Counter()
    for order in orders:
        by_place[order.school, order.device, order.condition] = order
        if order.device is not None and now - order.opened < TOGETHER_MS:
            recent[order.school, order.condition] += 1

    caused = {fault.alert: _cause(fault, repeaters) for fault in faults}
    alone = Counter(
        (fault.school, fault.condition)
        for fault in faults
        if caused[fault.alert] is fault
        and (fault.school, fault.device, fault.condition) not in by_place
    )
    named: dict[Place, Fault] = {}
    covered: dict[Place, list[int]] = {}
    scopes: dict[Place, set[str]] = {}
    for fault in faults:
        cause = caused[fault.alert]
        place: Place = (cause.school, cause.device, cause.condition)
        sort = (fault.school, fault.condition)
        many = alone[sort] + recent[sort] > bounds.together
        if cause is fault and place not in by_place and many:
            place = (fault.school, None, fault.condition)
        named.setdefault(place, cause)
        covered.setdefault(place, []).append(fault.alert)
        scopes.setdefault(place, set()).add(fault.scope)
    common = {place: of.pop() if len(of) == 1 else "" for place, of in scopes.items()}
    return _bounded(named, covered, common, by_place, max(0, bounds.standing - len(orders)))


def _cause(fault: Fault, repeaters: Mapping[tuple[str, str], Fault]) -> Fault:
    if fault.repeater is None or fault.condition not in UNHEARD:
        return fault
    return repeaters.get((fault.school, fault.repeater), fault)


def _bounded(
    named: Mapping[Place, Fault],
    covered: Mapping[Place, Sequence[int]],
    scopes: Mapping[Place, str],
    by_place: Mapping[Place, WorkOrder],
    room: int,
) -> Grouped:
    openings: list[Opening] = []
    joinings: list[Joining] = []
    held_back = 0
    for place, alerts in covered.items():
        order = by_place.get(place)
        if order is not None:
            joinings.append(Joining(order, tuple(alerts), scopes[place]))
        elif len(openings) < room:
            cause = named[place]
            # the cause's own alert first: the order is named after it
            every = tuple(dict.fromkeys([cause.alert, *alerts])) if place[1] else tuple(alerts)
            openings.append(Opening(cause, place[1] is None, every, scopes[place]))
        else:
            held_back += len(alerts)
    return Grouped(tuple(openings), tuple(joinings), held_back)
