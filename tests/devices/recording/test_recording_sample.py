"""Proof by sample: what is said to be recorded is played, and a picture of it decoded."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isapi_recorder import HikvisionRecorder
from onvif_recorder import OnvifRecorder, Recorded
from replaying_recorder import PASSWORD, SIZE, USER, ReplayingRecorder, written

from devices.recording.folder import FolderSource
from devices.recording.intervals import Intervals
from devices.recording.isapi import IsapiSource
from devices.recording.local_time import FixedZone, named_zone
from devices.recording.onvif import OnvifSource
from devices.recording.places import in_folder, of_dahua, of_isapi, of_onvif
from devices.recording.playing import Playing
from devices.recording.proof import Outcome, Sample
from devices.recording.recorder_http import HttpAccess
from devices.recording.rtsp_replay import RtspPlace
from devices.recording.sample import FilePlace, PlaceOf, chosen_moment, play, sampled
from devices.recording.source import RecordingError, Segment, Span, Trouble
from devices.simulator.film import film as film_of

SHANGHAI = named_zone("Asia/Shanghai")
UTC_ZONE = FixedZone(0)
SINCE = datetime.fromisoformat("2026-11-20T08:00:00")
BEGIN = 1_795_132_800_000  # the same in Shanghai's time, ms UTC
HOUR = 3_600_000


def test_the_numbers_above_agree() -> None:
    assert datetime.fromisoformat("2026-11-20T08:00:00+08:00").timestamp() * 1000 == BEGIN


# --- which moment --------------------------------------------------------------------------------

_PAIRS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(sorted), max_size=8)


@given(pairs=_PAIRS, seed=st.text())
def test_a_moment_is_of_what_is_recorded_and_required(pairs: Any, seed: str) -> None:
    recorded, required = Intervals(pairs), Span(2_000, 8_000)
    moment = chosen_moment(recorded, required, seed)
    if recorded.within(2_000, 8_000):
        assert moment is not None
        assert moment in recorded
        assert 2_000 <= moment < 8_000
        assert chosen_moment(recorded, required, seed) == moment
    else:
        assert moment is None


def test_moments_are_spread_over_all_that_is_recorded() -> None:
    recorded = Intervals([(0, 1_000), (9_000, 12_000)])
    drawn = [chosen_moment(recorded, Span(0, 20_000), f"camera 1, day {n}") for n in range(400)]
    early = sum(each is not None and each < 1_000 for each in drawn)
    assert 60 <= early <= 140  # a quarter; the seeds are fixed, and so is this


def test_moments_keep_off_where_a_recording_breaks_off() -> None:
    recorded = Intervals([(0, 20_000), (60_000, 61_000)])
    drawn = [chosen_moment(recorded, Span(0, 90_000), f"{n}") for n in range(200)]
    assert all(each is not None and 2_000 <= each < 10_000 for each in drawn)
    assert chosen_moment(Intervals([(0, 5_000)]), Span(0, 90_000), "1") is not None


# --- files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes from eight o'clock, in a folder as small recorders write it."""
    folder = tmp_path_factory.mktemp("recorder") / "gate"
    folder.mkdir()
    path = folder / "2026-11-20_08-00-00_08-02-00.mp4"
    written(path)
    return path


def copied(film: Path, to: Path, most: int | None = None) -> None:
    to.write_bytes(film.read_bytes()[:most])


async def test_a_file_is_decoded_at_the_moment(film: Path) -> None:
    root = film.parent.parent
    source = FolderSource(root, SHANGHAI)
    sample = await sampled(source, "gate", BEGIN + 95_500, in_folder(root))
    assert sample.trouble is None, sample.detail
    assert sample.decoded == BEGIN + 90_000, "the key picture before it"
    assert (sample.width, sample.height) == SIZE


async def test_a_file_that_is_shorter_than_its_name_proves_nothing_beyond_its_end(
    film: Path, tmp_path: Path
) -> None:
    (tmp_path / "gate").mkdir()
    copied(film, tmp_path / "gate" / "2026-11-20_08-00-00_09-00-00.mp4")
    source = FolderSource(tmp_path, SHANGHAI)
    sample = await sampled(source, "gate", BEGIN + 1_800_000, in_folder(tmp_path))
    assert (sample.outcome, sample.trouble) == (Outcome.UNPLAYABLE, Trouble.INCOMPLETE)
    assert sample.decoded is None
    assert "1800 s" in sample.detail


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 5000, b"no film at all", b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n"]
)
async def test_a_file_that_cannot_be_decoded_says_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert await trouble_of(FilePlace(tmp_path, path, 1000)) is Trouble.UNREADABLE


async def test_a_film_cut_off_in_its_middle_is_unreadable(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    copied(film, path, 3000)  # its index would stand at the end
    assert await trouble_of(FilePlace(tmp_path, path, 1000)) is Trouble.UNREADABLE


async def test_files_that_are_gone_or_elsewhere_are_not_played(film: Path, tmp_path: Path) -> None:
    gone = FilePlace(tmp_path, tmp_path / "a.mp4", 0)
    assert await trouble_of(gone) is Trouble.INCOMPLETE
    outside = FilePlace(tmp_path, tmp_path / ".." / film.parent.parent.name, 0)
    (tmp_path / "link.mp4").symlink_to(film)
    assert await trouble_of(FilePlace(tmp_path, tmp_path / "link.mp4", 0)) is Trouble.REFUSED
    assert await trouble_of(outside) in {Trouble.REFUSED, Trouble.INCOMPLETE}


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".avi"])
async def test_other_containers_are_decoded_as_well(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    written(path, seconds=25)
    sample = await play(FilePlace(tmp_path, path, 12_000), BEGIN)
    assert sample.decoded is not None
    assert abs(sample.decoded - (BEGIN - 2_000)) <= 10_000


async def test_what_the_recorder_refuses_to_tell_is_not_sampled(tmp_path: Path) -> None:
    (tmp_path / "gate").mkdir()
    source = FolderSource(tmp_path, SHANGHAI)
    sample = await sampled(source, "yard", BEGIN, in_folder(tmp_path))
    assert (sample.outcome, sample.trouble) == (Outcome.UNDECIDED, Trouble.REFUSED)
    none = await sampled(source, "gate", BEGIN, in_folder(tmp_path))
    assert (none.outcome, none.trouble) == (Outcome.UNPLAYABLE, Trouble.INCOMPLETE)


async def test_between_two_files_that_follow_each_other_the_second_is_played(
    film: Path, tmp_path: Path
) -> None:
    (tmp_path / "gate").mkdir()
    copied(film, tmp_path / "gate" / "2026-11-20_08-00-00_08-01-59.mp4")
    copied(film, tmp_path / "gate" / "2026-11-20_08-02-00_08-04-00.mp4")
    source = FolderSource(tmp_path, SHANGHAI)
    sample = await sampled(source, "gate", BEGIN + 119_500, in_folder(tmp_path))
    assert (sample.outcome, sample.decoded) == (Outcome.PLAYED, BEGIN + 120_000)


async def test_key_pictures_may_be_minutes_apart(tmp_path: Path) -> None:
    """Recorders that save disk do so; between them it is decoded on."""
    path = tmp_path / "a.mp4"
    path.write_bytes(film_of(3600))
    sample = await play(FilePlace(tmp_path, path, 1_801_000), BEGIN)
    assert sample.decoded == BEGIN - 31_000


async def test_a_connection_that_breaks_once_costs_a_second_try_and_no_more() -> None:
    recorder = ReplayingRecorder(SINCE)
    recorder.stops_after = 2
    told = HikvisionRecorder([(SINCE, SINCE + timedelta(minutes=30))], local_now=SINCE)
    told.local_now = SINCE + timedelta(hours=1)

    async def at_last(channel: str, segment: Segment, moment: int) -> RtspPlace:
        place = isapi_place(recorder)
        if len(recorder.told) > 1:
            recorder.stops_after = None
        return place

    async with recorder.running():
        with told.running():
            access = HttpAccess(url=told.url, user=USER, password=PASSWORD)
            source = IsapiSource(access, SHANGHAI, now=lambda: BEGIN + HOUR)
            sample = await sampled(source, "1", BEGIN + 2_000, at_last)
            recorder.stops_after = 2
            broken = await sampled(source, "1", BEGIN + 2_000, broken_place(recorder))
            await source.aclose()
    assert sample.outcome is Outcome.PLAYED
    assert broken.outcome is Outcome.UNPLAYABLE


def broken_place(recorder: ReplayingRecorder) -> PlaceOf:
    async def place(channel: str, segment: Segment, moment: int) -> RtspPlace:
        return isapi_place(recorder)

    return place


async def test_a_decoder_that_dies_takes_nobody_with_it(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = tmp_path / "crashing"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n", "utf-8")
    crashing.chmod(0o700)
    monkeypatch.setattr("devices.recording.decoding.sys.executable", str(crashing))
    assert await trouble_of(FilePlace(film.parent, film, 0)) is Trouble.UNREADABLE


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
async def test_a_decoder_that_cannot_run_says_nothing_of_the_recording(
    film: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr("devices.recording.decoding.sys.executable", python)
    assert await trouble_of(FilePlace(film.parent, film, 0)) is Trouble.TIMED_OUT


# --- RTSP ----------------------------------------------------------------------------------------


async def trouble_of(place: FilePlace | RtspPlace, limit_s: float = 30.0) -> Trouble:
    with pytest.raises(RecordingError) as caught:
        await play(place, BEGIN, limit_s=limit_s)
    told = f"{caught.value}"
    assert PASSWORD not in told
    return caught.value.trouble


def isapi_place(recorder: ReplayingRecorder, **changed: Any) -> RtspPlace:
    told = {"user": USER, "password": PASSWORD, **changed}
    url = f"rtsp://127.0.0.1:{recorder.port}/Streaming/tracks/101/?starttime=20261120T080001Z"
    return RtspPlace(url=url, begin=SINCE + timedelta(seconds=1), **told)


@pytest.mark.parametrize("codec", ["H264", "H265"])
@pytest.mark.parametrize("qop", [', qop="auth"', ""])
async def test_a_replay_is_decoded(codec: str, qop: str) -> None:
    recorder = ReplayingRecorder(SINCE, codec=codec)
    recorder.challenge = f'Digest realm="recorder", nonce="n0nce"{qop}'
    async with recorder.running():
        sample = await play(isapi_place(recorder), BEGIN + 1000)
        await asyncio.wait_for(recorder.torn_down.wait(), 30)
    assert sample == Sample(
        outcome=Outcome.PLAYED,
        wanted=BEGIN + 1000,
        decoded=BEGIN + 1000,
        width=SIZE[0],
        height=SIZE[1],
    )
    asked = [(method, "require" in headers) for method, _, headers in recorder.told]
    assert asked[-1] == ("TEARDOWN", False)


async def test_an_isapi_segment_is_played_from_the_moment_on() -> None:
    """By its own playback URI, on the host that we know, in whatever it means by Z."""
    recorder = ReplayingRecorder(SINCE)
    told = HikvisionRecorder([(SINCE, SINCE + timedelta(minutes=30))], local_now=SINCE)
    async with recorder.running():
        with told.running():
            access = HttpAccess(url=told.url, user=USER, password=PASSWORD)
            source = IsapiSource(access, SHANGHAI, now=lambda: BEGIN + HOUR)
            told.local_now = SINCE + timedelta(hours=1)
            sample = await sampled(source, "1", BEGIN + 2_000, of_isapi(access, recorder.port))
            await source.aclose()
    assert sample.trouble is None, sample.detail
    assert sample.decoded == BEGIN + 2_000
    assert recorder.told[0][1].endswith(
        "/Streaming/tracks/101/?starttime=20261120T080002Z&endtime=20261120T080032Z"
    )


async def test_a_dahua_file_is_played_by_local_time() -> None:
    recorder = ReplayingRecorder(SINCE)
    async with recorder.running():
        access = HttpAccess(url="http://127.0.0.1", user=USER, password=PASSWORD)
        place_of = of_dahua(access, SHANGHAI, recorder.port)
        place = await place_of("3", Segment(BEGIN, BEGIN + HOUR), BEGIN + 1_000)
        sample = await play(place, BEGIN + 1_000)
    assert sample.decoded == BEGIN + 1_000
    assert recorder.told[0][1].endswith(
        "/cam/playback?channel=3&starttime=2026_11_20_08_00_01&endtime=2026_11_20_08_00_31"
    )


async def test_an_onvif_recording_is_played_by_the_clock_and_tells_of_when_it_is() -> None:
    since = SINCE - timedelta(hours=8)
    recorder = ReplayingRecorder(since)
    recorder.tells_range = False
    told = OnvifRecorder(
        [Recorded("gate", [(since, since + timedelta(hours=1))])],
        utc_now=since + timedelta(hours=1),
    )
    async with recorder.running():
        told.replay_port = recorder.port
        with told.running():
            access = HttpAccess(url=told.url, user=USER, password=PASSWORD)
            source = OnvifSource(access, SHANGHAI, now=lambda: BEGIN + HOUR)
            sample = await sampled(source, "gate", BEGIN + 2_500, of_onvif(access, source))
            await source.aclose()
    assert sample.trouble is None, sample.detail
    assert sample.decoded == BEGIN + 2_000, "the key picture before it, as it tells"
    playing = next(headers for method, _, headers in recorder.told if method == "PLAY")
    assert playing["range"] == "clock=20261120T000002.500Z-"
    assert playing["require"] == "onvif-replay"
    assert told.violations == []


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
async def test_an_onvif_recorder_tells_whether_it_plays_within_tls(scheme: str) -> None:
    told = OnvifRecorder(
        [Recorded("gate", [(SINCE, SINCE + timedelta(hours=1))])],
        utc_now=SINCE + timedelta(hours=1),
    )
    told.replay_scheme, told.replay_port = scheme, 4321
    with told.running():
        access = HttpAccess(url=told.url, user=USER, password=PASSWORD)
        source = OnvifSource(access, UTC_ZONE, now=lambda: BEGIN + 9 * HOUR)
        place_of = of_onvif(access, source, Playing(basic=True))
        segment = Segment(BEGIN + 8 * HOUR, BEGIN + 9 * HOUR, handle="gate")
        place = await place_of("gate", segment, BEGIN + 8 * HOUR)
        await source.aclose()
    assert isinstance(place, RtspPlace)
    assert place.url.startswith(f"{scheme}://127.0.0.1:4321/")
    assert place.playing == Playing(tls=scheme == "rtsps", basic=True)


@pytest.mark.parametrize("by_clock", [True, False])
async def test_a_recorder_that_plays_another_time_proves_nothing(by_clock: bool) -> None:
    recorder = ReplayingRecorder(SINCE - timedelta(hours=2))
    recorder.tells_range = not by_clock
    recorder.plays_off = timedelta(hours=-2)
    async with recorder.running():
        place = RtspPlace(
            url=f"rtsp://127.0.0.1:{recorder.port}/?starttime=20261120T080000Z",
            user=USER,
            password=PASSWORD,
            begin=SINCE,
            by_clock=by_clock,
        )
        assert await trouble_of(place) is Trouble.INCOMPLETE


async def test_it_chatting_between_the_packets_changes_nothing() -> None:
    recorder = ReplayingRecorder(SINCE)
    recorder.chats = True
    async with recorder.running():
        assert (await play(isapi_place(recorder), BEGIN)).decoded == BEGIN


async def test_a_lost_packet_costs_a_picture_and_not_the_sample() -> None:
    recorder = ReplayingRecorder(SINCE)
    recorder.loses_packet = 3
    async with recorder.running():
        assert (await play(isapi_place(recorder), BEGIN)).decoded == BEGIN


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"status": {"DESCRIBE": 404}}, Trouble.REFUSED),
        ({"status": {"SETUP": 461}}, Trouble.REFUSED),
        ({"status": {"PLAY": 500}}, Trouble.UNREADABLE),
        ({"status": {"DESCRIBE": 503}}, Trouble.REFUSED),
        ({"challenge": 'Basic realm="recorder"'}, Trouble.UNSUPPORTED),
        ({"challenge": 'Bearer realm="recorder"'}, Trouble.UNSUPPORTED),
        ({"description": b"v=0\r\nm=audio 0 RTP/AVP 8\r\n"}, Trouble.UNREADABLE),
        ({"description": b"m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/9"}, Trouble.UNSUPPORTED),
        ({"description": b"\xff\xfe" * 500}, Trouble.UNREADABLE),
        ({"stops_after": 2}, Trouble.INCOMPLETE),
        ({"garbles": True}, Trouble.UNREADABLE),
        ({"answers_with": b"HTTP/1.1 200 OK\r\n\r\n"}, Trouble.UNREADABLE),
        ({"answers_with": b"RTSP/1.0 abc\r\n\r\n"}, Trouble.UNREADABLE),
        ({"answers_with": b"x: y\r\n" * 200}, Trouble.UNREADABLE),
        ({"answers_with": b"z" * 200_000}, Trouble.INCOMPLETE),
        ({"answers_with": b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"},
         Trouble.UNREADABLE),
    ],
)  # fmt: skip
async def test_a_replay_that_does_not_come_about_says_why(
    changed: dict[str, Any], trouble: Trouble
) -> None:
    recorder = ReplayingRecorder(SINCE)
    for name, value in changed.items():
        assert hasattr(recorder, name)
        setattr(recorder, name, value)
    async with recorder.running():
        assert await trouble_of(isapi_place(recorder)) is trouble


async def test_a_wrong_password_is_refused() -> None:
    recorder = ReplayingRecorder(SINCE)
    async with recorder.running():
        assert await trouble_of(isapi_place(recorder, password="wrong")) is Trouble.REFUSED
    assert [method for method, _, _ in recorder.told] == ["DESCRIBE", "DESCRIBE"]


@pytest.mark.parametrize("changed", [{"hangs_after": 1}, {"hangs_after": 3}, {"answers_with": b""}])
async def test_a_recorder_that_hangs_costs_the_limit_and_no_more(changed: dict[str, Any]) -> None:
    recorder = ReplayingRecorder(SINCE)
    for name, value in changed.items():
        setattr(recorder, name, value)
    async with recorder.running():
        assert await trouble_of(isapi_place(recorder), limit_s=0.5) is Trouble.TIMED_OUT


async def test_a_key_picture_before_the_hang_is_proof_enough() -> None:
    recorder = ReplayingRecorder(SINCE)
    async with recorder.running():
        recorder.hangs_after = 60
        sample = await play(isapi_place(recorder), BEGIN)
    assert sample.decoded == BEGIN


async def test_nobody_there_is_unreachable() -> None:
    recorder = ReplayingRecorder(SINCE)
    async with recorder.running():
        place = isapi_place(recorder)
    assert await trouble_of(place) is Trouble.UNREACHABLE


async def test_being_called_off_leaves_no_session_open() -> None:
    recorder = ReplayingRecorder(SINCE)
    recorder.hangs_after = 30
    async with recorder.running():
        task = asyncio.create_task(play(isapi_place(recorder), BEGIN))
        async with asyncio.timeout(30):
            await recorder.playing.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await recorder.torn_down.wait()


@pytest.mark.parametrize(
    "url",
    ["http://a/", "rtsp://", "rtsp://u:p@a/", "rtsp://a/\r\nX: y", "rtsp://a:x/", "rtsp://a/ b"],
)
def test_what_is_no_place_is_not_taken_for_one(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        RtspPlace(url=url, user="", password="", begin=SINCE)


def test_a_place_does_not_show_its_password() -> None:
    place = RtspPlace(url="rtsp://a/", user=USER, password=PASSWORD, begin=SINCE)
    assert PASSWORD not in f"{place}"
