"""Campaigns, what schools marked of their checklists, and reports that were signed."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from gateway.store.schema.declaring import Number, metadata

campaigns = Table(
    "campaigns",  # each version is a fact as well
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("begins", String(10), nullable=False),  # local day, ISO 8601
    Column("ends", String(10), nullable=False),
    Column("changed", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.campaign.Campaign
)

campaign_marks = Table(
    "campaign_marks",  # the newest mark of a check by a school; each is a fact as well
    metadata,
    Column("campaign", String(64), primary_key=True),
    Column("school", String(64), primary_key=True),
    Column("check_id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),  # done, finding, not_applicable
    Column("at", Number, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.campaign.Mark
    Index("ix_campaign_marks_school", "school"),
)

campaign_reports = Table(
    "campaign_reports",  # weekly reports and what a level handed in, as they were signed
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("campaign", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # weekly, deadline
    Column("period", String(64), nullable=False),  # the local day it is due; a deadline's id
    Column("subject", String(80), nullable=False),  # school:…, region:…, *
    Column("due", Number, nullable=False),
    Column("signed", Number, nullable=False),
    Column("late", Integer, nullable=False),
    Column("zero", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON of audit.reports.weekly.SignedReport
    UniqueConstraint("campaign", "kind", "period", "subject"),
    Index("ix_campaign_reports_subject", "subject", "due"),
)
