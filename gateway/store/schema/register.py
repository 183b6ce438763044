"""The register: regions, schools, their places and devices, whom to telephone, floor plans."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.store.schema.declaring import Number, metadata

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

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
