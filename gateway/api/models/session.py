"""Signing in, users and tokens."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.api.models.shapes import In, Milliseconds, Moment, Out
from gateway.security.access import Role
from gateway.security.accounts import NAME, SCOPE, SHORTEST_PASSWORD

UserName = Annotated[
    str,
    StringConstraints(pattern=f"^{NAME.pattern}$"),
    Field(examples=["li.na"], description="1 to 64 of `A-Z a-z 0-9 . _ @ -`."),
]

ScopeName = Annotated[
    str,
    StringConstraints(pattern=f"^({SCOPE.pattern})$"),
    Field(
        examples=["region:east-county"],
        description="`*`, `region:ID` (with all regions inside) or `school:ID`.",
    ),
]

Password = Annotated[
    str,
    StringConstraints(strip_whitespace=False, min_length=SHORTEST_PASSWORD, max_length=256),
    Field(examples=["correct horse battery staple"], description="At least 10 characters."),
]

Display = Annotated[str, StringConstraints(max_length=128), Field(examples=["李娜"])]


class PasswordIn(In):
    """Sign in with a name and a password."""

    name: str = Field(max_length=64, examples=["li.na"])
    password: Annotated[str, StringConstraints(strip_whitespace=False, max_length=256)] = Field(
        examples=["correct horse battery staple"]
    )


class CodeIn(In):
    """Sign in with a one-time code."""

    code: str = Field(max_length=128, examples=["4f7c2f0f3b0e4d6c9a1b2c3d4e5f6071"])


class NewPasswordIn(In):
    """Set one's own password. `current` is needed when there is one already."""

    password: Password
    current: Annotated[str, StringConstraints(strip_whitespace=False, max_length=256)] | None = None


class SignedInOut(Out):
    """Whoever is signed in."""

    name: str
    display: str
    role: Role
    scopes: list[str]
    password_set: bool = Field(description="False: the page asks to set one.")


class SessionOut(Out):
    """The session of whoever asks."""

    user: SignedInOut
    demo: bool = Field(description="True: everything shown is simulated.")
    version: str = Field(examples=["0.1.0"])


class UserOut(Out):
    """A user, as administrators see them."""

    name: str
    display: str
    role: Role
    scopes: list[str]
    disabled: bool
    password_set: bool
    created: Moment


class UserIn(In):
    """A new user; signs in first with the one-time code of the answer."""

    name: UserName
    display: Display = ""
    role: Role
    scopes: list[ScopeName] = Field(default=["*"], min_length=1, max_length=100)


class UserChangeIn(In):
    """What is to change; what is left out stays."""

    display: Display | None = None
    role: Role | None = None
    scopes: list[ScopeName] | None = Field(default=None, min_length=1, max_length=100)
    disabled: bool | None = None
    reset_password: bool = Field(
        default=False, description="Forget the password, end all sessions, give a one-time code."
    )


class UserChangedOut(Out):
    """The user as it is now, and the one-time code if there is a new one (shown only once)."""

    user: UserOut
    code: str | None = Field(examples=["4f7c2f0f3b0e4d6c9a1b2c3d4e5f6071"])
    code_expires: Moment | None


class TokenIn(In):
    """A new token. It may do what its user may; `user` left out means oneself."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        examples=["city dashboard"]
    )
    user: UserName | None = None
    expires: Milliseconds | None = None


class TokenOut(Out):
    """A token, without its secret."""

    id: str = Field(examples=["9f86d081884c7d65"])
    name: str
    user: str
    created: Moment
    expires: Moment | None


class NewTokenOut(Out):
    """A token with its secret, which is shown only once."""

    token: TokenOut
    secret: str = Field(examples=["cgt_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"])
