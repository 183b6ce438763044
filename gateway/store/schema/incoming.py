"""What comes in: readings and what they are rolled up to, what is not understood, who is unknown.

``readings`` carries no index but its row number: an index on raw readings costs ten times the
write (docs/benchmarks.md). Curves come from ``rollups`` and the short tail not yet rolled up.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

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

device_states = Table(
    "device_states",  # what cannot be derived from readings again: written when it changes
    metadata,
    Column("device", Number, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # JSON {rule: memory}
    Column("changed", Number, nullable=False),
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
