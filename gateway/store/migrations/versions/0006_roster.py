"""The roster of schools, and what each must have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "roster",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("pupils", NUMBER, nullable=False),
        sa.Column("boarders", NUMBER, nullable=False),
        sa.Column("key_target", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("formerly", sa.Text(), nullable=False),
        sa.Column("changed", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_roster"),
    )
    op.create_index("ix_roster_region", "roster", ["region"])
    op.create_table(
        "baselines",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("signed", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_baselines"),
    )
    op.create_table(
        "baseline_proposals",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("proposed", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_baseline_proposals"),
    )
