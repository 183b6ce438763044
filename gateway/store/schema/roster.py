"""The bureau's roster of schools, and what each school must have."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

roster = Table(
    "roster",  # every school that counts, connected or not; each change is a fact as well
    metadata,
    Column("school", String(64), primary_key=True),  # its id in the register, once it is there
    Column("name", Text, nullable=False),
    Column("kind", String(32), nullable=False),  # audit.roster.SchoolKind
    Column("region", String(64)),  # of the register; no foreign key: it may be taken off there
    Column("pupils", Number, nullable=False),
    Column("boarders", Number, nullable=False),
    Column("key_target", Boolean, nullable=False),
    Column("listed", Boolean, nullable=False),  # false: struck off
    Column("formerly", Text, nullable=False),  # JSON: the names it had, the newest first
    Column("changed", Number, nullable=False),
    Index(None, "region"),
)

baselines = Table(
    "baselines",  # what a school must have, as it is in effect; a fact as well
    metadata,
    Column("school", String(64), primary_key=True),
    Column("version", Number, nullable=False),
    Column("signed", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.baseline.Baseline
)

baseline_proposals = Table(
    "baseline_proposals",  # asks for less, and waits for a second person
    metadata,
    Column("school", String(64), primary_key=True),
    Column("id", String(16), nullable=False),
    Column("proposed", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.baseline.Proposal
)
