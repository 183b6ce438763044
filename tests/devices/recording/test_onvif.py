"""Asking an ONVIF recorder (Profile G): complete, or unknown; never wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from isapi_recorder import PASSWORD, USER, Piece, asked, hours
from onvif_recorder import OnvifRecorder, Recorded

from devices.recording.local_time import DAY_MS, HOUR_MS, named_zone
from devices.recording.onvif import OnvifSource
from devices.recording.recorder_http import HttpAccess
from devices.recording.source import RefusedError, Segment, Span, Trouble
from devices.recording.written_time import ZMeans

SHANGHAI = named_zone("Asia/Shanghai")
UTC_NOW = datetime.fromisoformat("2026-11-20T02:00")
NOW = round(UTC_NOW.replace(tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = NOW - 10 * HOUR_MS  # of Shanghai
TODAY = Span(MIDNIGHT, NOW)
YESTERDAY = Span(MIDNIGHT - DAY_MS, MIDNIGHT)
GATE = "urn:camera:gate"


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it may take to end a search is not what these tests are about."""
    monkeypatch.setattr("devices.recording.onvif.END_S", 60.0)


@asynccontextmanager
async def asking(recorder: OnvifRecorder, **options: Any) -> AsyncIterator[OnvifSource]:
    async with asked(OnvifSource, recorder, **{"now": lambda: NOW, **options}) as source:
        yield source
    assert recorder.violations == []


def utc(text: str) -> datetime:
    """Of November 2026, by the labels of the recorder: ``20T02:00``."""
    return datetime.fromisoformat(f"2026-11-{text}")


def ms(at: datetime) -> int:
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


def recording(pieces: list[Piece] | None = None, **changed: Any) -> OnvifRecorder:
    """Two days until now, in pieces of an hour with a second lost in between."""
    told = changed.pop("told", {})
    held = Recorded("gate", pieces or hours(utc("18T02:00"), 48), **told)
    made = OnvifRecorder(
        [held, Recorded("yard", hours(utc("01T00:00"), 458))], utc_now=changed.pop("at", UTC_NOW)
    )
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def spans(segments: tuple[Segment, ...]) -> list[tuple[int, int]]:
    return [(segment.begin, segment.end) for segment in segments]


async def test_a_day_comes_whole_piece_by_piece() -> None:
    recorder = recording()
    async with asking(recorder) as source:
        answer = await source.ask(GATE, YESTERDAY)
    assert answer.complete
    expected = [(YESTERDAY.begin + n * HOUR_MS, YESTERDAY.begin + n * HOUR_MS + 3_599_000)
                for n in range(24)]  # fmt: skip
    assert spans(answer.segments) == expected
    assert {segment.handle for segment in answer.segments} == {"gate"}
    assert recorder.spans == [("2026-11-18T16:00:00Z", "2026-11-19T16:00:00Z")]
    assert recorder.open_searches == {}


async def test_a_hole_is_a_gap_and_what_goes_on_ends_with_its_newest_data() -> None:
    pieces = [(utc("18T00:00"), utc("19T20:00")), (utc("19T21:30"), utc("20T01:59"))]
    async with asking(recording(pieces)) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.complete
    assert spans(answer.segments) == [
        (MIDNIGHT, ms(utc("19T20:00"))),
        (ms(utc("19T21:30")), ms(utc("20T01:59"))),
    ]


async def test_what_was_overwritten_is_not_playable_whatever_events_tell() -> None:
    since = utc("19T20:30")
    async with asking(recording(told={"since": since})) as source:
        answer = await source.ask(GATE, TODAY)
        before = await source.ask(GATE, YESTERDAY)
    assert answer.complete
    assert answer.segments[0].begin == ms(since)
    assert before.complete
    assert before.segments == ()


async def test_other_cameras_and_sound_are_nothing_to_this_one() -> None:
    pieces = [(utc("18T00:00"), utc("19T20:00"))]
    recorder = recording(pieces, heeds_scope=False, told={"status": "Stopped"})
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert spans(answer.segments) == [(MIDNIGHT, ms(utc("19T20:00")))]


async def test_when_the_state_at_the_begin_is_not_told_nothing_is_concluded() -> None:
    async with asking(recording(start_states=False)) as source:
        answer = await source.ask(GATE, YESTERDAY)
    assert answer.trouble is Trouble.INCOMPLETE


async def test_without_data_before_the_begin_no_state_needs_to_be_told() -> None:
    recorder = recording(hours(utc("19T18:00"), 8), start_states=False)
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.complete
    assert len(answer.segments) == 8


@pytest.mark.parametrize("name", [GATE, "Camera gate", "gate"])
async def test_a_camera_is_named_by_its_sources_id_or_name_or_its_recording(name: str) -> None:
    async with asking(recording()) as source:
        assert len((await source.ask(name, TODAY)).segments) == 10


@pytest.mark.parametrize("name", ["urn:camera:moon", "", "Gate"])
async def test_a_camera_that_it_does_not_know_is_refused(name: str) -> None:
    async with asking(recording()) as source:
        assert (await source.ask(name, TODAY)).trouble is Trouble.REFUSED


async def test_two_cameras_of_one_name_are_not_taken_for_one() -> None:
    recorder = recording(told={"name": "Camera"})
    recorder.recordings[1].name = "Camera"
    async with asking(recorder) as source:
        answer = await source.ask("Camera", TODAY)
        assert (await source.ask("urn:camera:yard", TODAY)).complete
    assert answer.trouble is Trouble.UNREADABLE
    assert "token" in answer.detail


async def test_recordings_of_one_source_complete_each_other() -> None:
    recorder = recording([(utc("19T16:00"), utc("19T18:00"))], told={"status": "Stopped"})
    recorder.recordings.append(
        Recorded("gate-2", [(utc("19T19:00"), utc("20T02:00"))], source_id=GATE, name="Camera gate")
    )
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert [segment.handle for segment in answer.segments] == ["gate", "gate-2"]


async def test_fewer_recordings_than_it_says_to_have_are_incomplete() -> None:
    async with asking(recording(more_than_told=1)) as source:
        assert (await source.ask(GATE, TODAY)).trouble is Trouble.INCOMPLETE


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 24, 25, 26, 124, 125, 126, 300])
async def test_pages_add_up_whatever_their_number(count: int) -> None:
    begin = utc("19T16:00")
    pieces = [
        (begin + timedelta(minutes=n), begin + timedelta(minutes=n, seconds=50))
        for n in range(count)
    ]
    recorder = recording([*pieces, (utc("20T01:00"), utc("20T01:59"))], most_a_page=50)
    async with asking(recorder, page=100) as source:
        answer = await source.ask(GATE, Span(ms(begin) - 1000, ms(utc("20T00:00"))))
    assert answer.complete
    assert len(answer.segments) == count


async def test_a_hundred_thousand_events_come_whole() -> None:
    begin, second = utc("18T20:00"), timedelta(seconds=1)
    pieces = [(begin + 2 * n * second, begin + (2 * n + 1) * second) for n in range(50_000)]
    recorder = recording(pieces, told={"status": "Stopped"}, most_a_page=2000)
    patient = {"ask_timeout_s": 280.0, "answer_timeout_s": 100.0}  # it is not about speed
    async with asking(recorder, page=2000, **patient) as source:
        answer = await source.ask(GATE, Span(ms(begin) - 1000, NOW))
    assert answer.trouble is None
    assert recorder.pages == 51  # 100,000 events, and the states at the begin
    assert spans(answer.segments) == [(ms(low), ms(high)) for low, high in pieces]


async def test_a_search_that_is_queued_first_is_waited_for() -> None:
    async with asking(recording(empty_pages=2)) as source:
        assert len((await source.ask(GATE, TODAY)).segments) == 10


async def test_a_search_that_ends_early_by_its_own_account_is_incomplete() -> None:
    async with asking(recording(reaches=utc("19T21:00"))) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.INCOMPLETE
    assert "21:00" in answer.detail


async def test_an_end_of_the_search_before_its_begin_says_nothing() -> None:
    async with asking(recording(reaches=datetime.fromisoformat("1970-01-01T00:00"))) as source:
        assert (await source.ask(GATE, TODAY)).complete


# --- what goes wrong -----------------------------------------------------------------------------


async def test_a_wrong_password_is_tried_once_and_then_rests() -> None:
    recorder = recording()
    async with asking(recorder, password="wrong") as source:
        first = await source.ask(GATE, TODAY)
        again = await source.ask(GATE, YESTERDAY)
        with pytest.raises(RefusedError):
            await source.clock()
    assert (first.trouble, again.trouble) == (Trouble.REFUSED, Trouble.REFUSED)
    assert recorder.refusals == 1
    assert "wrong" not in first.detail


async def test_a_recorder_that_wants_digest_of_http_gets_it() -> None:
    async with asking(recording(http_digest=True)) as source:
        assert len((await source.ask(GATE, TODAY)).segments) == 10


async def test_a_recorder_that_wants_to_know_who_asks_for_the_time_is_told() -> None:
    async with asking(recording(clock_is_open=False)) as source:
        assert len((await source.ask(GATE, TODAY)).segments) == 10


async def test_signatures_are_dated_by_the_recorders_clock() -> None:
    late = UTC_NOW + timedelta(minutes=20)
    recorder = recording(at=late, created_off=timedelta(minutes=20))
    async with asking(recorder) as source:
        assert (await source.ask(GATE, YESTERDAY)).complete


async def test_an_inner_address_behind_a_translated_one_is_not_followed() -> None:
    async with asking(recording(inner_address="http://192.0.2.99:8000")) as source:
        assert (await source.ask(GATE, TODAY)).complete


async def test_a_time_out_half_way_is_unknown_and_no_part_is_concluded_from() -> None:
    recorder = recording(most_a_page=5, hang_at_page=2)
    async with asking(recorder, answer_timeout_s=0.5, page=5) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.TIMED_OUT
    assert answer.segments == ()


async def test_pages_that_come_too_slowly_end_at_the_limit_of_all() -> None:
    recorder = recording(empty_pages=1_000_000)
    async with asking(recorder, ask_timeout_s=1.0) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.TIMED_OUT


async def test_being_called_off_ends_the_search() -> None:
    recorder = recording(empty_pages=1_000_000)
    async with asking(recorder) as source:
        task = asyncio.create_task(source.ask(GATE, TODAY))
        assert await asyncio.to_thread(recorder.paging.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert recorder.open_searches == {}


async def test_nobody_there_is_unreachable() -> None:
    recorder = recording()
    async with asking(recorder):
        pass
    access = HttpAccess(url=recorder.url, user=USER, password=PASSWORD)
    source = OnvifSource(access, SHANGHAI, now=lambda: NOW)
    assert (await source.ask(GATE, TODAY)).trouble is Trouble.UNREACHABLE
    await source.aclose()


def _changed(pattern: bytes, by: bytes, count: int = 1) -> Any:
    def spoil(page: int, answer: bytes) -> tuple[int, bytes]:
        changed, times = re.subn(pattern, by, answer, count=count, flags=re.DOTALL)
        return 200, changed if page == 2 and times else answer

    return spoil


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        pytest.param(lambda n, a: (200, a[: len(a) // 2]), Trouble.INCOMPLETE, id="cut"),
        pytest.param(lambda n, a: (200, b"\x89PNG\r\n"), Trouble.UNREADABLE, id="picture"),
        pytest.param(lambda n, a: (200, b""), Trouble.UNREADABLE, id="nothing"),
        pytest.param(lambda n, a: (500, b"oops"), Trouble.UNREADABLE, id="no envelope"),
        pytest.param(lambda n, a: (503, a), Trouble.UNREADABLE, id="unavailable"),
        pytest.param(
            lambda n, a: (200, b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + a.partition(b"?>")[2]),
            Trouble.UNREADABLE,
            id="document type",
        ),
        pytest.param(
            _changed(rb"EventSearch", b"Gossip", 0), Trouble.UNREADABLE, id="other answer"
        ),
        pytest.param(_changed(rb">Searching<", b">Unknown<"), Trouble.INCOMPLETE, id="unknown"),
        pytest.param(_changed(rb">Searching<", b"><"), Trouble.INCOMPLETE, id="no state"),
        pytest.param(_changed(rb'"IsDataPresent"', b'"Other"'), Trouble.UNREADABLE, id="no value"),
        pytest.param(_changed(rb'"true"', b'"perhaps"'), Trouble.UNREADABLE, id="maybe"),
        pytest.param(
            _changed(rb"<tt:Time>[^<]*", b"<tt:Time>soon"), Trouble.UNREADABLE, id="no time"
        ),
        pytest.param(
            _changed(rb"<tt:Time>[^<]*", b"<tt:Time>0000-00-00T00:00:00Z"),
            Trouble.UNREADABLE,
            id="time of zeros",
        ),
        pytest.param(
            _changed(rb"<tt:Time>2026", b"<tt:Time>2027"), Trouble.UNREADABLE, id="of the future"
        ),
        pytest.param(
            _changed(rb"<tt:Time>2026", b"<tt:Time>2025"), Trouble.UNREADABLE, id="back in time"
        ),
    ],
)  # fmt: skip
async def test_an_answer_that_cannot_be_right_makes_the_span_unknown(
    spoil: Any, trouble: Trouble
) -> None:
    recorder = recording(most_a_page=5, spoil=spoil)
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is trouble, answer.detail
    assert recorder.open_searches == {}, "whatever came, the search is ended"


async def test_a_fault_half_way_is_unknown() -> None:
    recorder = recording(most_a_page=5)

    def forgets(page: int, answer: bytes) -> tuple[int, bytes]:
        recorder.open_searches.clear()
        return 200, answer

    recorder.spoil = forgets
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.UNREADABLE
    assert "InvalidToken" in answer.detail


async def test_the_first_page_for_ever_is_unknown() -> None:
    kept: list[bytes] = []

    def stubborn(page: int, answer: bytes) -> tuple[int, bytes]:
        kept.append(answer)
        return 200, kept[0]

    async with asking(recording(most_a_page=5, spoil=stubborn)) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.INCOMPLETE
    assert "same page" in answer.detail


async def test_data_newer_than_the_newest_is_no_data_to_build_on() -> None:
    recorder = recording(told={"newest": utc("19T19:00"), "status": "Stopped"})
    async with asking(recorder) as source:
        assert (await source.ask(GATE, TODAY)).trouble is Trouble.UNREADABLE


async def test_oldest_data_that_no_event_tells_of_is_unknown() -> None:
    recorder = recording([(utc("19T20:00"), utc("20T02:00"))], told={"since": utc("19T17:00")})
    async with asking(recorder) as source:
        assert (await source.ask(GATE, TODAY)).trouble is Trouble.INCOMPLETE


# --- what its times mean -------------------------------------------------------------------------


async def test_local_time_marked_z_is_found_out_from_what_is_being_recorded() -> None:
    local = hours(utc("18T10:00"), 48)  # until 10:00 in Shanghai, which is now
    recorder = recording(local)
    async with asking(recorder) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.complete
    assert [s.begin for s in answer.segments] == [MIDNIGHT + n * HOUR_MS for n in range(10)]
    assert recorder.spans == [("2026-11-20T00:00:00Z", "2026-11-20T10:00:00Z")]


async def test_local_time_west_of_greenwich_is_found_out_too() -> None:
    recorder = recording(hours(utc("17T21:00"), 48), time_zone="EST5", local_now=utc("19T21:00"))
    recorder.recordings.pop()
    async with asking(recorder, zone=named_zone("America/New_York")) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.complete
    assert [s.begin for s in answer.segments] == [MIDNIGHT + n * HOUR_MS for n in range(10)]


async def test_newest_data_of_the_future_is_unknown_until_someone_says_what_z_means() -> None:
    stopped = [(utc("18T00:00"), utc("20T07:00"))]  # three hours ago in Shanghai, or not yet
    async with asking(recording(stopped)) as source:
        answer = await source.ask(GATE, TODAY)
    assert answer.trouble is Trouble.UNREADABLE
    assert "z_means" in answer.detail
    async with asking(recording(stopped), z_means=ZMeans.LOCAL) as source:
        told = await source.ask(GATE, TODAY)
    assert spans(told.segments) == [(MIDNIGHT, ms(utc("19T23:00")))]


async def test_times_without_a_zone_or_with_one_are_read_alike() -> None:
    def spoil(page: int, answer: bytes) -> tuple[int, bytes]:
        zoned = re.sub(rb"<tt:Time>([^<]*)Z<", rb"<tt:Time>\1<", answer, count=3)
        return 200, re.sub(rb"<tt:Time>([^<]*)Z<", rb"<tt:Time>\1.250+00:00<", zoned, count=3)

    async with asking(recording(spoil=spoil)) as source:
        answer = await source.ask(GATE, TODAY)
    assert [s.begin for s in answer.segments] == [MIDNIGHT + n * HOUR_MS for n in range(10)]


@pytest.mark.parametrize(
    ("day", "hours_of_day"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
async def test_days_on_which_clocks_change_are_recorded_as_long_as_they_are(
    day: str, hours_of_day: int
) -> None:
    """Local time marked Z: the hour that is there twice is told apart by the order of events."""
    zone = named_zone("Europe/Berlin")
    midnight = datetime.fromisoformat(f"{day}T00:00")
    begin = ms(midnight) - zone.offset_at(ms(midnight) - HOUR_MS)
    end = begin + hours_of_day * HOUR_MS
    moments = [begin + n * HOUR_MS // 2 for n in range(-8, 2 * hours_of_day + 1)]

    def label(moment: int) -> datetime:
        return datetime.fromtimestamp((moment + zone.offset_at(moment)) / 1000, UTC).replace(
            tzinfo=None
        )

    pieces = [(label(moment), label(moment + 1_799_000)) for moment in moments[:-1]]
    utc_now = datetime.fromtimestamp(end / 1000, UTC).replace(tzinfo=None)
    recorder = OnvifRecorder([Recorded("gate", pieces, status="Stopped")], utc_now=utc_now)
    recorder.time_zone, recorder.local_now = "CET-1CEST,M3.5.0,M10.5.0/3", label(end)
    changes = [
        (label(at), "gate", "video", present, False)
        for moment in moments[:-1]
        for at, present in ((moment, True), (moment + 1_799_000, False))
    ]
    recorder.events_instead = [(pieces[0][0], "gate", "video", False, True), *changes]
    async with asking(recorder, zone=zone, now=lambda: end) as source:
        answer = await source.ask(GATE, Span(begin, end))
    assert answer.trouble is None, answer.detail
    inside = [segment for segment in answer.segments if segment.end > begin]
    assert sum(segment.end - max(begin, segment.begin) for segment in inside) == (
        hours_of_day * 3_598_000
    )


# --- its clock -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("utc_told", "local_told"),
    [("20T02:01", "20T10:01"), ("20T10:01", "20T10:01"), ("20T10:01", ""), ("", "20T10:01")],
)
async def test_its_clock_is_compared_with_ours(utc_told: str, local_told: str) -> None:
    recorder = recording(
        utc_now=utc(utc_told) if utc_told else None,
        local_now=utc(local_told) if local_told else None,
    )
    async with asking(recorder) as source:
        told = await source.clock()
    assert told is not None
    assert told.asked == NOW
    assert told.told == NOW + 60_500
    assert told.uncertain == 500


async def test_a_replay_is_told_by_its_recording() -> None:
    async with asking(recording()) as source:
        uri, begin = await source.replay("gate", MIDNIGHT)
    assert uri == "rtsp://192.0.2.1:554/replay?recording=gate"
    assert begin == utc("19T16:00")
