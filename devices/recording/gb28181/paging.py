"""An answer that comes in several messages: complete when the items add up, else why not.

Pages come repeated, out of order, or never. An item counts once however often it comes; what
contradicts itself proves nothing, even when its items add up.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

import msgspec

from devices.recording.gb28181.errors import ContentError
from devices.recording.gb28181.manscdp import number
from devices.recording.xml_document import Element

MOST_ITEMS: Final = 100_000
"""Of one answer; twelve hours in clips of one second are 43,200."""

Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One message: the sum it announces, and its items, each with what it is known by."""

    total: int
    items: tuple[tuple[Hashable, Item], ...]


class Assembly(Generic[Item]):
    """The pages of one answer, as they come."""

    def __init__(self, most: int = MOST_ITEMS) -> None:
        """``most``: more items than these are not taken."""
        self._most: Final = most
        self._items: Final[dict[Hashable, Item]] = {}
        self._total: int | None = None
        self._contradiction: str | None = None
        self._broken: str | None = None

    def take(self, page: Page[Item]) -> None:
        """One more page, perhaps one that came before."""
        if self._total is None:
            self._total = page.total
        elif self._total != page.total:
            self._contradict(f"one page announces {self._total} items, another {page.total}")
        if self._total > self._most:
            self._contradict(f"{self._total} items announced; {self._most} are taken")
            return
        for key, item in page.items:
            known = self._items.setdefault(key, item)
            if known != item:
                self._contradict("the same item came twice with other contents")
        if len(self._items) > self._total:
            self._contradict(f"more than the {self._total} items announced came")

    def broke(self, why: str) -> None:
        """A page came that cannot be read. A good copy of it may follow."""
        self._broken = self._broken or why

    def _contradict(self, why: str) -> None:
        self._contradiction = self._contradiction or why

    @property
    def items(self) -> tuple[Item, ...]:
        """What has come so far."""
        return tuple(self._items.values())

    @property
    def contradiction(self) -> str | None:
        """Why this answer can never be believed; None while it can."""
        return self._contradiction

    @property
    def complete(self) -> bool:
        """Whether all that was announced is there, and nothing contradicts it."""
        return self._contradiction is None and self._total == len(self._items)

    @property
    def broken(self) -> str | None:
        """Why a page could not be read; None when all could."""
        return self._broken

    @property
    def missing(self) -> str:
        """How far it came, in words."""
        if self._total is None:
            return "no page that can be read came"
        return f"{len(self._items)} of {self._total} items came"


def listed(root: Element, name: str) -> tuple[int, tuple[Element, ...]]:
    """The sum announced and the items of one page. `ContentError` when the page is not coherent.

    ``name`` is the list's: RecordList, DeviceList.
    """
    total = number(root, "SumNum")
    lists = tuple(root.all(name))
    items = tuple(item for one in lists for item in one.all("Item"))
    for one in lists:
        announced = one.attributes.get("num", "").strip()
        held = sum(1 for _ in one.all("Item"))
        if announced.isdecimal() and int(announced) != held:
            raise ContentError(f"a page announces {announced} items and holds {held}")
    if total == 0 and items:
        raise ContentError(f"a page announces none and holds {len(items)} items")
    if total and not items:
        raise ContentError(f"a page of {total} items in all holds none")
    return total, items
