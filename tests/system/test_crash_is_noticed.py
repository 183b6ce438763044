"""The audit that soak and these tests trust finds what is wrong, when something is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benchmarks.proof.audit import Evidence, audit
from benchmarks.proof.devices import Crowd
from benchmarks.proof.people import WebhookReceiver
from gateway.store.open import open_store


class Case:
    """A store, and what those around the gateway saw: all well and all empty at first."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "campus.db"
        open_store(self.path, reserve_bytes=0).close()
        self.crowd = Crowd(port=1, seed=1, sensors=1, buttons=1)
        self.crowd.ledger.measured["temp-001"] = 2
        self.receiver = WebhookReceiver(seed=1)
        self.rows: list[int] = []
        self.confirmed: list[tuple[int, int]] = []
        self.seen_until = 2**53

    def store(self, statement: str, *values: Any) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute(statement, values)
        connection.close()

    def reading(self, seq: int, received: int = 1) -> None:
        body = b'{"ts":1,"seq":%d}' % seq
        self.store("INSERT INTO readings VALUES (NULL, 1, 0, 1, ?, ?)", received, body)

    def press(self, seq: int) -> None:
        body = b'{"at":1,"seq":%d,"event":"pressed"}' % seq
        subject = "device:no3-middle/button-001"
        self.store("INSERT INTO facts VALUES (NULL, 'event', 1, 1, 'device', ?, ?)", subject, body)

    def wrong(self) -> str:
        evidence = Evidence(
            crowd=self.crowd,
            receiver=self.receiver,
            rows=self.rows,
            confirmed=self.confirmed,
            seen_until=self.seen_until,
        )
        return "; ".join(audit(self.path, evidence).wrong)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_nothing_is_wrong_with_nothing(case: Case) -> None:
    assert case.wrong() == ""


def test_a_lost_reading(case: Case) -> None:
    case.crowd.ledger.kept |= {("temp-001", 1), ("temp-001", 2)}
    case.reading(1)
    assert "readings that the broker had acknowledged are lost: 1" in case.wrong()


def test_a_reading_that_nobody_sent(case: Case) -> None:
    case.reading(3)
    assert "nobody sent" in case.wrong()


def test_a_lost_press(case: Case) -> None:
    case.crowd.ledger.events["button-001", 1, 1] = "pressed"
    assert "events are no facts: 1" in case.wrong()


def test_a_press_that_counted_twice(case: Case) -> None:
    case.crowd.ledger.events["button-001", 1, 1] = "pressed"
    case.crowd.ledger.replied.add(("button-001", 1, 1))
    case.press(1)
    case.press(1)
    assert "events are several facts: 1" in case.wrong()


def test_a_press_that_raised_nothing(case: Case) -> None:
    case.crowd.ledger.events["button-001", 1, 1] = "pressed"
    case.crowd.ledger.replied.add(("button-001", 1, 1))
    case.press(1)
    assert case.wrong() == "buttons whose presses and occurrences differ: 1, as ['button-001']"


def test_an_action_that_was_confirmed_and_not_kept(case: Case) -> None:
    case.confirmed.append((7, 2))
    assert "confirmed actions are lost: 1" in case.wrong()


def test_a_page_that_saw_what_is_not_stored(case: Case) -> None:
    case.rows.append(1)
    assert "the page saw 1 of 0 transitions" in case.wrong()


def test_a_page_that_did_not_see_what_was_known_before_the_gateway_was_told_to_end(
    case: Case,
) -> None:
    for row in (1, 2):
        case.store("INSERT INTO transitions VALUES (?, 7, ?, 'noted', ?, '{}')", row, row, row)
    assert "the page saw 0 of 2 transitions" in case.wrong()
    case.rows.append(1)
    assert "the page saw 1 of 2 transitions" in case.wrong()
    case.seen_until = 2
    assert "the page saw" not in case.wrong()
    case.rows[0] = 2
    assert "the page saw 1 of 2 transitions" in case.wrong()


def test_two_open_alerts_for_one_condition_and_false_silence(case: Case) -> None:
    for number in (1, 2):
        case.store(
            "INSERT INTO alerts VALUES "
            "(?, 1, 's', 'silent', 3, 'unacknowledged', 1, 1, NULL, 1, ?)",
            number,
            b'{"occurrences":0}',
        )
        case.store("INSERT INTO transitions VALUES (?, ?, 1, 'commented', 1, '{}')", number, number)
    wrong = case.wrong()
    assert "two open alerts" in wrong
    assert "false silence: 2" in wrong
    assert "2 transitions, but 0 facts" in wrong
    case.reading(1, received=2)  # nobody had spoken yet
    assert "false silence" not in case.wrong()


def silence(case: Case, known: int) -> None:
    body = b'{"occurrences":0}'
    case.store(
        "INSERT INTO alerts VALUES (1, 1, 's', 'silent', 3, 'unacknowledged', 1, ?, NULL, 1, ?)",
        known,
        body,
    )
    case.store("INSERT INTO transitions VALUES (1, 1, 1, 'commented', 1, '{}')")


def test_silence_is_false_while_it_speaks_and_until_it_was_quiet_for_as_long_as_it_may(
    case: Case,
) -> None:
    case.reading(1, received=10_000)
    silence(case, known=10_000 + case.crowd.silent_after)
    assert "false silence: 1" in case.wrong()
    case.crowd.stop()
    assert "false silence" not in case.wrong()
    case.reading(2, received=10_001)  # so it had a millisecond left
    assert "false silence: 1" in case.wrong()


def test_those_who_are_cut_off_were_quiet_from_the_first_of_them_on(case: Case) -> None:
    case.crowd = Crowd(port=1, seed=1, sensors=2, buttons=1)
    case.crowd.ledger.measured |= {"temp-001": 1, "temp-002": 1}
    case.reading(1, received=10_000)
    case.store("INSERT INTO readings VALUES (NULL, 2, 0, 1, 10250, ?)", b'{"ts":1,"seq":1}')
    silence(case, known=10_250 + case.crowd.silent_after - 1)
    case.store("UPDATE alerts SET condition = 'cut_off', device = 0")
    case.store("INSERT INTO victims VALUES (1, 2, 10250, NULL, NULL)")
    case.crowd.stop()
    assert "false silence: 1" in case.wrong()
    case.store("INSERT INTO victims VALUES (1, 1, 10000, NULL, NULL)")
    assert "false silence" not in case.wrong()
