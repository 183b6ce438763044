"""Commits numbered batches for ever and prints each number once it is on the disk.

Forks for each line "path start" that it reads, so that a round costs no imports.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Future

from gateway.store.batch import Batch, Fact
from gateway.store.open import open_store


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def commit_for_ever(path: str, number: int) -> None:
    store = open_store(path, reserve_bytes=0, low_water=0)
    flying: deque[tuple[int, Future[None]]] = deque()
    while True:
        number += 1
        readings = [(number, 0, n, n, b'{"power_w":%d}' % n) for n in range(number % 300)]
        batch = Batch(
            readings=readings,
            facts=[Fact("k", number, number, "gateway", f"batch:{number}", b"{}")],
            acknowledging=[("events", number.to_bytes(8, "big"), 1)],
            states={1: b"%d" % number},
        )
        flying.append((number, store.commit(batch)))
        while len(flying) > 8:
            done, future = flying.popleft()
            future.result(30)
            say(done)


if __name__ == "__main__":
    for line in sys.stdin:
        where, _, start = line.strip().rpartition(" ")
        child = os.fork()
        if child == 0:
            say(os.getpid())
            commit_for_ever(where, int(start))
        os.waitpid(child, 0)
        say("ended")
