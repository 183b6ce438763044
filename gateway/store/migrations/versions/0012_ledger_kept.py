"""The hazard ledger and rectification notices are kept: the database refuses to lose them."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Whoever asks: nothing is deleted, an entry goes on and never back, what is closed stays closed,
# and what a notice said when it was issued is what it says.
SQLITE = (
    """
    CREATE TRIGGER hazards_are_not_deleted BEFORE DELETE ON hazards
    BEGIN SELECT RAISE(ABORT, 'the ledger is kept: an entry is never deleted'); END
    """,
    """
    CREATE TRIGGER hazards_go_on BEFORE UPDATE ON hazards
    WHEN NEW.version <= OLD.version OR NEW.school <> OLD.school OR NEW.opened <> OLD.opened
        OR (OLD.closed IS NOT NULL AND NEW.closed IS NOT OLD.closed)
    BEGIN SELECT RAISE(ABORT, 'the ledger is kept: an entry goes on and never back'); END
    """,
    """
    CREATE TRIGGER notices_are_not_deleted BEFORE DELETE ON notices
    BEGIN SELECT RAISE(ABORT, 'notices are kept: one is never deleted'); END
    """,
    """
    CREATE TRIGGER notices_stand BEFORE UPDATE ON notices
    WHEN NEW.version <= OLD.version OR NEW.bureau <> OLD.bureau OR NEW.year <> OLD.year
        OR NEW.sequence <> OLD.sequence OR NEW.school <> OLD.school
        OR NEW.issued <> OLD.issued OR NEW.due <> OLD.due
    BEGIN SELECT RAISE(ABORT, 'notices are kept: what was issued is never changed'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION refuse_losing_the_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger and its notices are kept: nothing is deleted'; END $$
    """,
    """
    CREATE TRIGGER hazards_are_not_deleted BEFORE DELETE OR TRUNCATE ON hazards
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing_the_ledger()
    """,
    """
    CREATE TRIGGER notices_are_not_deleted BEFORE DELETE OR TRUNCATE ON notices
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing_the_ledger()
    """,
)


def upgrade() -> None:
    """To this version."""
    dialect = op.get_bind().dialect.name
    for statement in POSTGRESQL if dialect == "postgresql" else SQLITE:
        op.execute(statement)
