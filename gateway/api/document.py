"""The OpenAPI document: `python -m gateway.api.document` prints it, for whoever generates types."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from gateway.api.guard import SIGNED_IN
from gateway.api.models.alerts import LiveAlertOut, LiveFeedOut
from gateway.api.problems import EVERY_ROUTE, ProblemOut
from gateway.api.routes import (
    acknowledging,
    alert_camera,
    alerts,
    appliances,
    attestations,
    audit_exports,
    audit_reports,
    baselines,
    camera_pictures,
    cameras,
    campaign_checks,
    campaigns,
    contacts,
    coverage,
    coverage_schools,
    demo,
    devices,
    diagnosis,
    discoveries,
    duty,
    electricity,
    evidence,
    exercises,
    exports,
    facts,
    files,
    fire,
    gate_video,
    hazards,
    health,
    links,
    maintenances,
    notices,
    notification,
    overview,
    parameters,
    performance,
    pictures,
    plans,
    push,
    recordings,
    registry,
    rejects,
    replays,
    response,
    roster,
    session,
    stream,
    summary,
    together,
    tokens,
    users,
    verifications,
    victims,
    work_orders,
)

V1: Final = "/api/v1"
TITLE: Final = "Campus Gateway"

_DESCRIPTION: Final = """\
Live alerts of a school's safety devices, the devices themselves, and who did what.

Sign in with `POST /session` (cookie; writes need the header `X-Campus-Request: 1`) or send an API
token as `Authorization: Bearer …`. Everything is cut to the schools in the caller's scope: what
lies outside looks as if it were not there. Times are milliseconds since 1970 UTC. Lists are paged:
pass `next` of one page as `cursor` of the following.
"""

_GUARDED: Final = (
    summary,
    overview,
    coverage,
    coverage_schools,
    alerts,
    alert_camera,
    together,
    victims,
    response,
    contacts,
    maintenances,
    notification,
    push,
    links,
    stream,
    registry,
    devices,
    diagnosis,
    discoveries,
    rejects,
    parameters,
    facts,
    files,
    users,
    tokens,
    verifications,
    exercises,
    work_orders,
    hazards,
    notices,
    duty,
    pictures,
    camera_pictures,
    cameras,
    electricity,
    fire,
    appliances,
    attestations,
    plans,
    exports,
    performance,
    recordings,
    replays,
    gate_video,
    roster,
    baselines,
    evidence,
    campaigns,
    campaign_checks,
    audit_reports,
    audit_exports,
    demo,
)


def add_routes(app: FastAPI) -> None:
    """Every route of the interface."""
    app.include_router(session.router, prefix=V1, responses=EVERY_ROUTE, dependencies=SIGNED_IN)
    for noun in _GUARDED:
        app.include_router(noun.router, prefix=V1, responses=EVERY_ROUTE, dependencies=SIGNED_IN)
    app.include_router(health.router)
    app.include_router(acknowledging.router)


def program_version() -> str:
    """The installed version; that of a checkout when it is not installed."""
    try:
        return version("campus-gateway")
    except PackageNotFoundError:
        return "0.0.0"


def document(app: FastAPI) -> dict[str, Any]:
    """The document of an application with our routes, with the models that no route returns."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=TITLE,
            version=program_version(),
            description=_DESCRIPTION,
            routes=app.routes,
        )
        _, models = models_json_schema(
            [(model, "serialization") for model in (ProblemOut, LiveAlertOut, LiveFeedOut)],
            ref_template="#/components/schemas/{model}",
        )
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        for name, model in models["$defs"].items():
            components.setdefault(name, model)
        # ours is a problem, on every route; nothing answers with these
        components.pop("HTTPValidationError", None)
        components.pop("ValidationError", None)
        app.openapi_schema = schema
    return app.openapi_schema


def main() -> None:
    """Print the document."""
    app = FastAPI(openapi_url=None)
    add_routes(app)
    json.dump(document(app), sys.stdout, ensure_ascii=False, indent=2, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
