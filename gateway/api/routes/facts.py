"""The facts: who did what, and what happened, in the order in which it was kept."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query

from audit.fact import FactRow
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Auditor
from gateway.api.models.devices import FactOut
from gateway.api.models.shapes import Page
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller
from gateway.store.read.alerts import schools_of_alerts
from gateway.store.read.facts import fact_page

router = APIRouter(tags=["facts"])

_OF_SCHOOLS: Final = frozenset(
    {
        "attestation",
        "device",
        "hazard",
        "link",
        "maintenance",
        "notice",
        "place",
        "roster",
        "school",
        "work_order",
    }
)
"""Subjects that begin with the id of their school."""

_CHUNK: Final = 500
_CHUNKS: Final = 10
"""At most 5,000 facts are looked at for one page of somebody whose scope is narrow."""


@router.get("/facts", operation_id="list_facts")
async def list_facts(
    services: ServicesHere,
    caller: Auditor,
    subject: Annotated[str | None, Query(max_length=160, examples=["alert:4711"])] = None,
    kind: Annotated[str | None, Query(max_length=32)] = None,
    since: Annotated[
        int, Query(alias="after", ge=0, le=2**53, description="Facts above this row.")
    ] = 0,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[FactOut]:
    """Oldest first. Who sees some schools only sees the facts about these."""
    key = sort_key(after, tuple[RowNumber])
    row = max(since, key[0] if key is not None else 0)
    items: list[FactOut] = []
    for _ in range(_CHUNKS):
        rows = await services.read(fact_page(subject=subject, kind=kind, after=row, limit=_CHUNK))
        for each in await _visible(services, caller, rows):
            if len(items) == limit:
                return Page(items=items, next=cursor((items[-1].row,)))
            items.append(_out(each))
        if len(rows) < _CHUNK:
            return Page(items=items)
        row = rows[-1].row
    return Page(items=items, next=cursor((row,)))


async def _visible(services: Services, caller: Caller, rows: list[FactRow]) -> list[FactRow]:
    if caller.schools is None:
        return rows
    numbers = {
        int(row.subject.removeprefix("alert:"))
        for row in rows
        if row.subject.startswith("alert:") and row.subject[6:].isdecimal()
    }
    of_alerts = await services.read(schools_of_alerts(numbers)) if numbers else {}

    def school(subject: str) -> str | None:
        what, _, name = subject.partition(":")
        if what == "alert" and name.isdecimal():
            return of_alerts.get(int(name))
        return name.partition("/")[0] if what in _OF_SCHOOLS else None

    schools = ((row, school(row.subject)) for row in rows)
    return [row for row, name in schools if name is not None and caller.sees(name)]


def _out(row: FactRow) -> FactOut:
    return FactOut(
        row=row.row,
        kind=row.kind,
        happened=row.happened,
        known=row.known,
        actor=row.actor,
        subject=row.subject,
        body=msgspec.json.decode(row.body),
    )
