"""What a broker delivers once more is recognised, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.redelivery import Redelivery, pack, unpack
from gateway.ingest.source import Message


def message(
    packet_id: int,
    payload: bytes = b"{}",
    topic: str = "campus/a/b/c/event",
    *,
    again: bool = True,
) -> Message:
    return Message(topic, payload, packet_id, retained=False, again=again)


@given(st.lists(st.integers(1, 65535), max_size=50))
def test_entries_come_back_as_they_were_packed(ids: list[int]) -> None:
    messages = [message(packet_id) for packet_id in ids]
    assert [packet_id for packet_id, _ in unpack(pack(messages))] == ids


def test_messages_without_a_packet_id_leave_no_entry() -> None:
    assert pack([message(0)]) == b""


def test_damaged_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="entries"):
        unpack(pack([message(1)])[:-1])


def test_nothing_is_compared_before_a_reconnect() -> None:
    redelivery = Redelivery(10)
    redelivery.taken(pack([message(1)]))
    assert not redelivery.watching


def test_a_message_taken_before_the_reconnect_is_known_once() -> None:
    redelivery = Redelivery(10)
    redelivery.taken(pack([message(1, b"one"), message(2, b"two")]))
    redelivery.reconnected(session_present=True)
    assert redelivery.is_known(message(2, b"two"))
    assert not redelivery.is_known(message(2, b"two"))
    assert redelivery.is_known(message(1, b"one"))
    assert redelivery.count == 2


def test_a_packet_id_used_again_for_another_message_is_not_known() -> None:
    redelivery = Redelivery(10)
    redelivery.taken(pack([message(1, b"pressed")]))
    redelivery.reconnected(session_present=True)
    assert not redelivery.is_known(message(1, b"released"))


def test_the_same_press_with_the_same_packet_id_is_no_old_one_unless_the_broker_says_so() -> None:
    """A killed broker counts on from where it last saved: the next press looks like the last."""
    redelivery = Redelivery(10)
    redelivery.taken(pack([message(41, b'{"action":"single"}')]))
    redelivery.reconnected(session_present=True)
    assert not redelivery.is_known(message(41, b'{"action":"single"}', again=False))


def test_a_new_session_counts_packet_ids_anew_so_nothing_is_known() -> None:
    redelivery = Redelivery(10)
    redelivery.taken(pack([message(1)]))
    redelivery.reconnected(session_present=False)
    assert not redelivery.watching


def test_what_lies_more_than_a_window_back_is_forgotten() -> None:
    redelivery = Redelivery(3)
    for packet_id in range(1, 8):
        redelivery.taken(pack([message(packet_id)]))
    redelivery.reconnected(session_present=True)
    known = [packet_id for packet_id in range(1, 8) if redelivery._expected.get(packet_id)]
    assert known == [5, 6, 7]


def test_comparing_ends_after_a_window_of_messages() -> None:
    redelivery = Redelivery(3)
    redelivery.taken(pack([message(9)]))
    redelivery.reconnected(session_present=True)
    for packet_id in (1, 2, 3):
        redelivery.is_known(message(packet_id))
    assert not redelivery.watching
