"""Campaigns, their checklists, and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begins", sa.String(10), nullable=False),
        sa.Column("ends", sa.String(10), nullable=False),
        sa.Column("changed", Number, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_table(
        "campaign_marks",
        sa.Column("campaign", sa.String(64), nullable=False),
        sa.Column("school", sa.String(64), nullable=False),
        sa.Column("check_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "school", "check_id", name="pk_campaign_marks"),
    )
    op.create_index("ix_campaign_marks_school", "campaign_marks", ["school"])
    op.create_table(
        "campaign_reports",
        sa.Column("row", Number, autoincrement=True, nullable=False),
        sa.Column("campaign", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("period", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("due", Number, nullable=False),
        sa.Column("signed", Number, nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("zero", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_campaign_reports"),
        sa.UniqueConstraint(
            "campaign",
            "kind",
            "period",
            "subject",
            name="uq_campaign_reports_campaign_kind_period_subject",
        ),
    )
    op.create_index("ix_campaign_reports_subject", "campaign_reports", ["subject", "due"])
