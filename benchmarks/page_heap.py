"""What a page keeps in memory, apart from what the browser keeps for itself.

The heap's used size (`Runtime.getHeapUsage`) also holds the code that the engine compiles, again
and better as a page goes on, and an attached DevTools session has the browser remember each request
and each slow frame: both grow in the first half hour of any page, whatever its program does. A heap
snapshot tells them apart.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec
from playwright.async_api import Page

ENGINE: Final = frozenset({"code", "native", "synthetic"})
"""Kinds of nodes that a page's program does not make itself. DOM nodes, which are native, are
counted apart."""


class PageHeap(msgspec.Struct, frozen=True):
    """The page after a collection, in MB: what it keeps, and the engine's code; its DOM nodes."""

    kept_mb: float
    code_mb: float
    nodes: int


class _Meta(msgspec.Struct):
    node_fields: list[str]
    node_types: list[Any]


class _About(msgspec.Struct):
    meta: _Meta


class _Snapshot(msgspec.Struct):
    snapshot: _About
    nodes: list[int]


_decode: Final = msgspec.json.Decoder(_Snapshot).decode


async def page_heap(page: Page) -> PageHeap:
    """Collect garbage and look at all that is left. It holds the page up for about a second."""
    session = await page.context.new_cdp_session(page)
    chunks: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    try:
        await session.send("HeapProfiler.collectGarbage")
        await session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
        counters = await session.send("Memory.getDOMCounters")
    finally:
        await session.detach()
    sizes = _by_kind("".join(chunks).encode())
    kept = sum(size for kind, size in sizes.items() if kind not in ENGINE)
    return PageHeap(kept / 1e6, sizes["code"] / 1e6, counters["nodes"])


def _by_kind(snapshot: bytes) -> Counter[str]:
    """Bytes by kind of node."""
    taken = _decode(snapshot)
    meta = taken.snapshot.meta
    kinds: list[str] = meta.node_types[meta.node_fields.index("type")]
    each = len(meta.node_fields)
    sizes: Counter[str] = Counter()
    of_kind = taken.nodes[meta.node_fields.index("type") :: each]
    for kind, size in zip(
        of_kind, taken.nodes[meta.node_fields.index("self_size") :: each], strict=True
    ):
        sizes[kinds[kind]] += size
    return sizes
