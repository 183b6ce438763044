"""Folds what is written of alerts: what is wrong with a device, since when, and what is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from audit.coverage import bodies
from audit.coverage.changing import having, put, without
from audit.coverage.record import CutOff, Fault, SchoolRecord
from audit.fact import FactRow

_ACTIVATIONS: Final = frozenset({"occurred", "reactivated", "worsened"})


def take_transition(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    """A transition of an alert."""
    body = bodies.transition(fact.body)
    kind, number = body.kind, body.alert
    if kind == "raised":
        scope = body.detail.scope
        device = "" if scope else body.device or _numbered(record, body.detail.device)
        condition = body.condition or body.detail.condition
        raised = Fault(device, condition, scope, fact.happened, fact.row)
        return having(record, fact, faults=put(record.faults, number, raised))
    fault = record.faults.get(number)
    if fault is None:
        return record
    if kind in _ACTIVATIONS:
        if fault.since is not None:
            return record
        back = replace(fault, since=fact.happened, row=fact.row)
        return having(record, fact, faults=put(record.faults, number, back))
    if kind == "returned":
        over = replace(fault, since=None, row=fact.row)
        faults = put(record.faults, number, over)
        # Who is not heard yet has its time to be heard, and an alert of its own after that.
        return having(record, fact, faults=faults, cut_off=without(record.cut_off, number))
    if kind == "cut_off" and body.detail.scope and fault.scope:
        wider = replace(fault, scope=body.detail.scope)
        return having(record, fact, faults=put(record.faults, number, wider))
    if kind == "closed":
        return _closed(record, fact, number, fault, absorbed=body.detail.cause == "absorbed")
    return record


def _closed(
    record: SchoolRecord, fact: FactRow, number: int, fault: Fault, *, absorbed: bool
) -> SchoolRecord:
    """It is over, or part of another alert: then since when its devices are out is kept."""
    heirs, cut_off = record.absorbed, without(record.cut_off, number)
    if absorbed:
        heirs = dict(heirs)
        out = {name: one.since for name, one in record.cut_off.get(number, {}).items()}
        if fault.device and fault.since is not None:
            out[fault.device] = fault.since
        for name, since in out.items():
            heirs[name] = min(since, heirs.get(name, since))
        # The other alert may have told of its victims already.
        cut_off = {key: _earlier(those, out) for key, those in cut_off.items()}
    return having(
        record,
        fact,
        faults=without(record.faults, number),
        cut_off=cut_off,
        absorbed=heirs,
    )


def _earlier(those: Mapping[str, CutOff], since: Mapping[str, int]) -> dict[str, CutOff]:
    return {
        name: CutOff(min(one.since, since.get(name, one.since)), one.row)
        for name, one in those.items()
    }


def _numbered(record: SchoolRecord, number: int) -> str:
    """The device of a row of the register: records begin that do not name it."""
    if not number:
        return ""
    return next((name for name, one in record.devices.items() if one.number == number), "")


def take_victims(record: SchoolRecord, fact: FactRow) -> SchoolRecord:
    """Which devices an alert cuts off."""
    body = bodies.victims(fact.body)
    number = int(fact.subject.partition(":")[2])
    those, heirs = dict(record.cut_off.get(number, {})), dict(record.absorbed)
    for name in body.gone:
        since = min(fact.happened, heirs.pop(name, fact.happened))
        if name in those:
            since = min(since, those[name].since)
        those[name] = CutOff(since, fact.row)
    for name in body.back:
        those.pop(name, None)
        heirs.pop(name, None)
    cut_off = put(record.cut_off, number, those) if those else without(record.cut_off, number)
    return having(record, fact, cut_off=cut_off, absorbed=heirs)
