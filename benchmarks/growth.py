"""CPU a message with 100,000 registered devices against 1,000: the limit asked for is 1.4 times.

Counted after two messages of each device: a device costs more when it is first heard.
"""

from __future__ import annotations

from typing import Any, Final

from benchmarks import measure
from benchmarks.ingest_ceiling import blast

MESSAGES: Final = 400_000
FEW: Final = 1_000
MANY: Final = 100_000
PAIRS: Final = 3
LIMIT: Final = 1.4


def main() -> dict[str, Any]:
    """Median of the ratios of three pairs of runs, each pair one after the other."""
    pairs = []
    for _ in range(PAIRS):
        few, many = (_cost(devices) for devices in (FEW, MANY))
        pairs.append(
            {
                "cpu_us_per_message_1000_devices": few,
                "cpu_us_per_message_100000_devices": many,
                "ratio": round(many / few, 3),
            }
        )
        measure.say(f"{few} µs with {FEW:,} devices, {many} µs with {MANY:,}")
    figures = measure.median_of(pairs)
    figures["holds"] = figures["ratio"] <= LIMIT
    return figures


def _cost(devices: int) -> float:
    warm_up = 2 * devices
    return float(blast(MESSAGES + warm_up, devices, warm_up=warm_up)["cpu_us_per_message"])
