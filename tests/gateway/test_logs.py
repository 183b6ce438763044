"""A log that cannot be written ends nobody, and says so as soon as it can."""

from __future__ import annotations

import io

from gateway.logs import SteadyLog


class Disk(io.StringIO):
    full = False

    def write(self, text: str, /) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_lines_that_a_full_disk_does_not_take_are_counted_and_told_of() -> None:
    disk = Disk()
    log = SteadyLog(disk)
    print("one", file=log)
    disk.full = True
    log.write("two\n")
    log.write("three\n")
    assert log.lost == 2
    disk.full = False
    log.write("four\n")
    assert disk.getvalue() == "one\nlog: 2 lines could not be written\nfour\n"
