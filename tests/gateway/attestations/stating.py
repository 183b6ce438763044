"""Two schools on the roster, policies, and the room of attestations on a real store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from audit.attestation import DAY_MS, AttestationFact
from audit.policy import Policy
from audit.roster import RosterChange, RosterEntry, SchoolKind
from gateway.attestations.making import make_attestations, make_files
from gateway.attestations.service import Statement
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.policies.loading import load_policies
from gateway.store.batch import Batch
from gateway.store.roster import put_entries
from gateway.words import Words
from tests.gateway.new_store import opened

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"


def entry(school: str, kind: SchoolKind, pupils: int = 900) -> RosterEntry:
    return RosterEntry(
        school=school,
        name=f"学校 {school}",
        kind=kind,
        region=None,
        pupils=pupils,
        boarders=0,
        key_target=False,
    )


class Room:
    """The room, and what there is in the store."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings = default_settings({"directory": str(folder), **settings})
        self.clock = ManualClock()
        self.told: list[str] = []
        self.store = opened(folder)
        self._policies: tuple[Policy, ...] = load_policies(self.settings.policies)
        batch = Batch(now=self.clock.now())
        schools = [("no3", SchoolKind.PRIMARY), ("kg1", SchoolKind.KINDERGARTEN)]
        put_entries(
            batch,
            [RosterChange(before=None, after=entry(*one), reason="") for one in schools],
            by="ada",
        )
        self.store.commit(batch).result()
        self.begin()

    def begin(self) -> None:
        """As at a start of the gateway: nothing is remembered."""
        self.files = make_files(settings=self.settings, store=self.store, clock=self.clock)
        self.attestations = make_attestations(
            settings=self.settings,
            store=self.store,
            clock=self.clock,
            words=Words.load(),
            notify=self._notify,
            policies=lambda: self._policies,
        )

    def _notify(self, receivers: Iterable[str]) -> None:
        self.told += sorted(receivers)

    async def paper(self, school: str = "no3", body: bytes = PDF) -> str:
        return (await self.files.put(school, body, "值班表.pdf", "sofia")).hash

    async def guards(self, days: int = 100, guards: int = 2, **more: object) -> Statement:
        now = self.clock.now()
        return Statement(
            school="no3",
            item="guards",
            expires=now + days * DAY_MS,
            figures={"guards": guards},
            files=(await self.paper(),),
            **more,
        )

    def facts(self) -> list[tuple[str, str, AttestationFact]]:
        """Actor, subject and body of the facts about attestations, by row."""

        def read(connection: Connection) -> list[tuple[str, str, AttestationFact]]:
            rows = connection.exec_driver_sql(
                "SELECT actor, subject, body FROM facts WHERE kind = 'attestation' ORDER BY row"
            )
            decode = msgspec.json.Decoder(AttestationFact).decode
            return [(actor, subject, decode(body)) for actor, subject, body in rows]

        return self.store.read(read)

    def column(self, query: str) -> list[object]:
        return self.store.read(lambda connection: list(connection.exec_driver_sql(query).scalars()))

    def at(self, when: int) -> None:
        """Somebody sets the clock."""
        self.clock.jump(when - self.clock.now())
