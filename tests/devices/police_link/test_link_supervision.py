"""Supervision of one link: what makes it up, what takes that away, and what never can."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.police_link.categories import Category, CategoryError, Demand, Trust, demand
from devices.police_link.link import Exchange, Path, Result
from devices.police_link.states import Cause, LinkState, PathState
from devices.police_link.supervision import Saved, Supervision

NOW = 1_795_161_600_000
SILENCE = 20_000
PERIOD = 600_000
BOTH = (Path.PRIMARY, Path.BACKUP)


def single() -> Demand:
    return demand(Category.SP6, test_period_ms=PERIOD)


def double() -> Demand:
    return demand(Category.DP4, silence_ms=SILENCE, test_period_ms=PERIOD)


def exchange(
    at: int,
    path: Path = Path.PRIMARY,
    result: Result = Result.ACKNOWLEDGED,
    *,
    elapsed_ms: float = 0.0,
    offset_ms: int | None = None,
    sent: bytes = b"NULL",
) -> Exchange:
    """One that ended at ``at``."""
    return Exchange(
        path=path,
        started=at - round(elapsed_ms),
        elapsed_ms=elapsed_ms,
        sent=sent,
        received=b"ACK" if result is Result.ACKNOWLEDGED else b"",
        result=result,
        reason="" if result is Result.ACKNOWLEDGED else f"it was {result}",
        offset_ms=offset_ms,
    )


def up(asked: Demand | None = None, paths: tuple[Path, ...] = (Path.PRIMARY,)) -> Supervision:
    link = Supervision(asked or single(), paths, NOW)
    for path in paths:
        link.seen(exchange(NOW, path), NOW)
        link.tested(path, True, NOW)
    assert link.state is LinkState.UP
    return link


def let_pass(link: Supervision, begin: int, end: int) -> list[LinkState]:
    """Tick as a supervisor would: at each time that is due."""
    states = []
    now = begin
    while now < end:
        now = min(end, link.due)
        link.tick(now)
        states.append(link.state)
    return states


# Categories


def test_figures_from_memory_are_marked_as_such() -> None:
    assert demand(Category.SP6).silence_ms == 20_000
    assert demand(Category.DP4).silence_ms == 90_000
    assert demand(Category.SP2).silence_ms == 25 * 3_600_000
    published = {one for one in Category if demand(one).trust is Trust.PUBLISHED}
    assert published == {Category.SP6, Category.DP4}


def test_the_configured_time_counts_and_not_the_categorys() -> None:
    asked = demand(Category.SP2, silence_ms=5_000)
    assert (asked.silence_ms, asked.trust) == (5_000, Trust.CONFIGURED)


@pytest.mark.parametrize("silence_ms", [0, -1, 999, 8 * 86_400_000])
def test_a_silence_that_cannot_be_supervised_is_refused(silence_ms: int) -> None:
    with pytest.raises(CategoryError, match="longest silence"):
        demand(Category.SP6, silence_ms=silence_ms)


def test_dual_path_with_one_path_is_refused() -> None:
    with pytest.raises(CategoryError, match="asks for two paths"):
        Supervision(demand(Category.DP3), (Path.PRIMARY,), NOW)


def test_paths_without_a_primary_are_refused() -> None:
    with pytest.raises(CategoryError, match="primary"):
        Supervision(single(), (Path.BACKUP,), NOW)


# States


def test_a_new_link_is_neither_up_nor_down() -> None:
    link = Supervision(single(), (Path.PRIMARY,), NOW)
    assert (link.state, link.cause) == (LinkState.UNVERIFIED, Cause.STARTING)


def test_supervised_but_never_tested_is_unverified() -> None:
    link = Supervision(single(), (Path.PRIMARY,), NOW)
    change = link.seen(exchange(NOW + 50), NOW + 50)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.UNVERIFIED, Cause.NO_TEST)
    assert change.evidence == (exchange(NOW + 50),)


def test_up_needs_supervision_and_a_test_and_tells_both_as_evidence() -> None:
    link = Supervision(single(), (Path.PRIMARY,), NOW)
    link.seen(exchange(NOW + 1), NOW + 1)
    test = exchange(NOW + 2, sent=b"601")
    link.seen(test, NOW + 2)
    change = link.tested(Path.PRIMARY, True, NOW + 2, exchange=test)
    assert change is not None
    assert (change.before, change.state) == (LinkState.UNVERIFIED, LinkState.UP)
    assert change.of_state
    assert test in change.evidence


def test_a_test_alone_makes_no_link_up() -> None:
    link = Supervision(single(), (Path.PRIMARY,), NOW)
    link.tested(Path.PRIMARY, True, NOW)
    assert link.state is LinkState.UNVERIFIED


def test_silence_longer_than_allowed_is_down_and_not_a_moment_before() -> None:
    link = up()
    assert let_pass(link, NOW, NOW + SILENCE)[-1] is LinkState.UP
    change = link.tick(link.due)
    assert change is not None
    assert change.at == NOW + SILENCE + 1
    assert (change.state, change.cause) == (LinkState.DOWN, Cause.NOT_PROBED)


@pytest.mark.parametrize("result", [one for one in Result if one is not Result.ACKNOWLEDGED])
def test_no_answer_but_an_acknowledgement_keeps_a_link_up(result: Result) -> None:
    link = up()
    for second in range(1, 20):
        link.seen(exchange(NOW + second * 1000, result=result), NOW + second * 1000)
        assert link.state is LinkState.UP
    change = link.tick(NOW + SILENCE + 1)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.DOWN, Cause(result.value))
    # What it was acknowledged with last, and the latest failures.
    assert [one.result for one in change.evidence] == [Result.ACKNOWLEDGED, *[result] * 3]
    assert change.view.paths[0].failing_since == NOW + 1000
    assert change.view.paths[0].error == f"it was {result}"


def test_a_link_comes_back_with_its_next_acknowledgement() -> None:
    link = up()
    let_pass(link, NOW, NOW + SILENCE + 1)
    assert link.state is LinkState.DOWN
    change = link.seen(exchange(NOW + 25_000), NOW + 25_000)
    assert change is not None
    assert (change.before, change.state) == (LinkState.DOWN, LinkState.UP)
    assert change.view.paths[0].failing_since is None


def test_only_the_backup_working_is_degraded_and_says_what_the_primary_has() -> None:
    link = up(double(), BOTH)
    for second in range(1, 21):
        now = NOW + second * 1000
        link.seen(exchange(now, Path.PRIMARY, Result.UNREACHABLE), now)
        link.seen(exchange(now, Path.BACKUP), now)
    change = link.tick(NOW + SILENCE + 1)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.DEGRADED, Cause.PRIMARY_UNREACHABLE)


def test_a_mandatory_backup_that_fails_leaves_the_link_not_up() -> None:
    link = up(double(), BOTH)
    for second in range(1, 21):
        link.seen(exchange(NOW + second * 1000), NOW + second * 1000)
    change = link.tick(NOW + SILENCE + 1)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.DEGRADED, Cause.BACKUP_NOT_PROBED)


def test_a_backup_that_no_category_asks_for_may_fail_and_that_is_told() -> None:
    link = up(single(), BOTH)
    for second in range(1, 21):
        link.seen(exchange(NOW + second * 1000), NOW + second * 1000)
    change = link.tick(NOW + SILENCE + 1)
    assert change is not None
    assert not change.of_state
    assert change.state is LinkState.UP
    assert [path.state for path in change.view.paths] == [PathState.UP, PathState.DOWN]


def test_both_paths_dead_is_down() -> None:
    link = up(double(), BOTH)
    assert let_pass(link, NOW, NOW + SILENCE + 1)[-1] is LinkState.DOWN


def test_each_path_needed_has_to_be_tested() -> None:
    link = Supervision(double(), BOTH, NOW)
    for path in BOTH:
        link.seen(exchange(NOW, path), NOW)
    link.tested(Path.PRIMARY, True, NOW)
    assert (link.state, link.cause) == (LinkState.UNVERIFIED, Cause.NO_TEST)
    link.tested(Path.BACKUP, True, NOW)
    assert link.state is LinkState.UP


def test_a_test_older_than_its_period_no_longer_proves_anything() -> None:
    link = up()
    for second in range(10, PERIOD // 1000 + 1, 10):
        link.seen(exchange(NOW + second * 1000), NOW + second * 1000)
        assert link.state is LinkState.UP
    assert link.due == NOW + PERIOD + 1
    change = link.tick(link.due)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.UNVERIFIED, Cause.TEST_OLD)


def test_a_test_that_fails_undoes_the_one_before() -> None:
    link = up()
    refused = exchange(NOW + 5, result=Result.UNABLE, sent=b"601")
    change = link.tested(Path.PRIMARY, False, NOW + 5, exchange=refused)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.UNVERIFIED, Cause.TEST_FAILED)
    assert refused in change.evidence
    assert link.view().test_due is None
    link.tested(Path.PRIMARY, True, NOW + 6)
    assert link.state is LinkState.UP


def test_a_reason_that_flickers_while_down_is_told_once() -> None:
    link = up()
    let_pass(link, NOW, NOW + SILENCE + 1)
    for second in range(21, 60):
        result = Result.SILENT if second % 2 else Result.UNREACHABLE
        assert link.seen(exchange(NOW + second * 1000, result=result), NOW + second * 1000) is None
    assert link.view().paths[0].why is Result.SILENT


# Clocks


def test_a_receiver_that_refuses_for_its_clock_is_clock_trouble_at_once() -> None:
    link = up()
    change = link.seen(exchange(NOW + 1, result=Result.CLOCK, offset_ms=60_000), NOW + 1)
    assert change is not None
    assert not change.of_state
    assert (change.view.clock_trouble, change.view.clock_offset_ms) == (True, 60_000)
    change = link.seen(exchange(NOW + 2), NOW + 2)
    assert change is not None
    assert not change.view.clock_trouble


@pytest.mark.parametrize(
    ("offset_ms", "trouble"), [(0, False), (40_000, False), (40_001, True), (-20_001, True)]
)
def test_an_acknowledged_clock_is_trouble_outside_the_receivers_limits(
    offset_ms: int, trouble: bool
) -> None:
    link = up()
    link.seen(exchange(NOW + 1, offset_ms=offset_ms), NOW + 1)
    assert link.view().clock_trouble is trouble


def test_a_clock_set_back_by_nobody_knows_how_much_proves_nothing() -> None:
    link = up()
    change = link.tick(NOW - 3_600_000)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.UNVERIFIED, Cause.STARTING)
    link.seen(exchange(NOW - 3_599_000), NOW - 3_599_000)
    assert link.state is LinkState.UP


def test_a_clock_known_to_be_set_back_makes_nothing_younger() -> None:
    link = up()
    link.tick(NOW + 10_000)
    link.clock_moved(-3_600_000)
    now = NOW + 10_000 - 3_600_000
    assert let_pass(link, now, now + 10_000)[-1] is LinkState.UP
    assert let_pass(link, now + 10_000, now + 10_001)[-1] is LinkState.DOWN


@pytest.mark.parametrize("away_ms", [SILENCE + 1, 60_000, 3_600_000])
def test_time_in_which_nobody_looked_is_unknown_and_not_an_outage(away_ms: int) -> None:
    link = up()
    change = link.tick(NOW + away_ms)
    assert change is not None
    assert (change.state, change.cause) == (LinkState.UNVERIFIED, Cause.STARTING)
    assert let_pass(link, NOW + away_ms, NOW + away_ms + SILENCE + 1)[-1] is LinkState.DOWN


def test_an_answer_from_before_the_clock_was_set_back_proves_nothing() -> None:
    link = up()
    link.tick(NOW + 15_000)
    link.tick(NOW + 6_000)
    link.seen(exchange(NOW + 5_000), NOW + 6_000)
    assert link.view().state is LinkState.UNVERIFIED
    link.seen(exchange(NOW + 6_001), NOW + 6_001)
    assert link.view().state is LinkState.UP


def test_an_answer_told_too_late_makes_nothing_up() -> None:
    link = up()
    let_pass(link, NOW, NOW + SILENCE + 1)
    link.seen(exchange(NOW + 20_500, result=Result.SILENT), NOW + 20_500)
    link.seen(exchange(NOW + 500), NOW + SILENCE + 1000)
    assert link.state is LinkState.DOWN
    assert link.view().paths[0].failing_since == NOW + 20_500


def test_answers_told_out_of_order_take_nothing_away() -> None:
    link = up()
    link.seen(exchange(NOW + 9_000), NOW + 9_000)
    link.seen(exchange(NOW + 4_000), NOW + 9_001)
    assert link.view().paths[0].last_ack == NOW + 9_000


def test_an_answer_from_the_future_is_not_believed() -> None:
    link = Supervision(single(), (Path.PRIMARY,), NOW)
    link.tested(Path.PRIMARY, True, NOW)
    link.seen(exchange(NOW + 60_000), NOW)
    assert link.state is LinkState.UNVERIFIED


# Restart


def restarted(link: Supervision, now: int) -> Supervision:
    """Through the bytes that a store would keep."""
    saved = msgspec.json.decode(msgspec.json.encode(link.dump()), type=Saved)
    return Supervision(link.demand, link.paths, now, saved=saved)


def test_a_quick_restart_changes_nothing() -> None:
    link = up()
    link.seen(exchange(NOW + 1_000, elapsed_ms=12.5), NOW + 1_000)
    again = restarted(link, NOW + 5_000)
    assert again.resumed is None
    assert again.view() == link.view()


def test_after_a_long_rest_a_link_that_was_up_is_unknown_and_says_so() -> None:
    again = restarted(up(), NOW + 3_600_000)
    assert again.resumed is not None
    assert (again.state, again.cause) == (LinkState.UNVERIFIED, Cause.STARTING)
    assert let_pass(again, again.since, again.since + SILENCE + 1)[-1] is LinkState.DOWN


def test_an_acknowledgement_from_before_a_restart_runs_out_into_unknown_and_not_into_down() -> None:
    again = restarted(up(), NOW + 15_000)
    assert again.state is LinkState.UP
    let_pass(again, NOW + 15_000, NOW + SILENCE + 1)
    assert (again.state, again.cause) == (LinkState.UNVERIFIED, Cause.STARTING)
    assert let_pass(again, NOW + SILENCE + 1, NOW + 15_000 + SILENCE)[-1] is LinkState.UNVERIFIED
    assert let_pass(again, NOW + 15_000 + SILENCE, NOW + 15_000 + SILENCE + 1)[-1] is LinkState.DOWN


def test_a_link_that_was_down_stays_down_over_a_restart_until_it_is_acknowledged() -> None:
    link = up()
    let_pass(link, NOW, NOW + SILENCE + 1)
    again = restarted(link, NOW + 60_000)
    assert again.resumed is None
    assert (again.state, again.since) == (LinkState.DOWN, NOW + SILENCE + 1)
    assert again.seen(exchange(NOW + 61_000), NOW + 61_000) is not None
    assert again.state is LinkState.UP


def test_a_restart_with_an_earlier_time_proves_nothing_and_keeps_ages() -> None:
    link = up()
    link.tick(NOW + 5_000)
    again = restarted(link, NOW - 86_400_000)
    assert again.cause is Cause.STARTING
    view = again.view()
    assert view.last_test == NOW - 86_400_000 - 5_000


def test_saving_shares_nothing_with_the_living() -> None:
    link = up()
    saved = link.dump()
    link.seen(exchange(NOW + 1, result=Result.SILENT), NOW + 1)
    assert saved.paths[0].failing_since is None
    assert saved.paths[0].failures == []


def test_evidence_is_bounded_whatever_a_receiver_sends() -> None:
    link = up()
    loud = exchange(NOW + 1, result=Result.GARBLED, sent=b"x" * 100_000)
    for _ in range(50):
        link.seen(loud, NOW + 1)
    assert len(msgspec.json.encode(link.dump())) < 20_000


# Never a false "up"


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
        for path in self.link._needed:
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
