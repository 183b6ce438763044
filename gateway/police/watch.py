"""Watches the links: keeps what is found, and tells it as readings of the links' devices.

What supervision finds (`devices.police_link.supervisor`) is told at once when it changes, and once
a minute anyway, so that the silence of whoever watches is noticed like that of any device.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
import structlog

from devices.police_link.link import Exchange, Path, PoliceLink
from devices.police_link.states import LinkState, PathState, StateChange, View, clipped
from devices.police_link.supervision import Saved, Supervision
from devices.police_link.supervisor import Supervisor
from devices.reading import Value
from gateway.clock import Clock
from gateway.pipeline.judge import Judge
from gateway.pipeline.work import Work
from gateway.police.links import LinkInfo
from gateway.police.registering import stands_for_a_link
from gateway.police.stating import write_change
from gateway.store.store import StoreError

_log: Final = structlog.get_logger(__name__)

TELL_EVERY_MS: Final = 60_000
LOOK_S: Final = 1.0
KEEP_EVERY_S: Final = 60.0
_AT_ONCE: Final = 200
_CHANGES: Final = 10_000

AT_START: Final = 100
"""Links that are asked at once at a start; of more, the rest in its turn."""

EXCHANGES: Final = 50
FEWEST: Final = 10
EXCHANGES_IN_ALL: Final = 20_000
"""Exchanges of a link in memory, with whoever looks at it in mind; some 600 bytes each."""

_saved: Final = msgspec.json.Decoder(Saved)


class Keeper(Protocol):
    """What the watch needs of the flow."""

    def work(self) -> Work:
        """An empty piece of work at the present time."""
        ...

    async def commit(self, work: Work) -> None:
        """Commit it. Raises `StoreError`."""
        ...

    async def write_down(self, work: Work) -> bool:
        """Commit it, as often as it takes; ``False`` when the gateway ends without it."""
        ...


class LinkWatch:
    """The states of all own links."""

    def __init__(
        self,
        links: Mapping[str, LinkInfo],
        *,
        flow: Keeper,
        judge: Judge,
        clock: Clock,
        saved: Mapping[str, bytes],
    ) -> None:
        """``saved`` is what an earlier watch of each link came to, as `drain` wrote it."""
        self._links: Final = links
        self._flow: Final = flow
        self._judge: Final = judge
        self._clock: Final = clock
        self._saved_before: Final = dict(saved)
        self._changes: Final[deque[tuple[str, StateChange]]] = deque(maxlen=_CHANGES)
        self._changed: Final = asyncio.Event()
        self._told: dict[str, int] = {}
        kept = max(FEWEST, min(EXCHANGES, EXCHANGES_IN_ALL // max(1, len(links))))
        self._exchanges: Final[dict[str, deque[Exchange]]] = {
            link: deque(maxlen=kept) for link in links
        }
        self.supervisor: Final = Supervisor(
            now=clock.now, on_change=self._on_change, on_probe=self._remember
        )

    def add(self, made: Mapping[str, PoliceLink]) -> None:
        """Supervise these links."""
        now = self._clock.now()
        for name, link in made.items():
            saved = self._decoded(name)
            watch = Supervision(self._links[name].demand, link.paths, now, saved=saved)
            self.supervisor.add(name, link, watch)
            if len(self.supervisor) <= AT_START:
                for path in link.paths:
                    self.supervisor.probe_soon(name, path)

    def seen(self, link: str, exchange: Exchange) -> None:
        """An alarm or a test took place; it tells of the path as supervision does."""
        self._remember(link, exchange)
        if link in self.supervisor:
            self.supervisor.seen(link, exchange)

    def tested(self, link: str, path: Path, exchange: Exchange) -> None:
        """A test over ``path`` has ended."""
        if link in self.supervisor:
            self.supervisor.tested(link, path, exchange.acknowledged, exchange)

    def view(self, link: str) -> View | None:
        """A link as it is; ``None`` when it is not supervised (yet)."""
        if link not in self.supervisor:
            return None
        return self.supervisor.supervision(link).view()

    def exchanges(self, link: str) -> list[Exchange]:
        """The newest exchanges of a link since the start, the newest first."""
        return list(self._exchanges[link])[::-1]

    def _remember(self, link: str, exchange: Exchange) -> None:
        self._exchanges[link].append(clipped(exchange))

    def state(self, link: str) -> LinkState:
        """The state of a link; unverified while it is not watched."""
        if link not in self.supervisor:
            return LinkState.UNVERIFIED
        return self.supervisor.supervision(link).state

    async def run(self) -> None:
        """Tell and keep until cancelled."""
        keep_at = self._clock.steady() + KEEP_EVERY_S
        while True:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            await self._tell()
            if self._clock.steady() >= keep_at:
                keep_at = self._clock.steady() + KEEP_EVERY_S
                await self._keep()

    async def drain(self) -> None:
        """At the end: keep what was found since the last minute."""
        await self._tell()
        await self._keep()

    def _on_change(self, link: str, change: StateChange) -> None:
        self._changes.append((link, change))
        self._changed.set()

    async def _tell(self) -> None:
        now = self._clock.now()
        changes = [self._changes.popleft() for _ in range(len(self._changes))]
        due = {link for link, _ in changes}
        for link in self.supervisor:
            if len(due) >= _AT_ONCE + len(changes):
                break
            if not 0 <= now - self._told.get(link, 0) < TELL_EVERY_MS:
                due.add(link)
        if not due:
            return
        work = self._flow.work()
        for link, change in changes:
            self._write(link, change, work)
        for link in due:
            self._hear(link, work)
            self._told[link] = now
        await self._flow.write_down(work)

    def _hear(self, link: str, work: Work) -> None:
        info, view = self._links[link], self.view(link)
        device = self._judge.roster.state(info.school, info.name)
        if view is not None and device is not None and stands_for_a_link(device.device):
            self._judge.hear_own(device.device.row, _values(view), work.batch.now, work)

    def _write(self, link: str, change: StateChange, work: Work) -> None:
        """The watch is kept with the change: a crash within the next minute must not bring back a
        test that has failed since, and with it a link that is up.
        """
        from gateway.store.links import save_watches  # noqa: PLC0415 - needs SQLAlchemy

        if link in self.supervisor:
            saved = msgspec.json.encode(self.supervisor.supervision(link).dump())
            work.batch.statements += save_watches({link: saved})
        write_change(link, change, work)

    async def _keep(self) -> None:
        from gateway.store.links import add_days, save_watches  # noqa: PLC0415 - needs SQLAlchemy

        links = list(self.supervisor)
        for start in range(0, len(links), _AT_ONCE):
            # In pieces: thousands of links must not keep alarms from being judged.
            await asyncio.sleep(0)
            work, now = self._flow.work(), self._clock.now()
            watches = [
                (link, self.supervisor.supervision(link))
                for link in links[start : start + _AT_ONCE]
                if link in self.supervisor
            ]
            tallies = [(link, one) for link, watch in watches for one in watch.drain(now)]
            saved = {link: msgspec.json.encode(watch.dump()) for link, watch in watches}
            work.batch.statements += [*add_days(tallies), *save_watches(saved)]
            try:
                await self._flow.commit(work)
            except StoreError as error:
                # A minute of figures: what is in the table stays true.
                _log.error("police.figures_unwritten", error=str(error))

    def _decoded(self, link: str) -> Saved | None:
        saved = self._saved_before.pop(link, None)
        if saved is None:
            return None
        try:
            return _saved.decode(saved)
        except msgspec.MsgspecError as error:
            # It begins anew as unverified, which is the safe side.
            _log.error("police.watch_unreadable", link=link, error=str(error))
            return None


def _values(view: View) -> dict[str, Value]:
    """What a link's device tells (config/kinds/police-link.yaml)."""
    values: dict[str, Value] = {"state": view.state.value, "cause": view.cause.value}
    working = [one for one in view.paths if one.state is PathState.UP]
    if working:
        values["path"] = working[0].path.value
        if working[0].ack_ms is not None:
            values["ack_ms"] = round(working[0].ack_ms, 1)
    if view.last_test is not None:
        values["last_test"] = view.last_test
    # Told also when it is none: then the trouble is over.
    values["clock_offset_ms"] = view.clock_offset_ms or 0
    return values
