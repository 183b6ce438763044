"""The verdict on an item of a school at an instant.

A need of the baseline is answered by the best of the devices that may answer it, each for one need
only, those for less room choosing first. So a device more can only help and one less can only hurt:
nobody's rate rises by taking away what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

import msgspec

from audit.attestation import Stands, Terms, standing
from audit.baseline import Baseline, Needed
from audit.coverage.devices import Clockwork, DeviceJudge, Found
from audit.coverage.record import SchoolRecord, Tested
from audit.coverage.verdict import Code, ItemVerdict, Part, Reason, concluded
from audit.coverage.view import View
from audit.policy import Item, Needs, Platform, Policy, Proof, Required, Test
from audit.roster import RosterEntry
from audit.staffing import guards_needed
from audit.verification.model import Verdict

_STATEMENT: Final[Mapping[Stands, Code]] = {
    Stands.NONE: Code.STATEMENT_NONE,
    Stands.NOT_YET: Code.STATEMENT_NOT_YET,
    Stands.UNCONFIRMED: Code.STATEMENT_UNCONFIRMED,
    Stands.LACKING: Code.STATEMENT_LACKING,
    Stands.EXPIRED: Code.STATEMENT_EXPIRED,
    Stands.WITHDRAWN: Code.STATEMENT_WITHDRAWN,
}

_EVER: Final = 2**63

_OPEN: Final = {"up": 0, "degraded": 1, "unverified": 2, "down": 3}
"""States of a link, the best first."""

GUARDS: Final = "guards"
"""The figure of an attestation that the staffing rule is held against."""


def judge(policy: Policy, item: Item, record: SchoolRecord, now: int) -> ItemVerdict:
    """The verdict on ``item`` of ``policy`` by what is known in ``record``, at ``now`` (ms)."""
    return _Judging(policy, item, View(record), now).verdict()


def judge_all(
    policies: Iterable[Policy], record: SchoolRecord, now: int
) -> dict[tuple[str, str], ItemVerdict]:
    """The verdicts on all items, by the ids of policy and item; quicker than one by one."""
    view = View(record)
    return {
        (policy.id, item.id): _Judging(policy, item, view, now).verdict()
        for policy in policies
        for item in policy.items
    }


class _Judging:
    """One item at one school at one instant."""

    __slots__ = ("_clock", "_item", "_now", "_policy", "_record", "_view")

    def __init__(self, policy: Policy, item: Item, view: View, now: int) -> None:
        self._policy = policy
        self._item = item
        self._view = view
        self._record = view.record
        self._now = now
        self._clock = Clockwork(now)

    def verdict(self) -> ItemVerdict:
        roster = self._record.roster
        if roster is None:
            why = _unknown(Code.NOT_ON_ROSTER, Part.ROSTER)
            return ItemVerdict(verdict=Verdict.UNKNOWN, reasons=(why,))
        if self._item.proof is Proof.ATTESTED:
            reasons = list(self._by_statement(roster))
        else:
            reasons = self._by_devices(roster)
        return concluded(reasons, self._clock.until)

    # Attested

    def _by_statement(self, roster: RosterEntry) -> Iterable[Reason]:
        item = self._item
        stands, row, figures, why = self._statement(item.statement, item.terms, roster)
        if why is not None:
            yield why
        if stands is Stands.STANDING and item.staffed:
            yield from self._staffing(roster, figures.get(GUARDS), row)

    def _statement(
        self, name: str, terms: Terms, roster: RosterEntry
    ) -> tuple[Stands, int, dict[str, int], Reason | None]:
        """How an item stands by what was attested, by which fact, with which figures."""
        stated, now = self._record.stated, self._now
        for one in stated.values():
            self._clock.passed(one.attestation.at)
        found = standing(
            (one.attestation for one in stated.values()), name, terms, roster.kind.value, now
        )
        if found.until is not None:
            self._clock.passed(found.until)
        if found.attestation is None:
            return found.stands, 0, {}, _unknown(Code.STATEMENT_NONE, Part.STATEMENT)
        row = stated[found.attestation.id].row
        figures = found.attestation.figures
        if found.stands is Stands.STANDING:
            return found.stands, row, figures, None
        why = Reason(
            code=_STATEMENT[found.stands],
            part=Part.STATEMENT,
            verdict=Verdict.UNKNOWN,
            evidence=row,
            due=found.attestation.valid_from if found.stands is Stands.NOT_YET else None,
            inputs={"lacking": " ".join(found.lacking)} if found.lacking else {},
        )
        return found.stands, row, figures, why

    def _staffing(self, roster: RosterEntry, guards: int | None, row: int) -> Iterable[Reason]:
        if guards is None:
            yield _unknown(Code.GUARDS_NOT_STATED, Part.STAFFING, row)
            return
        try:
            rule = self._policy.figures.staffing
            needed = guards_needed(rule, roster.pupils, roster.boarders)
        except ValueError:
            yield _unknown(Code.NUMBERS_IMPOSSIBLE, Part.STAFFING, self._record.roster_row)
            return
        if guards < needed.guards:
            yield Reason(
                code=Code.TOO_FEW_GUARDS,
                part=Part.STAFFING,
                verdict=Verdict.FAILED,
                evidence=row,
                inputs={
                    "guards": guards,
                    "needed": needed.guards,
                    "from_memory": needed.from_memory,
                },
            )

    # By devices

    def _by_devices(self, roster: RosterEntry) -> list[Reason]:
        if self._record.baseline is None:
            return [_unknown(Code.NO_BASELINE, Part.BASELINE)]
        attested = self._platform_of(roster)
        return [
            reason
            for required in self._item.required
            for reason in self._by_required(required, self._record.baseline, roster, attested)
        ]

    def _by_required(
        self, required: Required, baseline: Baseline, roster: RosterEntry, attested: _Attested
    ) -> list[Reason]:
        needs = required.needs
        wanted = [
            need
            for need in baseline.needs
            if need.kind in required.kinds and need.count > 0 and (need.gate or not required.gate)
        ]
        if not wanted:
            why = _unknown(Code.BASELINE_LISTS_NONE, Part.BASELINE, self._record.baseline_row)
            kinds = {"kinds": " ".join(required.kinds), "gate": required.gate}
            return [msgspec.structs.replace(why, inputs=kinds)]
        begun = [
            need
            for need in wanted
            if need.commissioned is None or self._clock.passed(need.commissioned)
        ]
        reasons = [self._ahead(need, pending=bool(begun)) for need in wanted if need not in begun]
        judge = DeviceJudge(
            self._view,
            needs,
            self._policy.figures,
            self._clock,
            key_target=roster.key_target,
            attested=attested,
        )
        reasons += self._required(begun, judge)
        if needs.linked:
            reasons += self._linked(judge)
        if needs.tested and not needs.tested_each:
            reasons += self._tested(required, judge)
        return reasons

    def _ahead(self, need: Needed, *, pending: bool) -> Reason:
        return Reason(
            code=Code.NOT_COMMISSIONED,
            part=Part.BASELINE,
            verdict=Verdict.UNKNOWN,
            place=need.place,
            due=need.commissioned,
            evidence=self._record.baseline_row,
            inputs={"kind": need.kind, "needed": need.count},
            pending=pending,
        )

    def _required(self, wanted: list[Needed], judge: DeviceJudge) -> Iterable[Reason]:
        """Each need in turn takes the best that are left."""
        view, used = self._view, set[str]()
        # By the strictest of what it may answer: were a device good for one need and bad for
        # another, to choose the best for each in turn would not be the best for all.
        since: dict[str, int] = {}
        for need in wanted:
            for name in view.within(need):
                since[name] = min(since.get(name, _EVER), need.commissioned or 0)
        judged = {name: judge.judge(name, at or None) for name, at in since.items()}
        for need in sorted(wanted, key=lambda one: -view.depth(one.place)):
            standing = [judged[name] for name in view.within(need) if name not in used]
            if len(standing) > need.count:
                standing.sort(key=_rank)
                del standing[need.count :]
            used.update(rank[2] for rank, _ in standing)
            yield from chain.from_iterable(reasons for _, reasons in standing)
            if len(standing) < need.count:
                yield Reason(
                    code=Code.MISSING,
                    part=Part.INSTALLED,
                    verdict=Verdict.FAILED,
                    place=need.place,
                    evidence=self._record.baseline_row,
                    inputs={"kind": need.kind, "needed": need.count, "found": len(standing)},
                )

    def _linked(self, judge: DeviceJudge) -> Iterable[Reason]:
        """One link that an alarm gets through is enough; else the best of them tells why not."""
        links = self._record.links
        if not links:
            yield _unknown(Code.NO_LINK, Part.LINKED)
            return
        name, best = min(links.items(), key=lambda one: (_OPEN.get(one[1].state, 2), one[0]))
        if best.lost is None:
            return
        down = best.state == "down"
        # All are lost, and were since the last of them was.
        since = max(one.lost or 0 for one in links.values())
        yield judge.fault(
            Code.LINK_DOWN if down else Code.LINK_UNVERIFIED,
            Part.LINKED,
            Verdict.FAILED if down else Verdict.UNKNOWN,
            {"cause": best.cause},
            since=since,
            forgiven=any(one.was_up for one in links.values()),
            evidence=best.row,
            link=name,
        )

    def _tested(self, required: Required, judge: DeviceJudge) -> Iterable[Reason]:
        """The newest test that counts is young enough, and no link's test fails since."""
        record, kinds = self._record, required.needs.tested
        of_links = {
            name: one for name, one in record.link_tests.items() if one.kind in ("", *kinds)
        }
        counting = list(of_links.values())
        if Test.BUTTON in kinds:
            counting += [
                test
                for name, test in record.tests.items()
                if (device := record.devices.get(name)) is not None
                and device.kind in required.kinds
            ]
        newest = max(counting, key=lambda one: (one.met or 0, one.met_row), default=Tested())
        why = judge.untested(newest)
        if why is not None:
            yield why
        failing = {name: one for name, one in of_links.items() if one.failing is not None}
        if not failing or len(failing) < len(of_links):
            return
        name, test = max(failing.items(), key=lambda one: (one[1].failing or 0, one[0]))
        yield judge.fault(
            Code.TEST_FAILED,
            Part.TESTED,
            Verdict.FAILED,
            {"code": test.code},
            since=test.failing or 0,
            forgiven=test.met is not None,
            evidence=test.failing_row,
            link=name,
        )

    def _platform_of(self, roster: RosterEntry) -> _Attested:
        return _Attested(self, roster)

    def platform(self, platform: Platform, roster: RosterEntry) -> Reason | None:
        """Why nobody's word stands for a platform; ``None`` = somebody's does."""
        name = platform.attested_as
        stands, row, _, why = self._statement(name, self._item.terms, roster)
        if why is None:
            return None
        return Reason(
            code=Code.PLATFORM_NOT_ATTESTED,
            part=Part.PLATFORM,
            verdict=Verdict.UNKNOWN,
            evidence=row,
            due=why.due,
            inputs={"item": name, "stands": stands.value},
        )


class _Attested:
    """Answers once for all cameras of a school what was attested of a platform."""

    __slots__ = ("_answer", "_asked", "_judging", "_roster")

    def __init__(self, judging: _Judging, roster: RosterEntry) -> None:
        self._judging = judging
        self._roster = roster
        self._asked = False
        self._answer: Reason | None = None

    def __call__(self, platform: Platform) -> Reason | None:
        if not self._asked:
            self._asked = True
            self._answer = self._judging.platform(platform, self._roster)
        return self._answer


def _unknown(code: Code, part: Part, evidence: int = 0) -> Reason:
    return Reason(code=code, part=part, verdict=Verdict.UNKNOWN, evidence=evidence)


def _rank(found: Found) -> tuple[int, int, str]:
    return found[0]


_OF_DEVICES: Final = frozenset({"baseline", "device", "place", "transition", "verification"})
_OF_VIDEO: Final = frozenset({"recording_verdict", "recordings_round"})
_OF_PLATFORMS: Final = frozenset(
    {"attestation", "channel_state", "recorder_registration", "video_police_link"}
)


def items_touched(policy: Policy, kind: str) -> tuple[str, ...]:
    """The items of a policy whose verdict a fact of ``kind`` can change; empty: none."""
    return tuple(item.id for item in policy.items if _touches(item, kind))


def _touches(item: Item, kind: str) -> bool:
    if kind == "roster":
        return True
    if item.proof is Proof.ATTESTED:
        return kind == "attestation"
    return kind in _OF_DEVICES or any(_needs(one.needs, kind) for one in item.required)


def _needs(needs: Needs, kind: str) -> bool:
    return (
        (kind == "victims" and bool(needs.working))
        or (kind in _OF_VIDEO and (needs.recorded or needs.platform is not None))
        or (kind in _OF_PLATFORMS and needs.platform is not None)
        or (kind == "link_state" and needs.linked)
    )
