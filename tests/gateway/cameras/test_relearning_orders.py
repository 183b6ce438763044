"""Orders to learn a camera anew, while the store takes its time."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, cast

import msgspec

from gateway.camera_pictures.vault import Vault
from gateway.cameras.relearning import KIND, Relearning
from gateway.clock import ManualClock
from gateway.store.batch import Batch, Deadline

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.store import Store

SUBJECT = "device:no3/gate"


class SlowStore:
    """Keeps what it is given in the order in which it came, when the test lets it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Batch, Future[None]]] = []
        self.kept: list[Batch] = []

    def commit(self, batch: Batch) -> Future[None]:
        future: Future[None] = Future()
        self.waiting.append((batch, future))
        return future

    def go_on(self) -> None:
        waiting, self.waiting = self.waiting, []
        for batch, future in waiting:
            self.kept.append(batch)
            future.set_result(None)

    def standing(self) -> str:
        """The id of the order that stands at the end."""
        (deadline,) = self.kept[-1].deadlines
        assert deadline.subject == SUBJECT
        found: dict[str, object] = msgspec.json.decode(deadline.body)
        return str(found["id"])


async def several_turns() -> None:
    """For whatever is done before the store has answered."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_order_that_is_repeated_does_not_take_the_place_of_a_new_one(
    tmp_path: Path,
) -> None:
    store = SlowStore()
    relearning = Relearning(store=cast("Store", store), clock=ManualClock(), vault=Vault(tmp_path))
    body = '{"id":"old","school":"no3","device":"gate"}'
    relearning.load([Deadline(KIND, SUBJECT, 0, body)])

    ordering = asyncio.create_task(relearning.order("no3", "gate", "tim", "moved"))
    await several_turns()
    assert store.waiting
    repeating = asyncio.create_task(relearning.turn())
    await several_turns()
    for _ in range(3):
        store.go_on()
        await several_turns()
    await ordering
    await repeating

    assert store.standing() != "old"
