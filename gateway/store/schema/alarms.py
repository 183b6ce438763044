"""What is wrong and who is told of it: alerts, what happens to them, and what follows in time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.schema.declaring import Number, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("device", Number, nullable=False),
    Column("school", String(64), nullable=False),
    Column("condition", String(64), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised", Number, nullable=False),
    Column("known", Number, nullable=False),
    Column("closed", Number),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of alerts.alert.Alert
    Index("ix_alerts_open", "closed", "priority", "raised"),
    Index(None, "device", "raised"),
    Index(None, "school", "raised"),
)

transitions = Table(
    "transitions",  # its row number is the event id of the live stream
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("alert", Number, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("known", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of alerts.alert.Transition
    UniqueConstraint("alert", "version", "kind"),
    Index("ix_transitions_known", "known", "kind", "alert"),  # what happened within a period
)

victims = Table(
    "victims",  # the devices that an alert with a scope has cut off
    metadata,
    Column("alert", Number, primary_key=True, autoincrement=False),
    Column("device", Number, primary_key=True, autoincrement=False),
    Column("since", Number, nullable=False),  # last heard before
    Column("back", Number),  # NULL: still cut off
    Column("alone", Number),  # the alert of its own that it got when the cause returned
    Index(None, "device"),
)

maintenances = Table(
    "maintenances",  # times in which faults of a school, place or device are expected
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("school", String(64), nullable=False),
    Column("place", String(64)),
    Column("device", String(64)),
    Column("starts", Number, nullable=False),
    Column("ends", Number, nullable=False),
    Column("ended", Number),  # NULL: still to come or under way
    Column("actor", String(128), nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of alerts.maintenance.Maintenance
    Index("ix_maintenances_open", "ended", "ends"),
    Index(None, "school", "starts"),
)

maintenance_alerts = Table(
    "maintenance_alerts",  # the alerts that a maintenance has hidden
    metadata,
    Column("maintenance", Number, primary_key=True, autoincrement=False),
    Column("alert", Number, primary_key=True, autoincrement=False),
)

deadlines = Table(
    "deadlines",  # those that people rely on; the others follow from readings
    metadata,
    Column("kind", String(32), primary_key=True),  # escalate, unshelve, test_window …
    Column("subject", String(160), primary_key=True),
    Column("due", Number, nullable=False),
    Column("body", Text, nullable=False, server_default="{}"),
)

WAITING_EMERGENCY: Final = "delivered IS NULL AND key >= 'emergency/' AND key < 'emergency0'"
WAITING_ASIDE: Final = "delivered IS NULL AND attempts >= 4"
"""Conditions of indexes, to be written in a query as they stand here."""

outbox = Table(
    "outbox",  # delivered at least once, in order per receiver
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("receiver", String(160), nullable=False),
    Column("key", String(160), nullable=False),  # per occurrence
    Column("created", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", Number, nullable=False),
    Column("delivered", Number),
    Column("failed", Text),  # the last error, in words
    Column("alert", Number),  # which alert it tells of, for that one's history
    UniqueConstraint("receiver", "key"),
    Index("ix_outbox_open", "delivered", "receiver", "row"),
    # Few among the thousands that may wait for a digest, and asked for with every message.
    Index("ix_outbox_emergencies", "receiver", "key", sqlite_where=text(WAITING_EMERGENCY)),
    Index("ix_outbox_aside", "receiver", "due", sqlite_where=text(WAITING_ASIDE)),
    Index(None, "alert"),
)
