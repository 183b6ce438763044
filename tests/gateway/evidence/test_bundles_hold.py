"""A bundle that nobody touched holds, for whatever scope and instant; what it tells is right."""

from __future__ import annotations

import json
import zipfile

import msgspec
import pytest

from audit.coverage import SchoolRecord, fold, judge_all
from audit.coverage.life import LIFE, LIFE_SUBJECT
from audit.evidence.broken import BrokenError
from audit.evidence.bundle import FIGURES, Scope, ScopeKind
from audit.evidence.trusting import Trusted
from audit.evidence.verify import check
from audit.fact import FactRow, school_of
from audit.policy import POLICY_ENDED, policy_subject
from gateway.coverage.service import Coverage
from gateway.evidence.exporting import ExportError
from gateway.evidence.keys import evidence_keys
from gateway.files.shelf import Shelf
from gateway.policies.facts_told import Telling
from gateway.store.read import evidence as stored
from gateway.store.read.coverage import last_verdicts
from tests.gateway.evidence.worlds import (
    BEGIN,
    DAY,
    EAST,
    EVERYTHING,
    HOUR,
    NO1,
    SCHOOLS,
    World,
    facts,
    held,
    policies,
)


@pytest.mark.parametrize("scope", [EVERYTHING, EAST, NO1], ids=str)
@pytest.mark.parametrize("days", [None, 1, 9, 14])
async def test_it_holds_as_of_any_instant(world: World, scope: Scope, days: int | None) -> None:
    await world.evidence.seal()
    at = None if days is None else BEGIN + days * DAY
    path, written = await world.bundle(scope, at)
    found = check(path, Trusted(keys=(world.keys.signer.verifier,)))
    assert found.anchored
    assert found.facts == written.facts
    assert found.disclosed == written.disclosed
    assert found.schools == {"all": 5, "region": 3, "school": 1}[scope.kind]
    items = sum(len(policy.items) for policy in policies())
    assert found.figures >= items * found.schools


async def test_its_figures_are_those_of_a_naive_computation(world: World) -> None:
    at = BEGIN + 12 * DAY + 7
    path, _ = await world.bundle(EVERYTHING, at)
    given = [json.loads(line) for line in zipfile.ZipFile(path).read(FIGURES).splitlines()]
    records: dict[str, SchoolRecord] = {}
    latest = 0
    for fact in world.store.read(stored.facts_after(0, 10_000)):
        latest = max(latest, fact.known)
        school = school_of(fact)
        if latest <= at and school:
            before = records.get(school, SchoolRecord(school=school))
            records[school] = fold(before, msgspec.structs.replace(fact, known=latest))
    expected = {
        (school, *key): verdict.verdict.value
        for school in SCHOOLS
        for key, verdict in judge_all(policies(), records[school], at).items()
    }
    told = {(one["school"], one["policy"], one["item"]): one for one in given if "school" in one}
    assert {key: one["verdict"] for key, one in told.items()} == expected
    regions = [one for one in given if "school" not in one]
    for one in regions:
        of = [
            expected[school, one["policy"], one["item"]]
            for school, region in SCHOOLS.items()
            if one["region"] in ("", "city", region)
        ]
        assert {verdict: one[verdict] for verdict in ("met", "failed", "unknown")} == {
            verdict: of.count(verdict) for verdict in ("met", "failed", "unknown")
        }
    assert {one["region"] for one in regions} == {"", "city", "east", "west"}
    assert len(set(expected.values())) > 1


def signs_of_life(*instants: int) -> list[FactRow]:
    return [FactRow(0, LIFE, at, at, "gateway", LIFE_SUBJECT, b'{"since":1}') for at in instants]


@pytest.mark.parametrize("scope", [EVERYTHING, EAST, NO1], ids=str)
async def test_a_gateway_that_was_off_is_seen_in_it_as_on_the_pages(
    world: World, scope: Scope
) -> None:
    begun = world.clock.now()
    world.tell(signs_of_life(begun, begun + HOUR))
    back = begun + 9 * DAY
    world.tell(signs_of_life(back))
    coverage = Coverage(store=world.store, clock=world.clock, load=policies)
    await coverage.follow()
    item = "six-100", "one_key_alarm"
    for at, silent in (
        (begun + HOUR + DAY - 1, False),
        (begun + HOUR + DAY, True),
        (back - 1, True),
        (back, False),
    ):
        path, _ = await world.bundle(scope, at)
        check(path, Trusted(keys=(world.keys.signer.verifier,)))
        lines = [json.loads(line) for line in zipfile.ZipFile(path).read(FIGURES).splitlines()]
        (told,) = (
            one
            for one in lines
            if (one["policy"], one["item"], one.get("school")) == (*item, "no1")
        )
        assert ("no_gateway" in {reason["code"] for reason in told["reasons"]}) is silent
        kept = world.store.read(last_verdicts("no1", [item], at))[item]
        assert kept.row.verdict.value == told["verdict"]


async def test_a_policy_that_has_ended_is_in_no_bundle_after(world: World) -> None:
    ended = world.clock.now()
    subject = policy_subject("gate-video")
    world.tell([FactRow(0, POLICY_ENDED, ended, ended, "gateway", subject, b'{"version":1}')])
    for at, there in ((ended - 1, {"six-100", "gate-video"}), (ended, {"six-100"})):
        path, _ = await world.bundle(NO1, at)
        check(path)
        lines = [json.loads(line) for line in zipfile.ZipFile(path).read(FIGURES).splitlines()]
        assert {line["policy"] for line in lines} == there


async def test_heads_that_the_auditor_holds_speak_for_it(world: World) -> None:
    before = await world.evidence.seal()
    world.clock.jump(HOUR)
    path, _ = await world.bundle(EAST)
    world.clock.jump(DAY)
    later = await world.evidence.seal()
    assert check(path, Trusted(heads=(held(before),))).anchored
    assert not check(path).anchored
    with pytest.raises(BrokenError) as broken:
        check(path, Trusted(heads=(held(later),)))
    assert broken.value.code == "held_unproven"
    again, _ = await world.bundle(EAST, at=world.clock.now() - DAY)
    assert check(again, Trusted(heads=(held(before), held(later)))).anchored


async def test_persons_and_telephone_numbers_are_not_in_it(world: World) -> None:
    path, _ = await world.bundle(EVERYTHING)
    everything = b"".join(
        zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()
    )
    assert b"13800000000" not in everything
    assert b"user:tim" not in everything
    assert b"user:ada" not in everything
    path, _ = await world.bundle(NO1, actors=True)
    assert b"user:ada" in zipfile.ZipFile(path).read("facts.jsonl")
    assert check(path).schools == 1


async def test_files_that_count_are_in_it_or_said_to_be_gone(world: World) -> None:
    name = Shelf(world.folder).keep(b"%PDF-1.7 a roster of guards")
    telling = Telling(now=world.clock.now(), school="no1")
    telling.attest(world.clock.now(), "closed_management", lasts=DAY, figures={}, confirmed=True)
    row = telling.rows[0]
    body = msgspec.json.decode(row.body)
    files = [{"hash": name, "name": "a.pdf", "media_type": "application/pdf", "size": 27}]
    body["attestation"]["files"] = files
    raw = msgspec.json.encode(body, order="sorted")
    world.tell([FactRow(0, row.kind, row.happened, row.known, row.actor, row.subject, raw)])
    path, _ = await world.bundle(NO1)
    found = check(path)
    assert f"files/{name}" in zipfile.ZipFile(path).namelist()
    Shelf(world.folder).remove(name)
    path, _ = await world.bundle(NO1, at=world.clock.now() - 2)
    gone = check(path)
    assert gone.files == found.files
    assert gone.absent == found.absent + 1


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE facts SET body = CAST(replace(body, '400', '40') AS BLOB)",
        "UPDATE facts SET actor = 'user:tim'",
        "UPDATE facts SET known = known - 1",
        "DELETE FROM facts",
    ],
    ids=["body", "actor", "time", "gone"],
)
async def test_a_fact_that_is_no_longer_the_one_in_the_log_is_named(world: World, how: str) -> None:
    await world.evidence.seal()
    (row,) = [
        one.row
        for one in world.store.read(stored.facts_after(0, 10_000))
        if one.subject == "roster:no1"
    ]
    world.tamper(f"{how} WHERE row = {row}")
    for scope in (NO1, EAST, EVERYTHING):
        with pytest.raises(ExportError) as failed:
            await world.bundle(scope, at=BEGIN + DAY)
        assert (failed.value.code, failed.value.inputs) == ("fact_changed", {"row": row})
    # A bundle that does not tell of it is in nobody's way.
    path, _ = await world.bundle(Scope(ScopeKind.SCHOOL, "no4"), at=BEGIN + DAY)
    assert check(path).schools == 1


async def test_files_that_are_all_gone_make_no_bundle_that_is_refused(world: World) -> None:
    """As in a city whose folder of files was lost: the manifest names each of them."""
    telling = Telling(now=world.clock.now(), school="no1")
    telling.attest(
        world.clock.now(), "closed_management", lasts=DAY, figures={}, files=16_000, confirmed=True
    )
    world.tell(telling.rows)
    path, _ = await world.bundle(NO1)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("manifest.json").file_size > 1 << 20
    assert check(path).absent == 16_000


async def test_what_cannot_be_is_said(world: World) -> None:
    with pytest.raises(ExportError) as failed:
        await world.bundle(Scope(ScopeKind.SCHOOL, "nowhere"))
    assert failed.value.code == "no_school"
    with pytest.raises(ExportError) as failed:
        await world.bundle(Scope(ScopeKind.REGION, "nowhere"))
    assert failed.value.code == "no_region"
    assert await world.evidence.sealed_beyond(world.clock.now()) is None
    assert not list(world.folder.glob(".*zip*"))


async def test_a_gateway_of_which_nothing_is_known_has_a_bundle_too(empty: World) -> None:
    path, written = await empty.bundle(EVERYTHING)
    found = check(path, Trusted(keys=(empty.keys.signer.verifier,)))
    assert (found.schools, found.figures, written.disclosed) == (0, 0, 0)


async def test_a_school_that_moved_away_is_told_of_where_it_was(world: World) -> None:
    moved = next(row for row in facts() if row.subject == "roster:no1")
    body = moved.body.replace(b'"region":"east"', b'"region":"west"')
    now = world.clock.now()
    world.tell([FactRow(0, moved.kind, now, now, moved.actor, moved.subject, body)])
    path, _ = await world.bundle(EAST, at=now - DAY)
    assert check(path).schools == 3
    path, _ = await world.bundle(EAST)
    assert check(path).schools == 2


async def test_a_log_that_was_given_another_name_goes_on_under_it(world: World) -> None:
    await world.evidence.seal()
    world.evidence.close()
    world.name = "gateway.east.example/anew"
    world.keys = evidence_keys(world.folder, world.name)
    world.evidence = world.log_anew()
    path, _ = await world.bundle(NO1, at=BEGIN + DAY)
    found = check(path, Trusted(keys=(world.keys.signer.verifier,)))
    assert found.manifest.origin == "gateway.east.example/anew"


@pytest.mark.parametrize("days", [2, 5, 9, 14])
async def test_its_figures_are_those_that_the_pages_show(world: World, days: int) -> None:
    at = BEGIN + days * DAY + 11
    coverage = Coverage(store=world.store, clock=world.clock, load=policies)
    await coverage.follow()
    path, _ = await world.bundle(EVERYTHING, at)
    lines = [json.loads(line) for line in zipfile.ZipFile(path).read(FIGURES).splitlines()]
    keys = [(policy.id, item.id) for policy in policies() for item in policy.items]
    for school in SCHOOLS:
        kept = world.store.read(last_verdicts(school, keys, at))
        told = {
            (one["policy"], one["item"]): one["verdict"]
            for one in lines
            if one.get("school") == school
        }
        assert told == {key: one.row.verdict.value for key, one in kept.items()}
