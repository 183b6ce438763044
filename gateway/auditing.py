"""What is proven to a bureau, put together: the rooms of the audit and what runs of them.

The composition root starts it as one thing (`begin_audit`); the interface has it as one (`Audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from gateway.attestations.making import make_attestations, make_files
from gateway.attestations.service import Attestations
from gateway.campaigns.book import Campaigns
from gateway.coverage.living import Living
from gateway.coverage.service import Coverage
from gateway.evidence.desk import EvidenceDesk
from gateway.evidence.making import make_evidence, publish_over
from gateway.exports.desk import Exports
from gateway.files.service import Files
from gateway.hazards.making import LedgerDesk, make_ledger
from gateway.policies.loading import load_policies
from gateway.roster.importing import RosterImports
from gateway.roster.service import Rosters

if TYPE_CHECKING:
    from gateway.clock import Clock
    from gateway.outbox import Outbox
    from gateway.pipeline.work import Work
    from gateway.settings import Settings
    from gateway.store.store import Store
    from gateway.words import Words

Keep: TypeAlias = "Callable[[str, Callable[[], Coroutine[Any, Any, Any]]], None]"
"""Runs a part by its name until the gateway ends, and again when it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The rooms of the audit, for the routes."""

    coverage: Coverage
    rosters: Rosters
    roster_imports: RosterImports
    hazards: LedgerDesk
    attestations: Attestations
    files: Files
    evidence: EvidenceDesk
    campaigns: Campaigns
    exports: Exports

    def committed(self, work: Work) -> None:
        """Told of everything that is kept, once it is."""
        self.coverage.committed(work)


def make_audit(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    words: Words,
    notify: Callable[[Iterable[str]], None] = lambda _: None,
) -> Audit:
    """The rooms, nothing running."""
    rosters = Rosters(store=store, clock=clock, gates=settings.recordings.gates)
    coverage = Coverage(
        store=store,
        clock=clock,
        load=lambda: load_policies(settings.policies),
        zone=settings.recordings.zone,
    )
    return Audit(
        coverage=coverage,
        rosters=rosters,
        roster_imports=RosterImports(rosters, clock),
        hazards=make_ledger(
            settings=settings, store=store, clock=clock, words=words, notify=notify
        ),
        attestations=make_attestations(
            settings=settings,
            store=store,
            clock=clock,
            words=words,
            notify=notify,
            policies=coverage.policies,
        ),
        files=make_files(settings=settings, store=store, clock=clock),
        evidence=make_evidence(
            settings=settings, store=store, clock=clock, words=words, notify=notify
        ),
        campaigns=Campaigns(settings.campaigns.templates, settings.recordings.zone),
        exports=Exports(settings.directory / "exports", clock, settings.exports.font),
    )


async def begin_audit(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    words: Words,
    outbox: Outbox,
    keep: Keep,
) -> Audit:
    """The rooms, with what runs of them started by ``keep``."""
    audit = make_audit(
        settings=settings, store=store, clock=clock, words=words, notify=outbox.notify
    )
    keep("hazard ledger", audit.hazards.rounds.run)
    keep("attestations", audit.attestations.run)
    keep("files", audit.files.run)
    keep("coverage", audit.coverage.run)
    keep("signs of life", Living(store, clock).run)
    publish_over(outbox, audit.evidence, settings=settings, store=store, clock=clock)
    keep("evidence", audit.evidence.evidence.run)
    keep("exports", audit.exports.keep)
    return audit
