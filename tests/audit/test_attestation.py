"""An attestation: what may be stated, who confirms it, when it counts and when no longer."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.attestation import (
    DAY_MS,
    DRILL,
    DRILL_TERMS,
    Attestation,
    AttestationError,
    FileRef,
    Stands,
    Terms,
    confirm,
    counting,
    replaced_at,
    standing,
    state,
    subject_of,
    withdraw,
)

NOW = 1_790_000_000_000
TERMS = Terms(longest_days=365, files=1, figures=("guards",))
PAPER = FileRef(hash="a" * 64, name="guards-1.pdf", media_type="application/pdf", size=9)


def wanted(**more: object) -> Attestation:
    usual = Attestation(
        id="1",
        school="no3",
        item="guards",
        stated_by="sofia",
        at=0,
        valid_from=NOW,
        expires=NOW + 100 * DAY_MS,
        figures={"guards": 3},
        files=(PAPER,),
    )
    return msgspec.structs.replace(usual, **more)


def stated(**more: object) -> Attestation:
    return state(wanted(**more), terms=TERMS, kind="primary", now=NOW)


def refusal(**more: object) -> str:
    with pytest.raises(AttestationError) as caught:
        stated(**more)
    return caught.value.code


def test_it_is_stated_in_ones_own_name_and_counts_from_then() -> None:
    one = stated()
    assert (one.stated_by, one.at, one.confirmed_by) == ("sofia", NOW, "")
    assert subject_of(one) == "attestation:no3/1"
    now = standing([one], "guards", TERMS, "primary", NOW)
    assert (now.stands, now.until) == (Stands.STANDING, one.expires)


def test_nobody_can_bring_a_confirmation_along() -> None:
    one = stated(confirmed_by="paul", confirmed=NOW, withdrawn=NOW, version=7)
    assert (one.confirmed_by, one.confirmed, one.withdrawn, one.version) == ("", None, None, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"valid_from": NOW - 8 * DAY_MS}, "attestation_begin"),
        ({"valid_from": NOW + 32 * DAY_MS}, "attestation_begin"),
        ({"expires": NOW}, "attestation_expiry"),
        ({"expires": NOW - 1}, "attestation_expiry"),
        ({"expires": NOW + 365 * DAY_MS + 1}, "attestation_expiry"),
        ({"files": ()}, "attestation_lacking"),
        ({"figures": {}}, "attestation_lacking"),
        ({"figures": {"guards": -1}}, "attestation_figures"),
        ({"figures": {"guards": 3, "li_si": 1}}, "attestation_figures"),
        ({"files": (PAPER,) * 11}, "attestation_files"),
        ({"text": "x" * 1001}, "attestation_text"),
        ({"text": "call 13800138000"}, "attestation_personal"),
        ({"text": "电话 0351-1234567"}, "attestation_personal"),
        ({"text": "+86 138 0013 8000"}, "attestation_personal"),
        ({"text": "身份证14010119800101001X"}, "attestation_personal"),
    ],
)
def test_what_cannot_be_stated(change: dict[str, object], code: str) -> None:
    assert refusal(**change) == code


def test_what_is_no_personal_number_may_be_said() -> None:
    assert stated(text="2026-11-22 3 guards, order 20261122001").text


def test_a_bound_is_reached_and_not_passed() -> None:
    assert stated(expires=NOW + 365 * DAY_MS).expires == NOW + 365 * DAY_MS


def test_it_ends_by_itself() -> None:
    one = stated()
    for now, stands in [(one.expires - 1, Stands.STANDING), (one.expires, Stands.EXPIRED)]:
        assert standing([one], "guards", TERMS, "primary", now).stands is stands


def test_a_policy_that_allows_less_later_ends_it_earlier() -> None:
    one = stated()
    shorter = Terms(longest_days=10, files=1, figures=("guards",))
    now = standing([one], "guards", shorter, "primary", NOW)
    assert now.until == NOW + 10 * DAY_MS
    later = standing([one], "guards", shorter, "primary", NOW + 10 * DAY_MS)
    assert later.stands is Stands.EXPIRED


def test_a_policy_that_asks_for_more_later_finds_it_lacking() -> None:
    more = Terms(files=2, figures=("guards", "rounds"), confirmed=True)
    now = standing([stated()], "guards", more, "primary", NOW)
    assert (now.stands, now.lacking) == (Stands.LACKING, ("rounds", "files"))


def test_a_second_person_confirms_and_never_the_same_one() -> None:
    asks = Terms(files=1, figures=("guards",), confirmed=True)
    one = stated()
    assert standing([one], "guards", asks, "", NOW).stands is Stands.UNCONFIRMED
    with pytest.raises(AttestationError) as caught:
        confirm(one, by="sofia", now=NOW + 1)
    assert caught.value.code == "attestation_second_person"
    after = confirm(one, by="paul", now=NOW + 1)
    assert (after.confirmed_by, after.confirmed, after.version) == ("paul", NOW + 1, 2)
    assert standing([after], "guards", asks, "", NOW + 1).stands is Stands.STANDING


def test_who_confirms_again_changes_nothing_and_a_third_person_is_told() -> None:
    one = confirm(stated(), by="paul", now=NOW + 1)
    assert confirm(one, by="paul", now=NOW + 2) is one
    with pytest.raises(AttestationError) as caught:
        confirm(one, by="ines", now=NOW + 2)
    assert caught.value.code == "attestation_confirmed"


def test_what_has_expired_or_was_withdrawn_is_not_confirmed() -> None:
    one = stated()
    with pytest.raises(AttestationError) as caught:
        confirm(one, by="paul", now=one.expires)
    assert caught.value.code == "attestation_expired"
    gone = withdraw(one, by="sofia", reason="he left", now=NOW + 1)
    with pytest.raises(AttestationError) as caught:
        confirm(gone, by="paul", now=NOW + 2)
    assert caught.value.code == "attestation_withdrawn"


def test_it_is_withdrawn_once_with_a_reason() -> None:
    one = stated()
    with pytest.raises(AttestationError) as caught:
        withdraw(one, by="sofia", reason="  ", now=NOW + 1)
    assert caught.value.code == "attestation_reason"
    gone = withdraw(one, by="sofia", reason="he left ", now=NOW + 1)
    assert (gone.withdrawn, gone.withdrawn_by, gone.reason) == (NOW + 1, "sofia", "he left")
    assert withdraw(gone, by="sofia", reason="he left", now=NOW + 2) is gone
    with pytest.raises(AttestationError):
        withdraw(gone, by="paul", reason="me too", now=NOW + 2)
    assert standing([gone], "guards", TERMS, "", NOW + 1).stands is Stands.WITHDRAWN


def test_a_newer_one_replaces_the_older_for_good() -> None:
    old = stated()
    new = msgspec.structs.replace(stated(id="2"), at=NOW + 5, valid_from=NOW + 5)
    assert counting([old, new], "guards", NOW + 5) == new
    assert replaced_at(old, [old, new]) == NOW + 5
    gone = withdraw(new, by="sofia", reason="wrong", now=NOW + 9)
    assert standing([old, gone], "guards", TERMS, "", NOW + 9).stands is Stands.WITHDRAWN


def test_one_that_begins_later_leaves_the_older_standing_until_then() -> None:
    old = stated()
    begin = NOW + 20 * DAY_MS
    new = state(wanted(id="2", valid_from=begin), terms=TERMS, kind="", now=NOW + 5)
    now = standing([old, new], "guards", TERMS, "", NOW + 6)
    assert (now.attestation, now.until) == (old, begin)
    assert standing([old, new], "guards", TERMS, "", begin).attestation == new
    never = withdraw(new, by="sofia", reason="wrong", now=NOW + 9)
    assert replaced_at(old, [old, never]) is None
    assert standing([old, never], "guards", TERMS, "", begin).attestation == old


def test_one_that_begins_later_does_not_stand_yet() -> None:
    begin = NOW + DAY_MS
    new = stated(valid_from=begin)
    now = standing([new], "guards", TERMS, "", NOW)
    assert (now.stands, now.until) == (Stands.NOT_YET, begin)


def test_nothing_was_ever_stated() -> None:
    assert standing([], "guards", TERMS, "", NOW).stands is Stands.NONE
    assert standing([stated()], "posts", TERMS, "", NOW).stands is Stands.NONE


def drill(**more: object) -> Attestation:
    figures = {"participants": 800, "duration_s": 170}
    return wanted(item=DRILL, figures=figures, files=(), **more)


def test_a_drill_is_good_for_a_month_and_at_kindergartens_for_a_quarter() -> None:
    month, quarter = NOW + 31 * DAY_MS, NOW + 92 * DAY_MS
    assert state(drill(expires=month), terms=DRILL_TERMS, kind="primary", now=NOW)
    with pytest.raises(AttestationError):
        state(drill(expires=month + 1), terms=DRILL_TERMS, kind="primary", now=NOW)
    assert state(drill(expires=quarter), terms=DRILL_TERMS, kind="kindergarten", now=NOW)


def test_a_drill_that_is_still_to_be_held_proves_none() -> None:
    planned = drill(valid_from=NOW + 1, expires=NOW + 10 * DAY_MS)
    with pytest.raises(AttestationError) as caught:
        state(planned, terms=DRILL_TERMS, kind="primary", now=NOW)
    assert caught.value.code == "attestation_begin"


def test_a_drill_without_figures_proves_none() -> None:
    with pytest.raises(AttestationError) as caught:
        state(
            msgspec.structs.replace(drill(expires=NOW + DAY_MS), figures={"participants": 1}),
            terms=DRILL_TERMS,
            kind="primary",
            now=NOW,
        )
    assert caught.value.code == "attestation_lacking"


SPANS = st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(1, 60), st.booleans())


@given(st.lists(SPANS, max_size=6), st.integers(0, 120))
def test_until_is_the_first_instant_at_which_it_stands_otherwise(
    spans: list[tuple[int, int, int, bool]], now: int
) -> None:
    """Whatever was stated when: between now and `until` nothing changes, without a new fact."""
    every = []
    for number, (at, ahead, lasts, gone) in enumerate(sorted(spans)):
        one = wanted(id=str(number), at=at, valid_from=at + ahead, expires=at + ahead + lasts)
        every.append(msgspec.structs.replace(one, withdrawn=at + 3 if gone else None))
    known = [one for one in every if max(one.at, one.withdrawn or 0) <= now]
    asks = Terms(files=1, figures=("guards",))

    def stands(moment: int) -> tuple[Stands, str]:
        found = standing(known, "guards", asks, "", moment)
        return found.stands, "" if found.attestation is None else found.attestation.id

    until = standing(known, "guards", asks, "", now).until
    end = now + 200 if until is None else until
    assert all(stands(moment) == stands(now) for moment in range(now, end))
    assert until is None or stands(until) != stands(now)


@given(st.lists(SPANS, max_size=6), st.integers(0, 120))
def test_the_one_that_counts_is_the_one_that_nothing_has_replaced(
    spans: list[tuple[int, int, int, bool]], now: int
) -> None:
    every = [
        wanted(id=str(number), at=number, valid_from=at + ahead, expires=at + ahead + lasts)
        for number, (at, ahead, lasts, _) in enumerate(spans)
    ]
    one = counting(every, "guards", max(now, len(every)))
    begun = [each for each in every if each.valid_from <= max(now, len(every))]
    if begun:
        assert one in begun
        assert [
            each
            for each in begun
            if (when := replaced_at(each, every)) is None or when > max(now, len(every))
        ] == [one]
