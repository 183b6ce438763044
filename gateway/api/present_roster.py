"""The roster, lists that are brought in, and baselines, as they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from audit.baseline import Baseline, Needed, Proposal, lessened
from audit.key_places import key_places, proposed
from gateway.api.models.roster import (
    BaselineOut,
    BaselineProposalOut,
    KeyPlaceOut,
    LessOut,
    MissingSchoolOut,
    NeedOut,
    RegisteredOut,
    RosterChangeOut,
    RosterEntryOut,
    RosterFieldsOut,
    RosterImportOut,
    RosterPreviewOut,
    RosterTroubleOut,
)
from gateway.roster.plan import SHOWN, Plan, Sort
from gateway.security.access import Caller, What, may

if TYPE_CHECKING:
    from audit.roster import RosterEntry
    from devices.model import Device, Place
    from gateway.api.models.shapes import Names
    from gateway.api.register import Register
    from gateway.roster.entries import Trouble
    from gateway.roster.importing import Import
    from gateway.store.read.roster import Listing


def entry_out(register: Register, one: Listing) -> RosterEntryOut:
    """An entry with what is known of it besides."""
    entry = one.entry
    return RosterEntryOut(
        school=entry.school,
        name=entry.name,
        kind=entry.kind,
        region=entry.region,
        region_name=register.region_name(entry.region),
        pupils=entry.pupils,
        boarders=entry.boarders,
        key_target=entry.key_target,
        listed=entry.listed,
        formerly=list(entry.formerly),
        connected=one.connected,
        baseline=one.version,
        waiting=one.waiting,
    )


def import_out(register: Register, run: Import) -> RosterImportOut:
    """A list as far as it is, with what it comes to."""
    return RosterImportOut(
        id=run.id,
        file=run.file,
        state=run.state,
        started=run.started,
        ended=run.ended,
        done=run.done,
        of=run.of,
        written=run.written,
        error=run.error,
        preview=None if run.plan is None else _preview(register, run.plan),
    )


def _preview(register: Register, plan: Plan) -> RosterPreviewOut:
    return RosterPreviewOut(
        digest=plan.digest,
        added=plan.counts[Sort.ADDED],
        renamed=plan.counts[Sort.RENAMED],
        changed=plan.counts[Sort.CHANGED],
        relisted=plan.counts[Sort.RELISTED],
        unchanged=plan.unchanged,
        missing=len(plan.missing),
        refused=len(plan.troubles),
        noted=len(plan.notes),
        unreadable=plan.unreadable,
        changes=[
            RosterChangeOut(
                sort=change.sort,
                line=change.line,
                school=change.after.school,
                before=_fields(register, change.before),
                after=_said(register, change.after),
            )
            for change in plan.first
        ],
        troubles=[trouble_out(one) for one in plan.troubles[:SHOWN]],
        notes=[trouble_out(one) for one in plan.notes[:SHOWN]],
        not_named=[
            MissingSchoolOut(school=entry.school, name=entry.name) for entry in plan.missing[:SHOWN]
        ],
    )


def trouble_out(one: Trouble) -> RosterTroubleOut:
    """A mistake, or what is worth a look."""
    return RosterTroubleOut(**msgspec.structs.asdict(one))


def _fields(register: Register, entry: RosterEntry | None) -> RosterFieldsOut | None:
    return None if entry is None else _said(register, entry)


def _said(register: Register, entry: RosterEntry) -> RosterFieldsOut:
    return RosterFieldsOut(
        name=entry.name,
        kind=entry.kind,
        region=entry.region,
        region_name=register.region_name(entry.region),
        pupils=entry.pupils,
        boarders=entry.boarders,
        key_target=entry.key_target,
        listed=entry.listed,
    )


def baseline_out(
    register: Register,
    caller: Caller,
    school: str,
    *,
    signed: Baseline | None,
    waiting: Proposal | None,
    devices: Iterable[Device],
    gates: Iterable[str],
) -> BaselineOut:
    """What a school must have, beside its registered ``devices``; ``gates`` are its gates by the
    settings."""
    places: list[Place] = register.places_of(school)
    listed = list(devices)
    needs = () if signed is None else signed.needs

    def name_of(place: str) -> Names | None:
        return register.place_path(school, place) if place else None

    def shown(one: Needed) -> NeedOut:
        return NeedOut(
            place=one.place,
            place_name=name_of(one.place),
            kind=one.kind,
            count=one.count,
            gate=one.gate,
            commissioned=one.commissioned,
        )

    def proposal(one: Proposal) -> BaselineProposalOut:
        return BaselineProposalOut(
            id=one.id,
            needs=[shown(need) for need in one.needs],
            less=[
                LessOut(
                    place=less.place,
                    place_name=name_of(less.place),
                    kind=less.kind,
                    how=less.how,
                    before=less.before,
                    after=less.after,
                )
                for less in lessened(needs, one.needs)
            ],
            reason=one.reason,
            proposed_by=one.proposed_by,
            proposed=one.proposed,
        )

    there = Counter((device.place or "", device.kind) for device in listed)
    idle = Counter((one.place or "", one.kind) for one in listed if one.out_of_service)
    another = waiting is not None and waiting.proposed_by != caller.name
    may_confirm = another and may(caller, What.CONFIRM, school)
    return BaselineOut(
        school=school,
        school_name=register.school_name(school),
        connected=register.has_school(school),
        version=0 if signed is None else signed.version,
        needs=[shown(one) for one in needs],
        signed_by="" if signed is None else signed.signed_by,
        signed=None if signed is None else signed.signed,
        confirmed_by="" if signed is None else signed.confirmed_by,
        reason="" if signed is None else signed.reason,
        waiting=None if waiting is None else proposal(waiting),
        registered=[
            RegisteredOut(
                place=place,
                place_name=name_of(place),
                kind=kind,
                count=count,
                out_of_service=idle[place, kind],
            )
            for (place, kind), count in sorted(there.items())
        ],
        suggested=[shown(one) for one in proposed(places, listed, tuple(gates))],
        key_places=[
            KeyPlaceOut(place=one.place, place_name=name_of(one.place), sort=one.sort)
            for one in key_places(places)
        ],
        may_sign=may(caller, What.BASELINE, school),
        may_confirm=may_confirm,
        may_decline=may_confirm
        or (waiting is not None and not another and may(caller, What.BASELINE, school)),
    )
