"""A thousand forgeries, by somebody who can do everything but sign: each is found, and named."""

from __future__ import annotations

import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.coverage.life import LIFE, LIFE_SUBJECT
from audit.evidence.broken import BrokenError
from audit.evidence.bundle import BundleError
from audit.evidence.leaf import CHAIN_HEADS
from audit.evidence.trusting import Trusted
from audit.evidence.verify import check
from audit.fact import FactRow
from audit.policy import POLICY
from tests.gateway.evidence.forging import Forger, dumped
from tests.gateway.evidence.worlds import DAY, EAST, EVERYTHING, HOUR, NO1, World, facts, held

NUMBER = 1_000
SEED = 20_261_122

Codes = frozenset[str]
DIFFERS = frozenset({"fact_differs"})
LINKS = frozenset({"chain_broken", "chain_cut"})
FORGED_HEAD = frozenset({"head_signature", "key_differs", "held_other_key"})


def bytes_changed(forger: Forger) -> Codes:
    """A bit anywhere, and nothing else made to fit."""
    name = forger.chance.choice([one for one, raw in sorted(forger.members.items()) if raw])
    raw = bytearray(forger.members[name])
    raw[forger.chance.randrange(len(raw))] ^= 1 << forger.chance.randrange(8)
    forger.members[name] = bytes(raw)
    forger.proof = [
        forger.members["proof.bin"][at : at + 32]
        for at in range(0, len(forger.members["proof.bin"]), 32)
    ]
    forger.write = lambda path, *, resign=True: _as_it_is(forger, path)  # type: ignore[method-assign]
    return frozenset()


def _as_it_is(forger: Forger, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in forger.members.items():
            archive.writestr(name, raw)
    return path


def body_changed(forger: Forger) -> Codes:
    forger.change_body(forger.some())
    return DIFFERS


def body_and_hash_changed(forger: Forger) -> Codes:
    number = forger.some()
    forger.change_body(number)
    forger.salt_anew(number)
    return LINKS | {"fact_elsewhere"}


def body_changed_and_chain_made_anew(forger: Forger) -> Codes:
    number = forger.some(kind=forger.chance.choice(["transition", "verification", "link_state"]))
    forger.change_body(number)
    forger.salt_anew(number)
    forger.link_anew()
    return frozenset({"ends_differ", "fact_elsewhere"})


def body_changed_and_all_hashes_made_anew(forger: Forger) -> Codes:
    number = forger.some(kind=forger.chance.choice(["verification", "link_state", "attestation"]))
    forger.change_body(number)
    forger.salt_anew(number)
    forger.link_anew()
    forger.end_anew()
    return frozenset({"root", "fact_elsewhere"})


def everything_made_anew(forger: Forger) -> Codes:
    number = forger.some(kind=forger.chance.choice(["verification", "link_state", "attestation"]))
    forger.change_body(number)
    forger.salt_anew(number)
    forger.link_anew()
    forger.end_anew()
    forger.head_anew(key=forger.chance.random() < 0.5)
    return FORGED_HEAD


def fact_dropped(forger: Forger) -> Codes:
    forger.drop(forger.some(shown=False), filled=forger.chance.random() < 0.5)
    return frozenset({"fact_missing", "chain_cut", "proof_short", "fact_place"})


def tail_dropped(forger: Forger) -> Codes:
    forger.drop(forger.last_of_a_chain(), filled=forger.chance.random() < 0.5)
    return frozenset({"chain_cut", "proof_short", "fact_place"})


def tail_dropped_and_end_changed(forger: Forger) -> Codes:
    forger.drop(forger.last_of_a_chain(), filled=True)
    forger.link_anew()
    return frozenset({"ends_differ"})


def tail_dropped_and_everything_made_anew(forger: Forger) -> Codes:
    forger.drop(forger.last_of_a_chain(), filled=True)
    forger.link_anew()
    forger.end_anew()
    if forger.chance.random() < 0.5:
        return frozenset({"root"})
    forger.head_anew(key=forger.chance.random() < 0.5)
    return FORGED_HEAD


def fact_added(forger: Forger) -> Codes:
    number = forger.some()
    line, leaf = dict(forger.facts[number]), forger.leaf(number)
    line["index"] += forger.chance.choice((0, 1))
    leaf["row"] += 1
    line["leaf"] = dumped(leaf)
    forger.facts.insert(number + 1, line)
    if forger.chance.random() < 0.5:
        forger.link_anew()
    return frozenset(
        {"fact_order", "fact_place", "chain_broken", "ends_differ", "proof_short", "fact_missing"}
    )


def order_changed(forger: Forger) -> Codes:
    first, second = sorted(forger.chance.sample(range(len(forger.facts) - 1), 2))
    facts = forger.facts
    facts[first], facts[second] = facts[second], facts[first]
    how = forger.chance.randrange(3)
    if how:
        facts[first]["index"], facts[second]["index"] = (
            facts[second]["index"],
            facts[first]["index"],
        )
    if how == 2:
        leaf, other = forger.leaf(first), forger.leaf(second)
        leaf["row"], other["row"] = other["row"], leaf["row"]
        forger.put_leaf(first, leaf)
        forger.put_leaf(second, other)
    return frozenset(
        {"fact_order", "fact_place", "fact_missing", "chain_broken", "chain_cut", "root"}
    )


def times_changed(forger: Forger) -> Codes:
    number = forger.some(shown=False)
    leaf = forger.leaf(number)
    leaf[forger.chance.choice(["at", "happened", "known"])] -= forger.chance.choice((1, DAY))
    forger.put_leaf(number, leaf)
    return LINKS | {"fact_withheld"}


def salt_changed(forger: Forger) -> Codes:
    number = forger.some()
    name = forger.chance.choice(["subject_salt", "body_salt"])
    forger.facts[number][name] = forger.chance.randbytes(16).hex()
    return DIFFERS


def salt_of_a_chain_changed(forger: Forger) -> Codes:
    end = forger.chance.choice([one for one in forger.chains if "salt" in one])
    end["salt"] = forger.chance.randbytes(16).hex()
    return frozenset({"chain_name"})


def fact_withheld(forger: Forger) -> Codes:
    line = forger.facts[forger.some()]
    for name in ("subject", "subject_salt", "body", "body_salt", "actor", "actor_salt"):
        line.pop(name, None)
    return frozenset({"fact_withheld"})


def school_left_out(forger: Forger) -> Codes:
    """A whole school: its facts, and its name in the list of chains."""
    end = forger.chance.choice([one for one in forger.chains if one.get("name", "@")[0] != "@"])
    for number in reversed(range(len(forger.facts))):
        if forger.leaf(number)["chain"] == end["chain"]:
            forger.drop(number, filled=True)
    del end["name"], end["salt"]
    return frozenset({"region_short", "schools_withheld", "school_withheld"})


def policies_left_out(forger: Forger) -> Codes:
    leave_out(forger, "@policy")
    return frozenset({"chain_withheld"})


def leave_out(forger: Forger, name: str) -> None:
    """A chain that all figures rest on, and the figures."""
    end = next(one for one in forger.chains if one.get("name") == name)
    for number in reversed(range(len(forger.facts))):
        if forger.leaf(number)["chain"] == end["chain"]:
            forger.drop(number, filled=True)
    del end["name"], end["salt"]
    forger.members["figures.jsonl"] = b""


def policy_swapped(forger: Forger) -> Codes:
    number = forger.swap_policy()
    how = forger.chance.randrange(4)
    if how > 0:
        forger.salt_anew(number)
    if how > 1:
        forger.link_anew()
    if how > 2:
        forger.end_anew()
    return (DIFFERS, LINKS, frozenset({"ends_differ"}), frozenset({"root"}))[how]


def figure_changed(forger: Forger) -> Codes:
    lines = [json.loads(line) for line in forger.members["figures.jsonl"].splitlines()]
    line = forger.chance.choice(lines)
    if "school" in line:
        line["verdict"] = {"met": "failed"}.get(line["verdict"], "met")
    else:
        line["met"] += 1
    raw = "".join(dumped(one) + "\n" for one in lines)
    forger.members["figures.jsonl"] = raw.encode()
    return frozenset({"figure"})


def figures_left_out(forger: Forger) -> Codes:
    lines = forger.members["figures.jsonl"].splitlines(keepends=True)
    if forger.chance.random() < 0.5:
        lines.append(lines[-1])
    else:
        del lines[forger.chance.randrange(len(lines)) :]
    forger.members["figures.jsonl"] = b"".join(lines)
    return frozenset({"figures_short", "figures_long"})


def instant_changed(forger: Forger) -> Codes:
    forger.manifest["at"] += forger.chance.choice((-1, 1, -DAY, DAY, -100 * DAY, 100 * DAY))
    return frozenset({"signature", "figure", "figures_short", "figures_long", "instant"}) | {
        "fact_withheld",
        "file_missing",
        "file_strange",
    }


def scope_changed(forger: Forger) -> Codes:
    scope = forger.manifest["scope"]
    other = [
        one
        for one in (
            {"kind": "all", "id": ""},
            {"kind": "region", "id": "west"},
            {"kind": "region", "id": "east"},
            {"kind": "school", "id": "no2"},
        )
        if one != scope
    ]
    forger.manifest["scope"] = forger.chance.choice(other)
    return frozenset(
        {"schools_withheld", "region_short", "school_withheld", "figure", "figures_long"}
    ) | {"figures_short"}


def head_replaced(forger: Forger) -> Codes:
    """Nothing else is changed: only who signs."""
    forger.head_anew(key=forger.chance.random() < 0.5)
    return FORGED_HEAD


def head_of_before(forger: Forger) -> Codes:
    """Another head of the same log, really signed, in place of the bundle's own."""
    forger.heads = [{"note": forger.heads[-1]["note"], "proof": []}]
    return frozenset(
        {"root", "fact_place", "held_unproven", "proof_short", "proof_long", "held_contradicts"}
    )


def proof_changed(forger: Forger) -> Codes:
    if not forger.proof or forger.chance.random() < 0.3:
        forger.proof.append(forger.chance.randbytes(32))
        return frozenset({"proof_long"})
    number = forger.chance.randrange(len(forger.proof))
    if forger.chance.random() < 0.5:
        del forger.proof[number]
        return frozenset({"proof_short"})
    forger.proof[number] = forger.chance.randbytes(32)
    return frozenset({"root"})


FORGERIES: tuple[Callable[[Forger], Codes], ...] = (
    bytes_changed,
    body_changed,
    body_and_hash_changed,
    body_changed_and_chain_made_anew,
    body_changed_and_all_hashes_made_anew,
    everything_made_anew,
    fact_dropped,
    tail_dropped,
    tail_dropped_and_end_changed,
    tail_dropped_and_everything_made_anew,
    fact_added,
    order_changed,
    times_changed,
    salt_changed,
    salt_of_a_chain_changed,
    fact_withheld,
    school_left_out,
    policies_left_out,
    policy_swapped,
    figure_changed,
    figures_left_out,
    instant_changed,
    scope_changed,
    head_replaced,
    head_of_before,
    proof_changed,
)


async def made(world: World) -> tuple[list[Path], list[Trusted]]:
    """Bundles of several scopes and instants, and what an auditor may hold."""
    first = await world.evidence.seal()
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    world.clock.jump(HOUR)
    bundles = [
        (await world.bundle(scope, at))[0]
        for scope in (EVERYTHING, EAST, NO1)
        for at in (None, world.clock.now() - 9 * DAY)
    ]
    witness = [Trusted(heads=(held(first),)), Trusted(heads=(held(second), held(first)))]
    return bundles, [*witness, Trusted(keys=(world.keys.signer.verifier,))]


def found(path: Path, trust: Trusted) -> str:
    """What is said of it; empty when it is taken for whole."""
    try:
        check(path, trust)
    except (BrokenError, BundleError) as error:
        return error.code
    return ""


@pytest.mark.timeout(900)
async def test_a_thousand_forgeries_are_found_and_named(world: World) -> None:
    bundles, trusts = await made(world)
    chance = random.Random(SEED)
    for bundle in bundles:
        for trust in trusts:
            check(bundle, trust)  # as it was handed out it holds
    named: Counter[str] = Counter()
    for number in range(NUMBER):
        forgery = FORGERIES[number % len(FORGERIES)]
        bundle, trust = chance.choice(bundles), chance.choice(trusts)
        forger = Forger(bundle, chance)
        codes = forgery(forger)
        path = forger.write(world.folder / "forged.zip", resign=chance.random() < 0.5)
        what = f"{forgery.__name__}, number {number}, of {bundle.name}"
        code = found(path, trust)
        assert code, f"{what}: not found"
        assert not codes or code in codes, f"{what}: {code}, not {sorted(codes)}"
        named[code] += 1
    assert sum(named.values()) == NUMBER
    assert len(named) > 20


async def test_every_single_fact_that_is_left_out_is_named(world: World) -> None:
    bundle, _ = await world.bundle(EAST)
    whole = Forger(bundle, random.Random(0))
    for number, line in enumerate(whole.facts):
        leaf = json.loads(line["leaf"])
        if leaf["kind"] == CHAIN_HEADS:
            continue
        forger = Forger(bundle, random.Random(0))
        forger.drop(number, filled=True)
        with pytest.raises(BrokenError) as broken:
            check(forger.write(world.folder / "forged.zip"))
        assert broken.value.code in {"fact_missing", "chain_cut"}
        chain = whole.names[leaf["chain"]]
        assert broken.value.inputs["chain"] == chain
        if broken.value.code == "fact_missing":
            assert broken.value.inputs["seq"] == leaf["seq"]


async def test_a_policy_that_was_swapped_is_named_by_its_fact(world: World) -> None:
    bundle, _ = await world.bundle(NO1)
    forger = Forger(bundle, random.Random(0))
    number = forger.swap_policy()
    assert forger.leaf(number)["kind"] == POLICY
    row = forger.leaf(number)["row"]
    with pytest.raises(BrokenError) as broken:
        check(forger.write(world.folder / "forged.zip"))
    assert (broken.value.code, broken.value.inputs) == (
        "fact_differs",
        {"row": row, "field": "body"},
    )


async def test_signs_of_life_that_are_left_out_are_missed(world: World) -> None:
    now = world.clock.now()
    world.tell([FactRow(0, LIFE, now, now, "gateway", LIFE_SUBJECT, b"{}")])
    bundle, _ = await world.bundle(NO1)
    check(bundle)
    forger = Forger(bundle, random.Random(0))
    leave_out(forger, "@life")
    with pytest.raises(BrokenError) as broken:
        check(forger.write(world.folder / "forged.zip"))
    assert (broken.value.code, broken.value.inputs) == ("chain_withheld", {"chain": "@life"})


async def test_a_log_that_was_made_anew_with_another_key_holds_only_in_itself(
    world: World,
) -> None:
    bundle, _ = await world.bundle(NO1)
    head = held(await world.evidence.seal())
    forger = Forger(bundle, random.Random(0))
    forger.head_anew(key=True)
    path = forger.write(world.folder / "forged.zip")
    assert not check(path).anchored  # and it is said that nothing of the auditor's spoke for it
    with pytest.raises(BrokenError) as broken:
        check(path, Trusted(keys=(world.keys.signer.verifier,)))
    assert broken.value.code == "key_differs"
    with pytest.raises(BrokenError) as broken:
        check(path, Trusted(heads=(head,)))
    assert broken.value.code == "held_other_key"


async def test_a_past_that_the_gateway_itself_has_rewritten_contradicts_the_head_that_was_held(
    world: World, tmp_path: Path
) -> None:
    """The owner of the machine has the key, and signs a history that never was."""
    head = await world.evidence.seal()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "evidence.key").write_bytes((world.folder / "evidence.key").read_bytes())
    other = World(tmp_path / "other")
    try:
        other.tell([row for row in facts() if row.kind != "link_state"])
        other.clock.jump(DAY)
        await other.evidence.seal()
        other.tell(facts(seed=3)[-40:])
        bundle, _ = await other.bundle(EAST)
        assert check(bundle, Trusted(keys=(world.keys.signer.verifier,))).anchored
        with pytest.raises(BrokenError) as broken:
            check(bundle, Trusted(heads=(held(head),)))
        assert broken.value.code in {"held_unproven", "held_contradicts"}
    finally:
        other.close()
