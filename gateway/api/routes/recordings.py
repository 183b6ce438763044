"""Recordings: whether they reach back as they must, day by day; and asking a recorder now."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response

from devices.recording.verdict import Status
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, sort_key
from gateway.api.guard import Reader, Verifier, check
from gateway.api.models.recordings import (
    RecorderOut,
    RecordingCheckOut,
    RecordingDetailOut,
    RecordingOut,
    RecordingsOut,
)
from gateway.api.models.shapes import Identifier, Items, Page
from gateway.api.present_recordings import as_of_now
from gateway.api.problems import not_found
from gateway.api.recordings_file import RecordingsFile
from gateway.api.services import Services, ServicesHere
from gateway.register.export import CSV_TYPE, XLSX_TYPE
from gateway.security.access import Caller, What
from gateway.store.read.devices import one_device
from gateway.store.read.recordings import Standing, one_verdict, standing
from gateway.words import Language

router = APIRouter(tags=["recordings"])

MOST_FALLING: Final = 500

_WORST_FIRST: Final = (Status.SHORT, Status.GAPS, Status.UNKNOWN, Status.MET)

Wanted = Literal["met", "short", "gaps", "unknown", "all"]


async def _scoped(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> list[Standing]:
    """How it stands with the cameras asked for, as far as the caller sees them."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    return await services.read(standing(schools))


InScope = Annotated[list[Standing], Depends(_scoped)]


class _Table:
    """All cameras in scope as a file, in the reader's language and time."""

    def __init__(
        self,
        services: ServicesHere,
        found: InScope,
        language: Language = "zh",
        east_minutes: Annotated[
            int, Query(ge=-24 * 60 + 1, lt=24 * 60, description="The reader's clock, ahead of UTC.")
        ] = 0,
    ) -> None:
        self._services = services
        self._found = found
        self._file = RecordingsFile(services.words, language, east_minutes)

    async def written(
        self,
        write: Callable[[RecordingsFile, list[RecordingOut]], bytes],
        media_type: str,
        name: str,
    ) -> Response:
        """In a thread, all of it: ten thousand sentences take a second."""
        present = self._services.recordings
        body = await self._services.readers.run(
            lambda: write(self._file, [present.recording(one) for one in self._found])
        )
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=media_type, headers=headers)


Table = Annotated[_Table, Depends()]


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": "The file.", "content": content}}


@router.get("/recordings", operation_id="list_recordings")
async def list_recordings(
    *,
    services: ServicesHere,
    found: InScope,
    status: Wanted = "all",
    recorder: Identifier | None = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[RecordingOut]:
    """The worst first: short, with gaps, unknown, met; then by school and camera."""
    key, now = sort_key(after, tuple[RowNumber, str, str]), services.clock.now()
    wanted: list[tuple[tuple[int, str, str], Standing]] = []
    for each in found:
        one = as_of_now(each.judged, now)
        place = (_WORST_FIRST.index(one.status), *one.key)
        if (
            status in ("all", one.status.value)
            and recorder in (None, one.recorder)
            and (key is None or place > key)
        ):
            wanted.append((place, each))
    wanted.sort(key=lambda one: one[0])
    items = [services.recordings.recording(each) for _, each in wanted[:limit]]
    more = len(wanted) > limit
    return Page(items=items, next=cursor(wanted[limit - 1][0]) if more else None)


@router.get("/recordings/totals", operation_id="count_recordings")
async def count_recordings(
    services: ServicesHere, caller: Reader, found: InScope, region: Identifier | None = None
) -> RecordingsOut:
    """How many cameras stand how: all in scope, by region, by school."""
    schools = services.register.narrow(caller.schools, school=None, region=region)
    return await services.readers.run(lambda: services.recordings.totals(found, schools))


@router.get("/recordings/falling", operation_id="list_falling_recordings")
async def list_falling_recordings(services: ServicesHere, found: InScope) -> Items[RecordingOut]:
    """Cameras whose recordings will not reach back far enough by the trend, the nearest first."""
    now = services.clock.now()
    falling: list[tuple[int, Standing]] = []
    for each in found:
        one = as_of_now(each.judged, now)
        if one.falls_short is not None and one.status is Status.MET:
            falling.append((one.falls_short, each))
    falling.sort(key=lambda one: one[0])
    return Items(items=[services.recordings.recording(each) for _, each in falling[:MOST_FALLING]])


@router.get("/recordings/recorders", operation_id="list_recorders")
async def list_recorders(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
) -> Items[RecorderOut]:
    """The recorders, each as it was at the last look."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    desk = services.recordings.desk
    seen = [one for one in desk.recorders.values() if schools is None or one.school in schools]
    devices = await services.read(
        lambda connection: {one.key: one_device(*one.key)(connection) for one in seen}
    )
    return Items(items=[services.recordings.recorder(one, devices[one.key]) for one in seen])


@router.get(
    "/recordings.csv",
    operation_id="export_recordings_csv",
    response_class=Response,
    responses=_file("text/csv"),
)
async def export_recordings_csv(table: Table) -> Response:
    """A camera a row. UTF-8 with its mark."""
    return await table.written(RecordingsFile.csv, CSV_TYPE, "recordings.csv")


@router.get(
    "/recordings.xlsx",
    operation_id="export_recordings_xlsx",
    response_class=Response,
    responses=_file(XLSX_TYPE),
)
async def export_recordings_xlsx(table: Table) -> Response:
    """The same as a workbook."""
    return await table.written(RecordingsFile.xlsx, XLSX_TYPE, "recordings.xlsx")


@router.get("/recordings/{school}/{camera}", operation_id="get_recording")
async def get_recording(
    services: ServicesHere, caller: Reader, school: Identifier, camera: Identifier
) -> RecordingDetailOut:
    """One camera, with each of its days."""
    found = await _visible(services, caller, school, camera)
    verdict = await services.read(one_verdict(school, camera))
    if verdict is None:
        raise not_found(f"recordings of {school}/{camera}")
    return services.recordings.detail(found, verdict)


@router.post(
    "/recordings/{school}/{camera}/check",
    operation_id="check_recording",
    status_code=HTTPStatus.ACCEPTED,
)
async def check_recording(
    services: ServicesHere, caller: Verifier, school: Identifier, camera: Identifier
) -> RecordingCheckOut:
    """Ask its recorder now. It takes as long as the recorder does."""
    check(caller, What.VERIFY, school, f"recordings of {school}/{camera}")
    found = await _visible(services, caller, school, camera)
    if not services.recordings.desk.check_soon((school, camera), f"user:{caller.name}"):
        raise not_found(f"recorder of {school}/{camera}")
    return RecordingCheckOut(checking=True, asked=found.judged.asked or None)


async def _visible(services: Services, caller: Caller, school: str, camera: str) -> Standing:
    if caller.sees(school):
        for each in await services.read(standing(frozenset({school}))):
            if each.judged.camera == camera:
                return each
    raise not_found(f"recordings of {school}/{camera}")
