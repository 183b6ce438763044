"""The log follows the facts, signs heads, and finds out when one of the two was changed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from audit.evidence.leaf import CHAIN_HEADS, OTHERS, POLICIES, REGIONS, leaf_bytes
from audit.evidence.merkle import extends, includes, leaf_hash
from audit.evidence.trusting import Trusted
from audit.evidence.verify import check
from gateway.clock import ManualClock
from gateway.evidence.keys import EvidenceKeyError, evidence_keys
from gateway.evidence.log import Log
from gateway.evidence.service import FOLDER, EvidenceError
from gateway.store.batch import OutboxEntry
from gateway.store.read import evidence as stored
from tests.gateway.evidence.worlds import DAY, HOUR, NO1, SCHOOLS, World, facts, held
from tests.gateway.new_store import opened


async def test_every_fact_is_in_the_log_and_proven(world: World) -> None:
    head = await world.evidence.seal()
    log = await world.evidence.caught_up()
    rows = world.store.read(stored.facts_after(0, 10_000))
    assert log.size == len(rows) == head.size
    for fact in rows:
        index = log.index_of(fact.row)
        assert index is not None
        leaf, _ = log.leaf(index, fact)
        hashed = leaf_hash(leaf_bytes(leaf))
        assert includes(hashed, index, head.size, log.inclusion(index, head.size), head.root)


async def test_no_name_and_no_text_stands_in_a_leaf(world: World) -> None:
    log = await world.evidence.caught_up()
    for fact in world.store.read(stored.facts_after(0, 10_000)):
        index = log.index_of(fact.row)
        assert index is not None
        raw = leaf_bytes(log.leaf(index, fact)[0])
        assert fact.subject.encode() not in raw
        assert fact.actor.encode() not in raw
        assert fact.body not in raw


async def test_a_head_is_signed_and_says_where_every_chain_ends(world: World) -> None:
    head = await world.evidence.seal()
    assert world.keys.signer.verifier.signed(held(head).note)
    assert held(head).head.size == head.size
    log = await world.evidence.caught_up()
    names = [name for name, _ in log.ends(head.covered)]
    assert sorted(names) == sorted([*SCHOOLS, POLICIES, REGIONS, OTHERS])
    fact = world.store.read(stored.facts_of([head.row]))[head.row]
    assert fact.kind == CHAIN_HEADS
    assert msgspec.json.decode(fact.body)["size"] == head.covered == head.size - 1


async def test_each_head_grows_from_the_one_before(world: World) -> None:
    first = await world.evidence.seal()
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    log = await world.evidence.caught_up()
    proof = log.consistency(first.size, second.size)
    assert extends(first.size, first.root, second.size, second.root, proof)
    assert log.ends(first.covered) != log.ends(second.covered)


async def test_the_ends_of_an_earlier_size_are_those_that_were_said_then(world: World) -> None:
    head = await world.evidence.seal()
    before = (await world.evidence.caught_up()).ends(head.covered)
    world.tell([msgspec.structs.replace(row, known=row.known + HOUR) for row in facts(seed=2)])
    await world.evidence.seal()
    assert (await world.evidence.caught_up()).ends(head.covered) == before


async def test_a_restart_goes_on_where_it_was(world: World) -> None:
    head = await world.evidence.seal()
    world.evidence.close()
    world.evidence = world.log_anew()
    log = await world.evidence.caught_up()
    assert (log.size, log.root(head.size)) == (head.size, head.root)
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    proof = log.consistency(head.size, second.size)
    assert extends(head.size, head.root, second.size, second.root, proof)


@pytest.mark.parametrize("name", ["hashes", "entries", "state", "level4"])
@pytest.mark.parametrize("how", ["gone", "half", "changed"])
async def test_files_that_are_lost_or_torn_are_made_anew_from_the_facts(
    world: World, name: str, how: str
) -> None:
    head = await world.evidence.seal()
    world.evidence.close()
    path = world.folder / FOLDER / name
    if how == "gone":
        path.unlink()
    elif how == "half":
        os.truncate(path, path.stat().st_size // 2)
    elif path.stat().st_size:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    world.evidence = world.log_anew()
    log = await world.evidence.caught_up()
    assert log.root(head.size) == head.root
    world.clock.jump(HOUR)
    later = await world.evidence.seal()
    assert later.size > head.size


async def test_a_database_that_was_changed_is_said_and_nothing_more_is_signed(
    world: World,
) -> None:
    await world.evidence.seal()
    world.evidence.close()
    world.tamper("UPDATE facts SET body = CAST('{}' AS BLOB) WHERE row = 20")
    (world.folder / FOLDER / "state").unlink()
    world.evidence = world.log_anew()
    with pytest.raises(EvidenceError, match="changed from outside"):
        await world.evidence.seal()


async def test_a_back_up_that_was_brought_back_is_followed_from_where_it_ends(
    world: World, tmp_path: Path
) -> None:
    """Facts are gone, their rows are given again; the folder of the log stays as it is."""
    first = await world.evidence.seal()
    with (
        closing(sqlite3.connect(world.folder / "campus.db")) as live,
        closing(sqlite3.connect(tmp_path / "back-up.db")) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    gone = [msgspec.structs.replace(row, known=row.known + HOUR) for row in facts(seed=2)]
    world.tell(gone)
    await world.evidence.seal()
    world.close()
    for name in ("campus.db-wal", "campus.db-shm"):
        (world.folder / name).unlink(missing_ok=True)
    (tmp_path / "back-up.db").replace(world.folder / "campus.db")
    world.store = opened(world.folder)
    world.evidence = world.log_anew()
    world.tell([msgspec.structs.replace(row, known=row.known + HOUR) for row in facts(seed=3)[9:]])
    head = await world.evidence.seal()
    log = await world.evidence.caught_up()
    rows = world.store.read(stored.facts_after(0, 10_000))
    assert log.size == len(rows) == head.size
    for index, fact in enumerate(rows):
        assert log.index_of(fact.row) == index
        assert log.holds(index, fact)
    proof = log.consistency(first.size, head.size)
    assert extends(first.size, first.root, head.size, head.root, proof)


async def test_a_crash_before_the_head_is_written_signs_nothing_and_loses_nothing(
    tmp_path: Path,
) -> None:
    """The fact about the ends is committed, and the log is on the disk: then the power fails."""

    class PowerFailure(BaseException):
        pass

    def publish(_head: stored.HeadRow, _before: stored.HeadRow | None) -> list[OutboxEntry]:
        raise PowerFailure

    world = World(tmp_path, publish=publish)
    try:
        world.tell(facts())
        with pytest.raises(PowerFailure):
            await world.evidence.seal()
        assert world.store.read(stored.last_head) is None
        world.evidence.close()
        world.publish = None
        world.evidence = world.log_anew()
        head = await world.evidence.seal()
        rows = world.store.read(stored.facts_after(0, 10_000))
        assert [row.kind for row in rows].count(CHAIN_HEADS) == 2
        assert (head.size, head.row) == (len(rows), rows[-1].row)
        path, _ = await world.bundle(NO1)
        assert check(path, Trusted(keys=(world.keys.signer.verifier,))).anchored
    finally:
        world.close()


class Looked(ManualClock):
    """A clock that says when it was looked at often."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self._looks = 0
        self.often = asyncio.Event()

    def now(self) -> int:
        self._looks += 1
        if self._looks == 200:
            self.often.set()
        return super().now()


async def test_a_clock_that_was_set_back_brings_no_storm_of_heads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known lies a day ahead, and no head can be older than what it holds."""
    monkeypatch.setattr("gateway.evidence.service.LOOK_S", 0.001)
    await world.evidence.seal()
    world.evidence.close()
    world.clock = clock = Looked(world.clock.now() - DAY)
    world.evidence = world.log_anew()
    running = asyncio.create_task(world.evidence.run())
    try:
        async with asyncio.timeout(20):
            await clock.often.wait()
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert len(world.store.read(stored.heads_before(None, 1_000))) <= 2


async def test_who_is_broken_off_leaves_the_log_to_the_next_as_it_should_be(world: World) -> None:
    """As a receiver of heads is, whose time is over while the log is made anew."""
    await world.evidence.opened()
    broken_off = asyncio.create_task(world.evidence.caught_up())
    for _ in range(5):
        await asyncio.sleep(0)
    broken_off.cancel()
    await asyncio.wait([broken_off])
    assert broken_off.cancelled()
    log = await world.evidence.caught_up()
    assert log.size == len(world.store.read(stored.facts_after(0, 10_000)))


async def test_only_one_has_the_log(world: World) -> None:
    await world.evidence.seal()
    other = world.log_anew()
    with pytest.raises(EvidenceError, match="in use"):
        await other.seal()
    assert other.busy
    looking = Log(world.folder / FOLDER, world.keys.secret, writes=False)
    log = await world.evidence.caught_up()
    assert looking.size == log.size
    looking.close()


async def test_heads_are_signed_at_intervals_while_there_is_something_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.evidence.service.LOOK_S", 0.005)
    signed = asyncio.Event()
    world.notified = signed.set
    running = asyncio.create_task(world.evidence.run())

    async def heads(number: int) -> None:
        async with asyncio.timeout(20):
            while len(world.told) < number:
                signed.clear()
                await signed.wait()

    try:
        world.clock.jump(600_000)
        await heads(1)
        world.clock.jump(600_000)  # nothing new: none
        world.tell([msgspec.structs.replace(facts()[0], known=world.clock.now())])
        await heads(2)
        world.clock.jump(HOUR)  # nothing new, and yet: a sign of life
        await heads(3)
    finally:
        running.cancel()
        await asyncio.wait([running])
    sizes = [head.size for head in world.store.read(stored.heads_before(None, 100))]
    assert sizes == sorted(sizes, reverse=True)


async def test_heads_go_into_the_outbox_in_the_same_transaction(tmp_path: Path) -> None:
    def publish(head: stored.HeadRow, before: stored.HeadRow | None) -> list[OutboxEntry]:
        body = head.note.encode()
        return [OutboxEntry("evidence:folder1", f"head/{head.size}", head.at, body, head.at)]

    world = World(tmp_path, publish=publish)
    try:
        await world.evidence.seal()
        assert world.told == [{"evidence:folder1"}]
    finally:
        world.close()


async def test_the_key_is_for_nobody_else_and_stays(world: World) -> None:
    path = world.folder / "evidence.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("something else")
    with pytest.raises(EvidenceKeyError, match="back-up"):
        evidence_keys(world.folder, None)
