"""What has to be reported, and the report of one emergency as a file."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from alerts.reporting import outstanding
from alerts.response import AFTERWARDS_MS
from gateway.api.guard import Reader
from gateway.api.models.alerts import AlertOut
from gateway.api.models.shapes import Items, Names
from gateway.api.routes.alerts import AlertNumber, visible_alert
from gateway.api.services import Services, ServicesHere
from gateway.exports.font import embedded
from gateway.reports.content import Author, Named, Report, as_text, report_of
from gateway.reports.sheet import report_sheet
from gateway.security.access import Caller
from gateway.store.read.alerts import emergencies, transitions_of
from gateway.words import Language

router = APIRouter(tags=["response"])

MOST_DUE: Final = 200
_LOOKED_AT: Final = 2_000

ReportLanguage = Annotated[Language, Query(description="Language of the report.")]
East = Annotated[
    int | None,
    Query(
        ge=-14 * 60,
        le=14 * 60,
        description="Minutes that the reader's clock is ahead of UTC; left out, as the gateway's.",
    ),
]


def _file(media_type: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The report.", "content": {media_type: {"schema": schema}}}}


@router.get("/reports", operation_id="list_reports_due")
async def list_reports_due(services: ServicesHere, caller: Reader) -> Items[AlertOut]:
    """Emergencies of which those above are still to be told, the oldest first.

    Open ones, and those closed within the last week: what is over has to be reported all the same.
    """
    since = services.clock.now() - AFTERWARDS_MS
    found = await services.read(emergencies(since, _LOOKED_AT))
    due = [
        alert
        for alert in found
        if caller.sees(alert.school) and outstanding(alert, services.responses.times)
    ]
    return Items(items=[services.presenter.alert(alert) for alert in due[:MOST_DUE]])


@router.get(
    "/alerts/{id}/report.pdf",
    operation_id="print_report",
    response_class=Response,
    responses=_file("application/pdf", {"type": "string", "format": "binary"}),
)
async def print_report(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002
    language: ReportLanguage = "zh",
    east: East = None,
) -> Response:
    """The report of an alert as a form to print, filled in with what is known."""
    report = await _report(services, caller, id, language, east)
    font = services.audit.exports.font
    body = await services.readers.run(lambda: report_sheet(report, embedded(font)))
    return _attached(body, "application/pdf", f"report-{id}.pdf")


@router.get(
    "/alerts/{id}/report.txt",
    operation_id="write_report",
    response_class=Response,
    responses=_file("text/plain", {"type": "string"}),
)
async def write_report(
    services: ServicesHere,
    caller: Reader,
    id: AlertNumber,  # noqa: A002
    language: ReportLanguage = "zh",
    east: East = None,
) -> Response:
    """The same as text, to be pasted into a message."""
    report = await _report(services, caller, id, language, east)
    return _attached(
        as_text(report).encode("utf-8"), "text/plain; charset=utf-8", f"report-{id}.txt"
    )


async def _report(
    services: Services, caller: Caller, number: int, language: Language, east: int | None
) -> Report:
    alert = await visible_alert(services, caller, number)
    history = [each for _, each in await services.read(transitions_of(number))]
    shown = services.presenter.alert(alert)

    def in_language(names: Names | None) -> str:
        return "" if names is None else (names.zh if language == "zh" else names.en)

    return report_of(
        alert,
        history,
        services.responses.steps(alert, history),
        services.responses.dues(alert),
        Named(
            school=in_language(shown.school_name),
            place=in_language(shown.place),
            device=in_language(shown.device.name),
            kind=in_language(services.kinds.name(shown.device.kind)),
            sentence=in_language(shown.explanation.text),
        ),
        Author(services.words, language, east),
        now=services.clock.now(),
    )


def _attached(body: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
