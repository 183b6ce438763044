"""Is the head that a bundle is proven against the log's own, and what speaks for it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from audit.evidence.broken import BrokenError
from audit.evidence.bundle import HEADS, Bundle, BundleError, HeadLine, Manifest
from audit.evidence.heads import SignedHead, read_head
from audit.evidence.merkle import extends
from audit.evidence.notes import NoteError, Verifier, read_verifier

MOST_HEADS: Final = 100_000

_head_line: Final = msgspec.json.Decoder(HeadLine).decode
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class Trusted(msgspec.Struct, frozen=True):
    """What the auditor has from elsewhere: heads that they were given or that were published, and
    public keys. A key of the log's name is the log's, any other that of a witness.
    """

    heads: tuple[SignedHead, ...] = ()
    keys: tuple[Verifier, ...] = ()


def read_heads(
    bundle: Bundle, manifest: Manifest
) -> tuple[SignedHead, list[tuple[SignedHead, HeadLine]]]:
    """The bundle's own head, and the others with their proofs. Signatures are the log's by name."""
    try:
        key = read_verifier(manifest.key)
    except NoteError as error:
        raise BundleError("manifest", why=str(error)) from error
    if key.name != manifest.origin:
        raise BrokenError("key_of_other", name=key.name, origin=manifest.origin)
    found: list[tuple[SignedHead, HeadLine]] = []
    for number, raw in enumerate(bundle.lines(HEADS)):
        if number > MOST_HEADS:
            raise BundleError("too_large", member=HEADS)
        try:
            line = _head_line(raw)
            head = read_head(line.note)
        except _UNREADABLE as error:
            raise BrokenError("head_unreadable", number=number + 1) from error
        if head.head.origin != manifest.origin:
            raise BrokenError("head_of_other", origin=head.head.origin)
        if not key.signed(head.note):
            raise BrokenError("head_signature", size=head.head.size)
        found.append((head, line))
    if not found:
        raise BrokenError("head_unreadable", number=1)
    return found[0][0], found[1:]


def speaking_for(
    manifest: Manifest,
    head: SignedHead,
    others: Sequence[tuple[SignedHead, HeadLine]],
    trusted: Trusted,
) -> tuple[bool, tuple[str, ...]]:
    """Whether something of the auditor's speaks for the head, and which witnesses."""
    key = read_verifier(manifest.key)
    proven = _proven(head, others)
    own = [one for one in trusted.keys if one.name == manifest.origin]
    if own and key not in own:
        raise BrokenError("key_differs", origin=manifest.origin)
    for held in trusted.heads:
        if held.head.origin != manifest.origin:
            raise BrokenError("held_of_other", held=held.head.origin, origin=manifest.origin)
        if not key.signed(held.note):
            raise BrokenError("held_other_key", size=held.head.size)
        _held(held, head, others)
    witnesses = []
    for witness in trusted.keys:
        if witness.name != manifest.origin:
            if not any(witness.cosigned(one.note) is not None for one in proven):
                raise BrokenError("not_witnessed", name=witness.name)
            witnesses.append(witness.name)
    return bool(own or trusted.heads or witnesses), tuple(witnesses)


def _proven(head: SignedHead, others: Sequence[tuple[SignedHead, HeadLine]]) -> list[SignedHead]:
    """The bundle's own head and those beyond it; all that it brings must be of one log."""
    proven = [head]
    for other, line in others:
        if not _consistent(head, other, [bytes.fromhex(one) for one in line.proof]):
            raise BrokenError("head_contradicts", size=other.head.size)
        if other.head.size >= head.head.size:
            proven.append(other)
    return proven


def _consistent(first: SignedHead, second: SignedHead, proof: Sequence[bytes]) -> bool:
    old, new = sorted((first.head, second.head), key=lambda one: one.size)
    return extends(old.size, old.root, new.size, new.root, proof)


def _held(
    held: SignedHead, head: SignedHead, others: Sequence[tuple[SignedHead, HeadLine]]
) -> None:
    """A head of the auditor's against those of the bundle, which are of one log."""
    listed = [head, *(other for other, _ in others)]
    same = [one for one in listed if one.head.size == held.head.size]
    if not same:
        raise BrokenError("held_unproven", size=held.head.size)
    if any(one.head.root != held.head.root for one in same):
        raise BrokenError("held_contradicts", size=held.head.size)
