"""A replay of what a store holds: by the same rules the same alerts, by others others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorded import HOUR, KINDS, MINUTE, Recorded
from sqlalchemy import delete

from alerts.replay import Agreement, Difference
from devices.model import Device
from gateway.ingest.source import Message
from gateway.pipeline.work import Work
from gateway.replay.changes import NO_CHANGES, Changes, Figured
from gateway.replay.order import Answer, Question, ReplayError
from gateway.replay.running import Cancelled, Replay
from gateway.store.batch import Batch, Fact, Victim
from gateway.store.encoding import canonical
from gateway.store.schema import transitions


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path)
    yield recorded
    recorded.store.close()


def made(
    recorded: Recorded,
    changes: Changes = NO_CHANGES,
    since: int | None = None,
    until: int | None = None,
    **more: object,
) -> Replay:
    question = Question(
        since=recorded.begin if since is None else since,
        until=recorded.now if until is None else until,
        **more,  # type: ignore[arg-type] # whatever a test asks for
    )
    today = Figured(KINDS, {})
    tried = Figured(KINDS, {}, changes)
    return Replay(recorded.store.path, question, today=today, tried=tried, processes=2)


def verdicts(answer: Answer) -> list[tuple[str, str]]:
    return sorted((pair.episode.condition, pair.verdict.value) for pair in answer.pairs)


def test_todays_rules_raise_what_was_raised(recorded: Recorded) -> None:
    recorded.minutes(90, hot=range(20, 30), off=range(50, 60))
    recorded.says("gate", "event", event="pressed")
    recorded.pass_time(HOUR)
    answer = made(recorded, until=recorded.now - HOUR + MINUTE).run()
    assert answer.pairs
    assert {pair.verdict for pair in answer.pairs} == {Agreement.SAME}
    conditions = {pair.episode.condition for pair in answer.pairs}
    assert conditions >= {"heat", "silent", "panic"}
    assert (answer.devices, answer.readings) == (3, 171)
    assert answer.whole


def test_figures_that_are_tried_take_alerts_away_and_add_others(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(20, 30))
    changes = Changes(
        kinds={"smoke-temperature": {"heat": {"above": 70}}},
        devices={
            "no3/board": {
                "leaks": {"rule": "threshold", "metric": "residual_current_ma", "above": 25}
            }
        },
    )
    found = verdicts(made(recorded, changes).run())
    assert ("heat", "only_raised") in found
    assert ("leaks", "only_replayed") in found
    assert ("heat", "same") not in found


def test_another_time_and_another_priority_are_named(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(20, 30))
    changes = Changes(kinds={"smoke-temperature": {"heat": {"priority": "high", "hysteresis": 50}}})
    (heat,) = (
        pair for pair in made(recorded, changes).run().pairs if pair.episode.condition == "heat"
    )
    assert heat.verdict is Agreement.DIFFERENT
    assert set(heat.differs) == {Difference.PRIORITY, Difference.ENDED}
    assert heat.raised is not None
    assert heat.alert == heat.raised.alert


def test_a_rule_that_is_off_raises_nothing(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(20, 30))
    off = Changes(schools={"no3": {"smoke-temperature": {"heat": "off"}}})
    assert ("heat", "only_raised") in verdicts(made(recorded, off).run())


def test_only_the_rules_that_are_changed_judge_when_that_is_asked_for(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(20, 30), off=range(40, 50))
    changes = Changes(kinds={"smoke-temperature": {"heat": {"above": 70}}})
    answer = made(recorded, changes, only_changed=True).run()
    assert verdicts(answer) == [("heat", "only_raised")]
    assert (answer.devices, answer.readings, answer.outside) == (1, 59, ())
    nothing = made(recorded, only_changed=True).run()
    assert (nothing.devices, nothing.pairs) == (0, [])


def test_it_is_the_same_when_the_days_are_cut_out_of_the_middle(recorded: Recorded) -> None:
    recorded.minutes(240, hot=range(170, 230))
    begin, end = recorded.begin + 180 * MINUTE, recorded.begin + 200 * MINUTE
    answer = made(recorded, since=begin, until=end).run()
    assert {(pair.episode.condition, pair.verdict) for pair in answer.pairs} >= {
        ("heat", Agreement.SAME)
    }
    assert {pair.verdict for pair in answer.pairs} == {Agreement.SAME}


def test_only_what_is_asked_for_is_compared(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(20, 30), off=range(40, 50))
    boards = made(recorded, kinds=frozenset({"electrical"})).run()
    assert verdicts(boards) == [("silent", "same")]
    assert boards.devices == 1
    nobody = made(recorded, schools=frozenset({"no4"})).run()
    assert (nobody.devices, nobody.covered, nobody.pairs) == (0, None, [])


def test_what_is_no_longer_kept_is_said(recorded: Recorded) -> None:
    recorded.minutes(30)
    before = made(recorded, since=recorded.begin - 100 * HOUR, until=recorded.begin - HOUR).run()
    assert (before.covered, before.whole) == (None, False)
    partly = made(recorded, since=recorded.begin - 100 * HOUR).run()
    assert partly.covered == (recorded.begin + MINUTE, recorded.now)
    assert not partly.whole


def test_silence_while_nobody_could_be_heard_is_none(recorded: Recorded) -> None:
    recorded.minutes(60)
    recorded.judge.roster.hearing.connected = False
    recorded.pass_time(5 * HOUR)
    hearing = recorded.judge.roster.hearing
    hearing.connected, hearing.since = True, recorded.now
    recorded.minutes(60)
    answer = made(recorded).run()
    assert [pair for pair in answer.pairs if pair.episode.condition == "silent"] == []
    ((since, until),) = answer.deaf
    assert (since, until) == (recorded.begin + HOUR, recorded.now - 59 * MINUTE)


def test_a_silence_that_several_shared_is_no_difference(recorded: Recorded) -> None:
    recorded.minutes(60, off=range(30, 60))
    board = recorded.devices["board"].row
    (silent,) = (one for one in recorded.book if one.condition == "silent")
    batch = Batch(now=recorded.now)
    batch.victims.append(Victim(alert=77, device=board, since=recorded.begin + 30 * MINUTE))
    batch.statements.append((delete(transitions).where(transitions.c.alert == silent.id), None))
    recorded.store.commit(batch).result()
    (pair,) = (one for one in made(recorded).run().pairs if one.episode.condition == "silent")
    assert (pair.verdict, pair.alert) == (Agreement.SHARED, 77)


def test_confirmed_tests_are_no_alarms(recorded: Recorded) -> None:
    recorded.minutes(5)
    work = Work(Batch(now=recorded.now))
    device = recorded.devices["gate"]
    body = canonical({"verification": "v", "by": "li", "press": {"happened": recorded.now}})
    work.batch.readings.append(
        (device.row, 1, recorded.now, recorded.now, b'{"event":"pressed","seq":9}')
    )
    work.batch.facts.append(
        Fact("test_confirmed", recorded.now, recorded.now, "user:li", "device:no3/gate", body)
    )
    recorded.keep(work)
    recorded.minutes(5)
    assert verdicts(made(recorded).run()) == []


def test_what_is_no_rule_over_readings_is_counted_and_not_missed(recorded: Recorded) -> None:
    recorded.minutes(10)
    lab = recorded.devices["lab"]
    topic = f"campus/no3/{lab.kind}/{lab.id}/telemetry"
    for _ in range(60):
        work = Work(Batch(now=recorded.now))
        recorded.judge.digest([Message(topic, b"{no json", 1, False)], recorded.now, work)
        recorded.keep(work)
        recorded.now += 1000
    recorded.minutes(2)
    assert recorded.book.of(lab.row, "rejected") is not None
    answer = made(recorded).run()
    assert [(one.rule, one.alerts) for one in answer.outside] == [("rejected", 1)]
    assert all(condition != "rejected" for condition, _ in verdicts(answer))


def test_rules_that_alarm_without_end_are_refused(recorded: Recorded) -> None:
    recorded.minutes(60, hot=range(0, 60, 2))
    changes = Changes(
        devices={"no3/lab": {"warm": {"rule": "threshold", "metric": "temperature_c", "above": 30}}}
    )
    question = Question(since=recorded.begin, until=recorded.now)
    today, tried = Figured(KINDS, {}), Figured(KINDS, {}, changes)
    run = Replay(recorded.store.path, question, today=today, tried=tried, most=5)
    with pytest.raises(ReplayError, match="more than 5 alerts"):
        run.run()


def test_it_can_be_broken_off(recorded: Recorded) -> None:
    recorded.minutes(10)
    run = made(recorded)
    told = threading.Event()
    run.cancel()
    with pytest.raises(Cancelled):
        run.run(lambda _progress: told.set())


def test_a_store_that_is_none_is_said(tmp_path: Path) -> None:
    path = tmp_path / "campus.db"
    path.write_bytes(b"no store" * 1000)
    figured = Figured(KINDS, {})
    run = Replay(path, Question(since=0, until=1), today=figured, tried=figured)
    with pytest.raises(ReplayError, match="cannot be read"):
        run.run()


def test_who_is_heard_through_a_repeater_is_judged_with_it(tmp_path: Path) -> None:
    """Though only one of them is asked for."""
    devices = [
        Device("no3", "radio", "repeater"),
        Device("no3", "lab", "smoke-temperature", repeater="radio"),
        Device("no3", "board", "electrical", repeater="radio"),
    ]
    recorded = Recorded(tmp_path, devices)
    try:
        recorded.minutes(200, off=range(20, 200))
        asked = frozenset({("no3", "board")})
        answer = made(recorded, devices=asked).run()
        raised = {one.condition for one in recorded.book if one.device == 3}
        assert {pair.episode.condition for pair in answer.pairs} == raised
        assert {pair.verdict for pair in answer.pairs} <= {Agreement.SAME}
    finally:
        recorded.store.close()
