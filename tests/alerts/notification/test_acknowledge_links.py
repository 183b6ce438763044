"""Links to acknowledge with: what they say cannot be changed, and they grow old."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from alerts.notification.acknowledge_link import LONGEST, AcknowledgeLink, digest, read, sign

KEY = bytes(range(32))
NOW = 1_795_161_600_000
LINK = AcknowledgeLink(
    alert=41, occurrences=2, user="li.na@school-3", expires=NOW + 1, event="emergency/no3/41/3/9"
)


def test_a_link_says_what_was_signed() -> None:
    assert read(sign(LINK, KEY), KEY, NOW) == LINK


def test_it_is_the_same_at_each_attempt_and_fits_into_an_address() -> None:
    longest = msgspec.structs.replace(LINK, user="a" * 64, event="emergency/" + "s" * 90)
    assert sign(longest, KEY) == sign(longest, KEY)
    assert len(sign(longest, KEY)) <= LONGEST
    assert sign(longest, KEY).replace("-", "").replace("_", "").isalnum()


def test_it_serves_until_it_expires_and_not_a_millisecond_longer() -> None:
    assert read(sign(LINK, KEY), KEY, LINK.expires) is None


def test_one_of_another_gateway_is_nothing() -> None:
    assert read(sign(LINK, bytes(32)), KEY, NOW) is None


@given(place=st.integers(0, 10_000), letter=st.sampled_from("AZaz09-_=."))
def test_whatever_letter_is_changed_it_is_nothing(place: int, letter: str) -> None:
    token = sign(LINK, KEY)
    at = place % len(token)
    changed = token[:at] + letter + token[at + 1 :]
    assert changed == token or read(changed, KEY, NOW) is None


@given(st.text(max_size=600))
def test_no_text_at_all_is_a_link(text: str) -> None:
    assert read(text, KEY, NOW) is None


@pytest.mark.parametrize("other", ["occurrences", "alert", "expires"])
def test_two_messages_have_two_links(other: str) -> None:
    changed = msgspec.structs.replace(LINK, **{other: getattr(LINK, other) + 1})
    assert digest(sign(changed, KEY)) != digest(sign(LINK, KEY))
