"""The live stream keeps its order, or says that it could not."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from judged import Judged

from gateway.desk import LiveAlert
from gateway.pipeline.live import Live


def three() -> list[LiveAlert]:
    judged = Judged()
    return [judged.press(seq, judged.now + seq).live[0] for seq in (1, 2, 3)]


async def test_events_come_in_their_order() -> None:
    live = Live(older=lambda _after, _most: [])
    for event in three():
        live.publish([event])
    async with aclosing(live.stream(0)) as stream:
        assert [event.row for event in await anext(stream)] == [1, 2, 3]


async def test_who_was_told_a_later_event_first_has_to_load_anew() -> None:
    """A commit that failed was tried again, and the one behind it had been made meanwhile."""
    events = three()
    live = Live(older=lambda after, _most: [event for event in events if event.row > after])
    live.publish(events[:1])
    async with aclosing(live.stream(0)) as stream:
        assert [event.row for event in await anext(stream)] == [1]
        live.publish(events[2:])
        assert [event.row for event in await anext(stream)] == [3]
        live.publish(events[1:2])
        with pytest.raises(LookupError):
            await anext(stream)
    assert live.last == 3
    async with aclosing(live.stream(0)) as stream:
        assert [event.row for event in await anext(stream)] == [1, 2, 3]
