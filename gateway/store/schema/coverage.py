"""What the facts come to: the verdicts of every item, and how far the facts were followed.

All of it is derived: it could be made again from the facts, and comes out the same.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

coverage = Table(
    "coverage",  # a row whenever a verdict, its reasons or the school's place on the roster change
    metadata,
    Column("policy", String(64), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("school", String(64), primary_key=True),
    Column("at", Number, primary_key=True, autoincrement=False),  # from when on
    Column("verdict", String(8), nullable=False),  # met, failed, unknown
    Column("listed", Boolean, nullable=False),  # on the roster: counts
    Column("region", String(64), nullable=False),  # of the roster; empty: none
    Column("reasons", Number),  # a row of coverage_reasons; NULL: none
    # Narrow, and in the order in which it is looked up: the last row before an instant, of every
    # school, is what a page asks for.
    sqlite_with_rowid=False,
)

coverage_reasons = Table(
    "coverage_reasons",  # what several items and policies have in common is there once
    metadata,
    Column("row", Number, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # JSON: list of audit.coverage.Reason
)

coverage_schools = Table(
    "coverage_schools",  # every school that was ever on the roster, as it is there now
    metadata,
    Column("school", String(64), primary_key=True),
    Column("listed", Boolean, nullable=False),
    Column("region", String(64), nullable=False),
    Column("name", Text, nullable=False),
)

coverage_records = Table(
    "coverage_records",  # a school's facts folded, so that a start need not read all of them
    metadata,
    Column("school", String(64), primary_key=True),
    Column("row", Number, nullable=False),  # the last fact of the school in it
    Column("due", Number),  # when a verdict may change by time alone; NULL: never
    Column("body", LargeBinary, nullable=False),  # MessagePack of audit.coverage.SchoolRecord
)
