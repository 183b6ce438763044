"""Which items are met, since when, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "coverage",
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("reasons", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("policy", "item", "school", "at", name="pk_coverage"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage_reasons",
        sa.Column("row", NUMBER, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_coverage_reasons"),
    )
    op.create_table(
        "coverage_schools",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_coverage_schools"),
    )
    op.create_table(
        "coverage_records",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("row", NUMBER, nullable=False),
        sa.Column("due", NUMBER, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_coverage_records"),
    )
