"""RecordInfo put together: whole when all that was announced came, and never otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.paging import MOST_ITEMS, Assembly
from devices.recording.gb28181.record_info import RecordItem, read_page, segments
from devices.recording.gb28181.times import Zulu
from devices.recording.source import Span
from devices.recording.xml_document import read_document

CHINA = ZoneInfo("Asia/Shanghai")
CHANNEL = "34020000001320000001"
MIDNIGHT = datetime(2026, 11, 20, tzinfo=CHINA)
HOUR_MS = 3_600_000
BEGIN = int(MIDNIGHT.timestamp()) * 1000
SPAN = Span(BEGIN, BEGIN + 12 * HOUR_MS)


def item(minute: int, *, length: int = 10, mark: str = "", size: int = 5) -> str:
    begin = MIDNIGHT + timedelta(minutes=minute)
    end = begin + timedelta(minutes=length)
    return (
        f"<Item><DeviceID>{CHANNEL}</DeviceID><StartTime>{begin:%Y-%m-%dT%H:%M:%S}{mark}</StartTime>"
        f"<EndTime>{end:%Y-%m-%dT%H:%M:%S}{mark}</EndTime><Type>time</Type>"
        f"<FileSize>{size}</FileSize></Item>"
    )


def page(total: object, *items: str, num: int | None = None) -> bytes:
    announced = f' Num="{len(items) if num is None else num}"'
    listed = f"<RecordList{announced}>{''.join(items)}</RecordList>" if items else ""
    return f"<Response><SumNum>{total}</SumNum>{listed}</Response>".encode()


def assembled(*pages: bytes) -> Assembly[RecordItem]:
    assembly: Assembly[RecordItem] = Assembly()
    for one in pages:
        assembly.take(read_page(read_document(one), {CHANNEL}))
    return assembly


@given(st.data())
def test_complete_exactly_when_every_page_came_in_whatever_order_and_number(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(1, 12))
    size = data.draw(st.integers(1, 4))
    cut = [
        page(count, *(item(10 * one) for one in range(first, min(first + size, count))))
        for first in range(0, count, size)
    ]
    came = data.draw(st.lists(st.sampled_from(range(len(cut))), min_size=1, max_size=30))
    assembly = assembled(*(cut[index] for index in came))
    assert assembly.complete == (set(came) == set(range(len(cut))))
    assert assembly.contradiction is None
    if assembly.complete:
        read = segments(assembly.items, SPAN, CHINA)
        assert [one.begin for one in read.segments] == [
            BEGIN + 600_000 * one for one in range(count)
        ]


@given(st.data())
def test_copies_that_changed_never_make_an_answer_whole(data: st.DataObject) -> None:
    """However pages repeat with grown files: without all the items, nothing is complete."""
    count = data.draw(st.integers(2, 8))
    missing = data.draw(st.integers(0, count - 1))
    others = [one for one in range(count) if one != missing]
    came = data.draw(
        st.lists(
            st.tuples(st.sampled_from(others), st.integers(1, 10), st.integers(0, 9)), max_size=30
        )
    )
    assembly = assembled(
        *(page(count, item(10 * one, length=length, size=size)) for one, length, size in came)
    )
    assert not assembly.complete


def test_sums_that_differ_and_more_items_than_announced_are_contradictions() -> None:
    assert not assembled(page(2, item(0)), page(3, item(10))).complete
    assert not assembled(page(1, item(0)), page(1, item(10))).complete
    assert not assembled(page(0), page(1, item(0))).complete
    assert not assembled(page(MOST_ITEMS + 1, item(0))).complete


def test_none_announced_and_none_there_is_whole() -> None:
    assembly = assembled(page(0))
    assert assembly.complete
    assert segments(assembly.items, SPAN, CHINA).segments == ()


@pytest.mark.parametrize(
    "body",
    [
        page(0, item(0)),
        page(3),
        page("", item(0)),
        page("many", item(0)),
        page(1, item(0), num=2),
        page(1, item(0).replace("<EndTime>", "<EndTime>x")),
        page(1, item(0).replace(CHANNEL, "34020000001320000002")),
        b"<Response/>",
    ],
)
def test_a_page_that_contradicts_itself_is_not_believed(body: bytes) -> None:
    with pytest.raises(ContentError):
        read_page(read_document(body), {CHANNEL})


def read(*items: str, clock: Zulu | None = None, before: Zulu | None = None) -> list[int]:
    """Begins in hours after midnight."""
    whole = assembled(page(len(items), *items))
    found = segments(whole.items, SPAN, CHINA, clock=clock, before=before)
    return [(one.begin - BEGIN) // HOUR_MS for one in found.segments]


def test_z_is_told_by_what_lies_within_the_time_asked_for() -> None:
    assert read(item(60, mark="Z"), item(600, mark="Z")) == [1, 10]
    assert read(item(-420, mark="Z"), item(180, mark="Z")) == [1, 11]


def test_z_that_may_be_both_is_told_by_clock_or_earlier_answers_else_unknown() -> None:
    one = item(60, mark="Z")
    assert read(one, clock=Zulu.LOCAL) == [1]
    assert read(one, clock=Zulu.UTC) == [9]
    assert read(one, before=Zulu.UTC) == [9]
    with pytest.raises(ContentError, match="UTC or local"):
        read(one)


def test_items_against_the_clock_or_outside_in_any_case_are_not_believed() -> None:
    with pytest.raises(ContentError, match="outside"):
        read(item(600, mark="Z"), clock=Zulu.UTC)
    with pytest.raises(ContentError, match="outside"):
        read(item(-420, mark="Z"), item(700, mark="Z"))
    with pytest.raises(ContentError, match="outside"):
        read(item(-120))  # unmarked, from a recorder whose local time is not ours
    with pytest.raises(ContentError, match="before it begins"):
        read(item(60, length=-1))


def test_files_reach_beyond_what_was_asked_for_and_empty_ones_show_nothing() -> None:
    assert read(item(-5), item(715)) == [-1, 11]
    assert read(item(60, length=0)) == []
