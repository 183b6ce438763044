"""Random histories of a few schools: facts of every kind that is judged by, late ones, corrected
ones, clocks set back, policies that change."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import msgspec

from audit.coverage.life import LIFE, LIFE_SUBJECT
from audit.policy import POLICY_ENDED, Policy, policy_body, policy_subject
from gateway.paths import default_config_dir
from gateway.policies.loading import load_policies
from gateway.store.batch import Fact
from gateway.store.encoding import canonical

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_795_161_600_000

SCHOOLS = ("no1", "no2", "no3")
REGIONS = ("east", "west", None)
ITEMS = ("closed_management", "guards", "guard_posts", "hard_isolation", "video_link")
DEVICES = {"b-1": "alarm-button", "c-1": "camera", "c-2": "camera", "rec": "recorder"}
FAULTS = ("silent", "offline", "camera_black", "camera_offline", "battery_critical", "overload")
STEPS = (0, 0, 1, MINUTE, HOUR, 5 * HOUR, 13 * HOUR, DAY, 3 * DAY, 17 * DAY, 40 * DAY)


@cache
def shipped() -> tuple[Policy, ...]:
    """The policies that come with the gateway."""
    return load_policies(default_config_dir() / "policies")


class History:
    """Draws one fact after the other. ``now`` is when the next one is known."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = START
        self._alerts: dict[int, str] = {}
        self._stated = 0
        self._versions: dict[str, Policy] = {}
        self._lives = self.random.random() < 0.4

    def opening(self) -> list[Fact]:
        """What most histories begin with, so that something is met now and then."""
        facts = []
        if self.random.random() < 0.9:
            facts += [self._policy(policy) for policy in shipped()]
        for school in SCHOOLS:
            if self.random.random() < 0.8:
                facts.append(self._roster(school, listed=True))
            if self.random.random() < 0.8:
                facts.append(self._baseline(school))
            for device in DEVICES:
                if self.random.random() < 0.9:
                    facts.append(self._device(school, device, registered=True))
            if self.random.random() < 0.7:
                facts += [self._link(school, "up"), self._verified(school, "met")]
                facts.append(self._round(school, "met"))
            if self.random.random() < 0.7:
                facts += [self._attestation(school, item) for item in ITEMS]
        if self._lives:
            facts.append(self._life())
        return facts

    def fact(self) -> Fact:
        """The next one."""
        self.now += self.random.choice(STEPS)
        if self.random.random() < 0.03:
            self.now -= self.random.choice((MINUTE, 2 * HOUR, 2 * DAY))  # a clock that is set back
        school = self.random.choice(SCHOOLS)
        draw = self.random.choices(
            (
                lambda: self._alert(school),
                lambda: self._link(school),
                lambda: self._verified(school),
                lambda: self._round(school),
                lambda: self._device(school, self.random.choice([*DEVICES])),
                lambda: self._attestation(school, self.random.choice(ITEMS)),
                lambda: self._roster(school),
                lambda: self._baseline(school),
                lambda: self._policy(self.random.choice(shipped())),
                lambda: self._ended(self.random.choice(shipped())),
                self._life,
                self._other,
            ),
            (30, 8, 8, 8, 10, 12, 5, 5, 4, 1, 20 if self._lives else 0, 5),
        )[0]
        return draw()  # type: ignore[no-untyped-call]

    def _fact(self, kind: str, subject: str, body: Any) -> Fact:
        happened = self.now
        if self.random.random() < 0.3:
            happened -= self.random.choice((1, MINUTE, 5 * HOUR, 30 * HOUR, 9 * DAY))  # told late
        raw = body if isinstance(body, bytes) else canonical(body)
        return Fact(kind, happened, self.now, "gateway", subject, raw)

    def _alert(self, school: str) -> Fact:
        chance = self.random.random()
        open_ones = [number for number, name in self._alerts.items() if name == school]
        if open_ones and chance < 0.6:
            number = self.random.choice(open_ones)
            kind = self.random.choice(("returned", "reactivated", "occurred", "closed", "closed"))
            if kind == "closed":
                del self._alerts[number]
            body = {"alert": number, "kind": kind, "school": school, "detail": {}}
        else:
            number = len(self._alerts) + self.random.randrange(10**9)
            self._alerts[number] = school
            body = {
                "alert": number,
                "kind": "raised",
                "school": school,
                "device": self.random.choice([*DEVICES]),
                "condition": self.random.choice(FAULTS),
                "detail": {},
            }
        return self._fact("transition", f"alert:{number}", body)

    def _link(self, school: str, state: str | None = None) -> Fact:
        state = state or self.random.choice(("up", "degraded", "down", "unverified"))
        return self._fact("link_state", f"link:{school}/110", {"state": state, "cause": "x"})

    def _verified(self, school: str, verdict: str | None = None) -> Fact:
        kind, subject = self.random.choice(
            (("button", f"device:{school}/b-1"), ("link", f"link:{school}/110"))
        )
        body = {
            "kind": kind,
            "started": self.now - MINUTE,
            "ended": self.now - self.random.choice((0, 1, HOUR)),
            "verdict": verdict or self.random.choice(("met", "met", "failed", "unknown")),
            "code": "x",
        }
        return self._fact("verification", subject, body)

    def _round(self, school: str, status: str | None = None) -> Fact:
        cameras = {
            name: {
                "status": status or self.random.choice(("met", "met", "short", "gaps", "unknown")),
                "required_days": self.random.choice((30, 30, 90)),
                "as_of": self.now - self.random.choice((0, HOUR)),
                "reach": self.now - 31 * DAY,
            }
            for name in ("c-1", "c-2")
            if status or self.random.random() < 0.8
        }
        return self._fact("recordings_round", f"device:{school}/rec", {"cameras": cameras})

    def _device(self, school: str, name: str, *, registered: bool = False) -> Fact:
        chance = self.random.random()
        known = {"kind": DEVICES[name], "row": 1, "place": self.random.choice(("gate", "hall"))}
        after = {**known, "out_of_service": chance > 0.8 and not registered}
        before = None if registered or chance < 0.3 else known
        if chance > 0.92 and not registered:
            return self._fact("device", f"device:{school}/{name}", {"before": known, "after": None})
        return self._fact("device", f"device:{school}/{name}", {"before": before, "after": after})

    def _roster(self, school: str, *, listed: bool | None = None) -> Fact:
        entry: dict[str, Any] = {
            "school": school,
            "name": f"{school}中学",
            "kind": self.random.choice(("primary", "kindergarten", "senior_middle")),
            "region": self.random.choice(REGIONS),
            "pupils": self.random.choice((50, 400, 2_000)),
            "boarders": self.random.choice((0, 0, 40)),
            "key_target": self.random.random() < 0.2,
            "listed": self.random.random() < 0.8 if listed is None else listed,
            "formerly": [],
        }
        body = {"before": None, "after": entry, "reason": ""}
        return self._fact("roster", f"roster:{school}", body)

    def _baseline(self, school: str) -> Fact:
        needs = [
            {
                "place": self.random.choice(("", "", "gate", "hall")),
                "kind": kind,
                "count": self.random.choice((1, 1, 2)),
                "gate": self.random.random() < 0.5,
                "commissioned": self.random.choice((None, None, self.now - DAY, self.now + DAY)),
            }
            for kind in ("alarm-button", "camera")
            if self.random.random() < 0.9
        ]
        body = {
            "school": school,
            "version": 1,
            "needs": needs,
            "signed_by": "pia",
            "signed": self.now,
            "confirmed_by": "",
            "reason": "",
        }
        return self._fact("baseline", f"school:{school}", body)

    def _attestation(self, school: str, item: str) -> Fact:
        self._stated += 1
        valid_from = self.now + self.random.choice((0, 0, -DAY, DAY))
        withdrawn = self.random.random() < 0.1
        attestation = {
            "id": f"a-{self._stated if self.random.random() < 0.8 else 1}",
            "school": school,
            "item": item,
            "stated_by": "sofia",
            "at": self.now - self.random.choice((0, 0, HOUR)),
            "valid_from": valid_from,
            "expires": valid_from + self.random.choice((DAY, 20 * DAY, 100 * DAY)),
            "figures": {"guards": self.random.choice((0, 1, 3, 9))},
            "files": [{"hash": "0" * 64, "name": "1.jpg", "media_type": "image/jpeg", "size": 1}],
            "text": "",
            "confirmed_by": self.random.choice(("paul", "paul", "")),
            "confirmed": self.now,
            "withdrawn": self.now if withdrawn else None,
        }
        body = {"step": "stated", "attestation": attestation}
        return self._fact("attestation", f"attestation:{school}/{attestation['id']}", body)

    def _policy(self, policy: Policy) -> Fact:
        before = self._versions.get(policy.id)
        if before is not None:
            hours = msgspec.structs.replace(
                policy.figures.repair_hours, value=self.random.choice((1, 24, 100))
            )
            items = tuple(item for item in policy.items if self.random.random() < 0.8)
            policy = msgspec.structs.replace(
                policy,
                version=before.version + 1,
                items=items or policy.items,
                figures=msgspec.structs.replace(policy.figures, repair_hours=hours),
            )
        self._versions[policy.id] = policy
        return self._fact("policy", policy_subject(policy.id), policy_body(policy))

    def _ended(self, policy: Policy) -> Fact:
        return self._fact(POLICY_ENDED, policy_subject(policy.id), {"version": 1})

    def _life(self) -> Fact:
        return self._fact(LIFE, LIFE_SUBJECT, {"since": self.now})

    def _other(self) -> Fact:
        """What nothing is judged by, or cannot be read."""
        return self.random.choice(
            (
                self._fact("signed_in", "user:olga", {}),
                self._fact("roster", f"roster:{SCHOOLS[0]}", {"after": 1}),
                self._fact("transition", "alert:77", {"alert": 77, "kind": "occurred"}),
                self._fact("policy", "policy:six-100", {"id": "six-100"}),
            )
        )
