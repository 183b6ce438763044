"""Entries of the ledger and notices as the page sees them: with names, a title, the next act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from audit.ledger.hazard import Hazard, Signer
from audit.ledger.hazard_actions import By
from audit.ledger.hazard_refusals import allowed
from audit.ledger.notice import Notice
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.hazards import (
    AwaitedOut,
    CheckOut,
    FiveThingsOut,
    HazardOut,
    LedgerStepOut,
    RemedyOrderOut,
)
from gateway.api.models.notices import NoticeFindingOut, NoticeReplyOut, RectificationOut
from gateway.api.models.shapes import Names
from gateway.api.register import names
from gateway.hazards.notice_sheet import cited
from gateway.security.access import Caller, Role, What, may

if TYPE_CHECKING:
    from gateway.api.services import Services

_LONGEST = 90
"""Signs of a title."""


def by(caller: Caller) -> By:
    """Whose hand the caller's is; a role that signs nothing reads only."""
    known = {signer.value for signer in Signer}
    role = Signer(caller.role.value) if caller.role.value in known else Signer.GATEWAY
    return By(caller.name, role, caller.display)


def hazard_out(services: Services, hazard: Hazard, caller: Caller) -> HazardOut:
    """An entry as the caller sees it now."""
    now = services.clock.now()
    figures = services.audit.hazards.figures.values
    acts = []
    if may(caller, What.LEDGER, hazard.school):
        acts = allowed(hazard, by(caller), figures, now=now)
    awaited = hazard.awaited
    order = hazard.order
    return HazardOut(
        number=hazard.number,
        version=hazard.version,
        school=hazard.school,
        school_name=services.register.school_name(hazard.school),
        origin=hazard.origin,
        title=hazard_title(services, hazard),
        text=hazard.text,
        place=hazard.place,
        device=_device(services, hazard),
        condition=hazard.condition,
        faults=hazard.faults,
        policy=hazard.policy,
        item=hazard.item,
        grade=hazard.grade,
        step=hazard.step,
        awaits=None
        if awaited is None
        else AwaitedOut(kind=awaited.kind, by=sorted(awaited.by - {Signer.GATEWAY})),
        opened=hazard.opened,
        due=hazard.due,
        overdue=hazard.overdue(now),
        rung=hazard.rung,
        five=None if hazard.five is None else FiveThingsOut(**msgspec.structs.asdict(hazard.five)),
        needs_interim=hazard.needs_interim,
        interim=hazard.interim,
        checks=[CheckOut(text=each.text, met=each.met) for each in hazard.checks],
        order=None
        if order is None
        else RemedyOrderOut(
            number=order.number,
            state=order.state,
            verified=order.verified,
            verification=order.verification,
        ),
        notices=list(hazard.notices),
        notice_due=hazard.notice_due,
        closed=hazard.closed,
        look_back=hazard.look_back,
        looked_back=hazard.looked_back,
        reopens=hazard.reopens,
        continued=hazard.continued,
        steps=[
            LedgerStepOut(
                at=step.at,
                actor=step.actor,
                role=step.role,
                kind=step.kind,
                at_step=step.at_step,
                text=step.text,
                photos=list(step.photos),
                detail=dict(step.detail),
            )
            for step in hazard.steps
        ],
        may=acts,
    )


def hazard_title(services: Services, hazard: Hazard) -> Names:
    """What it is, in one line."""
    words = services.words
    if hazard.text:
        first = hazard.text.splitlines()[0]
        short = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
        return Names(zh=short, en=short)
    if hazard.item:
        item = words.or_else(f"coverage.item.{hazard.item}", hazard.item)
        return Names(
            zh=words.text("hazard.title.item", "zh", item=item["zh"]),
            en=words.text("hazard.title.item", "en", item=item["en"]),
        )
    said = words.both(f"condition.{hazard.condition}")
    if hazard.faults > 1:
        said = words.both("hazard.title.several", condition="{condition}", n=hazard.faults)
        condition = words.both(f"condition.{hazard.condition}")
        return Names(
            zh=said["zh"].replace("{condition}", condition["zh"]),
            en=said["en"].replace("{condition}", condition["en"]),
        )
    return Names(zh=said["zh"], en=said["en"])


def _device(services: Services, hazard: Hazard) -> AlertDeviceOut | None:
    if not hazard.device_id:
        return None
    device = None if hazard.device is None else services.desk.device(hazard.device)
    if device is None:  # off the register since
        shown = Names(zh=hazard.device_id, en=hazard.device_id)
        return AlertDeviceOut(
            school=hazard.school, id=hazard.device_id, kind=hazard.kind, name=shown
        )
    return AlertDeviceOut(
        school=device.school,
        id=device.id,
        kind=device.kind,
        name=names(device.name_zh, device.name_en, device.id),
    )


def notice_out(
    services: Services, notice: Notice, entries: Mapping[int, Hazard], caller: Caller
) -> RectificationOut:
    """A notice as the caller sees it now. ``entries`` are those it stands for, by number."""
    now = services.clock.now()
    standing = any(number in entries and entries[number].standing for number in notice.hazards)
    reply = caller.role in (Role.SAFETY_OFFICER, Role.PRINCIPAL)
    return RectificationOut(
        number=notice.number,
        title=Names(zh=cited(services.words, notice, "zh"), en=cited(services.words, notice, "en")),
        bureau=notice.bureau,
        bureau_name=notice.bureau_name,
        year=notice.year,
        sequence=notice.sequence,
        school=notice.school,
        school_name=services.register.school_name(notice.school),
        issued=notice.issued,
        issued_by=notice.issued_by,
        issuer=notice.issuer,
        due=notice.due,
        overdue=standing and now > notice.due,
        basis=notice.basis,
        findings=[
            NoticeFindingOut(
                hazard=each.hazard,
                text=each.text,
                requirement=each.requirement,
                step=entries[each.hazard].step if each.hazard in entries else None,
                closed=entries[each.hazard].closed if each.hazard in entries else None,
            )
            for each in notice.findings
        ],
        replies=[
            NoticeReplyOut(
                at=each.at, by=each.by, role=each.role, text=each.text, photos=list(each.photos)
            )
            for each in notice.replies
        ],
        may=["reply"] if reply and may(caller, What.LEDGER, notice.school) else [],
    )
