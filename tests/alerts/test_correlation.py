"""Which silences are one outage."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.correlation import (
    SCHOOL,
    WILL,
    CauseLimits,
    Life,
    Outage,
    Sign,
    explains,
    is_over,
    outages,
    place_of,
    spreads,
    why_cut_off,
)

LIMITS = CauseLimits()
MINUTE = 60_000
NOON = 1_800_000_000_000


def sign(
    device: int,
    *places: str,
    life: Life = Life.OUT,
    since: int = NOON,
    lasts: int = 10 * MINUTE,
    repeater: str = "",
    willed: bool = False,
) -> Sign:
    until = since if willed or life is Life.ALIVE else since + lasts
    named = tuple(f"place:{place}" for place in places)
    return Sign(
        device=device,
        life=life,
        since=since,
        until=until,
        places=(*named, SCHOOL),
        through=(f"repeater:{repeater}",) if repeater else (),
        willed=willed,
    )


def room(
    first: int, count: int, *places: str, life: Life = Life.OUT, since: int = NOON
) -> list[Sign]:
    """Devices last heard one second after the other."""
    return [
        sign(first + number, *places, life=life, since=since - 1000 * number)
        for number in range(count)
    ]


def well(first: int, count: int, *places: str, after: int = MINUTE) -> list[Sign]:
    return [
        sign(first + number, *places, life=Life.ALIVE, since=NOON + after)
        for number in range(count)
    ]


def found(*signs: Iterable[Sign], limits: CauseLimits = LIMITS) -> list[Outage]:
    return outages([one for some in signs for one in some], limits)


def test_a_building_without_power_is_one_outage_of_that_building() -> None:
    (outage,) = found(
        room(1, 20, "a-1", "block-a"), room(30, 20, "a-2", "block-a"), well(60, 20, "block-b")
    )
    assert outage.scope == "place:block-a"
    assert len(outage.out) == 40
    assert (outage.overdue, outage.alive, outage.share) == (0, 0, 1.0)
    assert outage.moment == NOON


def test_a_room_is_one_outage_when_the_floor_around_it_is_well() -> None:
    (outage,) = found(room(1, 6, "101", "a-1", "block-a"), well(60, 20, "102", "a-1", "block-a"))
    assert outage.scope == "place:101"


def test_the_narrowest_of_the_places_that_hold_the_same_devices_is_named() -> None:
    (outage,) = found(room(1, 6, "101", "a-1", "block-a"))
    assert outage.scope == "place:101"


def test_all_buildings_together_are_the_school() -> None:
    (outage,) = found(room(1, 20, "block-a"), room(30, 5, "block-b"), room(50, 1))
    assert outage.scope == SCHOOL
    assert len(outage.out) == 26


def test_one_broken_device_elsewhere_does_not_make_a_building_a_school() -> None:
    """Most of the school is out, and yet the rest of it is well."""
    (outage,) = found(
        room(1, 300, "block-a"), room(400, 1, "block-b"), well(500, 20, "block-b", after=5 * MINUTE)
    )
    assert outage.scope == "place:block-a"
    assert 400 not in outage.out


def test_two_buildings_of_three_are_two_outages() -> None:
    both = found(room(1, 20, "block-a"), room(30, 20, "block-b"), well(60, 40, "block-c"))
    assert {one.scope for one in both} == {"place:block-a", "place:block-b"}


def test_fewer_than_five_are_none() -> None:
    assert found(room(1, 4, "101")) == []


def test_those_who_have_missed_their_usual_time_speak_for_an_outage() -> None:
    (outage,) = found(room(1, 1, "101"), room(10, 4, "101", life=Life.OVERDUE))
    assert (len(outage.out), outage.overdue) == (1, 4)


def test_late_ones_alone_are_no_outage() -> None:
    assert found(room(10, 50, "101", life=Life.OVERDUE)) == []


def test_those_heard_since_speak_against_it() -> None:
    assert found(room(1, 8, "101"), well(60, 3, "101")) == []
    assert len(found(room(1, 8, "101"), well(60, 2, "101"))) == 1


def test_those_not_heard_since_but_in_time_speak_neither_for_nor_against() -> None:
    (outage,) = found(room(1, 5, "101"), well(60, 100, "101", after=-10 * MINUTE))
    assert outage.alive == 0


def test_silences_hours_apart_are_not_one() -> None:
    apart = [sign(number, "101", since=NOON - number * 60 * MINUTE) for number in range(8)]
    assert found(apart) == []


def test_who_had_been_out_before_is_no_part_of_it() -> None:
    (outage,) = found(room(1, 6, "101"), [sign(50, "101", since=NOON - 60 * MINUTE)])
    assert 50 not in outage.out


def test_last_wills_come_over_minutes_and_are_one_outage() -> None:
    wills = [sign(number, "101", since=NOON + number * 15_000, willed=True) for number in range(6)]
    (outage,) = found(wills, room(10, 3, "101"))
    assert len(outage.out) == 9


def test_a_repeater_whose_radio_died_is_named_when_its_devices_are_in_many_rooms() -> None:
    behind = [sign(number, f"{number}", "a-1", repeater="rep-1") for number in range(6)]
    beside = [
        sign(20 + number, f"{number}", "a-1", life=Life.ALIVE, since=NOON + MINUTE)
        for number in range(6)
    ]
    (outage,) = found(behind, beside)
    assert outage.scope == "repeater:rep-1"


def test_no_device_is_in_two_outages() -> None:
    behind = [sign(number, "101", repeater="rep-1") for number in range(6)]
    assert len(found(behind, room(20, 6, "101"))) == 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Life)),
            st.integers(-60, 60),
            st.integers(1, 60),
            st.sampled_from(["1", "2", "3"]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_an_outage_is_what_it_says(
    drawn: list[tuple[Life, int, int, str, bool]],
) -> None:
    signs = [
        sign(
            number,
            room,
            "block",
            life=life,
            since=NOON + since * 10_000,
            lasts=lasts * 10_000,
            willed=willed and life is not Life.ALIVE,
        )
        for number, (life, since, lasts, room, willed) in enumerate(drawn)
    ]
    by_device = {one.device: one for one in signs}
    seen: set[int] = set()
    for outage in outages(signs, LIMITS):
        assert outage.out
        assert outage.hit >= LIMITS.least
        assert outage.share >= LIMITS.share
        assert seen.isdisjoint(outage.out)
        seen |= outage.out
        for device in outage.out:
            one = by_device[device]
            assert one.life is Life.OUT
            assert outage.scope in one.scopes
            begin = one.until - WILL if one.willed else one.since
            assert explains(outage.moment, begin, one.until)
        heard = [
            one
            for one in signs
            if one.life is Life.ALIVE
            and outage.scope in one.scopes
            and one.since > outage.moment + 2_000
        ]
        assert outage.alive == len(heard)


def test_a_cause_is_over_when_a_fifth_of_its_victims_is_left() -> None:
    assert not is_over(61, 300)
    assert is_over(60, 300)
    assert is_over(0, 5)
    assert not is_over(2, 5)


def test_it_says_how_many_of_how_many_and_who_was_first() -> None:
    outage = Outage(scope="place:101", moment=NOON, out=frozenset({1, 2}), overdue=6, alive=2)
    why = why_cut_off(outage, "lab-2", 2)
    assert why.code == "cut_off_place"
    assert why.inputs == {"devices": 2, "due": 10, "share_pct": 80, "first": "lab-2"}


def test_a_scope_that_is_a_place_names_it() -> None:
    assert place_of("place:block-a") == "block-a"
    assert place_of(SCHOOL) is None


def test_a_room_missed_before_the_others_of_its_building_looks_like_part_of_a_wider_outage() -> (
    None
):
    first, others = room(1, 10, "a1", "a"), room(11, 10, "a2", "a", life=Life.OVERDUE)
    heard = well(21, 8, "a2", "a", after=3_000)
    (outage,) = found(first, others[:6], heard)
    assert outage.scope == "place:a1"
    assert not spreads(outage, [*first, *others[:6], *heard])  # fewer than half of the others
    assert spreads(outage, [*first, *others, *heard])


def test_a_room_without_power_in_a_building_that_speaks_is_one_of_its_own() -> None:
    first, heard = room(1, 10, "a1", "a"), well(11, 40, "a2", "a")
    (outage,) = found(first, heard)
    assert not spreads(outage, [*first, *heard])


def test_the_widest_outage_has_nothing_around_it() -> None:
    everybody = [*room(1, 10, "a1", "a"), *room(11, 10, "b1", "b")]
    (outage,) = found(everybody)
    assert outage.scope == SCHOOL
    assert not spreads(outage, everybody)


def test_who_is_behind_one_repeater_is_no_part_of_a_building() -> None:
    radio = [sign(number, "a1", "a", repeater="r") for number in range(6)]
    wired = [sign(10 + number, "b1", "b", life=Life.OVERDUE) for number in range(20)]
    (outage,) = found(radio, well(40, 30, "a1", "a"))
    assert outage.scope == "repeater:r"
    assert not spreads(outage, [*radio, *wired])
