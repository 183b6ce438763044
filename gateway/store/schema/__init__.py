"""The tables, once, for SQLite and PostgreSQL. Times are integer milliseconds since 1970 UTC.

Whoever imports this package knows all of them: what a migration is compared with is whole.
"""

from __future__ import annotations

from gateway.store.schema.alarms import (
    WAITING_ASIDE,
    WAITING_EMERGENCY,
    alerts,
    deadlines,
    maintenance_alerts,
    maintenances,
    outbox,
    transitions,
    victims,
)
from gateway.store.schema.attestations import attestations, file_uses, files
from gateway.store.schema.campaigns import campaign_marks, campaign_reports, campaigns
from gateway.store.schema.coverage import (
    coverage,
    coverage_reasons,
    coverage_records,
    coverage_schools,
)
from gateway.store.schema.declaring import metadata
from gateway.store.schema.evidence import (
    evidence_cosignatures,
    evidence_heads,
    evidence_witnessed,
)
from gateway.store.schema.hazards import hazards, notices
from gateway.store.schema.incoming import (
    acknowledging,
    device_days,
    device_states,
    discoveries,
    readings,
    reject_counts,
    rejects,
    rollups,
)
from gateway.store.schema.people import (
    hand_overs,
    push_subscriptions,
    sessions,
    shifts,
    tokens,
    used_links,
    users,
)
from gateway.store.schema.proof import (
    facts,
    link_days,
    link_states,
    link_watches,
    recordings,
    verifications,
    work_order_alerts,
    work_orders,
)
from gateway.store.schema.register import (
    contacts,
    devices,
    floor_plans,
    meta,
    parameters,
    picture_uses,
    pictures,
    places,
    positions,
    regions,
    schools,
)
from gateway.store.schema.roster import baseline_proposals, baselines, roster

__all__ = [
    "WAITING_ASIDE",
    "WAITING_EMERGENCY",
    "acknowledging",
    "alerts",
    "attestations",
    "baseline_proposals",
    "baselines",
    "campaign_marks",
    "campaign_reports",
    "campaigns",
    "contacts",
    "coverage",
    "coverage_reasons",
    "coverage_records",
    "coverage_schools",
    "deadlines",
    "device_days",
    "device_states",
    "devices",
    "discoveries",
    "evidence_cosignatures",
    "evidence_heads",
    "evidence_witnessed",
    "facts",
    "file_uses",
    "files",
    "floor_plans",
    "hand_overs",
    "hazards",
    "link_days",
    "link_states",
    "link_watches",
    "maintenance_alerts",
    "maintenances",
    "meta",
    "metadata",
    "notices",
    "outbox",
    "parameters",
    "picture_uses",
    "pictures",
    "places",
    "positions",
    "push_subscriptions",
    "readings",
    "recordings",
    "regions",
    "reject_counts",
    "rejects",
    "rollups",
    "roster",
    "schools",
    "sessions",
    "shifts",
    "tokens",
    "transitions",
    "used_links",
    "users",
    "verifications",
    "victims",
    "work_order_alerts",
    "work_orders",
]
