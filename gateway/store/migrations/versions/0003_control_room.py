"""Devices that a cause has cut off, maintenance, duty, contacts, links in messages, browsers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.add_column("outbox", sa.Column("alert", NUMBER, nullable=True))
    op.create_index("ix_outbox_alert", "outbox", ["alert"])
    op.create_index(
        "ix_outbox_emergencies",
        "outbox",
        ["receiver", "key"],
        sqlite_where=sa.text("delivered IS NULL AND key >= 'emergency/' AND key < 'emergency0'"),
    )
    op.create_index(
        "ix_outbox_aside",
        "outbox",
        ["receiver", "due"],
        sqlite_where=sa.text("delivered IS NULL AND attempts >= 4"),
    )
    op.create_index("ix_transitions_known", "transitions", ["known", "kind", "alert"])
    op.create_table(
        "victims",
        sa.Column("alert", NUMBER, autoincrement=False, nullable=False),
        sa.Column("device", NUMBER, autoincrement=False, nullable=False),
        sa.Column("since", NUMBER, nullable=False),
        sa.Column("back", NUMBER, nullable=True),
        sa.Column("alone", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("alert", "device", name="pk_victims"),
    )
    op.create_index("ix_victims_device", "victims", ["device"])
    op.create_table(
        "maintenances",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("starts", NUMBER, nullable=False),
        sa.Column("ends", NUMBER, nullable=False),
        sa.Column("ended", NUMBER, nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_maintenances"),
    )
    op.create_index("ix_maintenances_open", "maintenances", ["ended", "ends"])
    op.create_index("ix_maintenances_school_starts", "maintenances", ["school", "starts"])
    op.create_table(
        "maintenance_alerts",
        sa.Column("maintenance", NUMBER, autoincrement=False, nullable=False),
        sa.Column("alert", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("maintenance", "alert", name="pk_maintenance_alerts"),
    )
    op.create_table(
        "contacts",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("telephone", sa.String(length=64), nullable=False),
        sa.Column("place_in_list", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_contacts_school"),
        sa.PrimaryKeyConstraint("school", "id", name="pk_contacts"),
    )
    op.create_table(
        "shifts",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("team", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("starts", NUMBER, nullable=False),
        sa.Column("ends", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_shifts_user"),
        sa.PrimaryKeyConstraint("row", name="pk_shifts"),
    )
    op.create_index("ix_shifts_team_ends", "shifts", ["team", "ends"])
    op.create_table(
        "hand_overs",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("team", sa.String(length=64), nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("after", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_hand_overs"),
    )
    op.create_index("ix_hand_overs_team_at", "hand_overs", ["team", "at"])
    op.create_table(
        "used_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires", NUMBER, nullable=False),
        sa.Column("used", NUMBER, nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_links"),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.String(length=128), nullable=False),
        sa.Column("auth", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("priorities", sa.Text(), nullable=False),
        sa.Column("added", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_push_subscriptions_user"),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscriptions"),
    )
    op.create_index("ix_push_subscriptions_user", "push_subscriptions", ["user"])
