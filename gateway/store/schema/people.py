"""The people: users and how they come in, who is on duty, and on which browsers they are called."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from gateway.store.schema.declaring import Number, metadata

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
