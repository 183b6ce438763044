"""How well the alarm system itself works: the figures of ISA-18.2, shown and as files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from gateway.api.guard import Reader
from gateway.api.models.performance import FiguresOut
from gateway.api.models.shapes import Identifier, Milliseconds
from gateway.api.performance_csv import FiguresFile, FiguresTable
from gateway.api.problems import Problem, invalid
from gateway.api.services import ServicesHere
from gateway.register.export import CSV_TYPE
from gateway.store.read.performance import TooManyTransitionsError
from gateway.words import Language

router = APIRouter(tags=["figures"])

MINUTE: Final = 60_000
DAY: Final = 86_400_000
USUAL: Final = 7 * DAY
LONGEST: Final = 366 * DAY


async def _figures(
    services: ServicesHere,
    caller: Reader,
    since: Annotated[
        Milliseconds | None, Query(description="Seven days before `until` if not given.")
    ] = None,
    until: Annotated[
        Milliseconds | None, Query(description="The last full minute if not given, or to come.")
    ] = None,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> FiguresOut:
    """The figures asked for, as far as the caller sees the schools."""
    # by the minute, so that all who ask within one are answered by one count
    now = services.clock.now() // MINUTE * MINUTE
    end = now if until is None else min(until, now)
    begin = end - USUAL if since is None else since
    if begin >= end:
        raise invalid("since", "the period is empty, or has not begun")
    if end - begin > LONGEST:
        raise invalid("since", "the period is longer than 366 days")
    schools = services.register.narrow(caller.schools, school=school, region=region)
    try:
        return await services.counting.figures(schools, begin, end)
    except TooManyTransitionsError as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "figures_large", f"There are {error}."
        ) from error


Found = Annotated[FiguresOut, Depends(_figures)]


@router.get("/figures", operation_id="get_figures")
async def get_figures(found: Found) -> FiguresOut:
    """How many alerts came, how fast they were taken, what came too often, stood too long or was
    false, over the schools in the caller's scope."""
    return found


@router.get(
    "/figures.csv",
    operation_id="export_figures",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def export_figures(
    services: ServicesHere,
    found: Found,
    table: FiguresTable = FiguresTable.FIGURES,
    language: Language = "zh",
    east_minutes: Annotated[
        int, Query(ge=-24 * 60 + 1, lt=24 * 60, description="The reader's clock, ahead of UTC.")
    ] = 0,
) -> Response:
    """The same as a table for a spreadsheet: `figures`, `bars` (an hour or a day a row) or
    `sources`. UTF-8 with its mark."""
    file = FiguresFile(services.words, language, east_minutes)
    body = await services.readers.run(lambda: file.written(found, table))
    headers = {"Content-Disposition": f'attachment; filename="alarm-{table}.csv"'}
    return Response(body, media_type=CSV_TYPE, headers=headers)
