"""Files beside the database: kept once, given back whole, removed when nothing uses them."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from attached import pdf

from gateway.clock import ManualClock
from gateway.files import service
from gateway.files.service import UNUSED_MS, Files, FullError
from gateway.files.shelf import Shelf, ShelfError, ShelfFullError
from gateway.files.sight import FileError
from gateway.store.batch import Batch
from gateway.store.files import used
from gateway.store.read.files import one_file
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError
from tests.gateway.new_store import opened


class Kept:
    """Files of one gateway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: SqliteStore = opened(folder)
        self.clock = ManualClock()
        self.shelf = Shelf(folder)
        self.files = Files(store=self.store, shelf=self.shelf, clock=self.clock)

    def rows(self) -> list[tuple[str, str]]:
        return self.store.read(
            lambda connection: [
                tuple(row)
                for row in connection.exec_driver_sql("SELECT school, hash FROM files ORDER BY 1")
            ]
        )

    def on_disk(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "files").glob("??/*"))

    def use(self, school: str, digest: str) -> None:
        batch = Batch(now=self.clock.now())
        batch.statements += used(school, [digest], "attestation:x/1")
        self.store.commit(batch).result()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.store.close()


async def test_a_file_is_kept_once_and_given_back_as_it_was(kept: Kept) -> None:
    one = await kept.files.put("no3", pdf(), "../值班表.pdf", "sofia")
    again = await kept.files.put("no3", pdf(), "other.pdf", "paul")
    assert one == again
    assert (one.hash, one.size, one.name) == (sha256(pdf()).hexdigest(), len(pdf()), "值班表.pdf")
    assert kept.on_disk() == [one.hash]
    assert await kept.files.body(one) == pdf()
    assert (kept.folder / "files" / one.hash[:2] / one.hash).stat().st_mode & 0o077 == 0


async def test_two_schools_with_the_same_file_share_its_bytes_and_nothing_else(kept: Kept) -> None:
    one = await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    await kept.files.put("no5", pdf(), "b.pdf", "west")
    assert kept.rows() == [("no3", one.hash), ("no5", one.hash)]
    assert kept.on_disk() == [one.hash]
    assert kept.store.read(one_file(one.hash, frozenset({"no5"}))).name == "b.pdf"
    assert kept.store.read(one_file(one.hash, frozenset({"no9"}))) is None


async def test_what_is_refused_leaves_nothing_behind(kept: Kept) -> None:
    with pytest.raises(FileError):
        await kept.files.put("no3", b"MZ\0\0", "x.pdf", "sofia")
    assert (kept.rows(), kept.on_disk()) == ([], [])


async def test_a_school_has_so_much_room_and_no_more(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_OF_SCHOOL", len(pdf()) + 10)
    await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    with pytest.raises(FullError):
        await kept.files.put("no3", pdf(b" "), "b.pdf", "sofia")
    await kept.files.put("no3", pdf(), "a.pdf", "sofia")  # it has it already
    await kept.files.put("no5", pdf(b" "), "b.pdf", "west")


async def test_what_there_is_no_room_for_is_not_written_first(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever is refused fills the disk of the alarms, again and again."""
    monkeypatch.setattr(service, "MOST_OF_SCHOOL", 10)
    with pytest.raises(FullError):
        await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    monkeypatch.undo()
    monkeypatch.setattr(service, "LEFT_FREE", kept.store.room().free * 2)
    with pytest.raises(ShelfFullError, match="for alarms"):
        await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    assert (kept.rows(), kept.on_disk()) == ([], [])


async def test_what_nothing_uses_is_removed_after_a_month_and_what_is_used_never(
    kept: Kept,
) -> None:
    proof = await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    loose = await kept.files.put("no3", pdf(b" "), "b.pdf", "sofia")
    kept.use("no3", proof.hash)
    kept.clock.turn(UNUSED_MS)
    assert await kept.files.remove_unused() == 0
    kept.clock.turn(1)
    assert await kept.files.remove_unused() == 1
    assert (kept.rows(), kept.on_disk()) == ([("no3", proof.hash)], [proof.hash])
    with pytest.raises(LookupError):
        kept.shelf.read(loose.hash)


async def test_bytes_stay_while_another_school_has_them(kept: Kept) -> None:
    one = await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    kept.clock.turn(UNUSED_MS // 2)
    await kept.files.put("no5", pdf(), "a.pdf", "west")
    kept.clock.turn(UNUSED_MS // 2 + 1)
    assert await kept.files.remove_unused() == 1
    assert (kept.rows(), kept.on_disk()) == ([("no5", one.hash)], [one.hash])


async def test_a_file_that_comes_again_waits_anew(kept: Kept) -> None:
    await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    kept.clock.turn(UNUSED_MS)
    await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    kept.clock.turn(1)
    assert await kept.files.remove_unused() == 0


async def test_nothing_can_refer_to_a_file_that_is_gone(kept: Kept) -> None:
    with pytest.raises(StoreError):
        kept.use("no3", "0" * 64)


async def test_what_a_crash_left_without_a_row_is_swept_away(kept: Kept) -> None:
    proof = await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    orphan = kept.shelf.keep(b"written before the crash")
    half = kept.folder / "files" / orphan[:2] / f".{orphan}.ab12cd34"
    half.write_bytes(b"half")
    for path in (half, half.with_name(orphan), kept.folder / "files" / proof.hash[:2] / proof.hash):
        os.utime(path, (1, 1))
    await kept.files.remove_unused()
    assert kept.on_disk() == [proof.hash]


async def test_a_file_that_was_changed_on_the_disk_is_not_given_out(kept: Kept) -> None:
    one = await kept.files.put("no3", pdf(), "a.pdf", "sofia")
    path = kept.folder / "files" / one.hash[:2] / one.hash
    path.write_bytes(pdf(b"forged"))
    with pytest.raises(ShelfError):
        await kept.files.body(one)
    await kept.files.put("no3", pdf(), "a.pdf", "sofia")  # brought again, it is whole again
    assert await kept.files.body(one) == pdf()


async def test_many_at_the_same_moment_are_all_kept(kept: Kept) -> None:
    bodies = [pdf(b" " * number) for number in range(8)]
    found = await asyncio.gather(
        *(kept.files.put("no3", body, "a.pdf", "sofia") for body in (*bodies, *bodies))
    )
    assert {one.hash for one in found} == {sha256(body).hexdigest() for body in bodies}
    assert len(kept.on_disk()) == len(bodies)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"]
)
def test_only_a_hash_names_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Shelf(tmp_path).read(name)


def test_a_disk_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(ShelfError, match="cannot be kept"):
        Shelf(tmp_path).keep(b"x")


def test_a_disk_that_is_full_keeps_nothing_of_a_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(ShelfFullError, match="cannot be kept"):
            Shelf(tmp_path).keep(bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "files").glob("??/*")) == []
