"""Orders to a camera's probe to forget what is usual, until the probe says that it has done so.

An order is retained on the camera's own command topic, so that a probe that was off gets it later;
it is put there anew at each start of the gateway and every hour, in case the broker has lost it.
What waits is a stored deadline; the order and its answer are facts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec
import structlog

from alerts.notification.mqtt_alert import Publication
from devices.camera.orders import RELEARN, RELEARNED, order_topic
from gateway.camera_pictures.vault import Vault, VaultError
from gateway.clock import Clock
from gateway.pipeline.telling import MQTT
from gateway.pipeline.work import Work
from gateway.security.record import actor, fact
from gateway.store.batch import Batch, Deadline, Fact, OutboxEntry
from gateway.store.encoding import canonical
from gateway.store.store import Store, StoreError

_log: Final = structlog.get_logger(__name__)

KIND: Final = "camera_relearn"
"""Of the stored deadline and of the fact."""

REPEAT_MS: Final = 3_600_000
LOOK_S: Final = 60.0
_PROBE: Final = "probe:"
"""How the actor of what a probe says begins: nobody else's word ends an order."""


class Relearn(msgspec.Struct, frozen=True):
    """An order: by whom (``user:…``), when asked for and done (ms UTC), and why."""

    by: str
    asked: int
    reason: str
    done: int | None = None


class _Waiting(msgspec.Struct, frozen=True):
    """An order that nobody has answered."""

    id: str
    school: str
    device: str
    repeats: int = 0

    @property
    def subject(self) -> str:
        return f"device:{self.school}/{self.device}"

    def deadline(self, due: int | None) -> Deadline:
        return Deadline(KIND, self.subject, due, msgspec.json.encode(self).decode())

    def entry(self, now: int, *, over: bool = False) -> OutboxEntry:
        """What puts the order where its probe finds it, or takes it away."""
        body = canonical({"id": self.id, "command": RELEARN}).decode()
        said = Publication(order_topic(self.school, self.device), "" if over else body)
        key = f"relearn/{self.id}/{'over' if over else self.repeats}"
        return OutboxEntry(MQTT, key, now, said.encode(), now)


_waiting: Final = msgspec.json.Decoder(_Waiting).decode
_told: Final = msgspec.json.Decoder(dict[str, object]).decode


class Relearning:
    """The orders that wait. `run` is the body of a task; `committed` is told of every commit."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        vault: Vault,
        notify: Callable[[Iterable[str]], None] = lambda _receivers: None,
        registered: Callable[[str, str], bool] = lambda _school, _device: True,
    ) -> None:
        """``notify`` wakes who delivers to the receivers named; ``registered`` says whether there
        is such a device still.
        """
        self._store: Final = store
        self._clock: Final = clock
        self._vault: Final = vault
        self._notify: Final = notify
        self._registered: Final = registered
        self._orders: dict[str, _Waiting] = {}
        self._due: dict[str, int] = {}
        self._answered: dict[str, _Waiting] = {}
        self._wake: Final = asyncio.Event()
        self._one: Final = asyncio.Lock()
        """Held while an order is changed: one that is repeated must not take the place of a new one
        that is being kept.
        """

    def load(self, deadlines: Iterable[Deadline]) -> None:
        """At a start: what waits. All of it is due now, as the broker may be another one."""
        for deadline in deadlines:
            if deadline.kind == KIND:
                self._orders[deadline.subject] = _waiting(deadline.body.encode())
                self._due[deadline.subject] = 0

    async def order(self, school: str, device: str, by: str, reason: str) -> Relearn:
        """Have a camera learned anew in the name of the user ``by``; returns when that is kept.

        Takes the place of an order that waits. Raises `StoreError`.
        """
        async with self._one:
            now = self._clock.now()
            order = _Waiting(secrets.token_hex(8), school, device)
            due = now + REPEAT_MS
            batch = Batch(
                facts=[fact(KIND, now, by, order.subject, id=order.id, reason=reason)],
                deadlines=[order.deadline(due)],
                outbox=[order.entry(now)],
                now=now,
            )
            await self._commit(batch, partial(self._await_answer, order, due))
        return Relearn(actor(by), now, reason)

    def committed(self, work: Work) -> None:
        """Something is kept; perhaps a probe's answer is among it."""
        for one in work.batch.facts if self._orders else ():
            order = self._orders.get(one.subject)
            if order is not None and answers(one, order.id):
                self._answered[one.subject] = order
                self._wake.set()

    async def run(self) -> None:
        """Until cancelled. A store or a disk that refuses is asked again."""
        while True:
            try:
                await self.turn()
            except (StoreError, VaultError) as error:
                _log.warning("relearning.put_off", error=str(error))
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def turn(self) -> None:
        """End what is answered or about a camera no more, and repeat what is due. Raises
        `StoreError` and `VaultError`.
        """
        for order in list(self._answered.values()):
            await asyncio.to_thread(self._vault.forget_usual, order.school, order.device)
            await self._end(order)
            self._answered.pop(order.subject, None)
        for order in list(self._orders.values()):
            if not self._registered(order.school, order.device):
                await self._end(order)
        await self._repeat()

    async def _end(self, order: _Waiting) -> None:
        async with self._one:
            now = self._clock.now()
            if self._orders.get(order.subject) == order:  # and no newer one
                over = Batch(
                    deadlines=[order.deadline(None)], outbox=[order.entry(now, over=True)], now=now
                )
                await self._commit(over, partial(self._forget, order))

    async def _repeat(self) -> None:
        for subject in list(self._due):
            async with self._one:
                now = self._clock.now()
                if self._due.get(subject, now + 1) > now:
                    continue
                before = self._orders[subject]
                order = msgspec.structs.replace(before, repeats=before.repeats + 1)
                due = now + REPEAT_MS
                again = Batch(deadlines=[order.deadline(due)], outbox=[order.entry(now)], now=now)
                await self._commit(again, partial(self._await_answer, order, due))

    async def _commit(self, batch: Batch, kept: Callable[[], None]) -> None:
        """``kept`` is called before anybody can answer what it tells of."""
        await asyncio.wrap_future(self._store.commit(batch))
        kept()
        self._notify([MQTT])

    def _await_answer(self, order: _Waiting, due: int) -> None:
        self._orders[order.subject], self._due[order.subject] = order, due

    def _forget(self, order: _Waiting) -> None:
        del self._orders[order.subject], self._due[order.subject]


def answers(one: Fact, order: str) -> bool:
    """Whether a fact is a probe's word that it has done what the order with this id asks."""
    if one.kind != "event" or not one.actor.startswith(_PROBE):
        return False
    told = _told(one.body)
    values = told.get("values")
    return told.get("event") == RELEARNED and isinstance(values, dict) and values.get("id") == order
