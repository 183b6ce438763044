"""What people state is met, and the files that prove it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

files = Table(
    "files",  # documents and photos that prove something; their bytes lie beside the database
    metadata,
    Column("school", String(64), primary_key=True),
    Column("hash", String(64), primary_key=True),  # SHA-256 of what is kept
    Column("media_type", String(80), nullable=False),
    Column("size", Number, nullable=False),  # bytes
    Column("name", Text, nullable=False),  # what people called it; never part of a fact
    Column("added", Number, nullable=False),
    Column("actor", String(128), nullable=False),
    Index(None, "hash"),
)

file_uses = Table(
    "file_uses",  # what refers, or has referred, to a file: facts do so for ever
    metadata,
    Column("school", String(64), primary_key=True),
    Column("file", String(64), primary_key=True),
    Column("subject", String(160), primary_key=True),  # that of the fact
    ForeignKeyConstraint(["school", "file"], ["files.school", "files.hash"]),
)

attestations = Table(
    "attestations",  # as they stand; each step is a fact as well
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("school", String(64), nullable=False),
    Column("item", String(64), nullable=False),
    Column("at", Number, nullable=False),
    Column("valid_from", Number, nullable=False),
    Column("expires", Number, nullable=False),
    Column("confirmed", Number),  # NULL: not yet
    Column("withdrawn", Number),  # NULL: it was not
    Column("replaced", Number),  # when a newer one takes its place; NULL: none does
    Column("body", LargeBinary, nullable=False),  # JSON of audit.attestation.Attestation
    Index("ix_attestations_school_item", "school", "item", "at"),
    Index("ix_attestations_expires", "expires"),
)
