"""Faults become one order each, unless many have one cause."""

from __future__ import annotations

from audit.ledger.work_order import WorkOrder
from gateway.store.read.work_orders import Fault
from gateway.work_orders.grouping import TOGETHER_MS, Bounds, Grouped, group

NOW = 1_795_161_600_000
BOUNDS = Bounds(together=10, standing=2000)


def fault(
    number: int,
    school: str = "no3",
    condition: str = "silent",
    repeater: str | None = None,
    kind: str = "smoke",
) -> Fault:
    return Fault(number, school, condition, number, f"d-{number}", kind, repeater)


def standing(
    number: int, *, device: int | None, condition: str = "silent", age: int = 0
) -> WorkOrder:
    return WorkOrder(
        id=number,
        school="no3",
        measure="",
        opened=NOW - age,
        due=NOW,
        device=device,
        condition=condition,
        automatic=True,
    )


def grouped(faults: list[Fault], orders: list[WorkOrder] = [], **more: Fault) -> Grouped:  # noqa: B006
    repeaters = {(each.school, name): each for name, each in more.items()}
    return group(faults, orders, repeaters, BOUNDS, NOW)


def test_a_few_faults_are_one_order_each() -> None:
    result = grouped([fault(1), fault(2), fault(3, condition="battery_low")])

    assert [opening.alerts for opening in result.openings] == [(1,), (2,), (3,)]
    assert not any(opening.whole_school for opening in result.openings)


def test_what_is_behind_a_silent_repeater_is_the_repeaters_order() -> None:
    repeater = fault(99, kind="repeater")

    (opening,) = grouped([fault(n, repeater="rep") for n in range(1, 6)], rep=repeater).openings

    assert opening.fault is repeater
    assert opening.alerts == (99, 1, 2, 3, 4, 5)


def cut_off(number: int, scope: str, school: str = "no3") -> Fault:
    return Fault(number, school, "cut_off", None, "", "", None, scope)


def test_what_is_cut_off_together_is_one_order_of_the_place() -> None:
    (opening,) = grouped([cut_off(1, "place:a")]).openings

    assert (opening.alerts, opening.whole_school, opening.scope) == ((1,), True, "place:a")


def test_two_buildings_cut_off_at_one_school_are_one_order_of_the_school() -> None:
    result = grouped([cut_off(1, "place:a"), cut_off(2, "place:b"), cut_off(3, "school", "no5")])

    found = {(each.fault.school, each.alerts, each.scope) for each in result.openings}
    assert found == {("no3", (1, 2), ""), ("no5", (3,), "school")}


def test_power_that_flaps_goes_to_the_order_that_stands() -> None:
    order = standing(7, device=None, condition="cut_off")

    (joining,) = grouped([cut_off(2, "place:a")], [order]).joinings

    assert (joining.order, joining.alerts, joining.scope) == (order, (2,), "place:a")


def test_a_battery_behind_a_silent_repeater_is_its_own_order() -> None:
    (opening,) = grouped(
        [fault(1, condition="battery_low", repeater="rep")], rep=fault(99)
    ).openings

    assert opening.fault.alert == 1


def test_a_power_cut_is_one_order_a_school() -> None:
    faults = [fault(n, school=f"s{n % 4}") for n in range(10_000)]

    result = grouped(faults)

    assert len(result.openings) == 4
    assert all(opening.whole_school for opening in result.openings)
    assert sum(len(opening.alerts) for opening in result.openings) == 10_000
    assert result.held_back == 0


def test_a_power_cut_that_arrives_bit_by_bit_is_not_one_order_a_device() -> None:
    orders: list[WorkOrder] = []
    for start in range(0, 500, 5):
        result = grouped([fault(n) for n in range(start, start + 5)], orders)
        for opening in result.openings:
            device = None if opening.whole_school else opening.fault.device
            orders.append(standing(len(orders) + 1, device=device))

    assert len(orders) == 11  # ten alone, then one for the school


def test_orders_of_long_ago_do_not_make_a_new_fault_part_of_a_crowd() -> None:
    old = [standing(n, device=1000 + n, age=TOGETHER_MS) for n in range(50)]

    (opening,) = grouped([fault(1)], old).openings

    assert not opening.whole_school


def test_a_fault_that_comes_again_joins_the_order_that_stands() -> None:
    order = standing(1, device=5)

    result = grouped([fault(5)], [order])

    assert not result.openings
    assert [(each.order.id, each.alerts) for each in result.joinings] == [(1, (5,))]


def test_there_are_never_more_than_the_bound_and_the_rest_is_counted() -> None:
    faults = [fault(n, school=f"s{n}") for n in range(3000)]

    result = group(faults, [standing(1, device=1)], {}, Bounds(10, 2000), NOW)

    assert len(result.openings) == 1999
    assert result.held_back == 1001
