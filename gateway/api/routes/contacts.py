"""Whom to telephone about a school: the lists, and how they come in from files."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request

from alerts.contacts import Contact, mistake, version_of
from gateway.api.guard import ContactKeeper, Reader, check
from gateway.api.models.response import (
    ContactOut,
    ContactsCountOut,
    ContactsImportedOut,
    ContactsIn,
    ContactsOut,
    ContactTroubleOut,
)
from gateway.api.models.shapes import Identifier
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.contacts.csv_file import parse_contacts, roles_by_word
from gateway.security.access import Caller, What, may
from gateway.store.contacts import contacts_set
from gateway.store.read.contacts import contacts_of

router = APIRouter(tags=["contacts"])

SchoolId = Annotated[Identifier, Path()]

_CSV: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/schools/{school}/contacts", operation_id="list_contacts")
async def list_contacts(services: ServicesHere, caller: Reader, school: SchoolId) -> ContactsOut:
    """The contacts of a school, in the order in which they are called."""
    if not (caller.sees(school) and services.register.has_school(school)):
        raise not_found(f"school {school}")
    return await _contacts(services, caller, school)


@router.put("/schools/{school}/contacts", operation_id="set_contacts", responses=REFUSABLE)
async def set_contacts(
    services: ServicesHere, caller: ContactKeeper, school: SchoolId, wanted: ContactsIn
) -> ContactsOut:
    """Make this the list of the school. With the ``version`` of the list that it was made from it
    is refused when somebody else has changed that meanwhile.
    """
    check(caller, What.CONTACTS, school, f"school {school}")
    if not services.register.has_school(school):
        raise not_found(f"school {school}")
    contacts = [Contact(one.role, one.telephone, one.name) for one in wanted.contacts]
    for at, contact in enumerate(contacts):
        if code := mistake(contact):
            words = services.words.text(f"page.contacts.problem.{code}", "en")
            raise invalid(f"contacts.{at}", words)
    async with services.changing:
        before = await services.read(contacts_of([school]))
        if wanted.version not in {None, version_of(before.get(school, []))}:
            raise refused("contacts_changed", f"somebody else has changed the list of {school}")
        now = services.clock.now()
        await services.commit(contacts_set({school: contacts}, before, by=caller.name, now=now))
    return await _contacts(services, caller, school)


@router.post("/contacts/import", operation_id="import_contacts", openapi_extra=_CSV)
async def import_contacts(
    request: Request,
    services: ServicesHere,
    caller: ContactKeeper,
    school: Annotated[
        Identifier | None, Query(description="Whose list it is; left out, the file says.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Only say what is in the file.")] = False,
) -> ContactsImportedOut:
    """Lists from a CSV file as the raw body; each replaces that of its school.

    Nothing is changed when anything in the file is wrong.
    """
    if school is not None:
        check(caller, What.CONTACTS, school, f"school {school}")
        if not services.register.has_school(school):
            raise not_found(f"school {school}")
    raw = await request.body()
    schools = _schools(services, caller)
    roles = roles_by_word(services.words)
    found = await services.readers.run(
        lambda: parse_contacts(raw, school=school, schools=schools, roles=roles)
    )
    written = not (found.troubles or dry_run)
    if written:
        async with services.changing:
            before = await services.read(contacts_of(found.schools))
            now = services.clock.now()
            await services.commit(contacts_set(found.schools, before, by=caller.name, now=now))
    return ContactsImportedOut(
        schools=[
            ContactsCountOut(school=name, count=len(listed))
            for name, listed in found.schools.items()
        ],
        troubles=[
            ContactTroubleOut(line=one.line, code=one.code, value=one.value)
            for one in found.troubles
        ],
        written=written,
    )


def _schools(services: Services, caller: Caller) -> dict[str, set[str]]:
    """The schools whose lists the caller may change, by name and, which counts for more, by id."""
    listed = services.register.schools_out(caller.schools)
    mine = [one for one in listed if may(caller, What.CONTACTS, one.id)]
    by_name: dict[str, set[str]] = {}
    by_id: dict[str, set[str]] = {}
    for one in mine:
        by_id.setdefault(one.id.casefold(), set()).add(one.id)
        for name in (one.name.zh, one.name.en):
            by_name.setdefault(name.casefold(), set()).add(one.id)
    return by_name | by_id


async def _contacts(services: Services, caller: Caller, school: str) -> ContactsOut:
    listed = (await services.read(contacts_of([school]))).get(school, [])
    return ContactsOut(
        school=school,
        school_name=services.register.school_name(school),
        contacts=[
            ContactOut(role=one.role, telephone=one.telephone, name=one.name) for one in listed
        ],
        version=version_of(listed),
        may_change=may(caller, What.CONTACTS, school),
    )
