"""Who listens on a port of this machine, from ``/proc`` (Linux)."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Final

import msgspec

_LISTENS: Final = "0A"


class Holder(msgspec.Struct, frozen=True):
    """The process that listens. ``command`` is its command line."""

    pid: int
    command: tuple[str, ...]

    def __str__(self) -> str:
        name = Path(self.command[0]).name if self.command else "?"
        return f"{name} ({self.pid})"


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> Holder | None:
    """Who listens on the port; ``None`` when it is nobody or another user's process."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(table, port)}
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for descriptor in (entry / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(descriptor.readlink()) in wanted:
                        raw = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                        return Holder(int(entry.name), tuple(raw.rstrip("\0").split("\0")))
    return None


def _listening(table: str, port: int) -> list[str]:
    try:
        lines = Path(f"/proc/net/{table}").read_text("ascii", "replace").splitlines()[1:]
    except OSError:
        return []
    found: list[str] = []
    for line in lines:
        fields = line.split()
        if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
            found.append(fields[9])
    return found
