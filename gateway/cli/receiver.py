"""``campus simulate receiver``: an invented alarm receiving centre, to try police links with."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from devices.simulator.receiver import Receiver, Taken
from gateway.cli.ending import UntilStdinCloses, call_at_end


def receiver(
    accounts: Annotated[list[str], typer.Option("--account", help="One a school, in hex digits.")],
    ports: Annotated[
        list[int],
        typer.Option("--port", min=0, max=65535, help="For TCP and UDP. Several may be given."),
    ],
    key_file: Annotated[
        Path | None, typer.Option(help="AES key in hexadecimal digits; without: plain text.")
    ] = None,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Acknowledge what police links send (DC-09), until a signal comes. No police are told."""
    try:
        key = None if key_file is None else bytes.fromhex(key_file.read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        typer.echo(f"campus simulate: the key in {key_file}: {error}", err=True)
        raise typer.Exit(1) from error
    try:
        asyncio.run(_serve(dict.fromkeys(accounts, key), ports, until_stdin_closes))
    except OSError as error:
        typer.echo(f"campus simulate: {error}", err=True)
        raise typer.Exit(1) from error


async def _serve(accounts: dict[str, bytes | None], ports: list[int], with_stdin: bool) -> None:
    stop = asyncio.Event()
    call_at_end(stop.set, with_stdin=with_stdin)
    async with AsyncExitStack() as stack:
        for port in ports:
            await stack.enter_async_context(Receiver(accounts, port=port, on_taken=_said))
        # The one line on standard output: whoever started it knows by it that alarms can come.
        typer.echo(f"invented police centre: listening on {', '.join(map(str, ports))}")
        await stop.wait()


def _said(one: Taken) -> None:
    """What a person at the centre would see; supervision is nothing to look at."""
    if one.code:
        kind = "test" if one.code.startswith("60") else "restored" if one.restore else "alarm"
        what = f"{kind} {one.code}, zone {one.zone}"
        again = " (again)" if one.repeated else ""
        typer.echo(f"invented police centre: account {one.account}: {what}{again}", err=True)
