"""The demo's alarm receiving centre, spoken to by hand: it takes only what the standard allows."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.receiver import LARGEST, Receiver, Reply, Taken
from devices.simulator.receiver_answers import Fault, envelope

KEY = b"sixteen secret b"
PANIC = b'\n98100029"ADM-CID"0001R0L0#1234[#1234|1120 01 005]\r'
NULL = b'\n28330015"NULL"0000R0L0#1234[]\r'
ACK = b'\nDBE70014"ACK"0001R0L0#1234[]\r'


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver({"1234": None, "00AB": KEY}) as made:
        yield made


async def say(receiver: Receiver, *frames: bytes, answers: int = 1) -> bytes:
    """Write, and hear so many answers; in the order in which they come."""
    reader, writer = await asyncio.open_connection(receiver.host, receiver.port)
    try:
        for frame in frames:
            writer.write(frame)
            await writer.drain()
        async with asyncio.timeout(20):
            heard = [await reader.readuntil(b"\r") for _ in range(answers)]
    finally:
        writer.close()
        await writer.wait_closed()
    return b"".join(heard)


def stamped(text: bytes, seconds: float = 0.0) -> bytes:
    """A frame with a time so many seconds from now."""
    at = datetime.fromtimestamp(time.time() + seconds, UTC)
    return envelope(text + at.strftime("_%H:%M:%S,%m-%d-%Y").encode())


async def test_the_standards_own_frames_are_taken(receiver: Receiver) -> None:
    assert await say(receiver, PANIC) == ACK
    assert await say(receiver, NULL) == b'\n181A0014"ACK"0000R0L0#1234[]\r'
    assert [(taken.token, taken.code) for taken in receiver.taken] == [
        ("ADM-CID", "120"),
        ("NULL", ""),
    ]
    (event,) = receiver.events
    assert (event.account, event.sequence, event.partition, event.zone) == ("1234", 1, 1, 5)
    assert (event.transport, event.restore, event.octets) == ("tcp", False, PANIC)


async def test_frames_come_in_pieces_and_several_at_once(receiver: Receiver) -> None:
    assert await say(receiver, PANIC[:7], PANIC[7:20], PANIC[20:]) == ACK
    heard = await say(receiver, NULL + PANIC, answers=2)
    assert heard.endswith(ACK)
    assert len(receiver.taken) == 3


async def test_a_repetition_is_acknowledged_and_known(receiver: Receiver) -> None:
    assert await say(receiver, PANIC) == await say(receiver, PANIC) == ACK
    assert [taken.repeated for taken in receiver.taken] == [False, True]
    other = envelope(b'"ADM-CID"0001R0L0#1234[#1234|1120 01 006]')
    await say(receiver, other)
    assert [taken.zone for taken in receiver.events] == [5, 6]


@pytest.mark.parametrize(
    "text",
    [b'"ADM-CID"0002R0L0#1234[#1234|3120 01 005]', b'"SIA-DCS"0002R0L0#1234[#1234|Nri1/PH005]'],
)
async def test_a_restore_is_known_as_one(receiver: Receiver, text: bytes) -> None:
    await say(receiver, envelope(text))
    assert [(taken.restore, taken.zone) for taken in receiver.events] == [(True, 5)]


@pytest.mark.parametrize(
    ("seconds", "taken"), [(-38.0, True), (18.0, True), (-43.0, False), (23.0, False)]
)
async def test_a_time_outside_the_window_is_refused_with_the_receivers(
    receiver: Receiver, seconds: float, taken: bool
) -> None:
    heard = await say(receiver, stamped(b'"NULL"0000R0L0#1234[]', seconds))
    assert (b'"ACK"' in heard) is taken
    assert (b'"NAK"0000R0L0A0[]_' in heard) is not taken
    assert bool(receiver.taken) is taken


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(envelope(b'"NULL"0000R0L0#9999[]'), id="unknown account"),
        pytest.param(envelope(b'"NULL"0000R0L0#234[]'), id="account without its first digit"),
        pytest.param(envelope(b'"NULL"0000R0L0#00AB[]'), id="plain text where a key is set"),
        pytest.param(envelope(b'"*NULL"0000R0L0#1234[' + b"0" * 64), id="encrypted without a key"),
        pytest.param(envelope(b'"*NULL"0000R0L0#00AB[' + b"0" * 64), id="another key"),
        pytest.param(envelope(b'"*NULL"0000R0L0#00AB[XYZ'), id="not hexadecimal"),
    ],
)
async def test_strangers_are_refused(receiver: Receiver, frame: bytes) -> None:
    assert b'"NAK"' in await say(receiver, frame)
    assert (receiver.refused, len(receiver.taken)) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        b'"ADM-41E"0001R0L0#1234[1234]',
        b'"ADM-CID"0001R0L0#1234[]',
        b'"ADM-CID"0001R0L0#1234[#1234|nonsense]',
        b'"SIA-DCS"0001R0L0#1234[#1234|NZZ]',
    ],
)
async def test_what_it_does_not_know_it_says_it_cannot_process(
    receiver: Receiver, text: bytes
) -> None:
    assert b'"DUH"0001R0L0#1234[]' in await say(receiver, envelope(text))
    assert not receiver.taken


async def test_a_damaged_frame_gets_no_answer(receiver: Receiver) -> None:
    damaged = PANIC.replace(b"120", b"121")
    assert await say(receiver, damaged + NULL) == b'\n181A0014"ACK"0000R0L0#1234[]\r'
    assert (receiver.refused, len(receiver.taken)) == (1, 1)


async def test_it_does_what_it_was_told_one_frame_each(receiver: Receiver) -> None:
    receiver.do(Fault.DUH, Fault.NAK)
    heard = await say(receiver, PANIC + PANIC + PANIC, answers=3)
    assert [word in heard for word in (b'"DUH"', b'"NAK"', b'"ACK"')] == [True] * 3
    assert len(receiver.taken) == 1


async def test_it_can_be_restarted_on_its_port(receiver: Receiver) -> None:
    port = receiver.port
    await say(receiver, PANIC)
    await receiver.aclose()
    with pytest.raises(OSError, match="Connect call failed"):
        await say(receiver, PANIC)
    await receiver.start()
    assert receiver.port == port
    assert await say(receiver, PANIC) == ACK
    assert receiver.taken[-1].repeated


async def test_whoever_never_ends_a_frame_is_cut_off(receiver: Receiver) -> None:
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await say(receiver, b"x" * (LARGEST + 1))


async def test_what_it_takes_is_told_at_once() -> None:
    told: list[Taken] = []
    async with Receiver({"1234": None}, on_taken=told.append) as receiver:
        await say(receiver, PANIC)
        await receiver.until(lambda: bool(receiver.events))
        assert told == list(receiver.taken)


@settings(max_examples=300)
@given(seed=st.integers(0, 1 << 32))
def test_no_frame_makes_it_stumble(seed: int) -> None:
    chance = random.Random(seed)
    receiver = Receiver({"1234": None, "00AB": KEY})
    text = bytearray(chance.choice([PANIC, NULL])[9:-1])
    for _ in range(chance.randint(0, 4)):
        text[chance.randrange(len(text))] = chance.choice(b'"[]|#*_RL 0123456789ABCDEFNri/')
    frame = chance.choice([envelope(bytes(text)), bytes(text), chance.randbytes(40)])
    said: list[bytes] = []
    receiver.hear(frame, "udp", Reply(said.append, lambda: None))
    assert len(said) <= 1
    assert receiver.refused + len(receiver.taken) == 1
