"""Campaigns, marks and signed reports written; each write is a fact."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from audit.campaign import Campaign, Mark
from audit.reports.weekly import SignedReport
from gateway.security.record import fact
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.upserts import insert_into, upsert

CAMPAIGN: Final = "campaign"
MARK: Final = "campaign_mark"
REPORT: Final = "campaign_report"

_body: Final = msgspec.json.Encoder()


def put_campaign(batch: Batch, campaign: Campaign, *, by: str, now: int, reason: str = "") -> None:
    """Write a campaign as it stands into ``batch``."""
    row: dict[str, Any] = {
        "id": campaign.id,
        "version": campaign.version,
        "begins": campaign.begins.isoformat(),
        "ends": campaign.ends.isoformat(),
        "changed": now,
        "body": _body.encode(campaign),
    }
    batch.statements.append((upsert("sqlite", schema.campaigns), [row]))
    batch.facts.append(
        fact(
            CAMPAIGN,
            now,
            by,
            f"campaign:{campaign.id}",
            campaign=msgspec.to_builtins(campaign),
            reason=reason,
        )
    )


def put_mark(batch: Batch, campaign: str, school: str, check: str, mark: Mark) -> None:
    """Write what a school says of a check into ``batch``."""
    row: dict[str, Any] = {
        "campaign": campaign,
        "school": school,
        "check_id": check,
        "state": mark.state.value,
        "at": mark.at,
        "actor": mark.by,
        "body": _body.encode(mark),
    }
    batch.statements.append((upsert("sqlite", schema.campaign_marks), [row]))
    batch.facts.append(
        fact(
            MARK,
            mark.at,
            mark.by,
            f"school:{school}",
            campaign=campaign,
            check=check,
            mark=msgspec.to_builtins(mark),
        )
    )


def put_report(batch: Batch, report: SignedReport) -> None:
    """Write a report as it was signed, or corrected, into ``batch``."""
    insert = insert_into("sqlite", schema.campaign_reports)
    row: dict[str, Any] = {
        "campaign": report.campaign,
        "kind": report.kind,
        "period": report.period,
        "subject": report.subject,
        "due": report.due,
        "signed": report.signed,
        "late": int(report.late),
        "zero": int(report.zero),
        "body": _body.encode(report),
    }
    changed = {name: insert.excluded[name] for name in ("zero", "body")}
    keys = ["campaign", "kind", "period", "subject"]
    batch.statements.append(
        (insert.on_conflict_do_update(index_elements=keys, set_=changed), [row])
    )
    last = report.signings[-1]
    subject = report.subject if report.subject.startswith("school:") else f"report:{report.subject}"
    batch.facts.append(
        fact(
            REPORT,
            last.at,
            last.by,
            subject,
            campaign=report.campaign,
            kind=report.kind,
            period=report.period,
            of=report.subject,
            due=report.due,
            late=report.late,
            zero=report.zero,
            text=last.text,
            reason=last.reason,
            figures=msgspec.to_builtins(report.figures),
        )
    )
