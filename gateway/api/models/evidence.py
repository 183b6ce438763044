"""The evidence log: how it stands, its heads, proofs of facts, bundles, countersignatures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Out
from gateway.evidence.bundles import BundleState

HexHash = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, in hex.", examples=["e3b0c442" * 8])
]


class WitnessLineOut(Out):
    """Who has countersigned a head, and when that came."""

    witness: str
    at: Moment


class HeadOut(Out):
    """A signed head: the root over the first `size` facts. `note` is what was published."""

    size: int
    at: Moment
    root: HexHash
    note: str
    row: int = Field(description="The fact that says where every chain ended.")
    witnesses: list[WitnessLineOut]


class TargetOut(Out):
    """A place outside to which heads go. `waiting` are those that have not arrived."""

    kind: str = Field(examples=["folder", "mqtt", "message", "witness"])
    name: str
    waiting: int
    given_up: int
    failing: Moment | None
    error: str
    delivered: Moment | None
    cosigned: int = Field(description="Of a witness: the size of the newest head it signed.")


class WitnessedOut(Out):
    """The log of another gateway, as this one has seen it last."""

    name: str
    size: int
    root: HexHash
    at: Moment
    heads: int = Field(description="Countersigned so far.")


class EvidenceStateOut(Out):
    """How the log stands. `key` is its public key, to be noted outside of this gateway."""

    name: str
    key: str
    size: int = Field(description="Facts in the log.")
    last: int = Field(description="The row of the last of them.")
    behind: int = Field(description="Facts that are not in it yet.")
    interval_ms: int
    head: HeadOut | None
    targets: list[TargetOut]
    witnessed: list[WitnessedOut]


class FactProofOut(Out):
    """A fact and its place under a signed head.

    The hash of a leaf is SHA-256 of a zero byte and `leaf`; each salted value in `leaf` is SHA-256
    of salt and value. `path` leads from the leaf to `head.root` (RFC 6962).
    """

    row: int
    index: int
    leaf: str
    hash: HexHash
    subject: str
    subject_salt: str
    actor: str
    actor_salt: str
    body: str
    body_salt: str
    school: str | None
    changed: bool = Field(description="The fact is no longer the one that entered the log.")
    head: HeadOut | None = Field(description="`null` while no head holds it yet.")
    path: list[HexHash]


class ConsistencyOut(Out):
    """The proof that the first `old` facts are the same in the log of `new`."""

    old: int
    new: int
    proof: list[HexHash]


class WitnessIn(In):
    """A head of another gateway, as it is published, and the proof that it grew from `old`."""

    note: Annotated[str, StringConstraints(max_length=65536, strip_whitespace=False)]
    key: str = Field(max_length=400, description="Its public key: `NAME+KEYID+KEY`.")
    old: int = Field(ge=0, le=2**53, description="The size that was countersigned last; 0: none.")
    proof: list[HexHash] = Field(max_length=128)


class WitnessOut(Out):
    """The line to put below the note."""

    line: str
    size: int


class WitnessElseOut(Out):
    """The head that was seen last is of another size: prove from that one."""

    size: int


class BundleIn(In):
    """What the bundle is about: a school, a region, or everything in scope of everything."""

    school: Identifier | None = None
    region: Identifier | None = None
    at: Milliseconds | None = Field(default=None, description="As of when; now without it.")
    actors: bool = Field(default=False, description="Disclose who did what as well.")
    heads: list[int] = Field(
        default=[], max_length=100, description="Sizes of heads that the auditor holds."
    )


class BundleOut(Out):
    """A bundle as it stands. `code` and `inputs` say why it failed."""

    id: str
    state: BundleState
    started: Moment
    ended: Moment | None
    school: str | None
    region: str | None
    at: Moment
    done: float = Field(description="How far it has got, 0 to 1.")
    facts: int | None
    disclosed: int | None
    schools: int | None
    bytes: int | None
    name: str = Field(description="What to call the file.")
    code: str
    inputs: dict[str, str | int]
