"""Where time cannot be trusted, what was acknowledged before proves nothing."""

from __future__ import annotations

import msgspec
import pytest
from supervised import NOW, SILENCE, exchange, let_pass, restarted, single, up

from devices.police_link.link import Path, Result
from devices.police_link.states import Cause, LinkState
from devices.police_link.supervision import Supervision

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
    assert saved.paths[0].history.failing_since is None
    assert saved.paths[0].failures == ()


def test_evidence_is_bounded_whatever_a_receiver_sends() -> None:
    link = up()
    loud = exchange(NOW + 1, result=Result.GARBLED, sent=b"x" * 100_000)
    for _ in range(50):
        link.seen(loud, NOW + 1)
    assert len(msgspec.json.encode(link.dump())) < 20_000
