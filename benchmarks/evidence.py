"""The evidence log at ten million facts: how quickly it grows, and how long a proof takes.

The log is filled with hashes of nothing up to its size (they cost the same to store and to prove);
then real facts of many schools are taken in as the gateway does it: leaf, chain, tree, files.
Of proofs the processor's time counts (p99), and the clock's in the middle: with other programs on
the machine the clock says most of all how long these had it. ``EVIDENCE_ENTRIES`` makes it smaller
for a quick run.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from audit.evidence.leaf import Secret
from audit.evidence.merkle import extends, includes
from audit.fact import FactRow
from benchmarks import measure
from gateway.evidence.log import _ENTRY, Chain, Log
from gateway.store.encoding import canonical

ENTRIES: Final = int(os.environ.get("EVIDENCE_ENTRIES", "10000000"))
MORE: Final = min(200_000, max(2_000, ENTRIES // 50))
AT_ONCE: Final = 250
"""As the gateway takes them."""

SCHOOLS: Final = 2_000
PROOFS: Final = 1_000
RUNS: Final = 3

APPENDS_A_SECOND: Final = 20_000
PROOF_MS: Final = 5.0
_BLOCK: Final = 50_000


def main() -> dict[str, Any]:
    """Fill, take in, prove."""
    with tempfile.TemporaryDirectory(prefix="campus-bench-") as name:
        folder = Path(name)
        log = Log(folder, Secret(bytes(32)))
        begun = time.perf_counter()
        _fill(log)
        measure.say(f"filled with {ENTRIES:,} in {time.perf_counter() - begun:.0f} s")
        log.checkpoint()
        log.close()
        begun = time.perf_counter()
        log = Log(folder, Secret(bytes(32)))
        opened = time.perf_counter() - begun
        runs = [_grow(log, run) for run in range(RUNS)]
        figures = measure.median_of(runs)
        figures |= _prove(log)
        begun = time.perf_counter()
        log.ends(log.size - 1)
        past = time.perf_counter() - begun
        stored = sum(one.stat().st_size for one in folder.iterdir())
        figures |= {
            "entries": log.size,
            "open_s": round(opened, 2),
            "ends_of_the_past_s": round(past, 2),
            "bytes_a_fact": round(stored / log.size, 1),
            "memory_mib": round(measure.memory_bytes(os.getpid()) / (1 << 20)),
            "limits": {"appends_a_second": APPENDS_A_SECOND, "proof_ms": PROOF_MS},
        }
        log.close()
    figures["holds"] = bool(
        figures["appends_a_second"] >= APPENDS_A_SECOND
        and all(
            figures[proof][kind] <= PROOF_MS
            for proof in ("inclusion_ms", "consistency_ms")
            for kind in ("wall_p50", "cpu_p99")
        )
    )
    return figures


def _fill(log: Log) -> None:
    """Entries that stand for facts of so many schools, up to the size."""
    log._chains = [Chain(f"school-{number}", "") for number in range(SCHOOLS)]
    log._numbers = {chain.name: number for number, chain in enumerate(log._chains)}
    chance = random.Random(7)
    for first in range(0, ENTRIES, _BLOCK):
        count = min(_BLOCK, ENTRIES - first)
        raw = os.urandom(32 * count)
        entries = []
        for place in range(first, first + count):
            number = chance.randrange(SCHOOLS)
            chain = log._chains[number]
            chain.seq += 1
            entries.append(_ENTRY.pack(place + 1, place, chain.last + 1, number, chain.seq))
            chain.last = place
        log.put([raw[at : at + 32] for at in range(0, len(raw), 32)], b"".join(entries))
    for chain in log._chains:
        chain.hash = "00" * 32
        chain.hashed = "11" * 32
    log.row, log.at = ENTRIES, ENTRIES


def _facts(first: int, count: int) -> list[FactRow]:
    """Transitions of alerts, as most facts are."""
    chance = random.Random(first)
    return [
        FactRow(
            row,
            "transition",
            1_795_000_000_000 + row,
            1_795_000_000_000 + row,
            "gateway",
            f"alert:{row // 3}",
            canonical(
                {
                    "school": f"school-{chance.randrange(SCHOOLS)}",
                    "device": "camera-07",
                    "condition": "camera_offline",
                    "kind": "raised",
                    "detail": {"device": 7, "priority": 2, "since": row},
                }
            ),
        )
        for row in range(first, first + count)
    ]


def _grow(log: Log, run: int) -> dict[str, Any]:
    facts = _facts(log.row + 1, MORE)
    begun = time.perf_counter()
    for first in range(0, len(facts), AT_ONCE):
        log.append(facts[first : first + AT_ONCE])
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    log.checkpoint()
    written = time.perf_counter() - begun
    begun = time.perf_counter()
    hashes = [os.urandom(32) for _ in range(MORE)]
    begun = time.perf_counter()
    for first in range(0, MORE, AT_ONCE):
        log.put(hashes[first : first + AT_ONCE], bytes(_ENTRY.size * AT_ONCE))
    alone = time.perf_counter() - begun
    measure.say(f"run {run + 1}: {MORE / took:,.0f} facts a second, {MORE / alone:,.0f} hashes")
    return {
        "appends_a_second": round(MORE / (took + written)),
        "tree_alone_a_second": round(MORE / alone),
        "checkpoint_s": round(written, 3),
    }


def _prove(log: Log) -> dict[str, Any]:
    chance = random.Random(11)
    size = log.size
    root = log.root(size)
    inclusion, consistency = _Taken(), _Taken()
    for _ in range(PROOFS):
        index = chance.randrange(size)
        with inclusion:
            path = log.inclusion(index, size)
        if not includes(log.hash(index), index, size, path, root):
            raise AssertionError(f"the proof of {index} does not hold")
        old = chance.randrange(1, size)
        before = log.root(old)
        with consistency:
            path = log.consistency(old, size)
        if not extends(old, before, size, root, path):
            raise AssertionError(f"the proof from {old} does not hold")
    return {"inclusion_ms": inclusion.spread(), "consistency_ms": consistency.spread()}


class _Taken:
    """Times of what is done with it, in ms: of the clock, and of the processor."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self._begun = (0.0, 0.0)

    def __enter__(self) -> None:
        self._begun = (time.perf_counter(), time.thread_time())

    def __exit__(self, *_: object) -> None:
        wall, cpu = self._begun
        self.cpu.append(1000 * (time.thread_time() - cpu))
        self.wall.append(1000 * (time.perf_counter() - wall))

    def spread(self) -> dict[str, float]:
        """The middle, all but one in a hundred, and the longest."""
        return {
            f"{kind}_{name}": round(measure.percentile(values, share), 3)
            for kind, values in (("wall", self.wall), ("cpu", self.cpu))
            for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        }
