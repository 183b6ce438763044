"""The hand on a running simulation: a socket beside the demo's file, for presses and stories.

One JSON object a line each way: ``{"press": [SCHOOL, DEVICE]}`` or ``{"scenario": NAME, "school":
…, "device": …}``; the answer is ``{"pressed": …}``, ``{"begun": NAME, "foretold": TEXT}`` or
``{"error": TEXT}``.
The device's own count goes on, as if a finger had touched it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

from devices.simulator.press import Pressed
from devices.simulator.run import Simulation
from devices.simulator.scenarios import Stage, named

SOCKET: Final = "simulator.sock"
"""The socket's name in the directory of the demo's file."""

LONGEST_PATH: Final = 100
"""Bytes; the kernel takes 107."""

_log: Final = structlog.get_logger(__name__)


class ControlError(Exception):
    """The running simulation refused, with its reason."""


class Order(msgspec.Struct, omit_defaults=True):
    """What is asked for: a press or a scenario."""

    press: tuple[str, str] | None = None
    scenario: str | None = None
    school: str | None = None
    device: str | None = None
    patience_s: float = 30.0


_order: Final = msgspec.json.Decoder(Order).decode


class Answer(msgspec.Struct, omit_defaults=True):
    """What came of it."""

    pressed: Pressed | None = None
    begun: str | None = None
    foretold: str = ""
    error: str | None = None


_answer: Final = msgspec.json.Decoder(Answer).decode


async def obey(simulation: Simulation, seed: int, order: Order) -> Answer:
    """Carry out one order; what cannot be done is said in ``error``."""
    try:
        if order.press is not None:
            return Answer(pressed=await simulation.press(*order.press, patience_s=order.patience_s))
        if order.scenario is None:
            return Answer(error="neither a press nor a scenario")
        stage = Stage(simulation.campus, seed, school=order.school, device=order.device)
        story = named(order.scenario)(stage)
        simulation.begin(story)
    except LookupError as error:
        return Answer(error=str(error))
    return Answer(begun=order.scenario, foretold=story.foretold)


@contextlib.asynccontextmanager
async def listening(simulation: Simulation, seed: int, directory: Path) -> AsyncIterator[None]:
    """Take orders on a socket in ``directory`` while the block runs; for its owner only."""
    path = directory / SOCKET
    if len(str(path).encode()) > LONGEST_PATH:
        _log.warning("simulator.no_control", path=str(path), reason="too long for a socket")
        yield
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(60):
                line = await reader.readline()
                try:
                    answer = await obey(simulation, seed, _order(line))
                except msgspec.MsgspecError as error:
                    answer = Answer(error=f"not understood: {error}")
                writer.write(msgspec.json.encode(answer) + b"\n")
                await writer.drain()
        except (OSError, ValueError, TimeoutError) as error:
            _log.warning("simulator.control", error=str(error))
        finally:
            writer.close()

    path.unlink(missing_ok=True)  # left over by one that was killed
    server = await asyncio.start_unix_server(serve, path)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def order(directory: Path, wanted: Order) -> Answer | None:
    """Ask the simulation that listens in ``directory``; ``None`` when there is none.

    Raises `ControlError` with its refusal.
    """
    path = directory / SOCKET
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return None
    try:
        async with asyncio.timeout(60):
            writer.write(msgspec.json.encode(wanted) + b"\n")
            await writer.drain()
            line = await reader.readline()
        answer = _answer(line)
    except (msgspec.MsgspecError, TimeoutError) as error:
        raise ControlError(f"the running simulation gave no answer: {error}") from error
    finally:
        writer.close()
    if answer.error is not None:
        raise ControlError(answer.error)
    return answer
