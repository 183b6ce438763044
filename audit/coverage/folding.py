"""Folds the facts of one school into its record, one after the other, in row order.

Two rules decide what is remembered. What was once shown to be wrong stays so until a measurement
says otherwise: taking a device off the register, putting it aside or marking its alert as false
undoes nothing. And grace is given only to what has been shown to work before: so the record knows
of each thing whether it ever did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from audit.coverage import bodies
from audit.coverage.changing import having, name_of, put, without
from audit.coverage.folding_alerts import take_transition, take_victims
from audit.coverage.record import (
    DeviceRecord,
    Joined,
    LinkRecord,
    Recorded,
    SchoolRecord,
    Stated,
    Tested,
)
from audit.fact import FactRow

_UP: Final = frozenset({"up", "degraded"})
"""States of a link in which an alarm reaches the police."""

LINK_REMOVED: Final = "removed"
"""The cause of a link that is down because the settings no longer name it."""

_POLICE_TESTS: Final = frozenset({"button", "link", "attested"})
"""Verifications that the police have a part in."""


def fold(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    """The record after ``fact``, which is of its school (`audit.fact.school_of`).

    The same record when the fact changes nothing that is judged. A fact whose body cannot be read
    is passed over as well: nothing that is written can stop a bureau's verdicts.
    """
    take = _TAKES.get(fact.kind)
    if take is None:
        return record
    try:
        return take(record, fact)
    except (msgspec.MsgspecError, ValueError):
        return record


# The register


def _device(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, change = name_of(fact), bodies.device_change(fact.body)
    before, after = record.devices.get(name), change.after
    if after is None:
        return having(record, fact, devices=without(record.devices, name))
    if before is None or change.before is None:
        return _registered(record, fact, name, after)
    aside, aside_row = before.aside, before.aside_row
    if not after.out_of_service:
        aside, aside_row = None, 0
    elif aside is None:
        aside, aside_row = fact.happened, fact.row
    changed = DeviceRecord(
        after.kind,
        after.place,
        before.since,
        before.row,
        number=after.row or before.number,
        aside=aside,
        aside_row=aside_row,
        proven=before.proven,
    )
    return having(record, fact, devices=put(record.devices, name, changed))


def _registered(
    record: SchoolRecord, fact: FactRow, name: str, after: bodies.DeviceBody
) -> SchoolRecord:
    """A device anew: what was known of an earlier one of that name is not known of this one."""
    out = after.out_of_service
    fresh = DeviceRecord(
        after.kind,
        after.place,
        fact.happened,
        fact.row,
        number=after.row,
        aside=fact.happened if out else None,
        aside_row=fact.row if out else 0,
    )
    return having(
        record,
        fact,
        devices=put(record.devices, name, fresh),
        faults={key: one for key, one in record.faults.items() if one.device != name},
        cut_off={key: without(those, name) for key, those in record.cut_off.items()},
        absorbed=without(record.absorbed, name),
        tests=without(record.tests, name),
        recorded=without(record.recorded, name),
        channels=without(record.channels, name),
    )


def _place(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, after = name_of(fact), bodies.place_change(fact.body).after
    if after is None:
        return having(record, fact, places=without(record.places, name))
    return having(record, fact, places=put(record.places, name, after.parent))


# The way to the police


def _link_state(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, body = name_of(fact), bodies.link(fact.body)
    before = record.links.get(name)
    up = body.state in _UP
    lost = None
    if not up:
        lost = fact.happened if before is None or before.lost is None else before.lost
    changed = LinkRecord(
        body.state,
        body.cause,
        fact.happened,
        fact.row,
        lost=lost,
        was_up=up or (before is not None and before.was_up),
    )
    links = put(record.links, name, changed)
    if body.cause != LINK_REMOVED:
        return having(record, fact, links=links)
    # Another one of that name leads elsewhere: that this one was tested proves nothing of it.
    tests = without(record.link_tests, name)
    return having(record, fact, links=links, link_tests=tests)


def _verification(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    body = bodies.verification(fact.body)
    ended, verdict = body.ended, body.verdict
    if ended is None or verdict not in ("met", "failed"):
        return record  # under way, or nothing came of it
    met, name = verdict == "met", name_of(fact)
    changes: dict[str, object] = {}
    device = record.devices.get(name) if fact.subject.startswith("device:") else None
    if met and device is not None and body.started >= device.since:
        # One that began before says nothing of a device that was registered anew meanwhile.
        changes["devices"] = put(record.devices, name, replace(device, proven=ended))
    if body.kind in _POLICE_TESTS:
        which = "tests" if body.kind == "button" else "link_tests"
        there: dict[str, Tested] = getattr(record, which)
        changes[which] = put(there, name, _tested(there.get(name, Tested()), body, fact))
    return having(record, fact, **changes) if changes else record


def _tested(before: Tested, body: bodies.VerificationBody, fact: FactRow) -> Tested:
    if body.verdict == "met":
        return Tested(kind=body.kind, met=body.ended, met_row=fact.row)
    if before.failing is not None:
        return replace(before, code=body.code)
    return replace(before, failing=body.ended, failing_row=fact.row, code=body.code)


# Video


def _recording(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, body = name_of(fact), bodies.recording(fact.body)
    judged = _recorded(record.recorded.get(name), body, body.recorder, fact)
    return having(record, fact, recorded=put(record.recorded, name, judged))


def _round(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    recorder, recorded = name_of(fact), dict(record.recorded)
    for name, body in bodies.recordings_round(fact.body).cameras.items():
        recorded[name] = _recorded(recorded.get(name), body, recorder, fact)
    return having(record, fact, recorded=recorded)


def _recorded(
    before: Recorded | None, body: bodies.RecordingBody, recorder: str, fact: FactRow
) -> Recorded:
    met = body.status == "met"
    since, since_row = None, 0
    if not met and before is not None and before.since is not None:
        since, since_row = before.since, before.since_row
    elif not met:
        since, since_row = fact.happened, fact.row
    return Recorded(
        recorder,
        body.status,
        body.required_days,
        body.as_of,
        fact.known,
        fact.row,
        reach=body.reach,
        since=since,
        since_row=since_row,
        was_met=met or (before is not None and before.was_met),
    )


def _police_report(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, body = name_of(fact), bodies.report(fact.body)
    said = body.registered if body.basis == "reported" else None
    there = record.police_reports
    joined = _joined(there.get(name), said, body.basis, fact)
    return having(record, fact, police_reports=put(there, name, joined))


def _registration(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, body, there = name_of(fact), bodies.registration(fact.body), record.registrations
    joined = _joined(there.get(name), body.registered, "", fact)
    return having(record, fact, registrations=put(there, name, joined))


def _channel(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    name, body, there = name_of(fact), bodies.channel(fact.body), record.channels
    joined = _joined(there.get(name), body.state == "online", body.recorder, fact)
    return having(record, fact, channels=put(there, name, joined))


def _joined(before: Joined | None, said: bool | None, basis: str, fact: FactRow) -> Joined:
    lost = None
    if said is False:
        lost = fact.happened if before is None or before.lost is None else before.lost
    elif said is None and before is not None:
        lost = before.lost  # silence in between does not begin the time to repair anew
    was = said is True or (before is not None and before.was)
    return Joined(said, fact.row, lost=lost, was=was, basis=basis)


# What people sign


def _roster(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    return having(record, fact, roster=bodies.roster(fact.body).after, roster_row=fact.row)


def _baseline(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    return having(record, fact, baseline=bodies.baseline(fact.body), baseline_row=fact.row)


def _attestation(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    one = bodies.attestation(fact.body).attestation
    return having(record, fact, stated=put(record.stated, one.id, Stated(one, fact.row)))


_Take: TypeAlias = Callable[[SchoolRecord, FactRow], SchoolRecord]

_TAKES: Final[Mapping[str, _Take]] = {
    "attestation": _attestation,
    "baseline": _baseline,
    "channel_state": _channel,
    "device": _device,
    "link_state": _link_state,
    "place": _place,
    "recorder_registration": _registration,
    "recording_verdict": _recording,
    "recordings_round": _round,
    "roster": _roster,
    "transition": take_transition,
    "verification": _verification,
    "victims": take_victims,
    "video_police_link": _police_report,
}

KINDS: Final = frozenset(_TAKES)
"""The kinds of facts that can change a record; all others are passed over."""
