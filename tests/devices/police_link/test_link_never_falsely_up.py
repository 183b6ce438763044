"""Whatever happens in whatever order: never up without acknowledgements in time and a test."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from supervised import BOTH, NOW, PERIOD, SILENCE, double, exchange, restarted, single

from devices.police_link.categories import Demand
from devices.police_link.link import Path, Result
from devices.police_link.states import LinkState
from devices.police_link.supervision import Supervision

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 30_000)),
        st.tuples(
            st.just("exchange"),
            st.tuples(st.sampled_from(BOTH), st.sampled_from(list(Result)), st.integers(0, 9_000)),
        ),
        st.tuples(st.just("test"), st.tuples(st.sampled_from(BOTH), st.booleans())),
        st.tuples(st.just("set back"), st.integers(1, 100_000)),
        st.tuples(st.just("set forward"), st.integers(1, 100_000)),
        st.tuples(st.just("told back"), st.integers(1, 100_000)),
        st.tuples(st.just("restart"), st.integers(0, 100_000)),
        st.tuples(st.just("alive"), st.integers(1, 5)),
        st.tuples(st.just("late"), st.tuples(st.sampled_from(BOTH), st.integers(0, 40_000))),
    ),
    min_size=5,
    max_size=60,
)


class _World:
    """True time beside the clock that the link is told."""

    def __init__(self, asked: Demand, paths: tuple[Path, ...], period: int) -> None:
        self.true = 0
        self.wall = NOW
        self.paths = paths
        self.period = period
        self.acked: dict[Path, int] = {}
        self.test: dict[Path, int | None] = dict.fromkeys(paths)
        self.needed = asked.needed(paths)
        self.link = Supervision(asked, paths, NOW)
        self.ups = 0

    def wait(self, milliseconds: int) -> None:
        self.true += milliseconds
        self.wall += milliseconds

    def hear(self, path: Path, result: Result, elapsed: int) -> None:
        if path not in self.paths:
            return
        self.wait(elapsed)
        if result is Result.ACKNOWLEDGED:
            self.acked[path] = self.true
        self.link.seen(exchange(self.wall, path, result, elapsed_ms=elapsed), self.wall)

    def hear_late(self, path: Path, milliseconds: int) -> None:
        """Answered now, told later."""
        if path not in self.paths:
            return
        answered = exchange(self.wall, path)
        self.acked[path] = self.true
        self.wait(milliseconds)
        self.link.seen(answered, self.wall)

    def try_out(self, path: Path, acknowledged: bool) -> None:
        if path in self.paths:
            self.test[path] = self.true if acknowledged else None
            self.link.tested(path, acknowledged, self.wall)

    def alive(self, seconds: int) -> None:
        """What a healthy link does: acknowledged and tested on all paths."""
        for path in self.paths:
            self.hear(path, Result.ACKNOWLEDGED, 1)
            self.try_out(path, True)
        self.wait(seconds * 1000)

    def do(self, what: str, how: object) -> None:
        match what, how:
            case "wait", int(milliseconds):
                self.wait(milliseconds)
            case "exchange", (Path() as path, Result() as result, int(elapsed)):
                self.hear(path, result, elapsed)
            case "test", (Path() as path, bool(acknowledged)):
                self.try_out(path, acknowledged)
            case "set back", int(milliseconds):
                self.wall -= milliseconds
            case "set forward", int(milliseconds):
                self.wall += milliseconds
            case "told back", int(milliseconds):
                self.wall -= milliseconds
                self.link.clock_moved(-milliseconds)
            case "restart", int(milliseconds):
                self.link.tick(self.wall)
                self.wait(milliseconds)
                self.link = restarted(self.link, self.wall)
            case "late", (Path() as path, int(milliseconds)):
                self.hear_late(path, milliseconds)
            case "alive", int(seconds):
                self.alive(seconds)

    def check(self) -> None:
        self.link.tick(self.wall)
        if self.link.state is not LinkState.UP:
            return
        self.ups += 1
        for path in self.needed:
            assert self.true - self.acked[path] <= SILENCE
            tested = self.test[path]
            assert tested is not None
            assert self.true - tested <= self.period


@settings(max_examples=300, deadline=None)
@given(_STEPS, st.booleans())
def test_never_up_without_acknowledgements_in_time_and_a_test(
    steps: list[tuple[str, object]], two: bool
) -> None:
    world = _World(double() if two else single(), BOTH, PERIOD)
    for what, how in steps:
        world.do(what, how)
        world.check()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 9_000), min_size=1, max_size=40), st.booleans())
def test_a_link_that_is_always_acknowledged_is_always_up(waits: list[int], two: bool) -> None:
    world = _World(double() if two else single(), BOTH, PERIOD)
    world.alive(0)
    for wait in waits:
        world.wait(wait)
        for path in world.paths:
            world.hear(path, Result.ACKNOWLEDGED, 1)
        world.check()
        assert world.link.state is LinkState.UP


@settings(max_examples=200, deadline=None)
@given(_STEPS)
def test_time_is_booked_once_and_no_more_than_has_passed(steps: list[tuple[str, object]]) -> None:
    world = _World(single(), (Path.PRIMARY,), PERIOD)
    booked = 0
    for what, how in steps:
        world.do(what, how)
        world.check()
        for tally in world.link.drain(world.wall):
            booked += tally.up_ms + tally.degraded_ms + tally.down_ms
            booked += tally.unverified_ms + tally.starting_ms
    jumps = sum(how for what, how in steps if what == "set forward" and isinstance(how, int))
    assert booked <= world.true + jumps
