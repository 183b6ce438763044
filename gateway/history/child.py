"""A process of this program that answers requests over a pipe, one at a time.

What it does holds the GIL of its own process, so that commits here do not wait for it. It is begun
when it is first asked, and ends with the gateway: when the pipe between them is closed, whoever
closed it. What it does may be broken off at any instant.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final

NICE: Final = 10
"""Its niceness: it leaves the processor to whoever wants it more."""


class Child:
    """The process, seen from here. Requests and answers are bytes. `ask` is for one thread."""

    def __init__(self, module: str, arguments: Sequence[str], patience: float) -> None:
        """``module`` is run with the number of its end of the pipe, then ``arguments``."""
        self._module: Final = module
        self._arguments: Final = tuple(arguments)
        self.patience = patience
        """Seconds that an answer may take."""
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    @property
    def begun(self) -> bool:
        """Whether there is a process."""
        return self._pipe is not None

    def ask(self, request: bytes) -> bytes:
        """Its answer. Raises ``OSError`` or ``EOFError``; then it is to be closed."""
        pipe = self._pipe or self._start()
        pipe.send_bytes(request)
        if not pipe.poll(self.patience):
            raise TimeoutError(f"no answer within {self.patience:.0f} s")
        return pipe.recv_bytes()

    def break_off(self) -> None:
        """End the process; from any thread. Who asks gets an error."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End it and let go of the pipe; who asks afterwards gets a new one."""
        self.break_off()
        pipe, self._pipe, self._process = self._pipe, None, None
        if pipe is not None:
            pipe.close()

    def _start(self) -> Connection:
        ours, its = socket.socketpair()
        with ours, its:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", self._module, str(its.fileno()), *self._arguments],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
            )
            self._pipe = Connection(ours.detach())
        return self._pipe


def serve(pipe: Connection, answer: Callable[[bytes], bytes]) -> None:
    """In the process: answer requests until the pipe is closed."""
    while True:
        try:
            request = pipe.recv_bytes()
        except EOFError:
            return
        answered = answer(request)
        try:
            pipe.send_bytes(answered)
        except BrokenPipeError:
            return


def our_end() -> Connection:
    """In the process, at its beginning: its end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the gateway's; it closes the pipe
    os.nice(NICE)
    return Connection(int(sys.argv[1]))
