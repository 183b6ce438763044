"""A small county whose facts are in a store, and its evidence log."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from audit.baseline import BASELINE, Baseline, Needed, baseline_subject
from audit.evidence.bundle import Scope, ScopeKind
from audit.evidence.heads import SignedHead, read_head
from audit.fact import FactRow
from audit.policy import POLICY, Policy, policy_body, policy_subject
from audit.roster import ROSTER, RosterChange, RosterEntry, SchoolKind, roster_subject
from audit.verification.model import Verdict
from gateway.clock import ManualClock
from gateway.configuration import default_settings
from gateway.evidence.exporting import Exporter, Wanted, Written
from gateway.evidence.keys import Keys, evidence_keys
from gateway.evidence.service import Evidence
from gateway.files.shelf import Shelf
from gateway.policies.facts_told import Telling
from gateway.policies.loading import load_policies
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.read.evidence import HeadRow
from gateway.store.schema import evidence_cosignatures
from tests.gateway.new_store import opened

BEGIN = 1_795_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
REGIONS = {"city": None, "east": "city", "west": "city"}
SCHOOLS = {"no1": "east", "no2": "east", "no3": "east", "no4": "west", "no5": "west"}


@cache
def policies() -> tuple[Policy, ...]:
    """Two of those that come with the gateway."""
    found = {policy.id: policy for policy in load_policies(default_settings().policies)}
    return found["six-100"], found["gate-video"]


def facts(seed: int = 1) -> list[FactRow]:
    """What became known in a month, in order."""
    rows: list[FactRow] = []
    for region, parent in REGIONS.items():
        after = {"id": region, "name_zh": region, "name_en": "", "parent": parent}
        body = canonical({"before": None, "after": after, "reason": ""})
        rows.append(FactRow(0, "region", BEGIN, BEGIN, "user:ada", f"region:{region}", body))
    for policy in policies():
        subject = policy_subject(policy.id)
        rows.append(FactRow(0, POLICY, BEGIN, BEGIN, "gateway", subject, policy_body(policy)))
    chance = random.Random(seed)
    for school, region in SCHOOLS.items():
        rows += _school(school, region, chance)
    for number in range(4):
        at = BEGIN + number * 5 * DAY
        rows.append(FactRow(0, "signed_in", at, at, "user:tim", "user:tim", b'{"by":"password"}'))
    rows.sort(key=lambda row: row.known)
    # Somebody set the clock back for a moment: what is known is in the order of the rows.
    late = rows[len(rows) // 2]
    rows[len(rows) // 2] = FactRow(
        0, late.kind, late.happened, late.known - DAY, late.actor, late.subject, late.body
    )
    return rows


def _school(school: str, region: str, chance: random.Random) -> list[FactRow]:
    telling = Telling(now=BEGIN, school=school)
    entry = RosterEntry(
        school=school,
        name=f"学校 {school}",
        kind=SchoolKind.PRIMARY,
        region=region,
        pupils=400,
        boarders=0,
        key_target=False,
    )
    body: Any = RosterChange(before=None, after=entry, reason="")
    telling.fact(ROSTER, BEGIN, roster_subject(school), body)
    needs = (Needed(place="gate", kind="camera", gate=True), Needed(place="", kind="alarm-button"))
    body = Baseline(school=school, version=1, needs=needs, signed_by="paul", signed=BEGIN)
    telling.fact(BASELINE, BEGIN, baseline_subject(school), body)
    telling.placed(BEGIN, "gate", None)
    telling.register(BEGIN, "button-1", "alarm-button", "gate")
    telling.register(BEGIN, "cam-1", "camera", "gate")
    for item in ("guards", "closed_management"):
        telling.attest(BEGIN + HOUR, item, lasts=300 * DAY, figures={"guards": 2}, confirmed=True)
    at = BEGIN + 2 * DAY
    telling.link(at, "up")
    telling.verified(at + HOUR, "button-1", Verdict.MET)
    telling.recordings(at + 2 * HOUR, "cam-1", "met", 30, "recorder")
    for _ in range(chance.randrange(6, 14)):
        at += chance.randrange(HOUR, 2 * DAY)
        chance.choice(
            (
                lambda now: telling.alert(now, "cam-1", "camera_offline"),
                lambda now: telling.over(now, "cam-1", "camera_offline"),
                lambda now: telling.alert(now, "button-1", "silent"),
                lambda now: telling.over(now, "button-1", "silent"),
                lambda now: telling.link(now, chance.choice(("up", "down"))),
                lambda now: telling.recordings(now, "cam-1", "short", 30, "recorder"),
            )
        )(at)
    contact = FactRow(
        0, "contacts", at, at, "user:tim", f"school:{school}", b'{"phone":"13800000000"}'
    )
    return [*telling.rows, contact]


class World:
    """A store with facts, and the log over them."""

    def __init__(self, folder: Path, *, publish: Any = None, interval_ms: int = 600_000) -> None:
        self.folder = folder
        self.store = opened(folder)
        self.clock = ManualClock(BEGIN)
        self.name = "gateway.east.example/facts"
        self.keys: Keys = evidence_keys(folder, self.name)
        self.told: list[set[str]] = []
        self.notified: Callable[[], object] = lambda: None
        self.publish = publish
        self.interval_ms = interval_ms
        self.evidence = self.log_anew()

    def log_anew(self) -> Evidence:
        """The log as the next start finds it."""
        return Evidence(
            store=self.store,
            clock=self.clock,
            keys=lambda: evidence_keys(self.folder, self.name),
            folder=self.folder,
            interval_ms=self.interval_ms,
            **({} if self.publish is None else {"publish": self.publish}),
            notify=self._notify,
        )

    def _notify(self, names: Iterable[str]) -> None:
        self.told.append(set(names))
        self.notified()

    def tell(self, rows: list[FactRow]) -> None:
        """Commit these facts, and let that much time pass."""
        self.store.commit(Batch(facts=[plain(row) for row in rows])).result()
        self.clock.jump(max(0, max(row.known for row in rows) + HOUR - self.clock.now()))

    async def bundle(
        self, scope: Scope, at: int | None = None, **more: Any
    ) -> tuple[Path, Written]:
        """A bundle as of an instant, now without it."""
        at = self.clock.now() - 1 if at is None else at
        head = await self.evidence.sealed_beyond(at)
        assert head is not None
        exporter = Exporter(
            log=await self.evidence.caught_up(),
            head=head,
            signer=self.keys.signer,
            read=self.store.read,
            file_of=self._file,
        )
        path = self.folder / f"{scope.kind}-{scope.id}-{at}.zip"
        wanted = Wanted(scope=scope, at=at, **more)
        return path, await asyncio.to_thread(exporter.write, wanted, path, self.clock.now())

    def _file(self, name: str) -> bytes | None:
        try:
            return Shelf(self.folder).read(name)
        except LookupError:
            return None

    async def bundle_of_school(self, school: str, at: int) -> tuple[Path, Written]:
        """A bundle of one school."""
        return await self.bundle(Scope(ScopeKind.SCHOOL, school), at)

    def forget_cosignatures(self) -> None:
        """As if the database were one of before."""
        statement = delete(evidence_cosignatures)
        self.store.commit(Batch(statements=[(statement, None)])).result()

    def tamper(self, statement: str) -> None:
        """Somebody who has the machine changes the database behind the gateway's back."""
        with closing(sqlite3.connect(self.folder / "campus.db")) as there, there:
            for trigger in ("facts_are_not_updated", "facts_are_not_deleted"):
                there.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            there.execute(statement)

    def close(self) -> None:
        """Let go of everything."""
        self.evidence.close()
        self.store.close()


def plain(row: FactRow) -> Fact:
    """A fact that has no row yet."""
    return Fact(row.kind, row.happened, row.known, row.actor, row.subject, row.body)


def held(head: HeadRow) -> SignedHead:
    """The head as an auditor has it."""
    return read_head(head.note)


EVERYTHING = Scope(ScopeKind.ALL)
EAST = Scope(ScopeKind.REGION, "east")
NO1 = Scope(ScopeKind.SCHOOL, "no1")
