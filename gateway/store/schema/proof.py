"""What people will have to prove: facts, tests, the links to the police, repairs."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

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

recordings = Table(
    "recordings",  # what the recorder of a camera holds, and the verdict
    metadata,
    Column("school", String(64), primary_key=True),
    Column("camera", String(64), primary_key=True),
    Column("recorder", String(64), nullable=False),
    Column("status", String(16), nullable=False),  # met, short, gaps, unknown
    Column("required_days", Integer, nullable=False),
    Column("asked", Number, nullable=False),  # when its recorder was asked last; 0 = never
    Column("as_of", Number, nullable=False),
    Column("reach", Number),  # how far back; NULL: nobody knows, or nothing at all
    Column("covered", Float),  # share of the days judged; NULL: none was
    Column("gaps", Integer, nullable=False),
    Column("falls_short", Number),  # by the trend; NULL: nothing of the kind is to be seen
    Column("unknown_since", Number),  # NULL: it is known
    Column("first_day", String(10), nullable=False),  # of ``marks``; empty: no day was judged
    Column("marks", Text, nullable=False),  # a letter a day: the first of its status
    Column("reasons", LargeBinary, nullable=False),  # JSON of devices.recording.verdict.Reason
    Column("verdict", LargeBinary, nullable=False),  # JSON of devices.recording.verdict.Verdict
    Column("holdings", LargeBinary, nullable=False),  # devices.recording.holdings packs them
    Column("proof", LargeBinary),  # JSON of devices.recording.proof.Proof; NULL: never tried
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
