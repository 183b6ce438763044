"""Databases that tests share."""

from __future__ import annotations

from typing import Protocol

from benchmarks.databases import D


class Databases(Protocol):
    """Gives a running database of that kind, the same one each time: `conftest.databases`."""

    def __call__(self, kind: type[D]) -> D: ...
