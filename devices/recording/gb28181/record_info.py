"""RecordInfo: from the pages of one answer to the recorded segments, or why they are not known."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from datetime import tzinfo
from typing import Final

import msgspec

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.paging import Page, listed
from devices.recording.gb28181.times import Written, Zulu, read_time
from devices.recording.source import Segment, Span
from devices.recording.xml_document import Element

LONGEST_QUERY_MS: Final = 12 * 3_600_000
"""Beyond twelve hours Hikvision cameras (firmware 5.5) were seen to send broken XML."""

EDGE_MS: Final = 60_000
"""So far outside of what was asked may an item lie: files begin and end at key frames."""


class RecordItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item as the recorder gave it."""

    begin: Written
    end: Written
    kind: str
    path: str
    size: int | None


def read_page(root: Element, of: Iterable[str]) -> Page[RecordItem]:
    """One message's items. `ContentError` when it cannot be believed.

    ``of``: the identities whose recordings these may be, the channel's and its recorder's.
    """
    total, elements = listed(root, "RecordList")
    allowed = frozenset(of)
    return Page(total=total, items=tuple(_item(element, allowed) for element in elements))


def _item(element: Element, allowed: frozenset[str]) -> tuple[Hashable, RecordItem]:
    owner = element.said("DeviceID")
    if owner is not None and owner not in allowed:
        raise ContentError(f"an item is of another channel: {owner[:40]!r}")
    item = RecordItem(
        begin=read_time(element.said("StartTime") or ""),
        end=read_time(element.said("EndTime") or ""),
        kind=(element.said("Type") or "").lower()[:20],
        path=(element.said("FilePath") or "")[:256],
        size=_size(element.said("FileSize") or ""),
    )
    # Known by all but its end and size: a file that grew between two copies of one page must not
    # count twice and so stand in for an item that never came.
    recorder = (element.said("RecorderID") or "")[:40]
    return (owner, item.begin, item.kind, item.path, recorder), item


def _size(said: str) -> int | None:
    return int(said) if re.fullmatch(r"[0-9]{1,15}", said, re.ASCII) else None


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """The segments; ``zulu``: what Z means, when the items themselves have shown it."""

    segments: tuple[Segment, ...]
    zulu: Zulu | None = None


def marked(items: Iterable[RecordItem]) -> bool:
    """Whether any of their times ends in Z."""
    return any(item.begin.zulu or item.end.zulu for item in items)


def segments(
    items: Sequence[RecordItem],
    span: Span,
    zone: tzinfo,
    *,
    clock: Zulu | None = None,
    before: Zulu | None = None,
) -> Read:
    """What is recorded, in order; at most one segment of each begin and end.

    What Z means, the device's clock has shown (``clock``), where it ends in Z too. Else the items
    tell themselves, where one meaning puts them outside of the time asked for; else ``before``
    does, which items of the same device told then.

    `ContentError` when nothing tells; when items and clock contradict each other, as those of a
    device whose local time is UTC; and when items lie outside of what was asked for in any case.
    """
    if not marked(items):
        return Read(segments=_within(items, span, zone, None))
    if clock is not None:
        return Read(segments=_within(items, span, zone, clock))
    readings: dict[Zulu, tuple[Segment, ...]] = {}
    refusal: ContentError | None = None
    for meaning in Zulu:
        try:
            readings[meaning] = _within(items, span, zone, meaning)
        except ContentError as error:
            refusal = error
    if not readings and refusal is not None:
        raise refusal
    if len(readings) == 1:
        (zulu,) = readings
        return Read(segments=readings[zulu], zulu=zulu)
    if before is None:
        raise ContentError("times are marked Z, and may be UTC or local time as well")
    return Read(segments=readings[before])


def _within(
    items: Sequence[RecordItem], span: Span, zone: tzinfo, zulu: Zulu | None
) -> tuple[Segment, ...]:
    found: dict[tuple[int, int], Segment] = {}
    for item in items:
        first, last = item.begin.ms(zone, zulu), item.end.ms(zone, zulu)
        if last < first:
            raise ContentError(f"a recording ends {(first - last) // 1000} s before it begins")
        if last < span.begin - EDGE_MS or first > span.end + EDGE_MS:
            raise ContentError(
                f"a recording from {item.begin.clock} to {item.end.clock} lies outside of what "
                "was asked for"
            )
        if first < last:  # one of no length was counted, and shows nothing
            found[first, last] = Segment(first, last, handle=item.path, size=item.size)
    return tuple(found[key] for key in sorted(found))
