"""A simulated city: schools with what they must have, and five years of what happened to them.

A number of lives are drawn at random (faults of cameras, lost links, tests, statements renewed in
time or late, recordings that fall short) and judged fact by fact, as the gateway does. Each school
lives one of them, some hours apart, under its own name. The same seed gives the same city.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from audit.coverage import SchoolRecord, fold, judge_all
from audit.fact import FactRow
from audit.policy import POLICY, Policy, policy_body, policy_subject
from audit.verification.model import Verdict
from devices.model import Device, Place, Region, School
from gateway.coverage.school import Key, Written, due_of, gist_of
from gateway.store.batch import Fact
from gateway.store.coverage import VerdictRow, reasons_body
from gateway.store.encoding import canonical

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
ATTESTED: Final = ("closed_management", "hard_isolation", "guards", "guard_posts", "video_link")
CONDITIONS: Final = ("camera_offline", "camera_black", "camera_blurred", "camera_covered", "silent")
CAMERAS: Final = 22
DEVICES_A_SCHOOL: Final = 50
TOWNS: Final = 4

_KINDS: Final = {
    "b-1": "alarm-button",
    "b-2": "alarm-button",
    **{f"c-{number}": "camera" for number in range(1, CAMERAS + 1)},
    "rec": "recorder",
    **{f"s-{number}": "smoke" for number in range(1, 16)},
    **{f"t-{number}": "temperature" for number in range(1, 11)},
}


class Moment(msgspec.Struct, frozen=True):
    """Verdicts of a life that changed: when, of which policy and item, why."""

    at: int
    key: Key
    verdict: Verdict
    reasons: bytes | None


class Life(msgspec.Struct):
    """What happened to a school named ``@``. ``facts`` are without those of each night."""

    facts: list[Fact]
    moments: list[Moment]
    record: SchoolRecord
    due: int | None


def live(seed: int, policies: Sequence[Policy], begun: int, ended: int) -> Life:
    """Draw a life between two instants (ms) and judge it, fact by fact."""
    chance = random.Random(seed)
    happenings = sorted(_happenings(chance, begun, ended), key=lambda fact: fact.known)
    record = SchoolRecord(school="@")
    written: dict[Key, Written] = {}
    moments: list[Moment] = []
    due: int | None = None

    def judged(at: int) -> None:
        nonlocal due
        verdicts = judge_all(policies, record, at)
        for key, verdict in verdicts.items():
            gist = gist_of(verdict.reasons)
            before = written.get(key)
            if before is None or not before.stands(verdict.verdict, "", gist):
                body = reasons_body(verdict.reasons) if verdict.reasons else None
                moments.append(Moment(at, key, verdict.verdict, body))
                written[key] = Written(at, verdict.verdict, True, "", gist)
        due = due_of(verdicts, at)

    for row, fact in enumerate(happenings, 1):
        while due is not None and due < fact.known:
            judged(due)
        known = FactRow(
            row, fact.kind, fact.happened, fact.known, fact.actor, fact.subject, fact.body
        )
        after = fold(record, known)
        following = happenings[row].known if row < len(happenings) else ended
        if after is not record:
            record = after
            if following > fact.known:
                judged(fact.known)
    while due is not None and due <= ended:
        judged(due)
    kept = [fact for fact in happenings if fact.kind != "recordings_round"]
    return Life(kept, moments, record, due)


def _happenings(chance: random.Random, begun: int, ended: int) -> Iterator[Fact]:
    yield from _opening(chance, begun)
    yield from _faults(chance, begun, ended)
    yield from _link_and_tests(chance, begun, ended)
    yield from _statements(chance, begun, ended)
    short_until = 0
    for at in range(begun + 3 * HOUR, ended, DAY):
        if chance.random() < 0.004:
            short_until = at + chance.randrange(1, 12) * DAY
        yield _round(at, "short" if at < short_until else "met", chance)


def _faults(chance: random.Random, begun: int, ended: int) -> Iterator[Fact]:
    alert = 0
    for device, kind in _KINDS.items():
        if kind not in ("camera", "alarm-button"):
            continue
        at = begun
        while (at := at + int(chance.expovariate(1 / (365 * DAY)))) < ended:
            alert += 1
            body = {
                "alert": alert,
                "kind": "raised",
                "device": device,
                "condition": chance.choice(CONDITIONS),
                "detail": {},
                "school": "@",
            }
            yield _fact("transition", f"alert:@{alert}", at, body)
            over = at + int(chance.lognormvariate(2.8, 1.2) * HOUR)  # half of them within 17 hours
            if over < ended:
                end = {"alert": alert, "kind": "closed", "detail": {}, "school": "@"}
                yield _fact("transition", f"alert:@{alert}", over, end)
            at = over


def _link_and_tests(chance: random.Random, begun: int, ended: int) -> Iterator[Fact]:
    at = begun
    while (at := at + int(chance.expovariate(1 / (90 * DAY)))) < ended:
        yield _link(at, "down")
        at += int(chance.lognormvariate(1.5, 1.5) * HOUR)
        yield _link(at, "up")
    for at in range(begun + HOUR, ended, 30 * DAY):
        yield _tested(at + chance.randrange(2 * DAY), "met" if chance.random() < 0.95 else "failed")


def _statements(chance: random.Random, begun: int, ended: int) -> Iterator[Fact]:
    for item in ATTESTED:
        if chance.random() < 0.05:
            continue  # nobody ever states it
        at, number = begun + chance.randrange(DAY), 0
        while at < ended:
            number += 1
            lasts = chance.randrange(150, 183) * DAY
            yield _attested(at, item, number, lasts)
            at += lasts + int(chance.gauss(-12, 8) * DAY)  # renewed in time, or late


def _opening(chance: random.Random, at: int) -> Iterator[Fact]:
    entry = {
        "school": "@",
        "name": "@学校",
        "kind": chance.choice(("primary", "junior_middle", "kindergarten")),
        "region": "@region",
        "pupils": chance.randrange(60, 2_400),
        "boarders": 0,
        "key_target": False,
    }
    yield _fact("roster", "roster:@", at, {"before": None, "after": entry, "reason": ""})
    needs = [
        {"place": "", "kind": "alarm-button", "count": 2, "gate": False, "commissioned": None},
        {"place": "gate", "kind": "camera", "count": 2, "gate": True, "commissioned": None},
        {"place": "", "kind": "camera", "count": CAMERAS - 2, "gate": False, "commissioned": None},
    ]
    signed = {"school": "@", "version": 1, "needs": needs, "signed_by": "paul", "signed": at}
    yield _fact("baseline", "school:@", at, signed)
    for number, (device, kind) in enumerate(_KINDS.items(), 1):
        after = {"kind": kind, "row": number, "place": _place(device), "out_of_service": False}
        yield _fact("device", f"device:@/{device}", at, {"before": None, "after": after})
    yield _link(at, "up")


def _place(device: str) -> str:
    return "gate" if device in ("c-1", "c-2", "b-1") else "hall"


def _fact(kind: str, subject: str, at: int, body: Any) -> Fact:
    return Fact(kind, at, at, "gateway", subject, canonical(body))


def _link(at: int, state: str) -> Fact:
    return _fact("link_state", "link:@/110", at, {"state": state, "cause": "refused"})


def _tested(at: int, verdict: str) -> Fact:
    body = {
        "kind": "link",
        "started": at - MINUTE,
        "ended": at,
        "verdict": verdict,
        "code": "no_acknowledgement",
    }
    return _fact("verification", "link:@/110", at, body)


def _attested(at: int, item: str, number: int, lasts: int) -> Fact:
    attestation = {
        "id": f"{item}-{number}",
        "school": "@",
        "item": item,
        "stated_by": "sofia",
        "at": at,
        "valid_from": at,
        "expires": at + lasts,
        "figures": {"guards": 9},
        "files": [{"hash": "0" * 64, "name": "1.jpg", "media_type": "image/jpeg", "size": 1}],
        "confirmed_by": "paul",
        "confirmed": at,
    }
    body = {"step": "confirmed", "attestation": attestation}
    return _fact("attestation", f"attestation:@/{item}-{number}", at, body)


def _round(at: int, status: str, chance: random.Random) -> Fact:
    short = f"c-{chance.randrange(1, CAMERAS + 1)}"
    cameras = {
        name: {
            "status": status if name == short else "met",
            "required_days": 30,
            "as_of": at,
            "reach": at - 31 * DAY,
        }
        for name, kind in _KINDS.items()
        if kind == "camera"
    }
    return _fact("recordings_round", "device:@/rec", at, {"cameras": cameras})


class City:
    """``schools`` of ``devices`` in all, five years old at ``ended``."""

    def __init__(
        self, schools: int, lives: Sequence[Life], policies: Sequence[Policy], begun: int
    ) -> None:
        self.policies: Final = policies
        self.begun: Final = begun
        self._lives: Final = lives
        counties = max(1, schools // 100)
        towns = [f"county-{n % counties}-town-{n // counties}" for n in range(counties * TOWNS)]
        self.regions: Final = [
            Region("city", "市", "City"),
            *(Region(f"county-{n}", f"第{n}县", f"County {n}", "city") for n in range(counties)),
            *(Region(town, town, town, town.rpartition("-town-")[0]) for town in towns),
        ]
        self.schools: Final = [
            School(f"school-{n:05}", f"第{n}学校", f"School {n}", towns[n % len(towns)])
            for n in range(schools)
        ]
        self.places: Final = [
            Place(place, school.id, place) for school in self.schools for place in ("gate", "hall")
        ]
        self.devices: Final = [
            Device(school.id, device, kind, place=_place(device))
            for school in self.schools
            for device, kind in _KINDS.items()
        ]

    def facts(self) -> Iterator[Fact]:
        """All facts in the order of time, the policies first."""
        for policy in self.policies:
            subject = policy_subject(policy.id)
            at = self.begun - DAY
            yield Fact(POLICY, at, at, "gateway", subject, policy_body(policy))
        streams = (self._facts_of(number) for number in range(len(self.schools)))
        yield from heapq.merge(*streams, key=lambda fact: fact.known)

    def rows(self, since: int, until: int) -> Iterator[tuple[VerdictRow, bytes | None]]:
        """Verdicts written in a time, with their reasons; the numbers of these are the caller's."""
        for number, school in enumerate(self.schools):
            life, late = self._life(number), self._late(number)
            for moment in life.moments:
                at = moment.at + late
                if since <= at < until:
                    policy, item = moment.key
                    row = VerdictRow(
                        policy, item, school.id, at, moment.verdict, True, school.region or "", None
                    )
                    yield row, moment.reasons

    def records(self) -> Iterator[tuple[SchoolRecord, int | None]]:
        """Each school as folded at the end, and when it is due."""
        for number, school in enumerate(self.schools):
            life = self._life(number)
            record = life.record
            if record.roster is None:
                raise ValueError("a school that lives is on the roster")
            entry = msgspec.structs.replace(
                record.roster, school=school.id, name=school.name_zh, region=school.region
            )
            due = None if life.due is None else life.due + self._late(number)
            yield msgspec.structs.replace(record, school=school.id, roster=entry), due

    def _life(self, number: int) -> Life:
        return self._lives[number % len(self._lives)]

    def _late(self, number: int) -> int:
        return number // len(self._lives) * 7 * MINUTE

    def _facts_of(self, number: int) -> Iterator[Fact]:
        school = self.schools[number]
        name, region = school.id.encode(), (school.region or "").encode()
        late = self._late(number)
        for fact in self._life(number).facts:
            body = fact.body.replace(b"@region", region).replace(b"@", name)
            told = f"{number:05}" if fact.kind == "transition" else school.id
            yield Fact(
                fact.kind,
                fact.happened + late,
                fact.known + late,
                fact.actor,
                fact.subject.replace("@", told),
                body,
            )
