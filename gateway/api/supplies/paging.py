"""Rows as the interface gives them, page by page: a file of 300,000 is never held as a whole.

Rows are made in the thread that hands them over to the process that writes; each further page is
asked of the gateway's loop, in between whatever else it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

from gateway.api.problems import Problem
from gateway.exports.writing import ExportError

AT_ONCE: Final = 500
"""Items of a page: as many as the interface gives at once."""

PATIENCE: Final = 120.0
"""Seconds that a page may take."""

Item_co = TypeVar("Item_co", covariant=True)


class Paged(Protocol[Item_co]):
    """A page of a list; ``next`` is the cursor of what follows."""

    @property
    def items(self) -> Sequence[Item_co]:
        """What is on it."""

    @property
    def next(self) -> str | None:
        """``None`` on the last one."""


Ask = Callable[[str | None], Coroutine[Any, Any, Paged[Item_co]]]
"""Asks for the page after a cursor."""


def following(first: Paged[Item_co], ask: Ask[Item_co]) -> Iterator[Item_co]:
    """The items of the ``first`` page and of all that follow it, for another thread than the
    loop's, of which this is called. It raises `ExportError`."""
    loop = asyncio.get_running_loop()

    def items() -> Iterator[Item_co]:
        page = first
        yield from page.items
        while page.next is not None:
            page = _asked(ask(page.next), loop)
            yield from page.items

    return items()


def _asked(
    page: Coroutine[Any, Any, Paged[Item_co]], loop: asyncio.AbstractEventLoop
) -> Paged[Item_co]:
    future = asyncio.run_coroutine_threadsafe(page, loop)
    try:
        return future.result(PATIENCE)
    except TimeoutError as error:
        future.cancel()
        raise ExportError(
            "refusal.export_late", f"no further rows within {PATIENCE:.0f} s; it was given up"
        ) from error
    except Problem as problem:
        raise ExportError(problem.code, problem.detail) from problem
