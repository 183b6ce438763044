"""Statements, confirmations and withdrawals: each a fact, at the same moment as well."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from stating import PDF, Room

from alerts.alert import Refusal
from audit.attestation import DAY_MS, DRILL, Attestation, AttestationStep
from gateway.attestations.service import Statement


async def stated(room: Room, **more: object) -> Attestation:
    one = await room.attestations.state(await room.guards(**more), "sofia")
    assert isinstance(one, Attestation), one
    return one


async def test_a_statement_is_one_fact_with_its_files_by_hash(room: Room) -> None:
    one = await stated(room, text="two shifts")
    (fact,) = room.facts()
    assert fact[:2] == ("user:sofia", f"attestation:no3/{one.id}")
    assert (fact[2].step, fact[2].attestation) == (AttestationStep.STATED, one)
    (file,) = one.files
    assert (file.name, file.media_type, file.size) == ("guards-1.pdf", "application/pdf", len(PDF))
    raw = bytes(room.column("SELECT body FROM facts WHERE kind = 'attestation'")[0])
    assert "值班表".encode() not in raw  # what people call their files names people
    assert room.column("SELECT subject FROM file_uses") == [f"attestation:no3/{one.id}"]


async def test_every_step_is_a_fact_by_whoever_took_it(room: Room) -> None:
    one = await stated(room)
    room.clock.turn(5)
    confirmed = await room.attestations.confirm(one.id, "paul")
    room.clock.turn(5)
    gone = await room.attestations.withdraw(one.id, "sofia", "he has left")
    assert isinstance(confirmed, Attestation)
    assert isinstance(gone, Attestation)
    assert [(actor, fact.step) for actor, _, fact in room.facts()] == [
        ("user:sofia", AttestationStep.STATED),
        ("user:paul", AttestationStep.CONFIRMED),
        ("user:sofia", AttestationStep.WITHDRAWN),
    ]
    assert [fact.attestation.version for *_, fact in room.facts()] == [1, 2, 3]
    assert room.facts()[-1][2].attestation == gone
    assert room.column("SELECT count(*) FROM attestations") == [1]  # nothing is deleted


async def test_of_two_who_confirm_at_the_same_moment_one_is_told(room: Room) -> None:
    one = await stated(room)
    both = await asyncio.gather(
        room.attestations.confirm(one.id, "paul"), room.attestations.confirm(one.id, "ines")
    )
    (first,) = [each for each in both if isinstance(each, Attestation)]
    (second,) = [each for each in both if isinstance(each, Refusal)]
    assert second.code == "attestation_confirmed"
    assert [fact.step for *_, fact in room.facts()].count(AttestationStep.CONFIRMED) == 1
    assert room.facts()[-1][2].attestation.confirmed_by == first.confirmed_by


async def test_who_confirms_what_is_being_withdrawn_is_told(room: Room) -> None:
    one = await stated(room)
    gone, confirmed = await asyncio.gather(
        room.attestations.withdraw(one.id, "sofia", "he has left"),
        room.attestations.confirm(one.id, "paul"),
    )
    assert isinstance(gone, Attestation)
    assert isinstance(confirmed, Refusal)
    assert confirmed.code == "attestation_withdrawn"


async def test_two_who_state_the_same_at_the_same_moment_both_stand_on_record(room: Room) -> None:
    wanted = await room.guards()
    one, two = await asyncio.gather(
        room.attestations.state(wanted, "sofia"), room.attestations.state(wanted, "paul")
    )
    assert isinstance(one, Attestation)
    assert isinstance(two, Attestation)
    assert one.at < two.at  # never the same instant: the later one counts
    assert room.column("SELECT replaced FROM attestations ORDER BY row") == [two.at, None]


async def test_the_same_sent_twice_is_stated_once(room: Room) -> None:
    wanted = await room.guards()
    one = await room.attestations.state(wanted, "sofia", key="k1")
    room.clock.turn(9_000)
    again = await room.attestations.state(wanted, "sofia", key="k1")
    assert one == again
    assert len(room.facts()) == 1
    other = await room.attestations.state(wanted, "paul", key="k1")
    assert isinstance(other, Attestation)
    assert other.id != one.id


async def test_what_stands_survives_a_restart(room: Room) -> None:
    one = await stated(room)
    room.begin()
    assert isinstance(await room.attestations.confirm(one.id, "paul"), Attestation)


async def test_a_clock_that_jumps_back_does_not_reorder_statements(room: Room) -> None:
    first = await stated(room)
    room.at(room.clock.now() - 3 * 3_600_000)
    wanted = msgspec.structs.replace(await room.guards(guards=3), expires=first.expires)
    second = await room.attestations.state(wanted, "sofia")
    assert isinstance(second, Attestation)
    assert second.at == first.at + 1
    confirmed = await room.attestations.confirm(second.id, "paul")
    assert isinstance(confirmed, Attestation)
    assert confirmed.confirmed == second.at
    assert room.column("SELECT replaced FROM attestations ORDER BY row") == [second.at, None]


async def test_what_no_policy_asks_for_and_what_is_missing_is_refused(room: Room) -> None:
    wanted = await room.guards()
    for change, code in [
        ({"item": "sunshine"}, "attestation_item"),
        ({"files": ("0" * 64,)}, "unknown_file"),
        ({"files": ()}, "attestation_lacking"),
        ({"figures": {}}, "attestation_lacking"),
        ({"expires": room.clock.now() + 366 * DAY_MS}, "attestation_expiry"),
    ]:
        refusal = await room.attestations.state(msgspec.structs.replace(wanted, **change), "sofia")
        assert isinstance(refusal, Refusal)
        assert refusal.code == code
    assert room.facts() == []


async def test_another_schools_file_is_no_evidence(room: Room) -> None:
    elsewhere = await room.paper("kg1", PDF.replace(b"Catalog", b"catalog"))
    wanted = msgspec.structs.replace(await room.guards(), files=(elsewhere,))
    refusal = await room.attestations.state(wanted, "sofia")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unknown_file"


async def test_nobody_confirms_or_withdraws_what_is_not_there(room: Room) -> None:
    for refusal in (
        await room.attestations.confirm("0" * 32, "paul"),
        await room.attestations.withdraw("0" * 32, "paul", "why"),
    ):
        assert isinstance(refusal, Refusal)
        assert refusal.code == "unknown_attestation"


@pytest.mark.parametrize(("school", "days"), [("no3", 31), ("kg1", 92)])
async def test_a_drill_is_good_for_a_month_at_kindergartens_for_a_quarter(
    room: Room, school: str, days: int
) -> None:
    now = room.clock.now()
    drill = Statement(
        school=school,
        item=DRILL,
        valid_from=now - DAY_MS,
        expires=now + (days - 1) * DAY_MS,
        figures={"participants": 300, "duration_s": 150},
    )
    longer = msgspec.structs.replace(drill, expires=drill.expires + 1)
    refusal = await room.attestations.state(longer, "sofia")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "attestation_expiry"
    held = await room.attestations.state(drill, "sofia")
    assert isinstance(held, Attestation)
    assert held.valid_from == now - DAY_MS
