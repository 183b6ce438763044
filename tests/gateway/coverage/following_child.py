"""Follows the facts of a store to their end, in small pieces, and says when it is there.

Forks for each line "path now" that it reads, so that a round costs no imports.
"""

from __future__ import annotations

import os
import sys

from gateway.coverage.following import Follower
from gateway.store.open import open_store


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def follow(path: str, now: int) -> None:
    store = open_store(path, reserve_bytes=0, low_water=0)
    follower = Follower(store, most=2, save_after=7)
    say("begun")
    while (batch := follower.piece(now, seconds=0.002)) is not None:
        if batch.statements:
            store.commit(batch).result(30)
        follower.committed()
    store.close()
    say("through")


if __name__ == "__main__":
    for line in sys.stdin:
        where, _, clock = line.strip().rpartition(" ")
        child = os.fork()
        if child == 0:
            say(os.getpid())
            follow(where, int(clock))
            os._exit(0)
        os.waitpid(child, 0)
        say("ended")
