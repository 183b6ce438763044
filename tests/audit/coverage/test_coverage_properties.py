"""What holds of every history: verdicts last as long as they say, and nothing helps by going."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from told_history import (
    BUTTONS,
    CAMERAS,
    DAY,
    GAPS,
    HISTORIES,
    POLICIES,
    Steps,
    folded,
    told,
)

from audit.coverage import (
    KINDS,
    SchoolRecord,
    decode_record,
    encode_record,
    fold,
    items_touched,
    judge,
    judge_all,
)
from audit.fact import FactRow
from audit.verification.model import Verdict

SEVERITY: Final = {Verdict.MET: 0, Verdict.UNKNOWN: 1, Verdict.FAILED: 2}
DEVICES: Final = st.sampled_from(BUTTONS + CAMERAS)


@settings(max_examples=400, deadline=None)
@given(HISTORIES, GAPS, st.floats(0, 1))
def test_a_verdict_stays_as_it_is_until_it_says(steps: Steps, later: int, share: float) -> None:
    rows, at = told(steps)
    record, now = folded(rows), at + later
    for (policy_id, item_id), verdict in judge_all(POLICIES, record, now).items():
        policy = next(one for one in POLICIES if one.id == policy_id)
        item = policy.item(item_id)
        assert item is not None
        last = now + 20_000 * DAY if verdict.until is None else verdict.until - 1
        assert last >= now
        for moment in (last, now + int((last - now) * share)):
            assert judge(policy, item, record, moment) == verdict


@settings(max_examples=300, deadline=None)
@given(HISTORIES, GAPS)
def test_when_a_verdict_ends_something_may_change_and_it_lasts_again(
    steps: Steps, later: int
) -> None:
    rows, at = told(steps)
    record, now = folded(rows), at + later
    for policy in POLICIES:
        for item in policy.items:
            moment, looked = now, 0
            while (until := judge(policy, item, record, moment).until) is not None:
                assert until > moment
                moment, looked = until, looked + 1
                assert looked < 200, "a verdict without new facts comes to rest"


@settings(max_examples=400, deadline=None)
@given(HISTORIES, GAPS, DEVICES, st.sampled_from(("remove", "aside", "anew")))
def test_no_verdict_gets_better_by_taking_a_device_away(
    steps: Steps, later: int, name: str, how: str
) -> None:
    rows, at = told(steps)
    now = at + later
    before = judge_all(POLICIES, folded(rows), now)
    place = next((step[2] for _, step in reversed(steps) if step[:2] == ("register", name)), "gate")
    ways: dict[str, Steps] = {
        "remove": [(later, ("remove", name))],
        "aside": [(later, ("aside", name, True))],
        "anew": [(later, ("remove", name)), (0, ("register", name, place))],
    }
    away = ways[how]
    there = name in folded(rows).devices
    if how == "anew" and not there:
        return  # to put one up where none was is what is asked for
    after = judge_all(POLICIES, folded(told([*steps, *away])[0]), now)
    for key, verdict in after.items():
        if how == "anew":
            assert verdict.verdict is not Verdict.MET or before[key].verdict is Verdict.MET
        else:
            assert SEVERITY[verdict.verdict] >= SEVERITY[before[key].verdict], key


@settings(max_examples=300, deadline=None)
@given(HISTORIES, st.floats(0, 1))
def test_a_snapshot_is_folded_on_as_the_record_itself(steps: Steps, share: float) -> None:
    rows, _ = told(steps)
    cut = int(len(rows) * share)
    whole, half = folded(rows), folded(rows[:cut])
    raw = encode_record(half)
    again = decode_record(raw)
    assert again == half
    assert encode_record(again) == raw
    for row in rows[cut:]:
        again = fold(again, row)
    assert again == whole
    assert encode_record(again) == encode_record(whole)


@settings(max_examples=200, deadline=None)
@given(HISTORIES, GAPS)
def test_all_at_once_is_each_by_itself_and_once_more_is_the_same(steps: Steps, later: int) -> None:
    rows, at = told(steps)
    record = folded(rows)
    found = judge_all(POLICIES, record, at + later)
    assert found == judge_all(POLICIES, folded(rows), at + later)
    for policy in POLICIES:
        for item in policy.items:
            assert judge(policy, item, record, at + later) == found[policy.id, item.id]


@settings(max_examples=300, deadline=None)
@given(HISTORIES, GAPS)
def test_a_fact_touches_only_items_that_it_is_said_to_touch(steps: Steps, later: int) -> None:
    rows, at = told(steps)
    if not rows:
        return
    before, after = folded(rows[:-1]), folded(rows)
    kind, now = rows[-1].kind, at + later
    first, then = judge_all(POLICIES, before, now), judge_all(POLICIES, after, now)
    for policy in POLICIES:
        touched = items_touched(policy, kind)
        for item in policy.items:
            if item.id not in touched:
                assert first[policy.id, item.id] == then[policy.id, item.id]


@settings(max_examples=200, deadline=None)
@given(
    HISTORIES,
    st.sampled_from([*sorted(KINDS), "event", "sign_in", "work_order", "exchange"]),
    st.sampled_from(("device:example/cam-1", "alert:1", "alert:x", "link:example/police", "")),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"{}", b"[]", b'{"after":7}', b"null"])),
)
def test_nothing_that_is_written_can_stop_the_folding(
    steps: Steps, kind: str, subject: str, body: bytes
) -> None:
    rows, at = told(steps)
    record = folded(rows)
    after = fold(record, FactRow(len(rows) + 1, kind, at, at, "gateway", subject, body))
    judge_all(POLICIES, after, at)
    if kind not in KINDS:
        assert after is record


def test_of_an_empty_school_nothing_is_known() -> None:
    found = judge_all(POLICIES, SchoolRecord(school="example"), 0)
    assert {one.verdict for one in found.values()} == {Verdict.UNKNOWN}
    assert {reason.code for one in found.values() for reason in one.reasons} == {"not_on_roster"}
