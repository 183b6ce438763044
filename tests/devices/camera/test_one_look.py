"""One look at cameras that behave, and at those that do not: the right outcome, in time."""

from __future__ import annotations

import asyncio
import contextlib
import secrets

import numpy as np
import pytest
from drawn_scene import scene

from devices.camera.addresses import Address, AddressError, Transport
from devices.camera.look import Look, Outcome
from devices.camera.stream import look
from devices.simulator.rtsp_camera import (
    Camera,
    Clip,
    Codec,
    Manners,
    RtspServer,
    Talk,
    Visitors,
    coded,
)

USER, PASSWORD = "viewer", "p:w@d/学校"


@pytest.fixture(scope="module")
def clip() -> Clip:
    return coded(scene(20), fps=10, group=10)


@pytest.fixture(scope="module")
def clip_h265() -> Clip:
    return coded(scene(20), codec=Codec.H265, fps=10, group=10)


async def looked(camera: Camera, *, seconds: float = 0.0, limit: float = 60, **how: str) -> Look:
    """One look at a camera that is served for it alone."""
    server = RtspServer({"door": camera})
    async with server.serving():
        address = Address(
            url=server.url(how.pop("path", "door")),
            transport=Transport(how.pop("transport", "tcp")),
            **how,
        )
        return await asyncio.to_thread(look, address, now=1_000, seconds=seconds, limit=limit)


async def looked_at_raw(answer: Talk, *, limit: float = 2) -> Look:
    """One look at a server that answers in its own way."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await answer(reader, writer)

    async with Visitors(talk).received() as port:
        address = Address(url=f"rtsp://127.0.0.1:{port}/door")
        return await asyncio.to_thread(look, address, now=1_000, limit=limit)


async def until_it_hangs_up(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_one_key_frame_is_a_look(clip: Clip, transport: str) -> None:
    seen = await looked(
        Camera(clip, USER, PASSWORD), user=USER, password=PASSWORD, transport=transport
    )
    assert (seen.outcome, seen.codec, seen.width, seen.height) == (
        Outcome.SEEN,
        "h264",
        320,
        240,
    )
    (picture,) = seen.pictures
    assert picture.at == 0
    shown = next(scene(1)).astype(int)
    assert np.abs(picture.image.astype(int) - shown).mean() < 20  # it is the picture, coded
    assert (seen.fps, seen.bitrate_kbps) == (None, None)
    assert seen.begun == 1_000 <= seen.ended


async def test_h265_is_read_as_well(clip_h265: Clip) -> None:
    seen = await looked(Camera(clip_h265))
    assert (seen.outcome, seen.codec, len(seen.pictures)) == (Outcome.SEEN, "hevc", 1)


async def test_who_comes_between_key_frames_waits_for_the_next(clip: Clip) -> None:
    seen = await looked(Camera(clip, manners=Manners(begin=4)))
    assert seen.outcome is Outcome.SEEN
    tenth = list(scene(11))[10].astype(int)
    assert np.abs(seen.pictures[0].image.astype(int) - tenth).mean() < 20


async def test_some_seconds_give_rates_and_pictures_a_second_apart(clip: Clip) -> None:
    seen = await looked(Camera(clip, manners=Manners(haste=True)), seconds=2.2)
    assert [picture.at for picture in seen.pictures] == [0, 1_000, 2_000]
    assert seen.fps == 10  # by the stream's own time, however fast it is sent
    assert seen.bitrate_kbps is not None
    assert 20 < seen.bitrate_kbps < 2_000
    assert not np.array_equal(seen.pictures[0].image, seen.pictures[1].image)


async def test_a_wrong_password_is_refused(clip: Clip) -> None:
    for password in ("wrong", ""):
        seen = await looked(Camera(clip, USER, PASSWORD), user=USER, password=password)
        assert seen.outcome is Outcome.REFUSED
        assert "401" in seen.detail


async def test_an_unknown_path_is_no_stream(clip: Clip) -> None:
    seen = await looked(
        Camera(clip, USER, PASSWORD), path="window", user=USER, password="topsecret"
    )
    assert seen.outcome is Outcome.NO_STREAM
    assert "404" in seen.detail
    assert "topsecret" not in seen.detail


async def test_nobody_there_is_offline() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    address = Address(url=f"rtsp://127.0.0.1:{port}/door", user=USER, password=PASSWORD)
    seen = await asyncio.to_thread(look, address, now=1_000, limit=60)
    assert seen.outcome is Outcome.OFFLINE
    assert PASSWORD not in seen.detail


async def test_a_server_that_takes_the_call_and_says_nothing_is_offline() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await until_it_hangs_up(reader)

    seen = await looked_at_raw(silent)
    assert seen.outcome is Outcome.OFFLINE


async def test_a_server_that_hangs_up_at_once_is_offline() -> None:
    async def curt(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    seen = await looked_at_raw(curt)
    assert seen.outcome in {Outcome.OFFLINE, Outcome.UNREADABLE}
    assert seen.pictures == ()


async def test_garbage_instead_of_an_answer_ends_in_time() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        while True:
            writer.write(secrets.token_bytes(4096))
            await writer.drain()

    seen = await looked_at_raw(garbage)
    assert seen.outcome in {Outcome.UNREADABLE, Outcome.OFFLINE}
    assert seen.pictures == ()


async def test_an_answer_that_trickles_in_ends_in_time() -> None:
    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"R")
            await writer.drain()
            await asyncio.sleep(0.01)

    seen = await looked_at_raw(trickle)
    assert seen.outcome in {Outcome.OFFLINE, Outcome.UNREADABLE}
    assert seen.pictures == ()


@pytest.mark.parametrize(("packets", "transport"), [(0, "udp"), (0, "tcp"), (1, "tcp")])
async def test_a_stream_that_hangs_at_its_beginning_gives_no_frames(
    clip: Clip, packets: int, transport: str
) -> None:
    seen = await looked(
        Camera(clip, manners=Manners(packets=packets)), limit=8, transport=transport
    )
    assert seen.outcome is Outcome.NO_FRAMES
    assert seen.pictures == ()


async def test_one_picture_and_then_nothing_is_enough_for_a_glance(clip: Clip) -> None:
    seen = await looked(Camera(clip, manners=Manners(pictures=1)), limit=10)
    assert (seen.outcome, len(seen.pictures)) == (Outcome.SEEN, 1)


async def test_one_picture_and_then_nothing_shows_when_the_stream_is_watched(clip: Clip) -> None:
    seen = await looked(Camera(clip, manners=Manners(pictures=1)), seconds=3, limit=10)
    assert (seen.outcome, len(seen.pictures)) == (Outcome.SEEN, 1)
    assert seen.fps == 0
    assert "stopped" in seen.detail


async def test_a_stream_of_garbage_is_unreadable(clip: Clip) -> None:
    seen = await looked(Camera(clip, manners=Manners(spoil=True)), limit=10)
    assert seen.outcome is Outcome.UNREADABLE
    assert seen.pictures == ()


async def test_nobody_stays_connected_after_a_look(clip: Clip) -> None:
    server = RtspServer({"door": Camera(clip)})
    async with server.serving():
        address = Address(url=server.url("door"))
        for _ in range(5):
            seen = await asyncio.to_thread(look, address, now=1_000, limit=60)
            assert seen.outcome is Outcome.SEEN
        await asyncio.wait_for(server.deserted(), 60)


@pytest.mark.parametrize(
    "url", ["http://camera/door", "rtsp:///door", "rtsp://me:secret@camera/door", "door"]
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(AddressError) as error:
        Address(url=url)
    assert "secret" not in str(error.value)


def test_credentials_that_ffmpeg_would_cut_off_are_refused() -> None:
    with pytest.raises(AddressError, match="shorten"):
        Address(url="rtsp://camera/door", user="viewer", password="学" * 14)
    with pytest.raises(AddressError, match="colon"):
        Address(url="rtsp://camera/door", user="a:b")


def test_a_certificate_is_for_an_encrypted_address_only() -> None:
    assert Address(url="rtsps://camera/door", ca_file="ca.pem").encrypted
    with pytest.raises(AddressError, match="encrypted"):
        Address(url="rtsp://camera/door", ca_file="ca.pem")


def test_a_password_is_in_no_representation() -> None:
    assert "secret" not in repr(Address(url="rtsp://camera/door", user="me", password="secret"))
