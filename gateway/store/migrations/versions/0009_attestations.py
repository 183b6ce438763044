"""What people state is met, with files, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "files",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added", NUMBER, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("school", "hash", name="pk_files"),
    )
    op.create_index("ix_files_hash", "files", ["hash"])
    op.create_table(
        "file_uses",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("school", "file", "subject", name="pk_file_uses"),
        sa.ForeignKeyConstraint(
            ["school", "file"], ["files.school", "files.hash"], name="fk_file_uses_school_file"
        ),
    )
    op.create_table(
        "attestations",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("valid_from", NUMBER, nullable=False),
        sa.Column("expires", NUMBER, nullable=False),
        sa.Column("confirmed", NUMBER, nullable=True),
        sa.Column("withdrawn", NUMBER, nullable=True),
        sa.Column("replaced", NUMBER, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_attestations"),
        sa.UniqueConstraint("id", name="uq_attestations_id"),
    )
    op.create_index("ix_attestations_school_item", "attestations", ["school", "item", "at"])
    op.create_index("ix_attestations_expires", "attestations", ["expires"])
