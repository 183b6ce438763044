"""What one look at a 1080p camera costs, beside a whole ``ffmpeg -frames:v 1`` on the same stream.

Both connect over RTSP (digest, TCP) to GStreamer's server, wait for a key frame and decode it; ours
also judges the picture and makes the message of it. Then 300 cameras for a minute on this machine.
CPU is that of all processes of each side; the server's is nobody's.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import cv2
import numpy as np
import psutil

from benchmarks import gstreamer, measure
from devices.camera.addresses import Address
from devices.camera.look import Image, Outcome
from devices.camera.pool import Pool, slots_for
from devices.camera.probe import Pace, Probe, Watched
from devices.camera.saying import messages
from devices.camera.watch import CameraWatch
from devices.simulator.rtsp_camera import Clip, Codec, coded

WIDTH, HEIGHT, FPS, GROUP = 1920, 1080, 25, 50
RUNS: Final = 20
CAMERAS: Final = 300
PERIOD_S: Final = 60.0
MOST_TIMES: Final = 1.5
USER, PASSWORD = "viewer", "secret"


def scene() -> list[Image]:
    """A yard as cameras show it: texture of all sizes, a little noise, people who walk."""
    random = np.random.default_rng(7)
    yard = np.full((HEIGHT, WIDTH, 3), 96, np.float32)
    for size in (8, 16, 32, 64, 128, 256):
        coarse = random.normal(0, 12, (HEIGHT // size + 1, WIDTH // size + 1, 3))
        yard += cv2.resize(coarse.astype(np.float32), (WIDTH, HEIGHT))
    noise = [random.normal(0, 2, (HEIGHT, WIDTH, 1)).astype(np.float32) for _ in range(4)]
    pictures: list[Image] = []
    for index in range(2 * GROUP):
        picture = yard + noise[index % len(noise)]
        left = 100 + 12 * index
        picture[500:900, left : left + 120] = (40, 60, 150)
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    return pictures


def main() -> dict[str, Any]:
    """Both codecs, then a minute of 300 cameras."""
    ffmpeg = measure.need("ffmpeg")
    measure.say("coding the clips …")
    pictures = scene()
    clips: dict[str, Clip] = {
        codec.value: coded(pictures, codec=codec, fps=FPS, group=GROUP) for codec in Codec
    }
    figures: dict[str, Any] = {}
    holds = True
    with (
        tempfile.TemporaryDirectory() as folder,
        gstreamer.serving(clips, Path(folder), user=USER, password=PASSWORD) as url,
    ):
        for codec in Codec:
            ours, theirs = asyncio.run(_compared(ffmpeg, f"{url}/{codec.value}"))
            times = ours / theirs
            holds = holds and times <= MOST_TIMES
            name = codec.value.lower()
            figures |= {
                f"{name}_look_cpu_ms": round(1000 * ours, 1),
                f"{name}_ffmpeg_cpu_ms": round(1000 * theirs, 1),
                f"{name}_times": round(times, 2),
            }
            measure.say(f"{name}: {1000 * ours:.0f} ms a look, ffmpeg {1000 * theirs:.0f} ms")
        crowd = asyncio.run(_crowd([f"{url}/{codec.value}" for codec in Codec], Path(folder)))
    holds = holds and crowd["seen"] == CAMERAS and crowd["cores"] <= 2
    return {"holds": holds, **figures, **crowd, "most_times": MOST_TIMES}


async def _compared(ffmpeg: str, url: str) -> tuple[float, float]:
    """CPU seconds of one look and of one run of ffmpeg, in turns, so that both have the same
    machine: the medians.
    """
    address = Address(url=url, user=USER, password=PASSWORD)
    command = [
        *(ffmpeg, "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"),
        *("-i", address.with_credentials(), "-frames:v", "1", "-f", "null", "-"),
    ]
    watch = CameraWatch()
    ours: list[float] = []
    theirs: list[float] = []
    async with Pool(processes=1, slots=2) as pool:
        await _look(pool, address, watch)  # its process has started
        for _ in range(RUNS):
            before = _own_cpu()
            await _look(pool, address, watch)
            ours.append(_own_cpu() - before)
            theirs.append(await asyncio.to_thread(_cpu_of, command))
    return median(ours), median(theirs)


async def _look(pool: Pool, address: Address, watch: CameraWatch) -> None:
    look = await pool.look(address)
    if look.outcome is not Outcome.SEEN:
        raise RuntimeError(f"the camera was not seen: {look.outcome} {look.detail}")
    judgement = watch.see(look, look.begun)
    messages("school", "camera", look, judgement, was_online=True)


def _own_cpu() -> float:
    """CPU seconds of this process and of its eyes, without what ran and ended beside them."""
    eyes = [one for one in psutil.Process().children() if _is_eye(one)]
    total = time.process_time()
    for eye in eyes:
        spent = eye.cpu_times()
        total += spent.user + spent.system
    return total


def _cpu_of(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


class _Counting:
    """Takes the probe's messages."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.seen: set[str] = set()
        self._done = done

    def tell(self, topic: str, _payload: bytes, *, retain: bool = False) -> None:
        """Count the cameras that were seen."""
        if not retain:
            self.seen.add(topic)
            if len(self.seen) == CAMERAS:
                self._done()


async def _crowd(urls: list[str], folder: Path) -> dict[str, Any]:
    """A minute of 300 cameras, half of them H.265: what it takes of this machine."""
    over = asyncio.Event()
    heard = _Counting(over.set)
    watched = [
        Watched(
            school="school",
            device=f"camera-{number}",
            address=Address(url=urls[number % len(urls)], user=USER, password=PASSWORD),
        )
        for number in range(CAMERAS)
    ]
    async with Pool(processes=2, slots=slots_for(CAMERAS, PERIOD_S)) as pool:
        await pool.look(watched[0].address)
        probe = Probe(
            watched,
            pool=pool,
            telling=heard,
            folder=folder,
            clock=lambda: time.time_ns() // 1_000_000,
            pace=Pace(period=PERIOD_S, watch_every=CAMERAS + 1),
        )
        before, begun = _own_cpu(), time.monotonic()
        running = asyncio.create_task(probe.run())
        try:
            async with asyncio.timeout(PERIOD_S * 1.25):
                await over.wait()
        except TimeoutError:
            pass  # those that were not seen are counted
        spent, took = _own_cpu() - before, time.monotonic() - begun
        eyes = [one.memory_info().rss for one in psutil.Process().children() if _is_eye(one)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return {
        "cameras": CAMERAS,
        "seen": len(heard.seen),
        "crowd_s": round(took, 1),
        "crowd_cpu_s": round(spent, 1),
        "cores": round(spent / took, 2),
        "machine_cores": os.cpu_count(),
        "eyes_mb": round(sum(eyes) / 2**20),
    }


def _is_eye(process: psutil.Process) -> bool:
    return "devices.camera.eye" in process.cmdline()


if __name__ == "__main__":
    print(main())
