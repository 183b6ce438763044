"""The table of what leaves as files: one entry a kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.api.supplies import campaigns, coverage, ledger
from gateway.api.supplies.asked import Asked, Kind
from gateway.exports.order import Format

__all__ = ["KINDS", "Asked", "Kind"]

SEVERAL_TABLES: Final = (Format.XLSX, Format.PDF)
"""The formats of what is no single table."""

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "coverage": Kind(
            supply=coverage.overview, params=coverage.Overview, formats=SEVERAL_TABLES
        ),
        "schools": Kind(supply=coverage.schools, params=coverage.Schools),
        "gaps": Kind(supply=coverage.gaps, params=coverage.Gaps),
        "school-sheet": Kind(
            supply=coverage.school_sheet,
            params=coverage.Sheet,
            check=coverage.check_sheet,
            formats=(Format.PDF, Format.XLSX),
        ),
        "ledger": Kind(supply=ledger.ledger, params=ledger.Ledger),
        "notices": Kind(supply=ledger.notices, params=ledger.Notices),
        "roster": Kind(supply=ledger.roster, params=ledger.Roster),
        "campaign": Kind(
            supply=campaigns.campaign_progress,
            params=campaigns.OfCampaign,
            check=campaigns.check_campaign,
        ),
        "weekly-report": Kind(
            supply=campaigns.weekly_report,
            params=campaigns.OneReport,
            check=campaigns.check_campaign,
            formats=(Format.PDF, Format.XLSX),
        ),
        "handed-in": Kind(
            supply=campaigns.handed_in,
            params=campaigns.OnePeriod,
            check=campaigns.check_campaign,
        ),
        "emergencies": Kind(supply=campaigns.special_reports, params=campaigns.Stretch),
    }
)
"""By the name that is asked for. Everything is cut to the asker's schools by what supplies it."""
