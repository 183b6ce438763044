"""The check of a bundle: by a stranger, with nothing but the file and what they trust.

`check` looks in a fixed order and stops at the first thing that does not hold (`BrokenError`): is
it a bundle; is its head signed by the log's key, and the one that was witnessed; is every fact in
the log as it is shown, with none left out; do the facts come to the figures; are the files those
that the facts refer to. Facts are taken for what they say only once all of them are proven.

What is trusted comes from elsewhere (`Trusted`): without any of it a bundle can only be found
consistent in itself, which whoever made it anew with a key of their own can have, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from audit.evidence.broken import BrokenError
from audit.evidence.bundle import (
    FIGURES,
    FORMAT,
    VERSION,
    Bundle,
    BundleError,
    Limits,
    Manifest,
    Scope,
    ScopeKind,
    opened,
    signed_text,
)
from audit.evidence.computing import Computation
from audit.evidence.leaf import EVERYBODYS, OTHERS, hash_of_open_chain
from audit.evidence.notes import read_verifier
from audit.evidence.proving import ShownEnds, ShownFacts
from audit.evidence.referring import referred
from audit.evidence.trusting import Trusted, read_heads, speaking_for

NOTHING: Final = Trusted()
USUAL: Final = Limits()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle that holds was found to be. Times in ms.

    ``anchored``: by a key or a head of the auditor's. ``witnesses`` are the names of those that
    have countersigned. ``absent`` counts files that the gateway did not have any more.
    """

    manifest: Manifest
    size: int
    head_at: int | None
    facts: int
    disclosed: int
    schools: int
    figures: int
    files: int
    absent: int
    anchored: bool
    witnesses: tuple[str, ...]


def check(path: Path, trusted: Trusted = NOTHING, limits: Limits = USUAL) -> Found:
    """What the bundle is, if all of it holds.

    Raises `BrokenError` with the first thing that does not, `BundleError` when the file is no
    bundle, or none that anybody should unpack.
    """
    with opened(path, limits) as bundle:
        manifest = bundle.manifest()
        if manifest.format != FORMAT or manifest.version != VERSION:
            raise BundleError("version", version=manifest.version)
        head, others = read_heads(bundle, manifest)
        anchored, witnesses = speaking_for(manifest, head, others, trusted)
        ends = ShownEnds(bundle)
        facts = ShownFacts(bundle, manifest, head, ends)
        facts.prove()
        computation = Computation()
        for fact, chain in facts.known():
            try:
                computation.take(fact, chain)
            except Exception as error:
                # Whatever a fact of a stranger's making does to the folding, it is that fact's.
                raise BrokenError("fact_strange", row=fact.row, why=str(error)[:200]) from error
        inside = _scope(manifest.scope, computation, ends)
        figures = _figures(bundle, computation, manifest.at, inside)
        files, absent = _files(bundle, manifest, computation, inside)
        _signed(bundle, manifest)
        return Found(
            manifest=manifest,
            size=head.head.size,
            head_at=head.head.at,
            facts=facts.count,
            disclosed=facts.disclosed,
            schools=len(inside),
            figures=figures,
            files=files,
            absent=absent,
            anchored=anchored,
            witnesses=witnesses,
        )


def _scope(scope: Scope, computation: Computation, ends: ShownEnds) -> frozenset[str]:
    """The schools that it is about. Raises when one of them is not disclosed."""
    names = ends.names()
    hidden = {end.chain for end in ends.ends if end.chain not in ends.disclosed}
    for needed in EVERYBODYS:
        if hash_of_open_chain(needed) in hidden:
            raise BrokenError("chain_withheld", chain=needed)
    schools = frozenset(one for one in names if not one.startswith("@"))
    if scope.kind is ScopeKind.SCHOOL:
        if scope.id not in schools:
            raise BrokenError("school_withheld", school=scope.id)
        return frozenset({scope.id})
    if scope.kind is ScopeKind.REGION:
        inside = computation.within(scope.id)
        for end in ends.ends:
            if end.chain not in ends.disclosed and not inside.isdisjoint(end.regions):
                raise BrokenError("region_short", region=scope.id, chain=end.chain)
        return frozenset(
            one
            for one in schools
            if (record := computation.records.get(one)) is not None
            and record.roster is not None
            and record.roster.region in inside
        )
    # The gateway's own facts (who signed in, who was given which right) are in no figure.
    hidden.discard(hash_of_open_chain(OTHERS))
    if hidden:
        raise BrokenError("schools_withheld", chains=len(hidden))
    return schools


def _figures(bundle: Bundle, computation: Computation, at: int, inside: frozenset[str]) -> int:
    made = _computed(computation, at, inside)
    given = bundle.lines(FIGURES)
    count = 0
    for count, figure in enumerate(made, 1):
        line = next(given, None)
        if line is None:
            raise BrokenError("figures_short", number=count, **_named(figure))
        if line != figure:
            raise BrokenError("figure", number=count, **_named(figure))
    if next(given, None) is not None:
        raise BrokenError("figures_long", number=count + 1)
    return count


def _computed(computation: Computation, at: int, inside: frozenset[str]) -> Iterator[bytes]:
    try:
        yield from computation.figures(at, lambda record: record.school in inside)
    except Exception as error:
        raise BrokenError("figures_strange", why=str(error)[:200]) from error


class _Named(msgspec.Struct):
    policy: str
    item: str
    school: str = ""
    region: str | None = None


_named_figure: Final = msgspec.json.Decoder(_Named).decode


def _named(line: bytes) -> dict[str, str]:
    """What a computed figure is of, for people."""
    figure = _named_figure(line)
    where = figure.school or figure.region or "*"
    return {"policy": figure.policy, "item": figure.item, "where": where}


def _files(
    bundle: Bundle, manifest: Manifest, computation: Computation, inside: frozenset[str]
) -> tuple[int, int]:
    records = (computation.records[one] for one in inside if one in computation.records)
    needed = referred(records, manifest.at)
    absent = set(manifest.absent)
    for name in needed:
        if name in bundle.files:
            if bundle.file_hash(name) != name:
                raise BrokenError("file", hash=name)
        elif name not in absent:
            raise BrokenError("file_missing", hash=name)
    for name in sorted(bundle.files - set(needed)):
        raise BrokenError("file_strange", hash=name)
    return len(needed), sum(name in absent for name in needed)


def _signed(bundle: Bundle, manifest: Manifest) -> None:
    """Last of all: is every byte of it as the gateway handed it out?"""
    note = bundle.signature()
    if note.text != signed_text(bundle.read) or not read_verifier(manifest.key).signed(note):
        raise BrokenError("signature")
