"""Access lists as text: what they must never grant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.access import (
    AccessError,
    DeviceAccess,
    SchoolAccess,
    access_list,
    grants,
    overlap,
)

LEVEL = st.sampled_from(["a", "b", "", "+"])
FILTER = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(LEVEL, min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
)
TOPIC = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5).map("/".join)


def matches(pattern: str, topic: str) -> bool:
    """MQTT 5, 4.7: the definition, level by level."""
    ours, theirs = pattern.split("/"), topic.split("/")
    for position, level in enumerate(ours):
        if level == "#":
            return len(theirs) >= position
        if position >= len(theirs) or level not in ("+", theirs[position]):
            return False
    return len(ours) == len(theirs)


@given(FILTER, FILTER, TOPIC)
def test_filters_that_share_a_topic_are_seen_to_overlap(one: str, other: str, topic: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    if matches(one, topic) and matches(other, topic):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("z/a", "z/b", False),
        ("z/#", "z", True),
        ("z/+/set", "z/x/set", True),
        ("z/+/set", "z/x/get", False),
        ("z/+", "z/x/y", False),
    ],
)
def test_overlap_follows_the_levels(one: str, other: str, *, shared: bool) -> None:
    assert overlap(one, other) is shared


@pytest.mark.parametrize(
    "topic",
    ["campus/no5/#", "#", "+/x", "$SYS/#", "probe/x", "observed/x", "", "z2m\nuser gateway", " z"],
)
def test_a_dialect_cannot_be_bound_to_topics_that_are_not_the_schools_own(topic: str) -> None:
    with pytest.raises(AccessError):
        grants([SchoolAccess("no3", writes=(topic,))])


def test_two_schools_cannot_share_a_dialects_topics() -> None:
    with pytest.raises(AccessError, match="give each school"):
        grants(
            [SchoolAccess("a", writes=("tele/+/SENSOR",)), SchoolAccess("b", writes=("tele/#",))]
        )


def test_one_school_may_bind_the_same_topics_twice() -> None:
    assert grants([SchoolAccess("a", writes=("tele/#",), reads=("tele/#",))])


@pytest.mark.parametrize("school", ["a/b", "#", "", "a b", "a\nuser gateway"])
def test_an_id_that_would_break_out_of_its_topic_is_refused(school: str) -> None:
    with pytest.raises(AccessError):
        grants([SchoolAccess(school)])
    with pytest.raises(AccessError):
        grants([], [DeviceAccess("no3", "smoke", school)])


def test_the_list_names_each_principal_once() -> None:
    text = access_list(grants([SchoolAccess("a"), SchoolAccess("b")]))
    users = [line for line in text.splitlines() if line.startswith("user ")]
    assert len(users) == len(set(users)) == 6


def test_thousands_of_schools_are_checked_in_a_moment() -> None:
    schools = [SchoolAccess(f"s{n}", writes=(f"s{n}/z2m/#", f"s{n}/tele/#")) for n in range(3000)]
    assert len(grants(schools)) == 3004


def test_nor_does_it_take_longer_where_all_topics_begin_alike() -> None:
    schools = [
        SchoolAccess(f"s{n}", writes=(f"spBv1.0/s{n}/NDATA/+", f"spBv1.0/s{n}/DDATA/+/+"))
        for n in range(3000)
    ]
    assert len(grants(schools)) == 3004


@pytest.mark.parametrize("greedy", ["spBv1.0/+/NDATA/+", "spBv1.0/#", "spBv1.0/a/#"])
def test_where_all_topics_begin_alike_nobody_may_reach_into_those_of_others(greedy: str) -> None:
    own = SchoolAccess("a", writes=("spBv1.0/a/NDATA/+",))
    for schools in ([own, SchoolAccess("b", reads=(greedy,))], [SchoolAccess("b", (greedy,)), own]):
        with pytest.raises(AccessError, match="would share topics"):
            grants(schools)
