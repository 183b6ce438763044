"""``campus simulate cameras``: invented cameras over RTSP, to try the probe of cameras with."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Final

import typer

from gateway.cli.ending import UntilStdinCloses, call_at_end

_TURN_S: Final = 1.0


def cameras(
    names: Annotated[
        list[str],
        typer.Argument(
            help="NAME, or NAME=TROUBLE with covered, dark, frozen or locked: each is a stream "
            "rtsp://127.0.0.1:PORT/NAME."
        ),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Show drawn yards, until a signal comes. The user is viewer, the password invented."""
    try:
        asyncio.run(_serve(names, port, with_stdin=until_stdin_closes))
    except (OSError, ValueError) as error:
        typer.echo(f"campus simulate: {error}", err=True)
        raise typer.Exit(1) from error


async def _serve(names: list[str], port: int, *, with_stdin: bool) -> None:
    # Only this simulation needs what draws and codes pictures.
    from devices.simulator.filmed import FilmedYards, Trouble  # noqa: PLC0415

    wanted = (name.partition("=") for name in names)
    yards = FilmedYards({name: Trouble(trouble) for name, _, trouble in wanted})
    stop = asyncio.Event()
    call_at_end(stop.set, with_stdin=with_stdin)
    async with yards.server.serving(port):
        # The one line on standard output: whoever started it knows by it that probes can come.
        typer.echo(f"invented cameras: listening on {yards.server.port}")
        begun = time.monotonic()
        while not stop.is_set():
            yards.turn(time.monotonic() - begun)
            try:
                await asyncio.wait_for(stop.wait(), _TURN_S)
            except TimeoutError:
                continue
