"""What a route asks of its caller: who it is, and that the role may do it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from gateway.api.problems import forbidden, not_found, unauthorized
from gateway.security.access import Caller, What, may, role_may

COOKIE: Final = "campus_session"
CALLER: Final = "campus.caller"
"""Where the doorkeeper leaves who is asking, in the request's scope."""

SIGNED_IN: Final = [
    Security(APIKeyCookie(name=COOKIE, scheme_name="session", auto_error=False)),
    Security(HTTPBearer(scheme_name="token", auto_error=False)),
]
"""For the OpenAPI document; the doorkeeper has checked before any route is looked for."""


def caller_of(request: Request) -> Caller:
    """Who is asking. Raises a 401 `Problem` when nobody is signed in."""
    caller: Caller | None = request.scope.get(CALLER)
    if caller is None:
        raise unauthorized()
    return caller


def check(caller: Caller, what: What, school: str | None, thing: str) -> None:
    """Raise unless the caller may: 403 for the role, 404 where the scope ends.

    ``school`` ``None``: a thing of no single school, see `access.may`.
    """
    if not role_may(caller.role, what):
        raise forbidden(f"The role {caller.role} may not do this ({what}).")
    if not may(caller, what, school):
        if school is None:
            raise forbidden("Only somebody whose scope is everything may do this.")
        raise not_found(thing)


class _Needs:
    """A dependency: the caller, whose role may do ``what``; the school is the route's to check.

    ``otherwise``: or this instead.
    """

    def __init__(
        self, what: What, *, everywhere: bool = False, otherwise: What | None = None
    ) -> None:
        self.what = what
        self.everywhere = everywhere
        self.otherwise = otherwise

    async def __call__(self, request: Request) -> Caller:
        caller = caller_of(request)
        other = self.otherwise is not None and role_may(caller.role, self.otherwise)
        if not other and not role_may(caller.role, self.what):
            raise forbidden(f"The role {caller.role} may not do this ({self.what}).")
        if self.everywhere:
            check(caller, self.what, None, "")
        return caller


Reader = Annotated[Caller, Depends(_Needs(What.READ))]
Diagnostician = Annotated[Caller, Depends(_Needs(What.DIAGNOSE))]
Exerciser = Annotated[Caller, Depends(_Needs(What.EXERCISE))]
Verifier = Annotated[Caller, Depends(_Needs(What.VERIFY))]
Technician = Annotated[Caller, Depends(_Needs(What.EQUIP))]
Calibrator = Annotated[Caller, Depends(_Needs(What.CALIBRATE))]
Repairer = Annotated[Caller, Depends(_Needs(What.REPAIR))]
Photographer = Annotated[Caller, Depends(_Needs(What.REPAIR, otherwise=What.LEDGER))]
VideoWitness = Annotated[Caller, Depends(_Needs(What.VERIFY, otherwise=What.ATTEST))]
ContactKeeper = Annotated[Caller, Depends(_Needs(What.CONTACTS))]
Maintainer = Annotated[Caller, Depends(_Needs(What.MAINTAIN))]
Watcher = Annotated[Caller, Depends(_Needs(What.WATCH))]
Filmer = Annotated[Caller, Depends(_Needs(What.FILM))]
Auditor = Annotated[Caller, Depends(_Needs(What.PROVE))]
LedgerKeeper = Annotated[Caller, Depends(_Needs(What.LEDGER))]
NoticeIssuer = Annotated[Caller, Depends(_Needs(What.NOTICE))]
Campaigner = Annotated[Caller, Depends(_Needs(What.CAMPAIGN))]
Reporter = Annotated[Caller, Depends(_Needs(What.REPORT))]
Presser = Annotated[Caller, Depends(_Needs(What.PRESS))]
Planner = Annotated[Caller, Depends(_Needs(What.ROSTER, everywhere=True))]
Governor = Annotated[Caller, Depends(_Needs(What.GOVERN, everywhere=True))]
Enlister = Annotated[Caller, Depends(_Needs(What.ENLIST))]
BaselineSigner = Annotated[Caller, Depends(_Needs(What.BASELINE))]
SecondPerson = Annotated[Caller, Depends(_Needs(What.CONFIRM))]
Attester = Annotated[Caller, Depends(_Needs(What.ATTEST))]
Prover = Annotated[Caller, Depends(_Needs(What.LEDGER))]
Responder = Annotated[Caller, Depends(_Needs(What.ACKNOWLEDGE))]
