"""Garbage in, nothing broken: every message is a reading, a counted reject, or known for nothing.

The same as the `garbage` benchmark, with fewer messages.
"""

from __future__ import annotations

import itertools

import pytest

from benchmarks import garbage as accounting
from devices.simulator.garbage import garbage


def test_every_piece_of_garbage_is_accounted_for() -> None:
    figures = accounting.in_process(30_000, seed=7)
    assert figures["wrong"] == []
    assert "unaccounted" not in figures["became"]
    assert min(figures["became"][which] for which in ("readings", "rejects", "discoveries")) > 100


def test_the_same_seed_gives_the_same_garbage() -> None:
    first, second = (list(itertools.islice(garbage(7), 500)) for _ in range(2))
    assert first == second
    assert first != list(itertools.islice(garbage(8), 500))


@pytest.mark.broker
def test_a_gateway_takes_in_all_the_garbage_that_a_broker_lets_through() -> None:
    figures = accounting.over_the_wire(3_000, seed=7)
    assert figures["wrong"] == []
    assert figures["on_topics_of_ours"] > 1_000
    assert figures["refused_by_the_broker"] < 100
