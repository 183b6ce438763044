"""A disk that can be full: a small file system of its own where one may mount, else a limit."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
SIZE: Final = 192 * MEBIBYTE
"""Room for the reserve (16), the low-water mark (48, and half as much again) and the store."""


class SmallDisk:
    """A tmpfs. What is written to it is limited as by a real disk; events keep their reserve."""

    how = "a small file system (tmpfs)"

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory
        self._filler: Final = directory / "filler"

    def fill(self, _pid: int, *, leave: int = 0) -> None:
        """Something else takes all room but ``leave`` bytes."""
        stat = os.statvfs(self.directory)
        room = stat.f_bavail * stat.f_frsize - leave
        # Without a buffer: what others were quicker to take would be missed once more at its end.
        with self._filler.open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            while room > 0:
                room -= filler.write(bytes(min(room, MEBIBYTE)))

    def free(self, _pid: int) -> None:
        """There is room again."""
        self._filler.unlink(missing_ok=True)


class FileLimit:
    """Where nobody may mount: no file of the gateway's may grow any more, not even for events."""

    how = "a limit on the size of files (RLIMIT_FSIZE): mounting is not permitted here"

    def __init__(self, directory: Path) -> None:
        self.directory: Final = directory

    def fill(self, pid: int, *, leave: int = 0) -> None:
        """Files may grow by ``leave`` bytes more."""
        largest = max(path.stat().st_size for path in self.directory.glob("campus.db*"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest + leave, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        """No limit any more."""
        infinite = resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (infinite, infinite))


@contextmanager
def fillable() -> Iterator[SmallDisk | FileLimit]:
    """A directory whose disk can be filled, gone with the block."""
    with tempfile.TemporaryDirectory(prefix="campus-disk-") as name:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", name],
            capture_output=True,
            check=False,
        )
        if mounted.returncode != 0:
            yield FileLimit(Path(name))
            return
        try:
            yield SmallDisk(Path(name))
        finally:
            subprocess.run(["umount", name], check=True)
