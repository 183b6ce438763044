"""What people see when something is wrong with the log, or with whoever asks of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from audit.evidence.leaf import hash_of_leaf, read_leaf
from gateway.api.models.evidence import FactProofOut
from gateway.evidence.service import FOLDER
from tests.gateway.api.conftest import Campus, Door
from tests.gateway.api.test_evidence_api import V1, finished, row_of, told


def tamper(campus: Campus, statement: str) -> None:
    """Somebody who has the machine changes the database behind the gateway's back."""
    with closing(sqlite3.connect(campus.settings.database)) as there, there:
        for trigger in ("facts_are_not_updated", "facts_are_not_deleted"):
            there.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        there.execute(statement)


async def test_a_fact_that_was_changed_in_the_database_is_said(door: Door) -> None:
    told(door.campus)
    anna = await door.as_("anna")
    await anna.post(f"{V1}/evidence/heads")
    row, other = (row_of(door.campus, f"roster:{school}") for school in ("no3", "no9"))
    tamper(door.campus, f"UPDATE facts SET body = CAST('{{}}' AS BLOB) WHERE row = {row}")
    for name, is_changed in ((row, True), (other, False)):
        answer = await anna.get(f"{V1}/evidence/facts/{name}/proof")
        proof = FactProofOut.model_validate(answer.json())
        leaf = hash_of_leaf(read_leaf(proof.leaf.encode())).hex()
        assert (proof.changed, leaf != proof.hash) == (is_changed, is_changed)
    begun = (await anna.post(f"{V1}/evidence/bundles", json={"school": "no3"})).json()
    found = await finished(anna, begun["id"])
    assert (found["state"], found["code"], found["inputs"]) == (
        "failed",
        "fact_changed",
        {"row": row},
    )


async def test_a_fact_that_is_gone_from_the_database_is_no_fact_that_never_was(door: Door) -> None:
    told(door.campus)
    anna, ines = await door.as_("anna"), await door.as_("ines")
    await anna.post(f"{V1}/evidence/heads")
    row, other = (row_of(door.campus, f"roster:{school}") for school in ("no3", "no9"))
    tamper(door.campus, f"DELETE FROM facts WHERE row IN ({row}, {other})")
    answer = await anna.get(f"{V1}/evidence/facts/{row}/proof")
    assert (answer.status_code, answer.json()["code"]) == (503, "evidence_broken")
    assert f"fact {row}" in answer.json()["detail"]
    # Ines is an inspector of the east: of the west nothing is told her, not even this.
    assert (await ines.get(f"{V1}/evidence/facts/{row}/proof")).status_code == 503
    assert (await ines.get(f"{V1}/evidence/facts/{other}/proof")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "state"),
        ("POST", "heads"),
        ("GET", "facts/1/proof"),
        ("GET", "consistency?old=1&new=2"),
    ],
)
async def test_a_log_that_cannot_be_used_says_so_wherever_it_is_asked(
    door: Door, method: str, path: str
) -> None:
    (door.campus.settings.database.parent / "evidence.key").write_text("no key", "utf-8")
    anna = await door.as_("anna")
    answer = await anna.request(method, f"{V1}/evidence/{path}")
    assert (answer.status_code, answer.json()["code"]) == (503, "evidence_broken"), answer.text
    assert "back-up" in answer.json()["detail"]


async def test_who_has_less_to_see_by_now_does_not_get_the_bundle(door: Door) -> None:
    told(door.campus)
    anna, ada = await door.as_("anna"), await door.as_("ada")
    own = (await anna.post(f"{V1}/evidence/bundles", json={"region": "east"})).json()
    assert (await finished(anna, own["id"]))["state"] == "done"
    whole = (await anna.post(f"{V1}/evidence/bundles", json={})).json()
    assert (await finished(anna, whole["id"]))["state"] == "done"

    changed = await ada.patch(f"{V1}/users/anna", json={"scopes": ["region:east"]})
    assert changed.status_code == 200, changed.text

    again = await door.as_("anna")
    for name, status in ((whole["id"], 404), (own["id"], 200)):
        for tail in ("", "/file"):
            answer = await again.get(f"{V1}/evidence/bundles/{name}{tail}")
            assert answer.status_code == status, (name, tail)
    listed = (await again.get(f"{V1}/evidence/bundles")).json()["items"]
    assert [one["id"] for one in listed] == [own["id"]]


async def test_bundles_that_are_too_large_together_go_the_oldest_first(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.evidence.bundles.KEPT_BYTES", 1)
    told(door.campus)
    anna = await door.as_("anna")
    names = []
    for _ in range(2):
        begun = (await anna.post(f"{V1}/evidence/bundles", json={"school": "no3"})).json()
        names.append((await finished(anna, begun["id"]))["id"])
    assert (await anna.get(f"{V1}/evidence/bundles/{names[0]}")).status_code == 404
    assert (await anna.get(f"{V1}/evidence/bundles/{names[1]}/file")).status_code == 200
    await door.app.state.services.audit.evidence.bundles.aclose()
    folder = door.campus.settings.database.parent / FOLDER / "bundles"
    assert [path.stem for path in sorted(folder.iterdir())] == names[1:]
