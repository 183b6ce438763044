"""The tree of RFC 6962: published vectors, and a naive tree hashed as the RFC defines."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evidence.merkle import (
    EMPTY_ROOT,
    Growing,
    TreeError,
    consistency,
    extends,
    includes,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    root_of_inclusion,
    spans,
)

# The reference data of Certificate Transparency's own implementations.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


class Kept:
    """A tree whose every span is hashed anew from the leaves."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes = hashes

    def node(self, level: int, index: int) -> bytes:
        first, end = index << level, (index + 1) << level
        if end > len(self.hashes):
            raise TreeError("no such span")
        return naive(self.hashes[first:end])


def naive(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(naive(hashes[:split]), naive(hashes[split:]))


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(hashes) == 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if index < split:
        return [*naive_path(index, hashes[:split]), naive(hashes[split:])]
    return [*naive_path(index - split, hashes[split:]), naive(hashes[:split])]


def naive_proof(old: int, hashes: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if old == len(hashes):
        return [] if whole else [naive(hashes)]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if old <= split:
        return [*naive_proof(old, hashes[:split], whole=whole), naive(hashes[split:])]
    return [*naive_proof(old - split, hashes[split:], whole=False), naive(hashes[:split])]


def leaves(number: int) -> list[bytes]:
    return [leaf_hash(str(one).encode()) for one in range(number)]


KEPT = Kept([leaf_hash(one) for one in LEAVES])


def test_the_empty_tree_has_the_root_of_the_rfc() -> None:
    assert root(Kept([]), 0) == EMPTY_ROOT == sha256(b"").digest()


def test_roots_are_those_published() -> None:
    assert [root(KEPT, size).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_inclusion_proofs_are_those_published(place: tuple[int, int], path: list[str]) -> None:
    index, size = place
    proof = inclusion(KEPT, index, size)
    assert [one.hex() for one in proof] == path
    assert includes(KEPT.hashes[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_consistency_proofs_are_those_published(sizes: tuple[int, int], path: list[str]) -> None:
    old, new = sizes
    proof = consistency(KEPT, old, new)
    assert [one.hex() for one in proof] == path
    first, second = bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1])
    assert extends(old, first, new, second, proof)


SIZES = st.integers(1, 70)


@given(st.integers(0, 70))
def test_a_tree_that_grows_leaf_by_leaf_has_the_naive_root(size: int) -> None:
    hashes, tree = leaves(size), Growing()
    for one in hashes:
        tree.add(one)
    assert tree.root == naive(hashes) == root(Kept(hashes), size)
    assert Growing(size, tree.peaks).root == tree.root


@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_other_one_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = inclusion(Kept(hashes), index, size)
    top = naive(hashes)
    assert proof == naive_path(index, hashes)
    assert includes(hashes[index], index, size, proof, top)
    other = data.draw(
        st.integers(0, size - 1).filter(lambda one: one != index) if size > 1 else st.none()
    )
    if other is not None:
        assert not includes(hashes[other], index, size, proof, top)
        assert not includes(hashes[index], other, size, proof, top)
    assert root_of_inclusion(hashes[index], size, size, proof) is None
    assert not includes(hashes[index], index, size, [*proof, top], top)
    if proof:
        assert not includes(hashes[index], index, size, proof[:-1], top)


@given(SIZES, st.data())
def test_a_tree_is_proven_to_begin_with_every_smaller_one(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    hashes = leaves(size)
    proof = consistency(Kept(hashes), old, size)
    first, second = naive(hashes[:old]), naive(hashes)
    assert proof == naive_proof(old, hashes)
    assert extends(old, first, size, second, proof)
    changed = [leaf_hash(b"another"), *hashes[1:]]
    assert not extends(old, naive(changed[:old]), size, second, proof)
    assert not extends(old, first, size, naive(changed), proof)
    assert not extends(old, first, size, second, [*proof, first])
    if proof:
        assert not extends(old, first, size, second, proof[:-1])


@given(st.integers(0, 300), st.integers(0, 300))
def test_spans_are_complete_in_order_and_few(first: int, more: int) -> None:
    end = first + more
    found = spans(first, end)
    at = first
    for span in found:
        assert span.number << span.level == at
        at += 1 << span.level
    assert at == end
    assert len(found) <= 2 * max(1, more.bit_length())


@given(SIZES, st.data())
def test_leaves_that_are_not_shown_are_stood_for_by_few_hashes(
    size: int, data: st.DataObject
) -> None:
    shown = sorted(data.draw(st.sets(st.integers(0, size - 1))))
    hashes = leaves(size)
    kept, tree = Kept(hashes), Growing()

    def between(end: int) -> None:
        rest = iter([kept.node(*span) for span in spans(tree.size, end)])
        tree.skip_to(end, lambda: next(rest))

    for index in shown:
        between(index)
        tree.add(hashes[index])
    between(size)
    assert tree.root == naive(hashes)


def test_what_does_not_fit_is_refused() -> None:
    tree = Growing()
    tree.add(leaf_hash(b"one"))
    with pytest.raises(TreeError, match="no span of level 1"):
        tree.add(leaf_hash(b"two"), 1)
    with pytest.raises(TreeError, match="before leaf"):
        tree.skip_to(0, lambda: b"")
    with pytest.raises(TreeError, match="no leaf 8"):
        inclusion(KEPT, 8, 8)
    with pytest.raises(TreeError, match="does not begin"):
        consistency(KEPT, 9, 8)
    with pytest.raises(TreeError, match="2 peaks"):
        Growing(3, [b""])
    assert not extends(9, b"", 8, b"", [])
    assert extends(0, EMPTY_ROOT, 8, bytes.fromhex(ROOTS[7]), [])
    assert not extends(0, b"", 8, bytes.fromhex(ROOTS[7]), [])
