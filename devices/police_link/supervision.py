"""Supervision of one link: from acknowledgements, failures and the passing of time to its state.

Pure: it is told what happened and what time it is, and says what changed. It errs on one side
only, for a link called up that is not is the one thing that must not happen:

- Only acknowledged exchanges count, and they count from when the answer came.
- Each path has to be acknowledged within the longest silence, each path needed has to carry a
  test within the test period, and a test that failed later undoes an earlier one.
- Where time cannot be trusted - nobody looked for a while, the clock was set back, a restart with
  an earlier time than before - what was acknowledged before proves nothing: unknown, until the
  next acknowledgement. Unknown is neither up nor down: a link that was up becomes unverified
  (`Cause.STARTING`), one that was not stays as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from devices.police_link.categories import Demand
from devices.police_link.figures import DayTally
from devices.police_link.link import Exchange, Path, Result, is_clock_off
from devices.police_link.states import (
    Cause,
    LinkState,
    PathHistory,
    PathState,
    PathView,
    StateChange,
    View,
    clipped,
)

_DAY: Final = 86_400_000
_LOOK: Final = 60_000
_FUTURE: Final = 1_000
_FAILURES_KEPT: Final = 3


class SavedPath(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives a restart of one path."""

    history: PathHistory
    down: bool = False
    acked: Exchange | None = None
    tested: Exchange | None = None
    failures: tuple[Exchange, ...] = ()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives a restart of one link. Plain data: msgspec writes and reads it."""

    saved_at: int
    state: LinkState
    since: int
    cause: Cause
    paths: tuple[SavedPath, ...]


class _Watch:
    """One path under watch."""

    __slots__ = ("acked", "down", "failures", "heard", "history", "tested", "watched_from")

    def __init__(self, saved: SavedPath, watched_from: int) -> None:
        self.history = saved.history
        self.down = saved.down
        self.watched_from = watched_from
        self.heard = False  # ``history.last_ack`` lies in the time in which we looked
        self.acked, self.tested = saved.acked, saved.tested
        self.failures: deque[Exchange] = deque(saved.failures, maxlen=_FAILURES_KEPT)

    def acknowledged(self, exchange: Exchange, at: int, silence: int, now: int) -> None:
        last_ack, offset = self.history.last_ack, exchange.offset_ms
        if last_ack is not None and at < last_ack and self.heard:
            return  # told out of order
        trouble = offset is not None and is_clock_off(offset)
        self.history = replace(
            self.history,
            last_ack=at,
            ack_ms=exchange.elapsed_ms,
            clock_trouble=trouble,
            offset_ms=offset if trouble else None,
        )
        self.acked = clipped(exchange)
        if now - at > silence or at < self.watched_from:
            return  # it proves that the path worked then, and says nothing about now
        self.heard = True
        self.down = False
        self.history = replace(self.history, failing_since=None, why=None, error="")
        self.failures.clear()

    def failed(self, exchange: Exchange, now: int) -> None:
        since = self.history.failing_since
        self.history = replace(
            self.history,
            failing_since=min(now, exchange.started) if since is None else since,
            why=exchange.result,
            error=exchange.reason,
        )
        if exchange.result is Result.CLOCK:
            self.history = replace(self.history, clock_trouble=True, offset_ms=exchange.offset_ms)
        self.failures.append(clipped(exchange))

    def state(self, silence: int, now: int) -> PathState:
        """Whether it works. Once down it stays so until it is acknowledged."""
        last_ack = self.history.last_ack
        if self.down:
            return PathState.DOWN
        if self.heard and last_ack is not None:
            if now - last_ack <= silence:
                return PathState.UP
            self.heard = False
            self.down = last_ack >= self.watched_from
        self.down = self.down or now - self.watched_from > silence
        return PathState.DOWN if self.down else PathState.UNKNOWN

    def distrust(self, now: int) -> None:
        """What is known so far says nothing about now."""
        self.heard = False
        self.watched_from = now

    def shift(self, by: int) -> None:
        history = self.history
        self.watched_from += by
        self.history = replace(
            history,
            last_ack=None if history.last_ack is None else history.last_ack + by,
            last_test=None if history.last_test is None else history.last_test + by,
            failing_since=None if history.failing_since is None else history.failing_since + by,
        )

    def next_look(self, silence: int, now: int) -> int:
        """When silence alone changes its state (ms); far off when it does not."""
        if self.down:
            return now + _LOOK
        last_ack = self.history.last_ack if self.heard else None
        return (self.watched_from if last_ack is None else last_ack) + silence + 1

    def evidence(self, *, with_test: bool) -> list[Exchange]:
        found = [] if self.acked is None else [self.acked]
        if with_test and self.tested is not None and self.tested not in found:
            found.append(self.tested)
        return found + list(self.failures)

    def dump(self) -> SavedPath:
        return SavedPath(
            history=self.history,
            down=self.down,
            acked=self.acked,
            tested=self.tested,
            failures=tuple(self.failures),
        )


class Supervision:
    """The state of one link. Times in ms; every call may bring a change, which it returns.

    `tick` has to come at ``due`` at the latest; when it comes much later nobody was looking, and
    silence in the meantime is not held against the link.
    """

    def __init__(
        self,
        demand: Demand,
        paths: Sequence[Path],
        now: int,
        *,
        saved: Saved | None = None,
        utc_offset_ms: int = 0,
    ) -> None:
        """Begin to watch. ``saved``: what an earlier watch came to (`dump`).

        ``utc_offset_ms``: of the zone whose days are tallied. Raises `CategoryError` when the
        paths are not those that ``demand`` makes mandatory.
        """
        self.demand = demand
        self.paths = tuple(paths)
        self._needed = demand.needed(self.paths)
        self._silence = demand.silence_ms
        self._utc_offset = utc_offset_ms
        self._look = min(_LOOK, max(1, demand.silence_ms // 2))
        self._now = now
        self._tallies: dict[int, DayTally] = {}
        self.state = LinkState.UNVERIFIED
        self.since = now
        self.cause = Cause.STARTING
        known = {one.history.path: one for one in (saved.paths if saved else ())}
        self._watches = {
            path: _Watch(known.get(path) or SavedPath(history=PathHistory(path=path)), now)
            for path in self.paths
        }
        if saved is not None:
            self._resume(saved, now)
        self._told = self._key()
        self.resumed = self._settle(now)
        """What the restart itself changed."""

    def _resume(self, saved: Saved, now: int) -> None:
        back = now - saved.saved_at
        self.state, self.cause = saved.state, saved.cause
        self.since = saved.since + min(0, back)
        for watch in self._watches.values():
            if back < 0:  # the clock was set back meanwhile: ages stay what they were
                watch.shift(back)
                watch.distrust(now)
            elif not watch.down and watch.history.last_ack is not None:
                watch.heard = now - watch.history.last_ack <= self._silence

    # What happens

    def seen(self, exchange: Exchange, now: int) -> StateChange | None:
        """An exchange took place: a supervision message, an alarm, a test."""
        self._pass(now)
        watch = self._watches[exchange.path]
        self._tally(now).count(exchange)
        at = exchange.started + round(exchange.elapsed_ms)
        if not exchange.acknowledged:
            watch.failed(exchange, now)
        elif at <= now + _FUTURE:  # else the clock was set back: it cannot be placed in time
            watch.acknowledged(exchange, min(at, now), self._silence, now)
        return self._settle(now)

    def tested(
        self, path: Path, acknowledged: bool, now: int, *, exchange: Exchange | None = None
    ) -> StateChange | None:
        """An end-to-end test over ``path`` has ended; tell `seen` of its exchange as well."""
        self._pass(now)
        watch = self._watches[path]
        last_test = now if acknowledged else watch.history.last_test
        watch.history = replace(watch.history, test_failed=not acknowledged, last_test=last_test)
        if exchange is not None:
            watch.tested = clipped(exchange)
        return self._settle(now)

    def tick(self, now: int) -> StateChange | None:
        """Time has passed."""
        self._pass(now)
        return self._settle(now)

    def clock_moved(self, by: int) -> None:
        """Our clock was set back by ``-by`` ms: ages stay what they are. Forward, time has passed.

        For who has a steady clock to tell it by. Without it, a time earlier than the last is
        taken for a clock set back by nobody knows how much.
        """
        if by < 0:
            for watch in self._watches.values():
                watch.shift(by)
            self._now += by
            self.since += by

    # What follows

    @property
    def due(self) -> int:
        """When `tick` is wanted at the latest."""
        looks = [watch.next_look(self._silence, self._now) for watch in self._watches.values()]
        tests = [
            one.last_test + self.demand.test_period_ms + 1
            for one in self._tests()
            if one.last_test is not None
        ]
        ahead = [at for at in (*looks, *tests) if at > self._now]
        return min((self._now + self._look, *ahead))

    def view(self) -> View:
        """The link as it was at the last call."""
        tests = self._tests()
        latest = [one.last_test for one in tests if one.last_test is not None]
        proven = len(latest) == len(tests) and not any(one.test_failed for one in tests)
        histories = (watch.history for watch in self._watches.values())
        clock = next((one for one in histories if one.clock_trouble), None)
        return View(
            state=self.state,
            since=self.since,
            cause=self.cause,
            paths=tuple(self._path_view(watch) for watch in self._watches.values()),
            last_test=min(latest) if len(latest) == len(tests) else None,
            test_due=min(latest) + self.demand.test_period_ms if proven else None,
            clock_trouble=clock is not None,
            clock_offset_ms=None if clock is None else clock.offset_ms,
        )

    def path(self, path: Path) -> PathView:
        """One path as it was at the last call. Raises ``KeyError``."""
        return self._path_view(self._watches[path])

    def _path_view(self, watch: _Watch) -> PathView:
        state = watch.state(self._silence, self._now)
        return PathView(state=state, **asdict(watch.history))

    def dump(self) -> Saved:
        """What has to outlive a restart."""
        return Saved(
            saved_at=self._now,
            state=self.state,
            since=self.since,
            cause=self.cause,
            paths=tuple(watch.dump() for watch in self._watches.values()),
        )

    def drain(self, now: int) -> list[DayTally]:
        """What was counted since the last `drain`, by day: to be added to what is stored."""
        self._pass(max(now, self._now))  # a clock set back is for `tick` and `seen` to hear of
        tallies, self._tallies = list(self._tallies.values()), {}
        return tallies

    # How it follows

    def _tally(self, now: int) -> DayTally:
        day = (now + self._utc_offset) // _DAY
        return self._tallies.setdefault(day, DayTally(day=day))

    def _pass(self, now: int) -> None:
        elapsed = now - self._now
        if elapsed < 0:
            self.clock_moved(elapsed)
        if elapsed < 0 or elapsed > 2 * self._look:
            for watch in self._watches.values():
                watch.distrust(now)
        else:
            self._spend(now)
        self._now = now

    def _spend(self, now: int) -> None:
        """Book the time since the last call, up to the moment at which silence became a fault."""
        begin = self._now
        while begin < now:
            midnight = ((begin + self._utc_offset) // _DAY + 1) * _DAY - self._utc_offset
            end = min(now, midnight)
            self._tally(begin).spend(self.state, self.cause, end - begin)
            begin = end

    def _settle(self, now: int) -> StateChange | None:
        before = self.state
        state, cause = self._judge(now)
        if state is not before:
            self.state, self.since, self.cause = state, now, cause
        key = self._key(cause)
        if key == self._told:
            return None
        self._told = key
        self.cause = cause
        with_test = state in {LinkState.UP, LinkState.UNVERIFIED}
        evidence = [
            one for watch in self._watches.values() for one in watch.evidence(with_test=with_test)
        ]
        return StateChange(
            before=before,
            state=state,
            since=self.since,
            at=now,
            cause=cause,
            view=self.view(),
            evidence=tuple(sorted(evidence, key=lambda one: one.started)),
        )

    def _judge(self, now: int) -> tuple[LinkState, Cause]:
        states = {path: watch.state(self._silence, now) for path, watch in self._watches.items()}
        broken = [path for path in self._needed if states[path] is PathState.DOWN]
        if all(state is PathState.DOWN for state in states.values()):
            return LinkState.DOWN, Cause(self._why(Path.PRIMARY))
        if broken and PathState.UP in states.values():
            return LinkState.DEGRADED, Cause(f"{broken[0]}_{self._why(broken[0])}")
        if broken or any(states[path] is PathState.UNKNOWN for path in self._needed):
            if self.state is LinkState.UP:
                return LinkState.UNVERIFIED, Cause.STARTING
            return self.state, self.cause
        return self._verify(now)

    def _tests(self) -> list[PathHistory]:
        """Of the paths that have to be tested."""
        return [self._watches[path].history for path in self._needed]

    def _verify(self, now: int) -> tuple[LinkState, Cause]:
        tests = self._tests()
        if any(one.test_failed for one in tests):
            return LinkState.UNVERIFIED, Cause.TEST_FAILED
        latest = [one.last_test for one in tests if one.last_test is not None]
        if len(latest) < len(tests):
            return LinkState.UNVERIFIED, Cause.NO_TEST
        if now - min(latest) > self.demand.test_period_ms:
            return LinkState.UNVERIFIED, Cause.TEST_OLD
        return LinkState.UP, Cause.ACKNOWLEDGED

    def _why(self, path: Path) -> str:
        why = self._watches[path].history.why
        return "not_probed" if why is None else why.value

    def _key(self, cause: Cause | None = None) -> tuple[object, ...]:
        """What people are told of: a reason that flickers while a path is down is not among it."""
        told = self.cause if cause is None else cause
        if self.state in {LinkState.DOWN, LinkState.DEGRADED}:
            told = Cause.SILENT
        return (
            self.state,
            told,
            *(watch.state(self._silence, self._now) for watch in self._watches.values()),
            *(watch.history.clock_trouble for watch in self._watches.values()),
        )
