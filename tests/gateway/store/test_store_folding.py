"""However batches are joined in transactions, they fold to what they fold to one by one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from store_samples import alert, discovery, everything, opened, readings, reject, transition

from alerts.alert import Alert, AlertState
from gateway.store import schema
from gateway.store.batch import Batch, Deadline, Fact, OutboxEntry
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError

few = st.integers(1, 3)


@st.composite
def an_alert(draw: st.DrawFn) -> Alert:
    closed = draw(st.none() | st.integers(1, 9))
    state = AlertState.UNACKNOWLEDGED if closed is None else AlertState.CLOSED
    return alert(draw(few), draw(few), state=state, closed=closed)


deadlines = st.builds(
    Deadline, st.just("escalate"), st.sampled_from("ab"), st.none() | st.integers(1, 5)
)
outbox = st.builds(
    OutboxEntry, st.sampled_from("xy"), st.sampled_from("12"), few, st.just(b"{}"), few
)
facts = st.builds(Fact, st.just("k"), few, few, st.just("gateway"), st.just("s"), st.just(b"{}"))
discoveries = st.builds(
    lambda name, seen, count: discovery(name, last_seen=seen, messages=count),
    st.sampled_from(["lamp", "plug"]),
    few,
    few,
)
# A place in a school that is not there: the batch is refused as a whole.
refused = (insert(schema.places), [{"school": "nowhere", "id": "p", "name_zh": "p"}])

batches = st.builds(
    Batch,
    readings=few.map(readings),
    facts=st.lists(facts, max_size=2),
    alerts=st.lists(an_alert(), max_size=2).map(lambda many: {one.id: one for one in many}),
    transitions=st.lists(st.builds(transition, few, few, few), max_size=2),
    outbox=st.lists(outbox, max_size=2),
    states=st.dictionaries(few, st.binary(max_size=2), max_size=2),
    deadlines=st.lists(deadlines, max_size=3),
    acknowledging=st.lists(
        st.tuples(st.sampled_from("et"), st.binary(max_size=2), few), max_size=2
    ),
    rejects=st.lists(st.builds(reject, st.sampled_from(["s", ""])), max_size=2),
    reject_counts=st.dictionaries(st.tuples(few, st.just("s"), st.just("syntax")), few, max_size=2),
    discoveries=st.lists(discoveries, max_size=2),
    statements=st.sampled_from([[], [], [], [refused]]),
    urgent=st.booleans(),
    now=few,
)


def outcome(store: SqliteStore, groups: list[list[Batch]]) -> tuple[list[bool], dict[str, Any]]:
    """Which batches were committed, and the tables; each group is handed over in one go."""
    committed = []
    for group in groups:
        for future in [store.commit(batch) for batch in group]:
            error = future.exception(30)
            assert error is None or isinstance(error, StoreError)
            committed.append(error is None)
    tables = store.read(everything)
    store.close()
    return committed, tables


@settings(max_examples=40, deadline=None)
@given(st.lists(batches, max_size=8), st.lists(st.integers(1, 5), min_size=8, max_size=8))
def test_joined_batches_fold_to_the_same_tables_as_single_ones(
    given_batches: list[Batch], sizes: list[int]
) -> None:
    groups = []
    rest = given_batches
    for size in sizes:
        groups.append(rest[:size])
        rest = rest[size:]
    with tempfile.TemporaryDirectory() as folder:
        one_by_one = opened(Path(folder), "single.db")
        joined = opened(Path(folder), "joined.db")
        expected = outcome(one_by_one, [[batch] for batch in given_batches])
        assert outcome(joined, groups) == expected
