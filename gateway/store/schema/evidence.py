"""The evidence log: heads that were signed, who countersigned them, heads of others we have seen.

The log itself is in files beside the database (``gateway.evidence.log``): a cache over the facts.
What is here cannot be made again.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

evidence_heads = Table(
    "evidence_heads",  # every head this gateway has signed
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),  # facts in it
    Column("at", Number, nullable=False),  # when it was signed
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),  # the signed head, as it is published
    Column("row", Number, nullable=False),  # of the fact that says where all chains ended
    Column("covered", Number, nullable=False),  # facts that it speaks of
    Column("known", Number, nullable=False),  # the latest ``known`` among those
    Index(None, "at"),
    Index(None, "known"),
)

evidence_cosignatures = Table(
    "evidence_cosignatures",  # a witness has seen the head, and that it fits the one before
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("witness", String(200), primary_key=True),  # the name of its key
    Column("target", String(64), nullable=False),  # as the settings name it
    Column("at", Number, nullable=False),
    Column("line", Text, nullable=False),  # of the note
    Index(None, "witness", "size"),
)

evidence_witnessed = Table(
    "evidence_witnessed",  # the last head of another gateway's log that this one countersigned
    metadata,
    Column("origin", String(200), primary_key=True),
    Column("key", Text, nullable=False),
    Column("size", Number, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", Number, nullable=False),
    Column("note", Text, nullable=False),
    Column("heads", Integer, nullable=False),  # countersigned so far
)
