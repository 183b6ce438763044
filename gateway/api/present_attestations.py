"""Attestations as the page sees them: with names, how they stand, and what may be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from audit.asked import Asked, guards_of
from audit.attestation import Attestation, Standing, standing
from audit.reminding import days_left
from audit.roster import RosterEntry
from gateway.api.models.attestations import AskedByOut, AskedOut, AttestationOut, EvidenceFileOut
from gateway.api.models.shapes import Names
from gateway.api.register import names
from gateway.security.access import Caller, What, may
from gateway.store.read.attestations import Stored

if TYPE_CHECKING:
    from gateway.api.services import Services

State = Literal["not_yet", "standing", "expired", "withdrawn", "replaced"]


def item_name(services: Services, item: str) -> Names:
    """What an item is called."""
    name = services.audit.attestations.item_name(item)
    return Names(zh=name.zh, en=name.en)


def attestation_out(services: Services, stored: Stored, caller: Caller, now: int) -> AttestationOut:
    """One as the caller sees it at ``now`` (ms)."""
    one = stored.attestation
    state = state_of(stored, now)
    return AttestationOut(
        id=one.id,
        version=one.version,
        school=one.school,
        school_name=services.register.school_name(one.school),
        item=one.item,
        item_name=item_name(services, one.item),
        state=state,
        stated_by=one.stated_by,
        at=one.at,
        valid_from=one.valid_from,
        expires=one.expires,
        days_left=days_left(one, now),
        figures=dict(one.figures),
        files=[
            EvidenceFileOut(
                hash=file.hash, media_type=file.media_type, size=file.size, name=file.name
            )
            for file in one.files
        ],
        text=one.text,
        confirmed_by=one.confirmed_by,
        confirmed=one.confirmed,
        withdrawn=one.withdrawn,
        withdrawn_by=one.withdrawn_by,
        reason=one.reason,
        replaced=stored.replaced,
        may=_may(one, state, caller),
    )


def state_of(stored: Stored, now: int) -> State:
    """How it stands by itself, whatever policies ask."""
    one = stored.attestation
    if one.withdrawn is not None:
        return "withdrawn"
    if stored.replaced is not None and stored.replaced <= now:
        return "replaced"
    if now < one.valid_from:
        return "not_yet"
    return "expired" if now >= one.expires else "standing"


def _may(one: Attestation, state: State, caller: Caller) -> list[Literal["confirm", "withdraw"]]:
    found: list[Literal["confirm", "withdraw"]] = []
    confirms = may(caller, What.CONFIRM, one.school)
    if (
        confirms
        and not one.confirmed_by
        and caller.name != one.stated_by
        and state in ("standing", "not_yet")
    ):
        found.append("confirm")
    if state in ("standing", "not_yet") and (confirms or may(caller, What.ATTEST, one.school)):
        found.append("withdraw")
    return found


def asked_out(
    services: Services,
    asked: Asked,
    every: list[Attestation],
    listed: RosterEntry | None,
    caller: Caller,
    now: int,
) -> AskedOut:
    """How a statement that is asked for stands at a school, by all that it ever attested."""
    kind = "" if listed is None else listed.kind.value
    stands: Standing = standing(every, asked.item, asked.terms, kind, now)
    guards = None if listed is None else guards_of(asked, listed.pupils, listed.boarders)
    return AskedOut(
        item=asked.item,
        name=item_name(services, asked.item),
        policies=[
            AskedByOut(id=by.id, name=names(by.name_zh, by.name_en, by.id)) for by in asked.policies
        ],
        longest_days=asked.terms.longest_days_of.get(kind, asked.terms.longest_days),
        files=asked.terms.files,
        figures=list(asked.terms.figures),
        second_person=asked.terms.confirmed,
        guards_needed=None if guards is None else guards.guards,
        guards_from_memory=guards is not None and guards.from_memory,
        stands=stands.stands,
        lacking=list(stands.lacking),
        until=stands.until,
        attestation=None
        if stands.attestation is None
        else attestation_out(services, Stored(stands.attestation, None), caller, now),
    )
