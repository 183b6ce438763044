"""A pool of processes that look: nobody waits for another's camera, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from itertools import pairwise

import psutil
import pytest
from drawn_scene import scene
from hypothesis import given
from hypothesis import strategies as st

from devices.camera.addresses import Address
from devices.camera.look import Outcome
from devices.camera.pool import Pool, offsets, slots_for
from devices.simulator.rtsp_camera import Camera, Clip, Manners, RtspServer, coded


@pytest.fixture(scope="module")
def clip() -> Clip:
    return coded(scene(10, width=160, height=128), fps=10, group=5)


@contextlib.contextmanager
def dead_switch() -> Iterator[Address]:
    """An address that takes no more calls and refuses none: as behind a switch without power."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):  # fill the queue of those who wait to be taken
            caller = open_sockets.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield Address(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/door")


async def test_five_hundred_cameras_behind_a_dead_switch_delay_nobody(clip: Clip) -> None:
    server = RtspServer({"door": Camera(clip)})
    with dead_switch() as dead:
        async with server.serving(), Pool(processes=2, slots=slots_for(520, 60, 60)) as pool:
            healthy = Address(url=server.url("door"))
            waiting = [asyncio.create_task(pool.look(dead, limit=600)) for _ in range(500)]
            seen = await asyncio.gather(*(pool.look(healthy, limit=60) for _ in range(20)))
            assert {look.outcome for look in seen} == {Outcome.SEEN}
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()


async def test_cameras_behind_a_dead_switch_are_offline_within_their_limit() -> None:
    with dead_switch() as dead:
        async with Pool(processes=1, slots=40) as pool:
            looks = await asyncio.gather(*(pool.look(dead, limit=2) for _ in range(40)))
    assert {look.outcome for look in looks} == {Outcome.OFFLINE}


def eyes_now() -> list[psutil.Process]:
    """The processes that look, of this one: other tests in it may have children of their own."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile, or waits to be reaped
            if "devices.camera.eye" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.timeout(900)
async def test_a_thousand_looks_leave_nothing_behind(clip: Clip) -> None:
    cameras = {
        "well": Camera(clip),
        "locked": Camera(clip, "viewer", "secret"),
        "hung": Camera(clip, manners=Manners(packets=1)),
    }
    server = RtspServer(cameras)
    async with server.serving():
        wells = [Address(url=server.url(path)) for path in ("well", "well", "locked", "nowhere")]
        async with Pool(processes=2, slots=16) as pool:
            hung = Address(url=server.url("hung"))
            for _ in range(2):  # until everything is loaded
                await asyncio.gather(*(pool.look(address) for address in wells * 8))
                await pool.look(hung, limit=1)
            eyes = eyes_now()
            before = [(eye.num_fds(), eye.memory_info().rss) for eye in eyes]
            for _ in range(31):
                await asyncio.gather(*(pool.look(address) for address in wells * 8))
                await pool.look(hung, limit=1)
            await asyncio.wait_for(server.deserted(), 60)
            assert eyes_now() == eyes
            for eye, (files, memory) in zip(eyes, before, strict=True):
                async with asyncio.timeout(60):
                    while eye.num_fds() > files:  # noqa: ASYNC110 - the last connection may just be closing
                        await asyncio.sleep(0.05)
                assert eye.memory_info().rss < memory + (48 << 20)
        assert eyes_now() == []


async def test_a_process_that_dies_is_replaced_and_its_looks_are_taken_again(clip: Clip) -> None:
    server = RtspServer({"slow": Camera(clip, manners=Manners(begin=1))})
    async with server.serving(), Pool(processes=1, slots=4) as pool:
        address = Address(url=server.url("slow"))
        assert (await pool.look(address, limit=60)).outcome is Outcome.SEEN
        (eye,) = eyes_now()
        looks = asyncio.gather(*(pool.look(address, seconds=1, limit=60) for _ in range(4)))
        async with asyncio.timeout(60):
            for _ in range(5):
                await server.plays.acquire()  # until they are under way
        eye.kill()
        assert {look.outcome for look in await looks} == {Outcome.SEEN}
        assert pool.replaced == 1


async def test_a_process_that_is_stuck_costs_its_look_and_no_other(clip: Clip) -> None:
    server = RtspServer({"door": Camera(clip)})
    async with server.serving(), Pool(processes=1, slots=4) as pool:
        address = Address(url=server.url("door"))
        assert (await pool.look(address, limit=60)).outcome is Outcome.SEEN
        (eye,) = eyes_now()
        os.kill(eye.pid, signal.SIGSTOP)
        stuck = await pool.look(address, limit=0.1)
        assert stuck.outcome is Outcome.OFFLINE
        assert "limit" in stuck.detail
        assert (await pool.look(address, limit=60)).outcome is Outcome.SEEN
    assert eyes_now() == []


@given(st.integers(1, 2_000), st.floats(1, 3_600))
def test_looks_are_spread_evenly_over_the_period(cameras: int, period: float) -> None:
    moments = sorted(offsets(cameras, period))
    assert moments[0] == 0
    assert moments[-1] < period
    apart = [after - before for before, after in pairwise(moments)]
    assert all(abs(gap - period / cameras) < 1e-6 * period for gap in apart)


def test_neighbours_in_the_list_are_not_looked_at_together() -> None:
    moments = offsets(300, 60)
    assert all(abs(one - other) > 15 for one, other in pairwise(moments))


@given(st.integers(1, 5_000), st.floats(1, 600), st.floats(0.1, 600))
def test_there_is_room_for_all_looks_to_last_their_limit(
    cameras: int, period: float, limit: float
) -> None:
    slots = slots_for(cameras, period, limit)
    assert slots >= cameras * min(1, limit / period)
    assert slots <= cameras + 1
