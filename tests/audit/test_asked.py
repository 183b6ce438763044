"""What policies ask to be attested, put together from several of them."""

from __future__ import annotations

import msgspec

from audit.asked import Asked, asked_of, guards_of, together
from audit.attestation import DRILL, DRILL_TERMS, Terms
from audit.policy import Figure, Figures, Item, Needs, Platform, Policy, Proof, Required


def figures(**days: int) -> Figures:
    given = {
        name: Figure(value=days.get(name, 31), unit="d", source="test")
        for name in Figures.__struct_fields__
        if name != "staffing"
    }
    return Figures(**given)


def policy(name: str, *items: Item, **days: int) -> Policy:
    return Policy(
        id=name,
        version=1,
        valid_from="2026-01-01",
        name_zh=name,
        name_en=name,
        source="test",
        items=items,
        figures=figures(drill_days_kindergarten=92, **days),
    )


def attested(name: str, **more: object) -> Item:
    return Item(id=name, name_zh=name, name_en=name, proof=Proof.ATTESTED, **more)


def test_without_policies_only_drills_are_asked_for() -> None:
    assert asked_of(()) == {DRILL: Asked(item=DRILL, terms=DRILL_TERMS)}


def test_one_statement_serves_two_policies_and_keeps_the_terms_of_both() -> None:
    six = policy("six-100", attested("guards", staffed=True, terms=Terms(longest_days=365)))
    four = policy(
        "four-100",
        attested("full-time-guards", attested_as="guards", terms=Terms(longest_days=90, files=2)),
    )
    asked = asked_of((six, four))["guards"]
    assert [by.id for by in asked.policies] == ["six-100", "four-100"]
    assert (asked.terms.longest_days, asked.terms.files) == (90, 2)
    assert asked.staffed
    assert "guards" in asked.terms.figures  # counted, so asked for


def test_a_link_of_video_that_nobody_can_measure_may_be_attested() -> None:
    video = Item(
        id="video",
        name_zh="视频监控",
        name_en="Video",
        proof=Proof.DEVICES,
        required=(
            Required(
                kinds=("camera",),
                needs=Needs(platform=Platform(attested_as="video_link", reported=True)),
            ),
        ),
    )
    asked = asked_of((policy("six-100", video),))
    assert asked["video_link"].name_zh == ""  # the item's name would say that all of it is met
    assert "video" not in asked


def test_a_bureau_may_ask_for_drills_less_often_than_is_usual() -> None:
    drills = asked_of((policy("own", drill_days=60),))[DRILL]
    assert drills.terms.longest_ms("primary") == 60 * 86_400_000
    assert drills.terms.longest_ms("kindergarten") == 92 * 86_400_000
    both = asked_of((policy("own", drill_days=60), policy("other", drill_days=31)))[DRILL]
    assert both.terms.longest_days == 31


def test_terms_together_keep_both_by_kind_of_school() -> None:
    one = Terms(longest_days=100, longest_days_of={"kindergarten": 200})
    other = Terms(longest_days=150, confirmed=True)
    terms = together(one, other)
    assert terms.longest_ms("primary") == one.longest_ms("primary")
    assert terms.longest_ms("kindergarten") == other.longest_ms("kindergarten")
    assert terms.confirmed


def test_guards_are_counted_only_where_it_is_asked_for_and_pupils_are_known() -> None:
    asked = Asked(item="guards", staffed=True)
    assert guards_of(asked, 1500, 0).guards == 4
    assert guards_of(msgspec.structs.replace(asked, staffed=False), 1500, 0) is None
    assert guards_of(asked, 10, 20) is None
