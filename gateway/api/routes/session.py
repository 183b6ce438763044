"""Signing in and out, and one's own password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from gateway.api.guard import COOKIE, Reader
from gateway.api.models.session import CodeIn, NewPasswordIn, PasswordIn, SessionOut, SignedInOut
from gateway.api.services import Services, ServicesHere
from gateway.security.access import Caller

router = APIRouter(tags=["session"])


def _session(services: Services, caller: Caller) -> SessionOut:
    return SessionOut(
        user=SignedInOut(
            name=caller.name,
            display=caller.display,
            role=caller.role,
            scopes=list(caller.scopes),
            password_set=caller.password_set,
        ),
        demo=services.demo is not None,
        version=services.version,
    )


@router.post("/session", operation_id="sign_in")
async def sign_in(
    request: Request,
    response: Response,
    services: ServicesHere,
    credentials: Annotated[
        PasswordIn | CodeIn,
        Body(
            openapi_examples={
                "password": {
                    "value": {"name": "li.na", "password": "correct horse battery staple"}
                },
                "code": {"value": {"code": "4f7c2f0f3b0e4d6c9a1b2c3d4e5f6071"}},
            }
        ),
    ],
) -> SessionOut:
    """Sign in. Sets the cookie `campus_session`. 401 for anything that is not right, alike for
    unknown names, wrong passwords, disabled users and used codes; 429 after too many attempts."""
    address = request.client.host if request.client else ""
    keeper = services.doorkeeper
    secret, caller = (
        await keeper.sign_in_by_code(credentials.code, address)
        if isinstance(credentials, CodeIn)
        else await keeper.sign_in_by_password(credentials.name, credentials.password, address)
    )
    response.set_cookie(
        COOKIE,
        secret,
        max_age=keeper.lifetime(caller.role).longest // 1000,
        path="/",
        secure=keeper.secure(request.scope),
        httponly=True,
        samesite="strict",
    )
    return _session(services, caller)


@router.get("/session", operation_id="get_session")
async def get_session(services: ServicesHere, caller: Reader) -> SessionOut:
    """Who is signed in."""
    return _session(services, caller)


@router.delete("/session", operation_id="sign_out", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(
    request: Request, response: Response, services: ServicesHere, caller: Reader
) -> None:
    """Sign out: the session ends here and for every page that uses it."""
    await services.doorkeeper.sign_out(caller)
    response.delete_cookie(
        COOKIE,
        path="/",
        secure=services.doorkeeper.secure(request.scope),
        httponly=True,
        samesite="strict",
    )


@router.put("/session/password", operation_id="set_password", status_code=HTTPStatus.NO_CONTENT)
async def set_password(services: ServicesHere, caller: Reader, wanted: NewPasswordIn) -> None:
    """Set one's own password. All other sessions of the user end."""
    await services.doorkeeper.set_password(caller, wanted.password, wanted.current)
