"""Garbage: repeatable, of every sort, and never more than it says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

from devices.simulator.garbage import LARGEST, garbage


def test_the_same_seed_gives_the_same_garbage() -> None:
    assert list(islice(garbage(7), 2_000)) == list(islice(garbage(7), 2_000))
    assert list(islice(garbage(7), 2_000)) != list(islice(garbage(8), 2_000))


def test_it_has_every_sort() -> None:
    sorts: Counter[str] = Counter()
    for topic, payload in islice(garbage(1), 30_000):
        levels = topic.split("/")
        sorts["empty level"] += "" in levels
        sorts["odd number of levels"] += topic.startswith("campus") and len(levels) != 5
        sorts["empty"] += not payload
        sorts["too large"] += len(payload) > LARGEST
        sorts["deep"] += payload.startswith(b"[[[[[[")
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            sorts["not UTF-8"] += 1
            continue
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            sorts["not JSON"] += 1
            continue
        sorts["an object"] += isinstance(document, dict)
        sorts["an array"] += isinstance(document, list)
        sorts["a scalar"] += not isinstance(document, dict | list)
    wanted = {
        "empty level", "odd number of levels", "empty", "too large", "deep", "not UTF-8",
        "not JSON", "an object", "an array", "a scalar",
    }  # fmt: skip
    assert {sort for sort, times in sorts.items() if times > 0} == wanted


def test_publishable_garbage_passes_any_broker() -> None:
    for topic, payload in islice(garbage(3, publishable=True), 20_000):
        assert topic
        assert not set(topic) & set("+#\0")
        assert len(topic.encode()) <= 65_535
        assert isinstance(payload, bytes)
