"""``campus user`` and ``campus token``: who may sign in, without the page.

They write to the store beside a running gateway, which takes the changes up within seconds.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import typer

from gateway.cli.options import ConfigOption, settings_of, told
from gateway.clock import SystemClock
from gateway.security import accounts, passwords, tokens
from gateway.security.access import Role
from gateway.security.accounts import NAME, SCOPE, SHORTEST_PASSWORD, User
from gateway.settings import Settings
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.store import Store

COMMIT_S: Final = 30.0

user_app: Final = typer.Typer(no_args_is_help=True, help="Users: who may sign in, as what, where.")
token_app: Final = typer.Typer(no_args_is_help=True, help="API tokens: how programs sign in.")

Row = TypeVar("Row")
NameArgument = Annotated[str, typer.Argument(help="The user's name.")]


class _Refused(typer.Exit):
    """It cannot be done; the reason has been said."""

    def __init__(self, why: str) -> None:
        typer.echo(why, err=True)
        super().__init__(1)


@contextmanager
def _store(config: ConfigOption) -> Iterator[Store]:
    with told():
        settings = settings_of(config)
        store = open_store(settings.database, reserve_bytes=settings.store.reserve_mb * 1024 * 1024)
        try:
            yield store
        finally:
            store.close()


def _by() -> str:
    """Who does it, for the facts: the account on this machine, told apart from our users."""
    return f"shell/{getpass.getuser()}"


def _commit(store: Store, batch: Batch) -> None:
    store.commit(batch).result(COMMIT_S)


def _existing(store: Store, name: str) -> User:
    user = store.read(accounts.user_named(name))
    if user is None:
        names = ", ".join(each.name for each in store.read(accounts.all_users)) or "nobody"
        raise _Refused(f"There is no user '{name}'; there are: {names}.")
    return user


def _checked_scopes(scopes: list[str]) -> tuple[str, ...]:
    for scope in scopes:
        if SCOPE.fullmatch(scope) is None:
            raise _Refused(f"'{scope}' is no scope: write *, region:ID or school:ID.")
    return tuple(scopes)


def _one_time(store: Store, name: str, now: int, config: ConfigOption) -> None:
    code = tokens.issue_one_time_code(store, name, now)
    minutes = tokens.CODE_LIFETIME // 60_000
    typer.echo(f"One-time code, good for {minutes} minutes: {code}")
    typer.echo(f"Sign in with it, then set a password: {_page(settings_of(config))}/#code={code}")


def _page(settings: Settings) -> str:
    """Where a browser on this machine, or wherever ``web.public_url`` says, finds the page."""
    web = settings.web
    if web.public_url is not None:
        return web.public_url
    host = "127.0.0.1" if web.listen.host in ("0.0.0.0", "::") else web.listen.host  # noqa: S104
    shown = web.listen._replace(host=host)
    return f"{'http' if web.tls is None else 'https'}://{shown}"


@user_app.command("add")
def add_user(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What their work is.")],
    scope: Annotated[
        list[str], typer.Option(help="*, region:ID or school:ID; may be given several times.")
    ] = ["*"],  # noqa: B006 - typer copies it
    display: Annotated[str, typer.Option(help="The name as people write it.")] = "",
    config: ConfigOption = None,
) -> None:
    """Add a user and print a one-time code for their first sign-in."""
    if NAME.fullmatch(name) is None:
        raise _Refused(f"'{name}' is no user name: 1 to 64 of A-Z a-z 0-9 . _ @ -.")
    scopes = _checked_scopes(scope)
    with _store(config) as store:
        now = SystemClock().now()
        if store.read(accounts.user_named(name)) is not None:
            raise _Refused(f"There is a user '{name}' already.")
        user = User(name=name, display=display, role=role, scopes=scopes, created=now)
        _commit(store, accounts.added(user, by=_by(), now=now))
        typer.echo(f"Added {name}, {role}, {' '.join(scopes)}.")
        _one_time(store, name, now, config)


@user_app.command("password")
def set_password(
    name: NameArgument,
    code: Annotated[
        bool, typer.Option("--code", help="Print a one-time code instead of asking for one.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Set a user's password, asked for twice; all their sessions end."""
    with _store(config) as store:
        user, now = _existing(store, name), SystemClock().now()
        if code:
            _one_time(store, user.name, now, config)
            return
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        if len(password) < SHORTEST_PASSWORD:
            raise _Refused(f"At least {SHORTEST_PASSWORD} characters.")
        hashed = passwords.hashed(password)
        _commit(store, accounts.password_set(name, hashed, by=_by(), keeping=None, now=now))
        typer.echo(f"The password of {name} is set.")


def _switch(name: str, config: ConfigOption, *, disabled: bool) -> None:
    with _store(config) as store:
        before, now = _existing(store, name), SystemClock().now()
        after = accounts.with_changes(before, disabled=disabled)
        others = [each for each in store.read(accounts.all_users) if each.name != name]
        if not accounts.still_governed([after, *others]):
            raise _Refused(f"{name} is the last administrator; nobody could manage users any more.")
        _commit(store, accounts.changed(before, after, by=_by(), now=now))
        typer.echo(f"{name} may {'no longer' if disabled else 'again'} sign in.")


@user_app.command("disable")
def disable_user(name: NameArgument, config: ConfigOption = None) -> None:
    """Keep a user out; all their sessions and tokens stop working at once."""
    _switch(name, config, disabled=True)


@user_app.command("enable")
def enable_user(name: NameArgument, config: ConfigOption = None) -> None:
    """Let a disabled user in again."""
    _switch(name, config, disabled=False)


@user_app.command("list")
def list_users(config: ConfigOption = None) -> None:
    """Show all users."""
    with _store(config) as store:
        _table(
            store.read(accounts.all_users),
            ("name", "role", "scopes", "state"),
            lambda user: (
                user.name,
                user.role.value,
                " ".join(user.scopes),
                "disabled" if user.disabled else "" if user.password else "no password yet",
            ),
        )


@token_app.command("add")
def add_token(
    label: Annotated[str, typer.Argument(help="What it is for.")],
    user: Annotated[str, typer.Option(help="Whose rights it has.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a token and print its secret, once."""
    with _store(config) as store:
        holder, now = _existing(store, user), SystemClock().now()
        expires = None if days is None else now + days * 86_400_000
        secret, token, batch = tokens.added(
            label, user=holder.name, expires=expires, by=_by(), now=now
        )
        _commit(store, batch)
        typer.echo(f"Token {token.id} of {holder.name}; its secret is shown only now:", err=True)
        typer.echo(secret)


@token_app.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As in `campus token list`.")],
    config: ConfigOption = None,
) -> None:
    """Make a token useless."""
    with _store(config) as store:
        now = SystemClock().now()
        found = store.read(tokens.token_numbered(token_id, now)) if token_id else None
        if found is None:
            raise _Refused(f"There is no token '{token_id}'; see `campus token list`.")
        _commit(store, tokens.revoked(found, by=_by(), now=now))
        typer.echo(f"Token {found.id} ({found.name}) is revoked.")


@token_app.command("list")
def list_tokens(config: ConfigOption = None) -> None:
    """Show the tokens that work, without their secrets."""
    with _store(config) as store:
        _table(
            store.read(tokens.all_tokens(SystemClock().now())),
            ("id", "for", "user", "expires"),
            lambda token: (token.id, token.name, token.user, _day(token.expires)),
        )


def _day(moment: int | None) -> str:
    if moment is None:
        return "never"
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _table(
    rows: list[Row], heads: tuple[str, ...], cells: Callable[[Row], tuple[str, ...]]
) -> None:
    table = [heads, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(heads))]
    for line in table:
        shown = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(shown).rstrip())
