from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from gateway.memory import ARENAS

BUSY_THREADS = """
import ctypes, threading
from gateway.memory import take_less
{call}
together = threading.Barrier(12)
def work():
    together.wait()
    kept = [bytearray(3000) for _ in range(2000)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def heaps(call: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", BUSY_THREADS.format(call=call)],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return done.stderr.count("Arena ")


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="not glibc: it has no such heaps"
)
def test_threads_share_heaps() -> None:
    assert heaps("take_less()") <= ARENAS < heaps("")
