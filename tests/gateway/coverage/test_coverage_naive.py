"""Figures as of any instant equal those of a second, naive computation over all facts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from followed import Followed
from histories import DAY, START, History
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import standings

from gateway.store.batch import Fact
from tests.gateway.new_store import opened

pytestmark = pytest.mark.long

HISTORIES = 1_000
TOGETHER = 25
FACTS = 25


def lived(followed: Followed, history: History, length: int) -> int:
    """Live through a history, with restarts and sudden ends; gives the last instant."""
    chance = history.random
    waiting: list[Fact] = history.opening()
    now = START
    for _ in range(length):
        waiting.append(history.fact())
        if chance.random() < 0.6:
            continue
        # Facts are committed after they are known, in a moment at best: time has gone on.
        followed.add(*waiting)
        waiting.clear()
        now = max(now, history.now + chance.choice((0, 0, 1, DAY, -DAY)))
        match chance.randrange(8):
            case 0:
                followed.die(now)
            case 1:
                followed.piece(now, seconds=0)
                followed.die(now)
            case 2:
                followed.restart()
            case 3:
                followed.follow(now, save=True)
            case 4:
                followed.piece(now, seconds=0)
            case _:
                followed.follow(now)
    if waiting:
        followed.add(*waiting)
    now = max(now, history.now) + chance.choice((0, DAY, 50 * DAY))
    followed.follow(now)
    return now


def check(followed: Followed, last: int, chance: random.Random, times: int) -> None:
    facts = followed.facts()
    knowns = [fact.known for fact in facts]
    instants = [chance.choice(knowns) + chance.choice((-1, 0, 1)) for _ in range(times)]
    instants += [chance.randrange(START - DAY, last + 1), last]
    for at in instants:
        asked = min(at, last)
        assert followed.standings(asked) == standings(facts, asked), f"at {asked}"


@pytest.mark.parametrize("first", range(0, HISTORIES, TOGETHER))
def test_figures_are_those_of_a_naive_computation(first: int, tmp_path: Path) -> None:
    seen = set()
    for seed in range(first, first + TOGETHER):
        folder = tmp_path / str(seed)
        folder.mkdir()
        store = opened(folder)
        try:
            history = History(seed)
            chance = history.random
            most, save_after = chance.choice((1, 4_000)), chance.choice((3, 50_000))
            followed = Followed(store, most=most, save_after=save_after)
            last = lived(followed, history, FACTS)
            check(followed, last, chance, times=1)
            seen |= {standing[0] for standing in followed.standings(last).values()}
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        finally:
            store.close()
    assert len(seen) == 3, "histories in which nothing is ever met prove little"


@given(st.integers(0, 2**40), st.integers(1, 60), st.integers(0, 2**40))
@settings(max_examples=40, deadline=None)
def test_histories_of_any_length(
    tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, instants: int
) -> None:
    store = opened(tmp_path_factory.mktemp("history"))
    try:
        followed = Followed(store, most=2, save_after=5)
        last = lived(followed, History(seed), length)
        check(followed, last, random.Random(instants), times=5)
    finally:
        store.close()
