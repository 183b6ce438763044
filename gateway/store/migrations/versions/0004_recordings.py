"""What recorders hold of each camera, and the verdict on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "recordings",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.String(length=64), nullable=False),
        sa.Column("recorder", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("required_days", sa.Integer(), nullable=False),
        sa.Column("asked", NUMBER, nullable=False),
        sa.Column("as_of", NUMBER, nullable=False),
        sa.Column("reach", NUMBER, nullable=True),
        sa.Column("covered", sa.Float(), nullable=True),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("falls_short", NUMBER, nullable=True),
        sa.Column("unknown_since", NUMBER, nullable=True),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.LargeBinary(), nullable=False),
        sa.Column("holdings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school", "camera", name="pk_recordings"),
    )
