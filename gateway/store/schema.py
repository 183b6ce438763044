"""The tables, once, for SQLite and PostgreSQL. Times are integer milliseconds since 1970 UTC.

``readings`` carries no index but its row number: an index on raw readings costs ten times the
write (docs/benchmarks.md). Curves come from ``rollups`` and the short tail not yet rolled up.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number: Final = BigInteger().with_variant(Integer, "sqlite")

regions = Table(
    "regions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("parent", String(64), ForeignKey("regions.id")),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
)

schools = Table(
    "schools",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("region", String(64), ForeignKey("regions.id")),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
)

places = Table(
    "places",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("parent", String(64)),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
)

devices = Table(
    "devices",
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("id", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("name_zh", Text, nullable=False, server_default=""),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("place", String(64)),
    Column("dialect", String(64), nullable=False, server_default="native"),
    Column("address", Text, nullable=False, server_default=""),
    Column("repeater", String(64)),
    Column("out_of_service", Boolean, nullable=False, server_default="0"),
    Column("parameters", Text, nullable=False, server_default="{}"),  # JSON
    UniqueConstraint("school", "id"),
    sqlite_autoincrement=True,  # a removed device's past must not fall to the next one
)

parameters = Table(
    "parameters",  # a school's own figures for a kind's rules; JSON {rule: {parameter: value}}
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)

device_states = Table(
    "device_states",  # what cannot be derived from readings again: written when it changes
    metadata,
    Column("device", Number, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # JSON {rule: memory}
    Column("changed", Number, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("device", Number, nullable=False),
    Column("channel", Integer, nullable=False),
    Column("happened", Number, nullable=False),
    Column("received", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON object, our names and units
)

rollups = Table(
    "rollups",  # per minute (span 60000) or hour (span 3600000), device and metric
    metadata,
    # Time comes first in the key: what is written together lies together, a minute of 10,000
    # devices in some thousand pages rather than one page a metric (docs/benchmarks.md).
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("start", Number, primary_key=True, autoincrement=False),
    Column("device", Number, primary_key=True, autoincrement=False),
    Column("metric", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("sum", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("last_at", Number, nullable=False),  # when ``last`` was so: late readings merge right
    sqlite_with_rowid=False,
)

facts = Table(
    "facts",  # append-only: nothing updates or deletes a row (triggers refuse it)
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("happened", Number, nullable=False),
    Column("known", Number, nullable=False),
    Column("actor", String(128), nullable=False),  # user:…, device:school/id, gateway
    Column("subject", String(160), nullable=False),  # alert:…, device:…, school:…
    Column("body", LargeBinary, nullable=False),  # canonical JSON
    Index(None, "subject"),
)

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

deadlines = Table(
    "deadlines",  # those that people rely on; the others follow from readings
    metadata,
    Column("kind", String(32), primary_key=True),  # escalate, unshelve, test_window …
    Column("subject", String(160), primary_key=True),
    Column("due", Number, nullable=False),
    Column("body", Text, nullable=False, server_default="{}"),
)

acknowledging = Table(
    "acknowledging",  # packet ids committed, perhaps not yet acknowledged to the broker
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("session", String(64), nullable=False),
    Column("entries", LargeBinary, nullable=False),  # gateway.ingest.redelivery packs them
    Column("count", Integer, nullable=False),
)

discoveries = Table(
    "discoveries",
    metadata,
    Column("school", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("dialect", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", String(64), nullable=False),  # the guess
    Column("first_seen", Number, nullable=False),
    Column("last_seen", Number, nullable=False),
    Column("messages", Number, nullable=False),
    Column("topic", Text, nullable=False),
    Column("sample", LargeBinary, nullable=False),
    Column("understood", LargeBinary, nullable=False),  # JSON of the values
    Column("ignored", Boolean, nullable=False, server_default="0"),
)

rejects = Table(
    "rejects",  # a bounded sample; the counts are in reject_counts
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("received", Number, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("school", String(64), nullable=False, server_default=""),
    Column("sample", LargeBinary, nullable=False),
)

reject_counts = Table(
    "reject_counts",
    metadata,
    Column("day", Number, primary_key=True, autoincrement=False),  # days since 1970
    Column("school", String(64), primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("count", Number, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("display", Text, nullable=False, server_default=""),
    Column("password", Text),  # argon2; NULL = cannot sign in with one
    Column("role", String(16), nullable=False),
    Column("scopes", Text, nullable=False, server_default='["*"]'),  # JSON: region:…, school:…, *
    Column("disabled", Boolean, nullable=False, server_default="0"),
    Column("created", Number, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("created", Number, nullable=False),
    Column("seen", Number, nullable=False),
    Column("expires", Number, nullable=False),
)

tokens = Table(
    "tokens",  # API tokens and one-time sign-ins
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("created", Number, nullable=False),
    Column("expires", Number),
    Column("once", Boolean, nullable=False, server_default="0"),
    Column("revoked", Number),
)

verifications = Table(
    "verifications",  # a technician's or a scheduled test; its end is a fact as well
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("school", String(64), nullable=False),
    Column("device", Number),  # NULL: of a link or an exercise
    Column("link", String(160)),
    Column("kind", String(32), nullable=False),  # button, detector, meter, camera, repeater, link …
    Column("started", Number, nullable=False),
    Column("ended", Number),  # NULL: under way
    Column("verdict", String(16)),  # met, failed, unknown; NULL: under way
    Column("actor", String(128), nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.verification.Verification
    Index("ix_verifications_school_started", "school", "started"),
    Index("ix_verifications_device_started", "device", "started"),
    Index("ix_verifications_link_started", "link", "started"),
)

link_states = Table(
    "link_states",  # the states a police link went through; each is a fact as well
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("link", String(160), nullable=False),
    Column("state", String(16), nullable=False),  # up, degraded, down, unverified
    Column("since", Number, nullable=False),
    Column("until", Number),  # NULL: still
    Column("cause", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON: the evidence, by path
    Index("ix_link_states_link_since", "link", "since"),
)

link_days = Table(
    "link_days",  # what a police link did by day; columns as devices.police_link.figures.DayTally
    metadata,
    Column("link", String(160), primary_key=True),
    Column("day", Number, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("up_ms", Number, nullable=False),
    Column("degraded_ms", Number, nullable=False),
    Column("down_ms", Number, nullable=False),
    Column("unverified_ms", Number, nullable=False),
    Column("starting_ms", Number, nullable=False),
    Column("exchanges", Number, nullable=False),
    Column("acknowledged", Number, nullable=False),
    Column("ack_sum_ms", Float, nullable=False),
    Column("ack_max_ms", Float, nullable=False),
)

link_watches = Table(
    "link_watches",  # what the watch of a police link came to, for the next start
    metadata,
    Column("link", String(160), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # JSON of devices.police_link.supervision.Saved
)

device_days = Table(
    "device_days",  # how a device was connected, by day; only days on which it was heard of
    metadata,
    # The day comes first, as in ``rollups``: what is written together lies together.
    Column("day", Number, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("device", Number, primary_key=True, autoincrement=False),
    Column("messages", Number, nullable=False),
    Column("lost", Number, nullable=False),
    Column("reconnects", Number, nullable=False),
    Column("reboots", Number, nullable=False),
    Column("battery_pct", Float),  # the last one of the day
    Column("signal_dbm", Float),  # the last one of the day
    Column("heard", Number),  # when the last message of the day arrived
    sqlite_with_rowid=False,
)

work_orders = Table(
    "work_orders",
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("school", String(64), nullable=False),
    Column("device", Number),
    Column("alert", Number),
    Column("opened", Number, nullable=False),
    Column("due", Number, nullable=False),
    Column("closed", Number),
    Column("state", String(16), nullable=False),
    Column("assignee", String(64)),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.ledger.work_order.WorkOrder
    Index("ix_work_orders_open", "closed", "due"),
    Index("ix_work_orders_device", "device", "opened"),
    Index("ix_work_orders_school", "school", "opened"),
)

work_order_alerts = Table(
    "work_order_alerts",  # which order covers an alert: one, and never a second
    metadata,
    Column("alert", Number, primary_key=True, autoincrement=False),
    Column("work_order", Number, nullable=False),
    Index(None, "work_order"),
)

pictures = Table(
    "pictures",  # floor plans and photos of work orders; small, and named by what they hold
    metadata,
    Column("school", String(64), primary_key=True),
    Column("hash", String(64), primary_key=True),  # SHA-256
    Column("media_type", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("added", Number, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "hash"),
)

picture_uses = Table(
    "picture_uses",  # what refers, or has referred, to a picture: facts do so for ever
    metadata,
    Column("school", String(64), primary_key=True),
    Column("picture", String(64), primary_key=True),
    Column("subject", String(160), primary_key=True),  # that of the fact
    ForeignKeyConstraint(["school", "picture"], ["pictures.school", "pictures.hash"]),
)

floor_plans = Table(
    "floor_plans",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("picture", String(64), nullable=False),
    ForeignKeyConstraint(["school", "picture"], ["pictures.school", "pictures.hash"]),
)

positions = Table(
    "positions",  # where a device is on the plan of a place
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("place", String(64), nullable=False),  # whose plan
    Column("x", Float, nullable=False),  # 0 to 1 from the left, 0 to 1 from the top
    Column("y", Float, nullable=False),
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

contacts = Table(
    "contacts",  # whom to telephone about a school
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("role", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("telephone", String(64), nullable=False),
    Column("place_in_list", Integer, nullable=False),
)

shifts = Table(
    "shifts",  # who is on duty when
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("team", String(64), nullable=False),
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("starts", Number, nullable=False),
    Column("ends", Number, nullable=False),
    Index(None, "team", "ends"),
)

hand_overs = Table(
    "hand_overs",  # the next shift has signed for what stands; a fact as well
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("team", String(64), nullable=False),
    Column("at", Number, nullable=False),
    Column("before", String(64)),
    Column("after", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON: the alerts signed for, remarks
    Index(None, "team", "at"),
)

used_links = Table(
    "used_links",  # links of messages that were used: each serves once
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires", Number, nullable=False),
    Column("used", Number, nullable=False),
    Column("user", String(64), nullable=False),
)

push_subscriptions = Table(
    "push_subscriptions",  # browsers on which people have alerts
    metadata,
    Column("id", String(16), primary_key=True),  # the beginning of the SHA-256 of the endpoint
    Column("user", String(64), ForeignKey("users.name"), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", String(128), nullable=False),
    Column("auth", String(64), nullable=False),
    Column("label", String(100), nullable=False),
    Column("language", String(8), nullable=False),
    Column("priorities", Text, nullable=False),  # JSON: names
    Column("added", Number, nullable=False),
    Index(None, "user"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
