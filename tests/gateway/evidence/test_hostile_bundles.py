"""Files that want to harm whoever opens them: refused, in bounded time and memory."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import pytest

from audit.evidence.broken import BrokenError
from audit.evidence.bundle import BundleError, Limits
from audit.evidence.verify import USUAL, check
from tests.gateway.evidence.forging import Forger
from tests.gateway.evidence.worlds import NO1, World


@pytest.fixture
async def forger(world: World) -> Forger:
    path, _ = await world.bundle(NO1)
    return Forger(path, random.Random(1))


def refused(path: Path, limits: Limits = USUAL) -> str:
    with pytest.raises((BundleError, BrokenError)) as broken:
        check(path, limits=limits)
    return str(broken.value.code)


def packed(forger: Forger, path: Path, **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in {**forger.members, **more}.items():
            archive.writestr(name, raw)
    return path


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18)[:10], b"x" * 5000])
def test_what_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    assert refused(path) == "no_bundle"
    assert refused(tmp_path / "nowhere.zip") == "no_bundle"
    assert refused(tmp_path) == "no_bundle"


@pytest.mark.parametrize("name", ["facts.jsonl", "chains.jsonl", "heads.jsonl", "figures.jsonl"])
async def test_a_line_without_end(forger: Forger, tmp_path: Path, name: str) -> None:
    path = packed(forger, tmp_path / "bomb.zip", **{name: b"0" * (300 << 20)})
    assert path.stat().st_size < 1 << 20
    assert refused(path) in {"too_large", "figure"}


async def test_a_manifest_that_unpacks_to_very_much(forger: Forger, tmp_path: Path) -> None:
    path = packed(forger, tmp_path / "bomb.zip", **{"manifest.json": b" " * (200 << 20)})
    assert refused(path) == "too_large"


async def test_more_in_all_than_is_allowed(forger: Forger, tmp_path: Path) -> None:
    path = packed(forger, tmp_path / "bundle.zip")
    check(path)
    assert refused(path, Limits(total=2_000)) == "too_large"
    whole = sum(len(raw) for raw in forger.members.values())
    assert refused(path, Limits(total=whole - 1)) == "too_large"
    check(path, limits=Limits(total=whole))
    assert refused(path, Limits(members=3)) == "too_large"
    assert refused(path, Limits(chains=1)) == "too_large"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "files/../x",
        "files/" + "G" * 64,
        "files/",
        "C:\\x",
        "x/y",
    ],
)
async def test_names_that_lead_elsewhere(forger: Forger, tmp_path: Path, name: str) -> None:
    assert refused(packed(forger, tmp_path / "a.zip", **{name: b"x"})) == "member_strange"


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_a_name_twice(forger: Forger, tmp_path: Path) -> None:
    path = packed(forger, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("facts.jsonl", b"{}")
    assert refused(path) == "member_strange"


async def test_a_member_that_is_missing(forger: Forger, tmp_path: Path) -> None:
    for name in list(forger.members):
        left = {one: raw for one, raw in forger.members.items() if one != name}
        whole, forger.members = forger.members, left
        assert refused(packed(forger, tmp_path / "a.zip")) == "member_missing"
        forger.members = whole


async def test_another_way_of_packing(forger: Forger, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, raw in forger.members.items():
            archive.writestr(name, raw)
    assert refused(path) == "member_strange"


@pytest.mark.parametrize("depth", [1_000, 100_000])
@pytest.mark.parametrize("where", ["manifest.json", "facts.jsonl", "chains.jsonl", "heads.jsonl"])
async def test_json_that_is_very_deep(
    forger: Forger, tmp_path: Path, where: str, depth: int
) -> None:
    deep = b"[" * depth + b"]" * depth + b"\n"
    for raw in (deep, b'{"a":' * depth + b"1" + b"}" * depth + b"\n"):
        code = refused(packed(forger, tmp_path / "a.zip", **{where: raw}))
        assert code.removesuffix("_unreadable") in {"manifest", "fact", "chain", "head"}


@pytest.mark.parametrize(
    "number", ["9" * 400, "-1", "1e400", "1" + "0" * 5000, "18446744073709551616"]
)
async def test_numbers_that_are_very_large(forger: Forger, tmp_path: Path, number: str) -> None:
    lines = forger.members["facts.jsonl"].splitlines(keepends=True)
    index = json.loads(lines[3])["index"]
    lines[3] = lines[3].replace(b'"index":%d' % index, b'"index":' + number.encode())
    code = refused(packed(forger, tmp_path / "a.zip", **{"facts.jsonl": b"".join(lines)}))
    assert code in {"fact_unreadable", "fact_place"}
    raw = forger.members["manifest.json"].replace(
        b'"at": %d' % forger.manifest["at"], b'"at": ' + number.encode()
    )
    assert refused(packed(forger, tmp_path / "a.zip", **{"manifest.json": raw})) == "manifest"


async def test_the_same_fact_written_in_another_way(forger: Forger, tmp_path: Path) -> None:
    """Two programs must not read two things out of the same bytes."""
    for old, new in (('"at":', '"at": '), ('"kind":"', '"kind":"x","kind":"')):
        line = dict(forger.facts[2])
        line["leaf"] = line["leaf"].replace(old, new)
        lines = forger.members["facts.jsonl"].splitlines(keepends=True)
        lines[2] = json.dumps(line).encode() + b"\n"
        path = packed(forger, tmp_path / "a.zip", **{"facts.jsonl": b"".join(lines)})
        assert refused(path) == "fact_unreadable"


async def test_a_file_that_no_fact_refers_to(forger: Forger, tmp_path: Path) -> None:
    path = packed(forger, tmp_path / "a.zip", **{"files/" + "ab" * 32: b"x"})
    assert refused(path) == "file_strange"


async def test_random_bytes_of_the_archive_itself(world: World, tmp_path: Path) -> None:
    """Whatever is changed in the archive: it is refused, or the members are what they were."""
    path, _ = await world.bundle(NO1)
    whole = path.read_bytes()
    chance = random.Random(7)
    for _ in range(300):
        raw = bytearray(whole)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        (tmp_path / "a.zip").write_bytes(bytes(raw))
        try:
            check(tmp_path / "a.zip")
        except (BundleError, BrokenError):
            continue
        with zipfile.ZipFile(path) as first, zipfile.ZipFile(tmp_path / "a.zip") as second:
            assert sorted(first.namelist()) == sorted(second.namelist())
            assert all(first.read(name) == second.read(name) for name in first.namelist())


@pytest.mark.parametrize("name", ["subject", "body", "leaf"])
async def test_text_that_is_no_text(forger: Forger, tmp_path: Path, name: str) -> None:
    """Half of a pair of code units, as JSON can write it: no bytes stand for it."""
    lines = forger.members["facts.jsonl"].splitlines(keepends=True)
    line = json.loads(lines[2])
    line[name] = "\ud800"
    lines[2] = json.dumps(line).encode() + b"\n"
    path = packed(forger, tmp_path / "a.zip", **{"facts.jsonl": b"".join(lines)})
    assert refused(path) == "fact_unreadable"


async def test_members_that_are_held_in_memory_are_small(forger: Forger, tmp_path: Path) -> None:
    """A line each is in bounds, and all of them together are not."""
    lines = [
        b'{"chain":"%064x","hash":"%064x","regions":[%s],"seq":1}\n'
        % (number, number, b",".join([b'""'] * 1_000))
        for number in range(100)
    ]
    path = packed(forger, tmp_path / "bomb.zip", **{"chains.jsonl": b"".join(lines)})
    assert refused(path, Limits(held=100_000)) == "too_large"
    note = json.dumps(forger.heads[0]).encode() + b"\n"
    path = packed(forger, tmp_path / "bomb.zip", **{"heads.jsonl": note * 1_000})
    assert refused(path, Limits(held=100_000)) == "too_large"
    long = json.dumps({**forger.heads[0], "proof": ["00" * 32] * 129}).encode() + b"\n"
    path = packed(forger, tmp_path / "bomb.zip", **{"heads.jsonl": note + long})
    assert refused(path) == "head_unreadable"
