"""Refusals and errors as `application/problem+json` (RFC 9457), documented on every route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from alerts.alert import Refusal
from gateway.store.store import StoreError, StoreFullError

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

Result = TypeVar("Result")

MOST_FIELDS: Final = 50


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(examples=["until"], description="Path of the field: `a.b.0`.")
    message: str = Field(examples=["Input should be greater than 0"])


class ProblemOut(BaseModel):
    """RFC 9457. `code` is stable; the page words it with `problem.{code}` or, for refusals by the
    alert life cycle and the register, with `refusal.…`."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["/problems/not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no alert 4711, or it is not yours to see."])
    code: str = Field(examples=["not_found"])
    errors: list[FieldProblem] | None = None


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that cannot be done; raised anywhere below a route."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        errors: list[FieldProblem] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """What goes over the wire."""
        body = ProblemOut(
            type=f"/problems/{self.code}",
            title=self.status.phrase,
            status=self.status,
            detail=_sendable(self.detail),
            code=self.code,
            errors=[
                FieldProblem(field=_sendable(error.field), message=_sendable(error.message))
                for error in self.errors
            ]
            if self.errors is not None
            else None,
        )
        return Response(
            body.model_dump_json(exclude_none=True),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers={"Cache-Control": "no-store", **self.headers},
        )


def _sendable(text: str) -> str:
    """The text with lone surrogates written as `\\ud800`: JSON may bring them, and a message that
    quotes what was sent would otherwise fail to be encoded."""
    return text.encode("utf-8", "backslashreplace").decode()


def not_found(what: str) -> Problem:
    """It is not there, or not in the caller's scope: the two must look the same."""
    return Problem(
        HTTPStatus.NOT_FOUND, "not_found", f"There is no {what}, or it is not yours to see."
    )


def forbidden(detail: str) -> Problem:
    """Signed in, but the role may not."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", detail)


def unauthorized(detail: str = "Sign in first.") -> Problem:
    """Nobody is signed in, or no longer."""
    return Problem(
        HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"}
    )


def invalid(field: str, message: str) -> Problem:
    """One field of the request is not right, found out after its shape was checked."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        f"{field}: {message}",
        errors=[FieldProblem(field=field, message=message)],
    )


def refused(code: str, detail: str) -> Problem:
    """The desk said no: `code` is one of the catalogues' `refusal.{code}`."""
    return Problem(HTTPStatus.CONFLICT, f"refusal.{code}", detail)


def granted(result: Result | Refusal) -> Result:
    """What was done. Raises the `Problem` when it was refused."""
    if isinstance(result, Refusal):
        raise refused(result.code, result.detail)
    return result


def too_many(detail: str, wait_seconds: float) -> Problem:
    """A limit on rates was met; says when to come back."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many",
        detail,
        headers={"Retry-After": str(max(1, round(wait_seconds)))},
    )


def _documented(status: HTTPStatus) -> dict[str, Any]:
    return {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }


EVERY_ROUTE: Final[dict[int | str, dict[str, Any]]] = {
    int(status): _documented(status)
    for status in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
}
"""What any route may answer besides its result."""

REFUSABLE: Final[dict[int | str, dict[str, Any]]] = {
    int(HTTPStatus.CONFLICT): _documented(HTTPStatus.CONFLICT)
}
"""Added to routes that ask the desk or the register to do something."""

_CODES: Final = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    return Problem(
        status, _CODES.get(status, "bad_request"), str(error.detail), headers=error.headers
    )


def _of_validation(error: RequestValidationError) -> Problem:
    fields = [
        FieldProblem(field=_field(item["loc"]), message=str(item["msg"]))
        for item in error.errors()[:MOST_FIELDS]
    ]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        f"{len(fields)} field(s) of the request are not right.",
        errors=fields,
    )


def _field(path: Sequence[str | int]) -> str:
    """The path within the body, query or headers; where it is when that is all there is to say."""
    first, *rest = (str(step) for step in path)
    return ".".join(rest) or first


def problem_of_store(error: StoreError) -> Problem:
    """What was asked for could not be written down."""
    code = "disk_full" if isinstance(error, StoreFullError) else "store"
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, code, str(error), headers={"Retry-After": "5"})


def answer_problems(app: FastAPI) -> None:
    """Make every error of the app's routes leave as a problem."""

    async def problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this class only
        return error.response()

    async def http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return _of_http(error).response()

    async def validation(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return _of_validation(error).response()

    async def store(request: Request, error: Exception) -> Response:
        assert isinstance(error, StoreError)  # noqa: S101
        log.error("store_refused", path=request.url.path, error=str(error))
        return problem_of_store(error).response()

    async def unexpected(request: Request, _error: Exception) -> Response:
        # starlette raises it again after answering, so uvicorn logs the traceback
        log.error("request_failed", method=request.method, path=request.url.path)
        return Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal",
            "The gateway made a mistake; it is in its log.",
        ).response()

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(StoreError, store)
    app.add_exception_handler(Exception, unexpected)
