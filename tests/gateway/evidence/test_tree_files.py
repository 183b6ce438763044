"""The tree in files: the same roots and proofs as a naive tree, whatever was torn in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.evidence.merkle import Growing, TreeError, consistency, inclusion, leaf_hash, root
from gateway.evidence.tree_files import TreeFiles
from tests.audit.evidence.test_merkle import Kept, naive


def leaves(first: int, end: int) -> list[bytes]:
    return [leaf_hash(b"%d" % one) for one in range(first, end)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=6), st.data())
def test_roots_and_proofs_are_those_of_a_naive_tree(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    tree, hashes = TreeFiles(folder, 0), []
    try:
        for step in steps:
            more = leaves(len(hashes), len(hashes) + step)
            tree.append(more)
            hashes += more
        size = len(hashes)
        kept = Kept(hashes)
        assert tree.size == size
        assert root(tree, size) == naive(hashes)
        if size:
            index = data.draw(st.integers(0, size - 1))
            old = data.draw(st.integers(0, size))
            assert inclusion(tree, index, size) == inclusion(kept, index, size)
            assert consistency(tree, old, size) == consistency(kept, old, size)
            assert root(tree, old) == naive(hashes[:old])
    finally:
        tree.close()


def test_65536_leaves_fill_more_levels(tmp_path: Path) -> None:
    hashes, growing = leaves(0, 65_536 + 300), Growing()
    for one in hashes:
        growing.add(one)
    tree = TreeFiles(tmp_path, 0)
    for first in range(0, len(hashes), 1000):
        tree.append(hashes[first : first + 1000])
    assert root(tree, len(hashes)) == growing.root
    assert (tmp_path / "level8").stat().st_size == 257 * 32
    assert (tmp_path / "level4").stat().st_size == 4114 * 32
    assert (tmp_path / "level16").stat().st_size == 32
    tree.close()
    again = TreeFiles(tmp_path, len(hashes))
    again.append(leaves(len(hashes), len(hashes) + 5))
    for one in leaves(len(hashes), len(hashes) + 5):
        growing.add(one)
    assert root(again, again.size) == growing.root
    again.close()


@pytest.mark.parametrize("certain", [0, 1, 15, 16, 17, 255, 256, 257, 600])
@pytest.mark.parametrize("torn", [0, 1, 31, 32, 33, 9000])
def test_what_was_not_certain_is_cut_off(tmp_path: Path, certain: int, torn: int) -> None:
    tree = TreeFiles(tmp_path, 0)
    tree.append(leaves(0, certain))
    tree.close()
    for name in ("hashes", "level4", "level8", "level16"):
        with (tmp_path / name).open("ab") as file:
            file.write(os.urandom(torn))
    again = TreeFiles(tmp_path, certain)
    again.append(leaves(certain, 700))
    assert root(again, 700) == naive(leaves(0, 700))
    again.close()


def test_files_that_are_too_short_are_said(tmp_path: Path) -> None:
    tree = TreeFiles(tmp_path, 0)
    tree.append(leaves(0, 300))
    tree.close()
    with pytest.raises(TreeError, match="less than 301"):
        TreeFiles(tmp_path, 301)
    os.truncate(tmp_path / "level8", 0)
    with pytest.raises(TreeError, match="level8"):
        TreeFiles(tmp_path, 300)


def test_who_only_looks_changes_nothing(tmp_path: Path) -> None:
    tree = TreeFiles(tmp_path, 0)
    tree.append(leaves(0, 300))
    looking = TreeFiles(tmp_path, 280, writes=False)
    tree.append(leaves(300, 600))
    assert root(looking, 280) == naive(leaves(0, 280))
    assert root(tree, 600) == naive(leaves(0, 600))
    with pytest.raises(TreeError):
        looking.node(0, 280)
    looking.close()
    tree.close()


APPENDING = """
import sys
from pathlib import Path
from audit.evidence.merkle import leaf_hash
from gateway.evidence.tree_files import TreeFiles
tree = TreeFiles(Path(sys.argv[1]), 0)
while True:
    tree.append([leaf_hash(b"%d" % one) for one in range(tree.size, tree.size + 97)])
    if tree.size % (97 * 20) == 0:
        tree.sync()
        print(tree.size, flush=True)
"""


def test_a_kill_loses_nothing_that_was_certain(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        certain = [int(running.stdout.readline()) for _ in range(8)][-1]
        running.send_signal(signal.SIGKILL)
    tree = TreeFiles(tmp_path, certain)
    growing = Growing()
    for one in leaves(0, certain):
        growing.add(one)
    assert root(tree, certain) == growing.root
    tree.close()
