"""The log over the facts, its signed heads, and who has seen them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "evidence_heads",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("row", NUMBER, nullable=False),
        sa.Column("covered", NUMBER, nullable=False),
        sa.Column("known", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_evidence_heads"),
    )
    op.create_index("ix_evidence_heads_at", "evidence_heads", ["at"])
    op.create_index("ix_evidence_heads_known", "evidence_heads", ["known"])
    op.create_table(
        "evidence_cosignatures",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_evidence_cosignatures"),
    )
    op.create_index(
        "ix_evidence_cosignatures_witness_size", "evidence_cosignatures", ["witness", "size"]
    )
    op.create_table(
        "evidence_witnessed",
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk_evidence_witnessed"),
    )
