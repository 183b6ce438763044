"""The verdict on an item of a school at an instant.

A need of the baseline is answered by the best of the devices that may answer it, each for one need
only, those for less room choosing first. So a device more can only help and one less can only hurt:
nobody's rate rises by taking away what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from audit.baseline import Baseline, Needed
from audit.coverage.clockwork import HOUR_MS, Clockwork
from audit.coverage.devices import DeviceJudge, Found
from audit.coverage.life import UNTOLD, Life
from audit.coverage.record import SchoolRecord, Tested
from audit.coverage.statements import Statements, unknown
from audit.coverage.verdict import Code, ItemVerdict, Part, Reason, concluded
from audit.coverage.video import VideoJudge
from audit.coverage.view import View
from audit.policy import Item, Needs, Platform, Policy, Proof, Required, Test
from audit.roster import RosterEntry
from audit.verification.model import Verdict

_EVER: Final = 2**63

_OPEN: Final = {"up": 0, "degraded": 1, "unverified": 2, "down": 3}
"""States of a link, the best first."""


def judge(
    policy: Policy, item: Item, record: SchoolRecord, now: int, life: Life = UNTOLD
) -> ItemVerdict:
    """The verdict on ``item`` of ``policy`` by what is known in ``record``, at ``now`` (ms).

    ``life`` is what is known of the gateway that measured.
    """
    return _judge(policy, item, View(record), now, life)


def judge_all(
    policies: Iterable[Policy], record: SchoolRecord, now: int, life: Life = UNTOLD
) -> dict[tuple[str, str], ItemVerdict]:
    """The verdicts on all items, by the ids of policy and item; quicker than one by one."""
    view = View(record)
    return {
        (policy.id, item.id): _judge(policy, item, view, now, life)
        for policy in policies
        for item in policy.items
    }


def _judge(policy: Policy, item: Item, view: View, now: int, life: Life) -> ItemVerdict:
    record = view.record
    clock = Clockwork(now, policy.figures.repair_hours.value * HOUR_MS)
    if record.roster is None:
        return concluded([unknown(Code.NOT_ON_ROSTER, Part.ROSTER)], None)
    statements = Statements(record, record.roster, clock)
    if item.proof is Proof.ATTESTED:
        reasons = list(statements.of_item(item, policy.figures.staffing))
    elif record.baseline is None:
        reasons = [unknown(Code.NO_BASELINE, Part.BASELINE)]
    else:
        judging = _ByDevices(policy, item, view, clock, record.roster, statements)
        parts = (judging.reasons(one, record.baseline) for one in item.required)
        reasons = list(chain.from_iterable(parts))
        silent = life.silent_from(policy)
        if silent is not None and silent <= now:
            reasons.append(_unseen(life))
    return concluded(reasons, clock.until)


def _unseen(life: Life) -> Reason:
    """Nobody was there to see: what is known to be wrong counts before it."""
    return Reason(
        code=Code.NO_GATEWAY,
        part=Part.GATEWAY,
        verdict=Verdict.UNKNOWN,
        since=life.at,
        evidence=life.row,
    )


class _ByDevices:
    """One item that devices prove, at one school at one instant."""

    __slots__ = ("_answers", "_clock", "_item", "_policy", "_record", "_roster", "_said", "_view")

    def __init__(
        self,
        policy: Policy,
        item: Item,
        view: View,
        clock: Clockwork,
        roster: RosterEntry,
        statements: Statements,
    ) -> None:
        self._policy = policy
        self._item = item
        self._view = view
        self._record = view.record
        self._clock = clock
        self._roster = roster
        self._said = statements
        self._answers: dict[str, Reason] = {}
        """What somebody's word says of a platform: asked once for all cameras."""

    def reasons(self, required: Required, baseline: Baseline) -> list[Reason]:
        """What is to be said of devices of one sort."""
        needs, row = required.needs, self._record.baseline_row
        wanted = [
            need
            for need in baseline.needs
            if need.kind in required.kinds and need.count > 0 and (need.gate or not required.gate)
        ]
        if not wanted:
            why = unknown(Code.BASELINE_LISTS_NONE, Part.BASELINE, row)
            inputs = {"kinds": " ".join(required.kinds), "gate": required.gate}
            return [msgspec.structs.replace(why, inputs=inputs)]
        begun: list[Needed] = []
        ahead: list[Needed] = []
        for need in wanted:
            at = need.commissioned
            (begun if at is None or self._clock.passed(at) else ahead).append(need)
        reasons = [self._ahead(need, pending=bool(begun)) for need in ahead]
        figures, clock = self._policy.figures, self._clock
        video = VideoJudge(
            self._record,
            figures,
            clock,
            key_target=self._roster.key_target,
            attested=self._platform,
        )
        judge = DeviceJudge(self._view, needs, figures, clock, video)
        reasons += self._required(begun, judge)
        if needs.linked:
            reasons.append(self._linked())
        if needs.tested and not needs.tested_each:
            reasons += self._tested(required, judge)
        if begun:
            signed = Reason(
                code=Code.BASELINE_SIGNED,
                part=Part.BASELINE,
                verdict=Verdict.MET,
                since=baseline.signed,
                evidence=row,
                inputs={"needed": sum(need.count for need in begun)},
            )
            reasons.append(signed)
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

    def _platform(self, platform: Platform) -> Reason:
        found = self._answers.get(platform.attested_as)
        if found is None:
            found = self._said.of_platform(platform, self._item.terms)
            self._answers[platform.attested_as] = found
        return found

    def _required(self, wanted: list[Needed], judge: DeviceJudge) -> Iterator[Reason]:
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

    def _linked(self) -> Reason:
        """One link that an alarm gets through is enough; else the best of them tells why not."""
        links = self._record.links
        if not links:
            return unknown(Code.NO_LINK, Part.LINKED)
        name, best = min(links.items(), key=lambda one: (_OPEN.get(one[1].state, 2), one[0]))
        if best.lost is None:
            return Reason(
                code=Code.LINK_UP if best.state == "up" else Code.LINK_DEGRADED,
                part=Part.LINKED,
                verdict=Verdict.MET,
                link=name,
                since=best.since,
                evidence=best.row,
            )
        down = best.state == "down"
        # All are lost, and have been since the last of them was.
        since = max(one.lost or 0 for one in links.values())
        return self._clock.fault(
            Code.LINK_DOWN if down else Code.LINK_UNVERIFIED,
            Part.LINKED,
            Verdict.FAILED if down else Verdict.UNKNOWN,
            {"cause": best.cause},
            since=since,
            forgiven=any(one.was_up for one in links.values()),
            evidence=best.row,
            link=name,
        )

    def _tested(self, required: Required, judge: DeviceJudge) -> Iterator[Reason]:
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
        yield judge.untested(newest) or judge.tested(newest)
        failing = {name: one for name, one in of_links.items() if one.failing is not None}
        if not failing or len(failing) < len(of_links):
            return
        name, test = max(failing.items(), key=lambda one: (one[1].failing or 0, one[0]))
        yield self._clock.fault(
            Code.TEST_FAILED,
            Part.TESTED,
            Verdict.FAILED,
            {"code": test.code},
            since=test.failing or 0,
            forgiven=test.met is not None,
            evidence=test.failing_row,
            link=name,
        )


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
