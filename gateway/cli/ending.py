"""How a command that runs until it is told to ends: by a signal, or with whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, TypeAlias

import typer

UntilStdinCloses: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--until-stdin-closes", help="End with whoever started it, however that one ends."
    ),
]


def call_at_end(stop: Callable[[], object], *, with_stdin: bool) -> None:
    """Have ``stop`` called on the running event loop, on SIGTERM and SIGINT.

    ``with_stdin``: and when standard input closes. A killed gateway cannot end what it started, but
    its end of the pipe closes.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def look() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop()

    if with_stdin:
        loop.add_reader(sys.stdin.fileno(), look)
