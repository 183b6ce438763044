"""One press of one button by itself: repeated as a device does it until the gateway replies."""

from __future__ import annotations

import asyncio
import time

import msgspec

from devices.model import Device
from devices.simulator.access import Access
from devices.simulator.line import Line
from devices.simulator.transmitter import REPEAT_S, Event, Transmitter, topic


class Pressed(msgspec.Struct, frozen=True):
    """What came of a press. ``ms`` from the first sending to the reply, ``None`` without one.

    ``seq`` ``None``: the button's dialect knows neither counts nor replies.
    """

    school: str
    device: str
    seq: int | None
    ms: float | None


def replied_seq(payload: bytes) -> int | None:
    """The ``seq`` a reply is for; ``None`` when it is for none."""
    try:
        body = msgspec.json.decode(payload, type=dict[str, object])
    except msgspec.MsgspecError:
        return None
    seq = body.get("seq")
    return seq if isinstance(seq, int) and not isinstance(seq, bool) else None


async def press_alone(
    access: Access,
    school: str,
    device: str,
    *,
    patience_s: float = 30.0,
    repeat_s: float = REPEAT_S,
) -> Pressed:
    """Connect as the school, press its native button, wait for the reply, leave.

    Raises ``TimeoutError`` when the broker cannot be reached within ``patience_s``; a missing
    reply is no error but ``ms`` ``None``.
    """
    button = Device(school=school, id=device, kind="alarm-button")
    # A device that starts anew: nobody holds the jump of its count for a loss.
    transmitter = Transmitter(button, seed=0, first_seq=int(time.time()) % 2**31)
    event = transmitter.event("pressed", time.time_ns() // 1_000_000)
    replied = asyncio.Event()

    def heard(_topic: str, payload: bytes) -> None:
        if replied_seq(payload) == event.seq:
            replied.set()

    line = Line(
        f"press-{school}-{device}-{event.seq}",
        access=access,
        credentials=access.credentials(school),
        will=None,
        greeting=tuple,
        subscriptions=[topic(button, "reply")],
        heard=heard,
    )
    running = asyncio.create_task(line.run(), name="press")
    try:
        async with asyncio.timeout(patience_s):
            await line.up()
        return await _repeat(line, event, replied, patience_s, repeat_s)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _repeat(
    line: Line, event: Event, replied: asyncio.Event, patience_s: float, repeat_s: float
) -> Pressed:
    start = time.perf_counter()
    while time.perf_counter() - start < patience_s:
        await line.send(event.message)
        try:
            async with asyncio.timeout(repeat_s):
                await replied.wait()
        except TimeoutError:
            continue
        took = round((time.perf_counter() - start) * 1000, 1)
        return Pressed(event.school, event.device, event.seq, took)
    return Pressed(event.school, event.device, event.seq, None)
