"""The hazard ledger and rectification notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "hazards",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("opened", NUMBER, nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("closed", NUMBER, nullable=True),
        sa.Column("awaits", sa.String(length=24), nullable=False),
        sa.Column("next_at", NUMBER, nullable=False),
        sa.Column("work_order", NUMBER, nullable=True),
        sa.Column("item", sa.String(length=64), nullable=True),
        sa.Column("made", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_hazards"),
        sa.UniqueConstraint("made", name="uq_hazards_made"),
    )
    op.create_index("ix_hazards_open", "hazards", ["closed", "due"])
    op.create_index("ix_hazards_school", "hazards", ["school", "opened"])
    op.create_index("ix_hazards_next", "hazards", ["next_at"])
    op.create_index("ix_hazards_work_order", "hazards", ["work_order"])
    op.create_index("ix_hazards_item", "hazards", ["item", "school"])
    op.create_table(
        "notices",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("bureau", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("issued", NUMBER, nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("replied", NUMBER, nullable=True),
        sa.Column("made", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_notices"),
        sa.UniqueConstraint("made", name="uq_notices_made"),
    )
    op.create_index("uq_notices_number", "notices", ["bureau", "year", "sequence"], unique=True)
    op.create_index("ix_notices_school", "notices", ["school", "issued"])
