"""What of a fact enters the log: its times and kind as they are, all else as salted hashes.

A hash of a name or a short body is no secret: whoever guesses it can check the guess. So each is
made with a salt of its own, which only the gateway can make (from its secret and the fact's row)
and which a bundle gives away for exactly what it discloses. The same fact always makes the same
leaf.

Facts stand in *chains*: one for each school, one for policies, one for regions, one for signs of
life, one for everything else of the gateway itself. A leaf has its number in its chain and the
hash of the leaf before it there: no fact can be left out of a chain unseen.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeAlias

import msgspec

from audit.coverage.life import LIFE
from audit.evidence.merkle import leaf_hash
from audit.fact import FactRow, school_of
from audit.policy import POLICY, POLICY_ENDED

POLICIES: Final = "@policy"
REGIONS: Final = "@region"
LIVES: Final = "@life"
OTHERS: Final = "@gateway"
"""Chains that are of no school. No school's id begins so."""

EVERYBODYS: Final = (POLICIES, REGIONS, LIVES)
"""Those that every school's figures rest on: a bundle has them, whatever it is about."""

CHAIN_HEADS: Final = "chain_heads"
"""The kind of facts that say where every chain ends."""

REGION: Final = "region"
"""The kind of facts of the register about a region."""

SALT_BYTES: Final = 16
_ROW_BYTES: Final = 8


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the log; its fields in the order of the alphabet, as they stand in its bytes.

    ``actor``, ``body``, ``chain`` and ``subject`` are SHA-256 of salt and value, in hex. ``seq``
    counts the facts of the chain from 1, ``previous`` is the leaf hash of the one before, in hex,
    empty for the first. ``at`` is the latest ``known`` of all facts up to this one: an instant is
    judged by the facts whose ``at`` is not after it, whatever the clock did.
    """

    actor: str
    at: int
    body: str
    chain: str
    happened: int
    kind: str
    known: int
    previous: str
    row: int
    seq: int
    subject: str


class Salts(msgspec.Struct, frozen=True):
    """Of one fact."""

    subject: bytes
    actor: bytes
    body: bytes


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Leaf).decode

Chained: TypeAlias = Callable[[FactRow], str]


def leaf_bytes(leaf: Leaf) -> bytes:
    """The entry as it is hashed: JSON with sorted keys and no spaces."""
    return _ENCODE(leaf)


def read_leaf(raw: bytes) -> Leaf:
    """An entry from its bytes. Raises ``msgspec.MsgspecError`` when it is none."""
    return _DECODE(raw)


def hash_of_leaf(leaf: Leaf) -> bytes:
    """The hash under which the tree has it."""
    return leaf_hash(_ENCODE(leaf))


def salted(salt: bytes, value: bytes) -> str:
    """How a value stands in a leaf."""
    return sha256(salt + value).hexdigest()


def chain_of(fact: FactRow) -> str:
    """The chain of a fact: its school, or one of those of no school."""
    if fact.kind in (POLICY, POLICY_ENDED):
        return POLICIES
    if fact.kind == REGION:
        return REGIONS
    if fact.kind == LIFE:
        return LIVES
    school = school_of(fact)
    return school if school and not school.startswith("@") else OTHERS


def hash_of_open_chain(chain: str) -> str:
    """How a chain of no school stands in leaves, of whatever gateway."""
    return salted(bytes(SALT_BYTES), chain.encode())


class Secret:
    """Makes the salts. Whoever has it can guess at what was withheld: it stays in the gateway."""

    def __init__(self, key: bytes) -> None:
        """``key`` are 32 random bytes."""
        self._key: Final = key

    def of_fact(self, row: int) -> Salts:
        """The salts of the fact of this row."""
        made = hmac.digest(self._key, b"fact" + row.to_bytes(_ROW_BYTES), "sha512")
        return Salts(
            made[:SALT_BYTES],
            made[SALT_BYTES : 2 * SALT_BYTES],
            made[2 * SALT_BYTES : 3 * SALT_BYTES],
        )

    def of_chain(self, chain: str) -> bytes:
        """The salt of a chain's name. Those of no school are no secret: everybody can tell whether
        a log has them, and whether a bundle leaves them out.
        """
        if chain.startswith("@"):
            return bytes(SALT_BYTES)
        return hmac.digest(self._key, b"chain" + chain.encode(), "sha256")[:SALT_BYTES]


def make_leaf(fact: FactRow, *, at: int, chain: str, seq: int, previous: str, salts: Salts) -> Leaf:
    """The entry of a fact; ``chain`` and ``previous`` as they stand in it."""
    return Leaf(
        actor=salted(salts.actor, fact.actor.encode()),
        at=at,
        body=salted(salts.body, fact.body),
        chain=chain,
        happened=fact.happened,
        kind=fact.kind,
        known=fact.known,
        previous=previous,
        row=fact.row,
        seq=seq,
        subject=salted(salts.subject, fact.subject.encode()),
    )
