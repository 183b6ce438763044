"""Who may accept a repair without a proof follows from what verifications can prove."""

from __future__ import annotations

from audit.verification.camera import Camera
from audit.verification.choose import procedure_for
from audit.verification.presence import Presence
from audit.verification.procedure import Subject
from gateway.kinds import load_kinds
from gateway.paths import default_config_dir
from gateway.work_orders.service import PROVABLE


def test_kinds_with_a_procedure_of_their_own_are_provable_and_no_others() -> None:
    kinds = load_kinds(default_config_dir() / "kinds")
    proven = {
        kind
        for kind in kinds
        if not isinstance(
            procedure_for(
                Subject(school="no3", id="x", kind=kind, heartbeat=60_000, links=("no3/main",)),
                str,
            ),
            Presence | Camera,
        )
    }

    assert proven == PROVABLE
