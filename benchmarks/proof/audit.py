"""The audit of a store afterwards: each thing said is there, once, and everything adds up."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.proof.devices import SCHOOL, Crowd
from benchmarks.proof.people import WebhookReceiver

WEBHOOK: Final = "proof"
"""The name of the webhook in the gateway's settings."""

SHOWN: Final = 5
"""Examples named with each finding."""


class Verdict(msgspec.Struct):
    """``wrong`` names what does not hold, in words; empty = all holds."""

    figures: dict[str, Any]
    wrong: list[str]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What those around the gateway saw. ``rows`` are event ids as a page received them."""

    crowd: Crowd
    receiver: WebhookReceiver
    rows: Sequence[int]
    confirmed: Sequence[tuple[int, int]]
    broker_killed: bool = False
    """Then what the broker had acknowledged may be lost: only presses must be complete."""

    seen_until: int = 2**53
    """The page had seen whatever was known before (ms). Then the gateway was told to end, and what
    it still finds out is no longer told."""


def audit(database: Path, evidence: Evidence) -> Verdict:
    """Look through the store of a gateway that has stopped."""
    verdict = Verdict({}, [])
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for check in _CHECKS:
            check(connection, evidence, verdict)
    return verdict


def _readings(connection: sqlite3.Connection, evidence: Evidence, verdict: Verdict) -> None:
    names = {device.row: device.id for device in evidence.crowd.sensors}
    ledger = evidence.crowd.ledger
    stored: Counter[tuple[str, int]] = Counter()
    for device, body in connection.execute("SELECT device, body FROM readings WHERE channel = 0"):
        stored[names[device], json.loads(body)["seq"]] += 1
    lost = ledger.kept - stored.keys()
    invented = [one for one in stored if one[1] > ledger.measured[one[0]]]
    verdict.figures |= {
        "readings_published": sum(ledger.measured.values()),
        "readings_acknowledged_by_broker": len(ledger.kept),
        "readings_stored": len(stored),
        "readings_lost": len(lost),
        "readings_stored_twice": sum(stored.values()) - len(stored),
    }
    if not evidence.broker_killed:
        _hold(verdict, "readings that the broker had acknowledged are lost", lost)
    _hold(verdict, "readings that nobody sent are stored", invented)


def _events(connection: sqlite3.Connection, evidence: Evidence, verdict: Verdict) -> None:
    ledger = evidence.crowd.ledger
    facts: Counter[tuple[str, int, int]] = Counter()
    happened: dict[str, Counter[int]] = defaultdict(Counter)
    query = "SELECT subject, happened, body FROM facts WHERE kind = 'event'"
    for subject, when, body in connection.execute(query):
        said = json.loads(body)
        button = subject.removeprefix(f"device:{SCHOOL}/")
        facts[button, said["at"], said["seq"]] += 1
        if said["event"] == "pressed":
            happened[button][when] += 1
    occurred: dict[str, Counter[int]] = defaultdict(Counter)
    names = {device.row: device.id for device in evidence.crowd.buttons}
    query = """
        SELECT a.device, t.body FROM transitions t JOIN alerts a ON a.id = t.alert
        WHERE t.kind IN ('raised', 'occurred') AND a.condition = 'panic'
    """
    for device, body in connection.execute(query):
        occurred[names[device]][json.loads(body)["happened"]] += 1
    presses = sum(event == "pressed" for event in ledger.events.values())
    verdict.figures |= {
        "events": len(ledger.events),
        "events_stored": len(facts),
        "presses": presses,
        "presses_as_occurrences": sum(sum(each.values()) for each in occurred.values()),
    }
    _hold(verdict, "events are no facts", ledger.events.keys() - facts.keys())
    _hold(verdict, "events are several facts", [one for one, count in facts.items() if count > 1])
    _hold(verdict, "facts are of no event", facts.keys() - ledger.events.keys())
    _hold(
        verdict,
        "buttons whose presses and occurrences differ",
        [one for one in names.values() if happened[one] != occurred[one]],
    )
    _hold(verdict, "events without a reply", ledger.events.keys() - ledger.replied)


def _alerts(connection: sqlite3.Connection, evidence: Evidence, verdict: Verdict) -> None:
    versions: dict[int, list[int]] = defaultdict(list)
    occurrences: Counter[int] = Counter()
    rows = []
    query = "SELECT row, alert, version, kind, known FROM transitions ORDER BY row"
    to_be_seen = 0
    for row, alert, version, kind, known in connection.execute(query):
        rows.append(row)
        to_be_seen += known < evidence.seen_until
        versions[alert].append(version)
        occurrences[alert] += kind in ("raised", "occurred")
    wrong_count, wrong_versions = [], []
    for number, version, body in connection.execute("SELECT id, version, body FROM alerts"):
        of_alert = versions[number]
        if of_alert != list(range(1, len(of_alert) + 1)) or of_alert[-1] != version:
            wrong_versions.append(number)
        if json.loads(body)["occurrences"] != occurrences[number]:
            wrong_count.append(number)
    doubled = connection.execute(
        "SELECT device, condition FROM alerts WHERE closed IS NULL "
        "GROUP BY device, condition, school, json_extract(CAST(body AS TEXT), '$.scope') "
        "HAVING count(*) > 1"
    ).fetchall()
    false_silence = _false_silence(connection, evidence.crowd)
    told = connection.execute("SELECT count(*) FROM facts WHERE kind = 'transition'").fetchone()[0]
    unkept = [one for one in evidence.confirmed if one[1] not in versions[one[0]]]
    verdict.figures |= {
        "alerts": len(versions),
        "transitions": len(rows),
        "actions_confirmed": len(evidence.confirmed),
        "false_silence": len(false_silence),
    }
    _hold(verdict, "devices with two open alerts for one condition", doubled)
    _hold(verdict, "alerts whose versions have gaps", wrong_versions)
    _hold(verdict, "alerts whose occurrences do not add up", wrong_count)
    _hold(verdict, "false silence", false_silence)
    _hold(verdict, "confirmed actions are lost", unkept)
    if rows != list(range(1, len(rows) + 1)):
        verdict.wrong.append("the transitions are not numbered 1, 2, 3 …")
    if told != len(rows):
        verdict.wrong.append(f"{len(rows)} transitions, but {told} facts about transitions")
    if list(evidence.rows) != rows[: max(to_be_seen, len(evidence.rows))]:
        seen = [*evidence.rows, None]
        first = next((n for n, row in enumerate(rows) if seen[min(n, len(seen) - 1)] != row), 0)
        verdict.wrong.append(
            f"the page saw {len(evidence.rows)} of {len(rows)} transitions, or not in order: "
            f"{seen[first : first + 4]} where {rows[first : first + 3]} belong"
        )


def _false_silence(
    connection: sqlite3.Connection, crowd: Crowd
) -> list[tuple[int, str, int | None]]:
    """Alerts that call sensors silent which were not: number, condition, and how long (ms) after
    the last word of who had said nothing for longest; all by the gateway's own times.

    Nobody had said anything before they began, which on a busy machine is long after the start.
    And while the last deliveries are waited for, they say nothing any more.
    """
    spoken = {
        device: (first, last)
        for device, first, last in connection.execute(
            "SELECT device, min(received), max(received) FROM readings "
            "WHERE channel = 0 GROUP BY device"
        )
    }
    begun = max((first for first, _ in spoken.values()), default=0)
    called = connection.execute(
        "SELECT id, condition, device, known FROM alerts "
        "WHERE condition IN ('silent', 'offline', 'cut_off') AND known >= ?",
        (begun,),
    ).fetchall()
    found = []
    for number, condition, device, known in called:
        victims = connection.execute("SELECT device FROM victims WHERE alert = ?", (number,))
        rows = [device, *(row for (row,) in victims)]
        quiet = max((known - spoken[row][1] for row in rows if row in spoken), default=None)
        if crowd.speaking or quiet is None or quiet < crowd.silent_after:
            found.append((number, condition, quiet))
    return found


def _deliveries(connection: sqlite3.Connection, evidence: Evidence, verdict: Verdict) -> None:
    wanted = []
    bodies: dict[str, bytes] = {}
    waiting = 0
    query = "SELECT key, body, delivered FROM outbox WHERE receiver = ? ORDER BY row"
    for key, body, delivered in connection.execute(query, (WEBHOOK,)):
        wanted.append(key)
        bodies[key] = body
        waiting += delivered is None
    emergencies = connection.execute(
        "SELECT count(*) FROM transitions t JOIN alerts a ON a.id = t.alert WHERE a.priority = 1"
    ).fetchone()[0]
    receiver = evidence.receiver
    verdict.figures |= {
        "webhook_events": len(wanted),
        "webhook_requests": receiver.requests,
        "webhook_events_heard": len(receiver.first),
    }
    if len(wanted) < emergencies:
        verdict.wrong.append(f"{emergencies} emergencies' events, only {len(wanted)} to deliver")
    if len(set(wanted)) != len(wanted):
        verdict.wrong.append("two messages to the webhook have the same key")
    if waiting:
        verdict.wrong.append(f"{waiting} messages to the webhook were not delivered")
    if receiver.first != wanted:
        verdict.wrong.append(
            f"the webhook heard {len(receiver.first)} of {len(wanted)} events, or not in order"
        )
    differing = [key for key, heard in receiver.bodies.items() if heard != {bodies.get(key)}]
    _hold(verdict, "deliveries that differ from what was stored", differing)


def _hold(verdict: Verdict, what: str, found: Any) -> None:
    """Nothing may be found."""
    if found:
        examples = sorted(found, key=str)[:SHOWN]
        verdict.wrong.append(f"{what}: {len(found)}, as {examples}")


def _whole(connection: sqlite3.Connection, _: Evidence, verdict: Verdict) -> None:
    said = connection.execute("PRAGMA quick_check").fetchone()[0]
    if said != "ok":
        verdict.wrong.append(f"the database is damaged: {said}")


_Check = Callable[[sqlite3.Connection, Evidence, Verdict], None]
_CHECKS: Final[tuple[_Check, ...]] = (_whole, _readings, _events, _alerts, _deliveries)


def kept_so_far(database: Path) -> Iterator[int]:
    """Two figures while the gateway runs: readings stored, messages to the webhook that wait."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        for query in (
            "SELECT coalesce(max(row), 0) FROM readings",
            f"SELECT count(*) FROM outbox WHERE delivered IS NULL AND receiver = '{WEBHOOK}'",
        ):
            yield int(connection.execute(query).fetchone()[0])


def newest_transition(database: Path) -> int:
    """The event id of the last one that is kept while the gateway runs; 0 = none."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return int(
            connection.execute("SELECT coalesce(max(row), 0) FROM transitions").fetchone()[0]
        )
