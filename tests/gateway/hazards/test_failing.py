"""What coverage calls failed, read as the ledger takes it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import insert

from audit.coverage.verdict import Code, Part, Reason
from audit.policy import POLICY, policy_body, policy_subject
from audit.verification.model import Verdict
from gateway.configuration import default_settings
from gateway.hazards.failing import failed_items
from gateway.policies.loading import load_policies
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.coverage import VerdictRow, put_reasons, put_verdicts, reasons_body
from gateway.store.open import open_store

NOW = 1_795_161_600_000


def fails_by(*devices: str) -> bytes:
    return reasons_body(
        Reason(code=Code.FAULT, part=Part.WORKING, verdict=Verdict.FAILED, device=device)
        for device in devices
    )


def test_failed_items_are_those_of_listed_schools_that_are_failed_now(tmp_path: Path) -> None:
    settings = default_settings({"directory": str(tmp_path)})
    policy = next(one for one in load_policies(settings.policies) if one.id == "six-100")
    first, second = policy.items[0].id, policy.items[1].id
    batch = Batch(now=NOW)
    batch.facts.append(
        Fact(POLICY, NOW, NOW, "gateway", policy_subject(policy.id), policy_body(policy))
    )
    schools = [
        {"school": name, "listed": name != "gone", "region": "east", "name": name}
        for name in ("s1", "s2", "gone")
    ]
    batch.statements.append((insert(schema.coverage_schools), schools))
    put_reasons(batch, [(1, fails_by("d-1", "d-2")), (2, fails_by("d-1", ""))])

    def row(school: str, item: str, at: int, verdict: Verdict, reasons: int | None) -> VerdictRow:
        return VerdictRow(policy.id, item, school, at, verdict, school != "gone", "east", reasons)

    put_verdicts(
        batch,
        [
            row("s1", first, 1, Verdict.MET, None),
            row("s1", first, 2, Verdict.FAILED, 1),
            row("s1", second, 1, Verdict.FAILED, 2),
            row("s2", first, 1, Verdict.FAILED, 1),
            row("s2", first, 2, Verdict.MET, None),
            row("s2", second, 1, Verdict.UNKNOWN, None),
            row("gone", first, 1, Verdict.FAILED, 1),
        ],
    )
    with closing(open_store(tmp_path / "c.db", reserve_bytes=1 << 20, low_water=1 << 20)) as store:
        store.commit(batch).result(10)
        found = store.read(failed_items(NOW + 1))

    named = {(one.school, one.policy, one.item, one.devices) for one in found}
    assert named == {
        ("s1", "six-100", first, frozenset({"d-1", "d-2"})),
        ("s1", "six-100", second, frozenset()),  # not by devices alone
    }
