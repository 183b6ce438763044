"""The tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Facts are appended and never changed: the database itself refuses it, whoever asks.
FACTS_SQLITE = (
    """
    CREATE TRIGGER facts_are_not_updated BEFORE UPDATE ON facts
    BEGIN SELECT RAISE(ABORT, 'facts are append-only: a fact is never changed'); END
    """,
    """
    CREATE TRIGGER facts_are_not_deleted BEFORE DELETE ON facts
    BEGIN SELECT RAISE(ABORT, 'facts are append-only: a fact is never deleted'); END
    """,
)
FACTS_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_changing_facts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'facts are append-only: a fact is never changed or deleted'; END $$
    """,
    """
    CREATE TRIGGER facts_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON facts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_changing_facts()
    """,
)


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "acknowledging",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_acknowledging"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("device", NUMBER, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("condition", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("raised", NUMBER, nullable=False),
        sa.Column("known", NUMBER, nullable=False),
        sa.Column("closed", NUMBER, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_device_raised", "alerts", ["device", "raised"])
    op.create_index("ix_alerts_open", "alerts", ["closed", "priority", "raised"])
    op.create_index("ix_alerts_school_raised", "alerts", ["school", "raised"])
    op.create_table(
        "deadlines",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("body", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_deadlines"),
    )
    op.create_table(
        "device_states",
        sa.Column("device", NUMBER, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_device_states"),
    )
    op.create_table(
        "discoveries",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("dialect", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("first_seen", NUMBER, nullable=False),
        sa.Column("last_seen", NUMBER, nullable=False),
        sa.Column("messages", NUMBER, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.Column("understood", sa.LargeBinary(), nullable=False),
        sa.Column("ignored", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("school", "id", name="pk_discoveries"),
    )
    op.create_table(
        "facts",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("happened", NUMBER, nullable=False),
        sa.Column("known", NUMBER, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_facts"),
    )
    op.create_index("ix_facts_subject", "facts", ["subject"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "outbox",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("delivered", NUMBER, nullable=True),
        sa.Column("failed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("row", name="pk_outbox"),
        sa.UniqueConstraint("receiver", "key", name="uq_outbox_receiver_key"),
    )
    op.create_index("ix_outbox_open", "outbox", ["delivered", "receiver", "row"])
    op.create_table(
        "readings",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("device", NUMBER, nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("happened", NUMBER, nullable=False),
        sa.Column("received", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_readings"),
    )
    op.create_table(
        "regions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["regions.id"], name="fk_regions_parent"),
        sa.PrimaryKeyConstraint("id", name="pk_regions"),
    )
    op.create_table(
        "reject_counts",
        sa.Column("day", NUMBER, autoincrement=False, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("day", "school", "reason", name="pk_reject_counts"),
    )
    op.create_table(
        "rejects",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("received", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("school", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_rejects"),
    )
    op.create_table(
        "rollups",
        sa.Column("span", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", NUMBER, autoincrement=False, nullable=False),
        sa.Column("device", NUMBER, autoincrement=False, nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("sum", sa.Float(), nullable=False),
        sa.Column("last", sa.Float(), nullable=False),
        sa.Column("last_at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("span", "start", "device", "metric", name="pk_rollups"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transitions",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("known", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row", name="pk_transitions"),
        sa.UniqueConstraint("alert", "version", "kind", name="uq_transitions_alert_version_kind"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display", sa.Text(), server_default="", nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.Text(), server_default='["*"]', nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "schools",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["region"], ["regions.id"], name="fk_schools_region"),
        sa.PrimaryKeyConstraint("id", name="pk_schools"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("seen", NUMBER, nullable=False),
        sa.Column("expires", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_sessions_user"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("expires", NUMBER, nullable=True),
        sa.Column("once", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("revoked", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_tokens_user"),
        sa.PrimaryKeyConstraint("digest", name="pk_tokens"),
    )
    op.create_table(
        "devices",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.Column("place", sa.String(length=64), nullable=True),
        sa.Column("dialect", sa.String(length=64), server_default="native", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("repeater", sa.String(length=64), nullable=True),
        sa.Column("out_of_service", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("parameters", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_devices_school"),
        sa.PrimaryKeyConstraint("row", name="pk_devices"),
        sa.UniqueConstraint("school", "id", name="uq_devices_school_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "parameters",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_parameters_school"),
        sa.PrimaryKeyConstraint("school", "kind", name="pk_parameters"),
    )
    op.create_table(
        "places",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name="fk_places_school"),
        sa.PrimaryKeyConstraint("school", "id", name="pk_places"),
    )
    dialect = op.get_bind().dialect.name
    for statement in FACTS_POSTGRESQL if dialect == "postgresql" else FACTS_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """There is no version before."""
    raise NotImplementedError("the first version has none before it: remove the store instead")
