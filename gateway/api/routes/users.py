"""Users: who may sign in, as what, and for which schools."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.guard import Governor
from gateway.api.models.session import UserChangedOut, UserChangeIn, UserIn, UserName, UserOut
from gateway.api.models.shapes import Items
from gateway.api.problems import REFUSABLE, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.security import accounts, tokens
from gateway.security.accounts import User

router = APIRouter(tags=["users"])


@router.get("/users", operation_id="list_users")
async def list_users(services: ServicesHere, _caller: Governor) -> Items[UserOut]:
    """All users, by name."""
    return Items(items=[_out(user) for user in await services.read(accounts.all_users)])


@router.post("/users", operation_id="add_user", status_code=HTTPStatus.CREATED, responses=REFUSABLE)
async def add_user(services: ServicesHere, caller: Governor, wanted: UserIn) -> UserChangedOut:
    """Add a user. The answer holds the one-time code with which they sign in first."""
    now = services.clock.now()
    user = User(
        name=wanted.name,
        display=wanted.display,
        role=wanted.role,
        scopes=tuple(wanted.scopes),
        created=now,
    )
    async with services.doorkeeper.accounts_lock:
        if await services.read(accounts.user_named(user.name)) is not None:
            raise refused("user_exists", f"There is a user {user.name} already.")
        await services.commit(accounts.added(user, by=caller.name, now=now))
    return await _with_code(services, user, now)


@router.patch("/users/{name}", operation_id="change_user", responses=REFUSABLE)
async def change_user(
    services: ServicesHere,
    caller: Governor,
    name: Annotated[UserName, Path()],
    wanted: UserChangeIn,
) -> UserChangedOut:
    """Change a user. Disabling or resetting the password ends all their sessions at once."""
    now = services.clock.now()
    async with services.doorkeeper.accounts_lock:
        before = await services.read(accounts.user_named(name))
        if before is None:
            raise not_found(f"user {name}")
        after = accounts.with_changes(
            before,
            display=wanted.display,
            role=wanted.role,
            scopes=None if wanted.scopes is None else tuple(wanted.scopes),
            disabled=wanted.disabled,
            forget_password=wanted.reset_password,
        )
        others = await services.read(accounts.all_users)
        if not accounts.still_governed([after, *(u for u in others if u.name != name)]):
            raise refused(
                "last_administrator", f"{name} is the last administrator who can sign in."
            )
        await services.commit(accounts.changed(before, after, by=caller.name, now=now))
    services.doorkeeper.forget(name)
    if wanted.reset_password and not after.disabled:
        return await _with_code(services, after, now)
    return UserChangedOut(user=_out(after), code=None, code_expires=None)


async def _with_code(services: Services, user: User, now: int) -> UserChangedOut:
    code, expires, batch = tokens.one_time_code(user.name, now)
    await services.commit(batch)
    return UserChangedOut(user=_out(user), code=code, code_expires=expires)


def _out(user: User) -> UserOut:
    return UserOut(
        name=user.name,
        display=user.display,
        role=user.role,
        scopes=list(user.scopes),
        disabled=user.disabled,
        password_set=user.password is not None,
        created=user.created,
    )
