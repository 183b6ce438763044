"""Evacuation drills by school: when the last one was, and who has to hold one."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from audit.attestation import Attestation, Terms, ends
from audit.roster import SchoolKind
from gateway.api.cursors import cursor
from gateway.api.models.attestations import DrillOut, DrillsOut
from gateway.store.read.attestations import ListedSchool, last_drills, listed_schools

if TYPE_CHECKING:
    from gateway.api.services import Services

_KINDS: Final = frozenset(kind.value for kind in SchoolKind)


async def drills_of(
    services: Services,
    schools: frozenset[str] | None,
    *,
    item: str,
    only_overdue: bool,
    after: tuple[int, str] | None,
    limit: int,
) -> DrillsOut:
    """Of schools in scope (``None`` = all), registered or on the roster; the longest overdue first,
    before them all who never held one."""
    now = await services.audit.attestations.now()
    held = await services.read(last_drills(schools, now))
    listed = {one.school: one for one in await services.read(listed_schools)}
    known = {school.id for school in services.register.schools} | listed.keys()
    if schools is not None:
        known &= schools
    terms = services.audit.attestations.asked()[item].terms

    def order(school: str) -> tuple[int, str]:
        last = held.get(school)
        return (0 if last is None else ends(last, terms, _kind(listed.get(school))), school)

    # Shown are only those of the page: a province has 50,000 schools.
    every = sorted(map(order, known))
    overdue = sum(due <= now for due, _ in every)
    if only_overdue:
        every = every[:overdue]
    if after is not None:
        every = every[bisect_right(every, after) :]
    page = every[:limit]
    return DrillsOut(
        items=[
            _drill(services, school, listed.get(school), held.get(school), terms, now)
            for _, school in page
        ],
        next=cursor(page[-1]) if len(every) > limit else None,
        schools=len(known),
        overdue=overdue,
    )


def _kind(listed: ListedSchool | None) -> str:
    return "" if listed is None else listed.kind


def _drill(
    services: Services,
    school: str,
    listed: ListedSchool | None,
    last: Attestation | None,
    terms: Terms,
    now: int,
) -> DrillOut:
    kind = _kind(listed)
    due = None if last is None else ends(last, terms, kind)
    return DrillOut(
        school=school,
        school_name=services.register.school_name(school),
        kind=SchoolKind(kind) if kind in _KINDS else None,
        every_days=terms.longest_days_of.get(kind, terms.longest_days),
        attestation=None if last is None else last.id,
        held=None if last is None else last.valid_from,
        due=due,
        overdue=due is None or due <= now,
        participants=None if last is None else last.figures.get("participants"),
        duration_s=None if last is None else last.figures.get("duration_s"),
    )
