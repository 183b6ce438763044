"""Verifications, police links, connectivity by day, work orders, floor plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "verifications",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("device", NUMBER, nullable=True),
        sa.Column("link", sa.String(length=160), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("started", NUMBER, nullable=False),
        sa.Column("ended", NUMBER, nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_verifications"),
        sa.UniqueConstraint("id", name="uq_verifications_id"),
    )
    op.create_index("ix_verifications_device_started", "verifications", ["device", "started"])
    op.create_index("ix_verifications_link_started", "verifications", ["link", "started"])
    op.create_index("ix_verifications_school_started", "verifications", ["school", "started"])
    op.create_table(
        "link_states",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("link", sa.String(length=160), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", NUMBER, nullable=False),
        sa.Column("until", NUMBER, nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_link_states"),
    )
    op.create_index("ix_link_states_link_since", "link_states", ["link", "since"])
    op.create_table(
        "link_days",
        sa.Column("link", sa.String(length=160), nullable=False),
        sa.Column("day", NUMBER, autoincrement=False, nullable=False),
        sa.Column("up_ms", NUMBER, nullable=False),
        sa.Column("degraded_ms", NUMBER, nullable=False),
        sa.Column("down_ms", NUMBER, nullable=False),
        sa.Column("unverified_ms", NUMBER, nullable=False),
        sa.Column("starting_ms", NUMBER, nullable=False),
        sa.Column("exchanges", NUMBER, nullable=False),
        sa.Column("acknowledged", NUMBER, nullable=False),
        sa.Column("ack_sum_ms", sa.Float(), nullable=False),
        sa.Column("ack_max_ms", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("link", "day", name="pk_link_days"),
    )
    op.create_table(
        "link_watches",
        sa.Column("link", sa.String(length=160), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link", name="pk_link_watches"),
    )
    with op.batch_alter_table("outbox") as table:  # a link's name holds that of its school
        table.alter_column("receiver", type_=sa.String(length=160), existing_nullable=False)
    op.create_table(
        "device_days",
        sa.Column("day", NUMBER, autoincrement=False, nullable=False),
        sa.Column("device", NUMBER, autoincrement=False, nullable=False),
        sa.Column("messages", NUMBER, nullable=False),
        sa.Column("lost", NUMBER, nullable=False),
        sa.Column("reconnects", NUMBER, nullable=False),
        sa.Column("reboots", NUMBER, nullable=False),
        sa.Column("battery_pct", sa.Float(), nullable=True),
        sa.Column("signal_dbm", sa.Float(), nullable=True),
        sa.Column("heard", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("day", "device", name="pk_device_days"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "work_orders",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("device", NUMBER, nullable=True),
        sa.Column("alert", NUMBER, nullable=True),
        sa.Column("opened", NUMBER, nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("closed", NUMBER, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_work_orders"),
    )
    op.create_index("ix_work_orders_device", "work_orders", ["device", "opened"])
    op.create_index("ix_work_orders_open", "work_orders", ["closed", "due"])
    op.create_index("ix_work_orders_school", "work_orders", ["school", "opened"])
    op.create_table(
        "work_order_alerts",
        sa.Column("alert", NUMBER, autoincrement=False, nullable=False),
        sa.Column("work_order", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("alert", name="pk_work_order_alerts"),
    )
    op.create_index("ix_work_order_alerts_work_order", "work_order_alerts", ["work_order"])
    op.create_table(
        "pictures",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added", NUMBER, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school", "hash", name="pk_pictures"),
    )
    op.create_index("ix_pictures_hash", "pictures", ["hash"])
    op.create_table(
        "picture_uses",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["school", "picture"],
            ["pictures.school", "pictures.hash"],
            name="fk_picture_uses_school_picture",
        ),
        sa.PrimaryKeyConstraint("school", "picture", "subject", name="pk_picture_uses"),
    )
    op.create_table(
        "floor_plans",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["school", "picture"],
            ["pictures.school", "pictures.hash"],
            name="fk_floor_plans_school_picture",
        ),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_floor_plans_school"),
        sa.PrimaryKeyConstraint("school", "place", name="pk_floor_plans"),
    )
    op.create_table(
        "positions",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_positions_school"),
        sa.PrimaryKeyConstraint("school", "device", name="pk_positions"),
    )
