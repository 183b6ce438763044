"""Nothing is deleted: the database refuses it, whoever asks."""

from __future__ import annotations

import pytest
from ledger_room import FOUND, INES, SOFIA, TO_CLOSED, a_notice, act, entries, ledger, to_remedy
from sqlalchemy import TextClause, text

from audit.ledger.hazard import StepKind
from audit.ledger.hazard_actions import Sign
from gateway.clock import ManualClock
from gateway.store.batch import Batch
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError


def refused(store: SqliteStore, statement: TextClause) -> bool:
    with pytest.raises(StoreError, match="kept"):
        store.commit(Batch(statements=[(statement, None)], now=1)).result(10)
    return True


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM hazards",
        "DELETE FROM hazards WHERE closed IS NOT NULL",
        "UPDATE hazards SET version = version - 1",
        "UPDATE hazards SET closed = NULL, version = version + 1",
        "UPDATE hazards SET school = 's2', version = version + 1",
        "DELETE FROM notices",
        "UPDATE notices SET due = due + 1, version = version + 1",
        "UPDATE notices SET sequence = 7, version = version + 1",
        "UPDATE notices SET version = 1",
    ],
)
async def test_the_database_refuses_to_lose_an_entry_or_a_notice(
    store: SqliteStore, clock: ManualClock, statement: str
) -> None:
    desk = ledger(store, clock)
    await desk.ledger.open_by_hand(FOUND, INES)
    remedied = (Sign(StepKind.REMEDIED), SOFIA)
    await act(desk, 1, *to_remedy(clock, by_hand=True), remedied, *TO_CLOSED)
    await desk.notices.issue(a_notice(clock), INES)
    before = entries(store)

    assert refused(store, text(statement))

    assert entries(store) == before
