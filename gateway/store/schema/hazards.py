"""The hazard ledger and rectification notices. Triggers refuse to delete anything of them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from gateway.store.schema.declaring import Number, metadata

hazards = Table(
    "hazards",  # entries as they stand, each step a fact as well; triggers refuse going back
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),  # its number
    Column("school", String(64), nullable=False),
    Column("step", String(16), nullable=False),  # find, register, assess, …
    Column("grade", String(16), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("opened", Number, nullable=False),
    Column("due", Number, nullable=False),
    Column("closed", Number),  # NULL: it stands
    Column("awaits", String(24), nullable=False),  # the signature wanted next; empty: none
    Column("next_at", Number, nullable=False),  # when the clock does something to it
    Column("work_order", Number),  # its remedy; NULL: by hand
    Column("item", String(64)),  # the item of a policy that failed; NULL: of none
    Column("made", String(200), unique=True),  # user/key it was sent with; NULL: without
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.ledger.hazard.Hazard
    Index("ix_hazards_open", "closed", "due"),
    Index("ix_hazards_school", "school", "opened"),
    Index("ix_hazards_next", "next_at"),
    Index("ix_hazards_work_order", "work_order"),
    Index("ix_hazards_item", "item", "school"),
)

notices = Table(
    "notices",  # as they stand, issuing and each reply facts as well; triggers refuse changes
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("bureau", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),  # 1, 2, 3 … of the bureau and year: no gaps
    Column("school", String(64), nullable=False),
    Column("issued", Number, nullable=False),
    Column("due", Number, nullable=False),
    Column("replied", Number),  # NULL: the school has not answered
    Column("made", String(200), unique=True),  # user/key it was sent with; NULL: without
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.ledger.notice.Notice
    Index("uq_notices_number", "bureau", "year", "sequence", unique=True),
    Index("ix_notices_school", "school", "issued"),
)
