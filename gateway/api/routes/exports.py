"""What leaves as files: the register as CSV and XLSX, labels as PDF; and what a scan finds."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response

from devices.model import Device
from gateway.api.guard import Reader, Technician, check
from gateway.api.models.devices import FoundOut
from gateway.api.models.shapes import Identifier, Items, Names
from gateway.api.problems import Problem, invalid, not_found
from gateway.api.register import names
from gateway.api.services import Services, ServicesHere
from gateway.exports.font import embedded
from gateway.labels.code import named_by
from gateway.labels.sheet import ON_A_SHEET, Label, label_sheets
from gateway.register.entries import Table
from gateway.register.export import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx
from gateway.security.access import What, may, role_may
from gateway.store.read.devices import DeviceFilter, device_page, devices_called
from gateway.store.read.unknown import discoveries_called

router = APIRouter(tags=["export"])

MOST_DEVICES: Final = 100_000
MOST_LABELS: Final = 480
"""Labels in one file: 20 sheets, and some five seconds of work."""

_PAGE: Final = 5_000
_FOUND: Final = 20


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": "The file.", "content": content}}


async def _devices(
    services: ServicesHere,
    caller: Reader,
    school: Identifier | None = None,
    region: Identifier | None = None,
    kind: Identifier | None = None,
) -> list[Device]:
    """The registered devices asked for, as far as the caller sees them."""
    schools = services.register.narrow(caller.schools, school=school, region=region)
    wanted = DeviceFilter(schools=schools, kind=kind)
    found: list[Device] = []
    key: tuple[str, str] | None = None
    while True:
        more, key = await services.read(device_page(wanted, after=key, limit=_PAGE))
        found += more
        if key is None:
            return found
        if len(found) >= MOST_DEVICES:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "export_large",
                f"More than {MOST_DEVICES} devices; export region by region.",
            )


Wanted = Annotated[list[Device], Depends(_devices)]


@router.get(
    "/export/devices.csv",
    operation_id="export_devices_csv",
    response_class=Response,
    responses=_file("text/csv"),
)
async def export_devices_csv(services: ServicesHere, found: Wanted) -> Response:
    """Devices in scope as `campus import` reads them: UTF-8 with its mark, for Excel."""
    body = await services.readers.run(lambda: b"".join(write_csv(found, Table.DEVICES)))
    return _attachment(body, CSV_TYPE, "devices.csv")


@router.get(
    "/export/devices.xlsx",
    operation_id="export_devices_xlsx",
    response_class=Response,
    responses=_file(XLSX_TYPE),
)
async def export_devices_xlsx(services: ServicesHere, found: Wanted) -> Response:
    """Devices in scope as a workbook that `campus import` reads."""

    def written() -> bytes:
        target = io.BytesIO()
        write_xlsx({Table.DEVICES: found}, target)
        return target.getvalue()

    return _attachment(await services.readers.run(written), XLSX_TYPE, "devices.xlsx")


@router.get(
    "/labels.pdf",
    operation_id="print_labels",
    response_class=Response,
    responses=_file("application/pdf"),
)
async def print_labels(
    *,
    services: ServicesHere,
    caller: Technician,
    school: Identifier,
    kind: Identifier | None = None,
    device: Annotated[
        list[Identifier] | None, Query(max_length=500, description="Ids; may be repeated.")
    ] = None,
    skip: Annotated[
        int, Query(ge=0, lt=ON_A_SHEET, description="Labels of the first sheet already used.")
    ] = 0,
) -> Response:
    """Labels with QR codes for the devices of a school: A4, three by eight, 70 × 37 mm."""
    check(caller, What.EQUIP, school, f"school {school}")
    if not services.register.has_school(school):
        raise not_found(f"school {school}")
    found = await _devices(services, caller, school=school, kind=kind)
    if device is not None:
        wanted = frozenset(device)
        found = [one for one in found if one.id in wanted]
        missing = wanted - {one.id for one in found}
        if missing:
            raise not_found(f"device {school}/{min(missing)}")
    if len(found) > MOST_LABELS:
        raise invalid("school", f"has {len(found)} devices; name a kind, {MOST_LABELS} at a time")
    labels = [_label(services, one) for one in found]
    font = services.audit.exports.font
    body = await services.readers.run(lambda: label_sheets(labels, skip=skip, face=embedded(font)))
    return _attachment(body, "application/pdf", f"labels-{school}.pdf")


@router.get("/lookup", operation_id="look_up")
async def look_up(
    services: ServicesHere,
    caller: Reader,
    code: Annotated[str, Query(min_length=1, max_length=256, examples=["campus:no3/gate-01"])],
) -> Items[FoundOut]:
    """What a scanned code or a typed id means: registered devices, and discoveries for those who
    may see them. Upper and lower case count as the same; so does the address a device speaks
    under."""
    school, name = named_by(code)
    schools = services.register.narrow(caller.schools, school=school, region=None)
    registered = await services.read(devices_called(name, schools, limit=_FOUND))
    items = [
        FoundOut(
            registered=True,
            school=each.school,
            id=each.id,
            kind=each.kind,
            name=names(each.name_zh, each.name_en, each.id),
        )
        for each in registered
    ]
    if role_may(caller.role, What.DIAGNOSE):
        heard = await services.read(discoveries_called(name, schools, limit=_FOUND))
        items += [
            FoundOut(
                registered=False,
                school=each.school,
                id=each.id,
                kind=each.kind,
                name=Names(zh=each.id, en=each.id),
            )
            for each in heard
            if may(caller, What.DIAGNOSE, each.school)
        ]
    return Items(items=items)


def _label(services: Services, device: Device) -> Label:
    place = services.register.place_path(device.school, device.place)
    return Label(
        school=device.school,
        device=device.id,
        name_zh=device.name_zh,
        name_en=device.name_en,
        kind=services.kinds.name(device.kind).zh,
        place="" if place is None else place.zh,
        school_name=services.register.school_name(device.school).zh,
    )


def _attachment(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
