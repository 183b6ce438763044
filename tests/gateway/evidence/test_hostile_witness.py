"""A witness that answers what it likes: a head that it has not signed never counts as signed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from audit.evidence.notes import Signer
from gateway.evidence.publishing import WitnessReceiver
from gateway.notification.delivery import Delivered, Outcome, Refused
from gateway.settings_evidence import WitnessSettings
from gateway.store.batch import OutboxEntry
from gateway.store.read import evidence as stored
from tests.gateway.evidence.worlds import HOUR, World, held

MIB = 1 << 20
STRANGER = Signer("witness.example", bytes(range(32)))


class Witness:
    """A server of one kind of answer."""

    def __init__(self, status: int, answer: bytes, *, times: int = 1) -> None:
        self.asked = 0
        self.sent = 0
        self.port = 0
        self._head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer) * times}\r\n\r\n"
        self._answer, self._times = answer, times

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                await reader.readexactly(int(length))
                self.asked += 1
                writer.write(self._head.encode())
                for _ in range(self._times):
                    writer.write(self._answer)
                    await writer.drain()
                    self.sent += len(self._answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def delivered(world: World, witness: Witness, note: str) -> Outcome:
    async with witness.serving():
        settings = WitnessSettings.model_validate(
            {
                "name": "bureau",
                "url": f"http://127.0.0.1:{witness.port}",
                "token": {"env": "TOKEN"},
            },
            context={"environment": {"TOKEN": "secret-of-the-witness"}},
        )
        receiver = WitnessReceiver(settings, world.store, world.clock, world.evidence)
        try:
            async with asyncio.timeout(60):
                return await receiver.deliver(
                    OutboxEntry("evidence:bureau", "head", 0, note.encode(), 0)
                )
        finally:
            await receiver.aclose()


@pytest.mark.parametrize("status", [200, 409, 500])
async def test_an_answer_that_does_not_end_is_not_read_to_its_end(
    world: World, status: int
) -> None:
    witness = Witness(status, b" " * MIB, times=256)
    outcome = await delivered(world, witness, (await world.evidence.seal()).note)
    assert isinstance(outcome, Refused)
    # What lies in the buffers of both ends is a few MiB, and nobody's memory.
    assert witness.sent < 64 * MIB


def longer(line: str) -> str:
    """A line that is read as one, and as long as a note may be."""
    return f"{line.partition(' ')[0]} x {'A' * 60_000}"


@pytest.mark.parametrize(
    "make",
    [
        lambda line: "",
        lambda line: "— x",
        lambda line: line[:-8],
        longer,
        lambda line: f"{line}\n{line}",
    ],
    ids=["none", "half", "short", "long", "two"],
)
async def test_a_line_that_is_no_countersignature_is_not_kept(
    world: World, make: Callable[[str], str]
) -> None:
    head = await world.evidence.seal()
    line = make(str(STRANGER.cosign(held(head).note, 1_795_161_600)))
    witness = Witness(200, json.dumps({"line": line, "size": head.size}).encode())
    outcome = await delivered(world, witness, head.note)
    assert isinstance(outcome, Refused)
    assert world.store.read(stored.cosignatures([head.size])) == []


@pytest.mark.parametrize("size", [10**12, -1, 0, "many"])
async def test_a_size_that_the_log_never_had_is_no_reason_to_call_a_head_witnessed(
    world: World, size: object
) -> None:
    """One that has seen more than there is has seen another log, or this one was set back."""
    head = await world.evidence.seal()
    witness = Witness(409, json.dumps({"size": size}).encode())
    outcome = await delivered(world, witness, head.note)
    assert isinstance(outcome, Refused)
    assert witness.asked <= 2
    assert "secret" not in outcome.reason


async def test_a_later_head_that_it_has_seen_says_more(world: World) -> None:
    first = await world.evidence.seal()
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    witness = Witness(409, json.dumps({"size": second.size}).encode())
    assert await delivered(world, witness, first.note) == Delivered()
