"""Supervision of one link: what makes it up, and what takes that away."""

from __future__ import annotations

import pytest
from supervised import BOTH, NOW, PERIOD, SILENCE, double, exchange, let_pass, single, up

from devices.police_link.link import Path, Result
from devices.police_link.states import Cause, LinkState, PathState
from devices.police_link.supervision import Supervision


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
