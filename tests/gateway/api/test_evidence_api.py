"""The evidence log over the interface: proofs, heads, bundles, and a witness over real HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.evidence.bundle import MEMBERS
from audit.evidence.heads import Head, read_head, signed
from audit.evidence.leaf import salted
from audit.evidence.merkle import extends, includes, leaf_hash
from audit.evidence.notes import read_verifier
from audit.evidence.trusting import Trusted
from audit.evidence.verify import check
from audit.policy import POLICY, policy_body, policy_subject
from audit.roster import ROSTER, RosterChange, RosterEntry, SchoolKind, roster_subject
from gateway.clock import ManualClock
from gateway.evidence.making import make_evidence
from gateway.evidence.publishing import WitnessReceiver
from gateway.notification.delivery import Delivered, Refused, Retry
from gateway.settings_evidence import WitnessSettings
from gateway.store.batch import Batch, Fact, OutboxEntry
from gateway.store.encoding import canonical
from gateway.store.read import evidence as stored
from gateway.words import Words
from tests.gateway.api.conftest import Campus, Door
from tests.gateway.evidence.worlds import HOUR, World, facts, policies

V1 = "/api/v1"


def told(campus: Campus) -> None:
    """Two schools on the roster, each in its region, and a policy."""
    now = campus.clock.now()
    rows = []
    for school, region in (("no3", "east"), ("no9", "west")):
        entry = RosterEntry(
            school=school,
            name=school,
            kind=SchoolKind.PRIMARY,
            region=region,
            pupils=10,
            boarders=0,
            key_target=False,
        )
        body = canonical(RosterChange(before=None, after=entry, reason=""))
        rows.append(Fact(ROSTER, now, now, "user:ada", roster_subject(school), body))
    policy = policies()[1]
    subject = policy_subject(policy.id)
    rows.append(Fact(POLICY, now, now, "gateway", subject, policy_body(policy)))
    campus.store.commit(Batch(facts=rows)).result()
    campus.clock.turn(HOUR)


def row_of(campus: Campus, subject: str) -> int:
    return campus.counted(f"SELECT row FROM facts WHERE subject = '{subject}'")


async def finished(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = (await client.get(f"{V1}/evidence/bundles/{name}")).json()
            if found["state"] != "running":
                return found
            await asyncio.sleep(0)


async def test_a_fact_is_proven_to_whoever_works_it_out(door: Door) -> None:
    told(door.campus)
    anna = await door.as_("ada")
    row = row_of(door.campus, "roster:no3")
    assert (await anna.get(f"{V1}/evidence/facts/{row}/proof")).json()["head"] is None
    assert (await anna.post(f"{V1}/evidence/heads")).status_code == 201
    proof = (await anna.get(f"{V1}/evidence/facts/{row}/proof")).json()
    leaf = json.loads(proof["leaf"])
    for name in ("subject", "actor", "body"):
        salt = bytes.fromhex(proof[f"{name}_salt"])
        assert salted(salt, proof[name].encode()) == leaf[name]
    head = read_head(proof["head"]["note"]).head
    hashed = leaf_hash(proof["leaf"].encode())
    path = [bytes.fromhex(one) for one in proof["path"]]
    assert includes(hashed, proof["index"], head.size, path, head.root)
    assert (proof["school"], proof["changed"], proof["hash"]) == ("no3", False, hashed.hex())
    state = (await anna.get(f"{V1}/evidence/state")).json()
    key = read_verifier(state["key"])
    assert key.signed(read_head(state["head"]["note"]).note)
    assert (state["behind"], state["size"]) == (0, head.size)


async def test_heads_are_listed_and_grow_from_each_other(door: Door) -> None:
    ada = await door.as_("ada")
    for _ in range(3):
        told(door.campus)
        made = (await ada.post(f"{V1}/evidence/heads")).json()
        again = (await ada.post(f"{V1}/evidence/heads")).json()
        assert again["size"] == made["size"]  # there is nothing new to sign
    first = (await ada.get(f"{V1}/evidence/heads", params={"limit": 2})).json()
    rest = (
        await ada.get(f"{V1}/evidence/heads", params={"limit": 2, "cursor": first["next"]})
    ).json()
    newest, middle, oldest = [*first["items"], *rest["items"]]
    assert rest["next"] is None
    for old, new in ((oldest, middle), (middle, newest), (oldest, newest)):
        asked = {"old": old["size"], "new": new["size"]}
        proof = (await ada.get(f"{V1}/evidence/consistency", params=asked)).json()["proof"]
        assert extends(
            old["size"],
            bytes.fromhex(old["root"]),
            new["size"],
            bytes.fromhex(new["root"]),
            [bytes.fromhex(one) for one in proof],
        )
    wrong = await ada.get(f"{V1}/evidence/consistency", params={"old": 1, "new": 10**9})
    assert wrong.status_code == 422


async def test_a_bundle_is_made_fetched_and_holds(door: Door, tmp_path: Path) -> None:
    told(door.campus)
    ada = await door.as_("ada")
    begun = await ada.post(f"{V1}/evidence/bundles", json={"region": "east"})
    assert begun.status_code == 201
    found = await finished(ada, begun.json()["id"])
    assert (found["state"], found["schools"], found["done"]) == ("done", 1, 1.0)
    file = await ada.get(f"{V1}/evidence/bundles/{found['id']}/file")
    path = tmp_path / "bundle.zip"
    path.write_bytes(file.content)
    key = (await ada.get(f"{V1}/evidence/state")).json()["key"]
    assert check(path, Trusted(keys=(read_verifier(key),))).schools == 1
    assert door.campus.counted("SELECT count(*) FROM facts WHERE kind = 'bundle_exported'") == 1
    listed = (await ada.get(f"{V1}/evidence/bundles")).json()["items"]
    assert [one["id"] for one in listed] == [found["id"]]
    other = await (await door.as_("anna")).get(f"{V1}/evidence/bundles/{found['id']}")
    assert other.status_code == 404


async def test_a_bundle_that_cannot_be_says_why(door: Door) -> None:
    told(door.campus)
    ada = await door.as_("ada")
    begun = (await ada.post(f"{V1}/evidence/bundles", json={"school": "nowhere"})).json()
    found = await finished(ada, begun["id"])
    assert (found["state"], found["code"]) == ("failed", "no_school")
    assert (await ada.get(f"{V1}/evidence/bundles/{begun['id']}/file")).status_code == 404
    later = {"at": door.campus.clock.now() + HOUR}
    assert (await ada.post(f"{V1}/evidence/bundles", json=later)).status_code == 422
    both = {"school": "no3", "region": "east"}
    assert (await ada.post(f"{V1}/evidence/bundles", json=both)).status_code == 422


async def test_nobody_proves_beyond_their_scope(door: Door) -> None:
    """Ines is an inspector of the east."""
    told(door.campus)
    await (await door.as_("ada")).post(f"{V1}/evidence/heads")
    ines = await door.as_("ines")
    own, others = (row_of(door.campus, f"roster:{school}") for school in ("no3", "no9"))
    policy = row_of(door.campus, policy_subject(policies()[1].id))
    assert (await ines.get(f"{V1}/evidence/facts/{own}/proof")).status_code == 200
    for row in (others, policy, 10**9):
        assert (await ines.get(f"{V1}/evidence/facts/{row}/proof")).status_code == 404
    asked = {
        ("school", "no3"): 201,
        ("school", "no9"): 404,
        ("region", "west"): 404,
    }
    for (what, name), status in asked.items():
        answer = await ines.post(f"{V1}/evidence/bundles", json={what: name})
        assert answer.status_code == status, (what, name, answer.text)
        if status == 201:
            await finished(ines, answer.json()["id"])
    assert (await ines.post(f"{V1}/evidence/bundles", json={})).status_code == 422


# The witness.


@pytest.fixture
def other(tmp_path: Path) -> Any:
    """Another gateway, whose heads are to be witnessed."""
    (tmp_path / "other").mkdir()
    world = World(tmp_path / "other")
    world.tell(facts())
    yield world
    world.close()


def receiver(campus: Campus, other: World, address: str, **more: Any) -> WitnessReceiver:
    settings = WitnessSettings.model_validate(
        {"name": "bureau", "url": address, "token": {"env": "TOKEN"}, **more},
        context={"environment": {"TOKEN": campus.token("anna")}},
    )
    return WitnessReceiver(settings, other.store, other.clock, other.evidence)


def entry(note: str) -> OutboxEntry:
    return OutboxEntry("evidence:bureau", "head", 0, note.encode(), 0)


async def test_another_gateway_countersigns_what_grew(
    campus: Campus, other: World, address: str
) -> None:
    keys = await make_evidence(
        settings=campus.settings, store=campus.store, clock=ManualClock(), words=Words.load()
    ).evidence.keys()
    witness = keys.signer.verifier
    sending = receiver(campus, other, address, key=str(witness))
    first = await other.evidence.seal()
    assert await sending.deliver(entry(first.note)) == Delivered()
    other.clock.jump(HOUR)
    second = await other.evidence.seal()
    assert await sending.deliver(entry(second.note)) == Delivered()
    lines = other.store.read(stored.cosignatures([first.size, second.size]))
    assert [one.size for one in lines] == [first.size, second.size]
    for head, one in zip((first, second), lines, strict=True):
        assert witness.cosigned(read_head(f"{head.note}{one.line}\n").note) is not None
    seen = campus.store.read(stored.witnessed)
    assert [(one.size, one.heads) for one in seen] == [(second.size, 2)]
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'head_witnessed'") == 2
    # and a bundle has the lines: whoever trusts the witness needs nothing else
    path, _ = await other.bundle_of_school("no1", at=first.at - 1)
    assert check(path, Trusted(keys=(witness,))).witnesses == (witness.name,)
    await sending.aclose()


async def test_a_witness_that_has_forgotten_or_seen_more_is_asked_again(
    campus: Campus, other: World, address: str
) -> None:
    sending = receiver(campus, other, address)
    first = await other.evidence.seal()
    await sending.deliver(entry(first.note))
    other.clock.jump(HOUR)
    second = await other.evidence.seal()
    await sending.deliver(entry(second.note))
    # what this side remembers is lost: the witness says what it has seen
    other.forget_cosignatures()
    other.clock.jump(HOUR)
    third = await other.evidence.seal()
    assert await sending.deliver(entry(third.note)) == Delivered()
    assert await sending.deliver(entry(first.note)) == Delivered()  # it has seen later ones
    await sending.aclose()


async def test_a_log_that_was_made_anew_is_not_countersigned(
    campus: Campus, other: World, address: str, tmp_path: Path
) -> None:
    sending = receiver(campus, other, address)
    first = await other.evidence.seal()
    await sending.deliver(entry(first.note))
    (tmp_path / "forged").mkdir()
    key = (other.folder / "evidence.key").read_bytes()
    (tmp_path / "forged" / "evidence.key").write_bytes(key)
    forged = World(tmp_path / "forged")
    try:
        forged.tell([row for row in facts() if row.kind != "link_state"])
        forged.tell(facts(seed=5))
        head = await forged.evidence.seal()
        again = receiver(campus, forged, address)
        outcome = await again.deliver(entry(head.note))
        assert isinstance(outcome, Refused)
        assert "head_contradicts" in outcome.reason
        assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'head_refused'") == 1
        await again.aclose()
    finally:
        forged.close()
    await sending.aclose()


async def test_a_countersignature_by_somebody_else_is_refused(
    campus: Campus, other: World, address: str
) -> None:
    sending = receiver(campus, other, address, key=str(other.keys.signer.verifier))
    outcome = await sending.deliver(entry((await other.evidence.seal()).note))
    assert isinstance(outcome, Refused)
    assert other.store.read(stored.last_cosigned("bureau")) == 0
    await sending.aclose()


async def test_a_witness_that_is_away_is_waited_for(campus: Campus, other: World) -> None:
    sending = receiver(campus, other, "http://127.0.0.1:9")
    outcome = await sending.deliver(entry((await other.evidence.seal()).note))
    assert isinstance(outcome, Retry)
    await sending.aclose()


async def test_what_is_no_head_of_its_key_is_not_countersigned(door: Door, other: World) -> None:
    anna = await door.as_("anna")
    head = await other.evidence.seal()
    key = str(other.keys.signer.verifier)
    asked: dict[str, Any] = {"note": head.note, "key": key, "old": 0, "proof": []}
    own = (await (await door.as_("ada")).get(f"{V1}/evidence/state")).json()["key"]
    for change, code in (
        ({"note": "nothing"}, "invalid"),
        ({"key": "nothing"}, "invalid"),
        ({"key": own}, "head_unsigned"),
        ({"note": head.note.replace("\ntime 1", "\ntime 2")}, "head_unsigned"),
    ):
        answer = await anna.post(f"{V1}/evidence/witness", json={**asked, **change})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert (await anna.post(f"{V1}/evidence/witness", json=asked)).status_code == 200
    again = await anna.post(f"{V1}/evidence/witness", json=asked)
    assert (again.status_code, again.json()) == (409, {"size": head.size})
    await (await door.as_("ada")).post(f"{V1}/evidence/heads")


async def test_a_head_that_contradicts_is_kept_once_however_often_it_is_sent(
    door: Door, other: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends heads tries again for a day."""
    monkeypatch.setattr("gateway.evidence.witness.MOST_REFUSED", 5)
    anna = await door.as_("anna")
    asked: dict[str, Any] = {"key": str(other.keys.signer.verifier), "old": 0, "proof": []}
    first = await other.evidence.seal()
    assert (
        await anna.post(f"{V1}/evidence/witness", json={**asked, "note": first.note})
    ).status_code == 200

    def forged(number: int) -> str:
        head = Head(other.name, first.size + 1, bytes([number]) * 32, None)
        return str(signed(head, other.keys.signer).note)

    async def refused(number: int) -> None:
        changed = {**asked, "old": first.size, "note": forged(number)}
        answer = await anna.post(f"{V1}/evidence/witness", json=changed)
        assert (answer.status_code, answer.json()["code"]) == (422, "head_contradicts")

    count = "SELECT count(*) FROM facts WHERE kind = 'head_refused'"
    for _ in range(3):
        await refused(1)
    assert door.campus.counted(count) == 1
    for number in range(8):
        await refused(number)
    assert door.campus.counted(count) == 5


async def test_an_older_head_contradicts_nothing(door: Door, other: World) -> None:
    """Whoever found one that was published could else have the log accused."""
    anna = await door.as_("anna")
    first = await other.evidence.seal()
    other.clock.jump(HOUR)
    second = await other.evidence.seal()
    asked: dict[str, Any] = {"key": str(other.keys.signer.verifier), "proof": []}
    newer = {**asked, "note": second.note, "old": 0}
    assert (await anna.post(f"{V1}/evidence/witness", json=newer)).status_code == 200
    older = {**asked, "note": first.note, "old": second.size}
    answer = await anna.post(f"{V1}/evidence/witness", json=older)
    assert (answer.status_code, answer.json()) == (409, {"size": second.size})
    assert door.campus.counted("SELECT count(*) FROM facts WHERE kind = 'head_refused'") == 0


def test_members_of_bundles_are_those_of_the_document() -> None:
    told = Path("docs/evidence.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in MEMBERS)
