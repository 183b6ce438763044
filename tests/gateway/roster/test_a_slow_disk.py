"""Whoever signs while an earlier signature is still on its way to the disk is told so."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from alerts.alert import Refusal
from audit.baseline import Needed
from gateway.clock import ManualClock
from gateway.roster import service
from gateway.roster.service import Rosters
from gateway.store.store import StoreError
from tests.gateway.new_store import opened

NEEDS = [Needed(place="", kind="camera", count=2)]


async def test_holds_no_second_signature_on_what_is_not_written_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    rosters = Rosters(store=store, clock=ManualClock())
    begun, slow = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        slow.wait(60)

    held = store.in_turn(hold)
    try:
        assert begun.wait(60)
        with monkeypatch.context() as soon:
            soon.setattr(service, "COMMIT_S", 0.01)
            for name in ("sofia", "paul"):
                with pytest.raises(StoreError, match="look before trying again"):
                    await rosters.sign("no3", NEEDS, version=0, reason="", actor=name)
        slow.set()
        held.result(60)
        late = await rosters.sign("no3", NEEDS, version=0, reason="", actor="paul")
    finally:
        slow.set()

    assert isinstance(late, Refusal)
    assert late.code == "baseline_changed"
    signed = store.read(
        lambda connection: list(
            connection.exec_driver_sql("SELECT actor FROM facts WHERE kind = 'baseline'").scalars()
        )
    )
    assert signed == ["user:sofia"]
    store.close()
