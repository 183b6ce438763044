"""``campus broker-credentials``: what a school's devices need to reach the embedded broker."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import typer

from devices.dialects import bind
from gateway.broker.access import grants, school_principal
from gateway.broker.configuration import BrokerFiles
from gateway.broker.credentials import CredentialsError, read_credentials
from gateway.broker.plan import plan_of
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.settings import Settings
from gateway.settings_broker import EmbeddedBroker

_SCHOOL: Final = school_principal("")


class Found(msgspec.Struct, frozen=True):
    """What a device of the school is set up with. ``publishes`` are topic filters."""

    addresses: list[str]
    user: str
    password: str
    publishes: list[str]


def broker_credentials(
    school: Annotated[str, typer.Argument(help="Id of the school.")],
    config: ConfigOption = None,
    url: Annotated[
        bool, typer.Option("--url", help="One line: mqtt://user:password@host:port.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Show user, password and topics of a school at the embedded broker.

    The password is a secret: who has it can speak as the school's devices.
    """
    with told():
        settings = settings_of(config)
        embedded = settings.embedded_broker
        if embedded is None:
            raise _refused(
                "the settings name a broker of your own (broker.url): "
                "`campus broker-config --out FOLDER` makes its files, with all passwords"
            )
        try:
            found = _found(school, settings, embedded)
        except CredentialsError as error:
            raise _refused(str(error)) from error
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    elif url:
        typer.echo(f"mqtt://{found.user}:{found.password}@{found.addresses[0]}")
    else:
        typer.echo(f"broker     {', '.join(found.addresses)}")
        typer.echo(f"user       {found.user}")
        typer.echo(f"password   {found.password}")
        for first, topic in enumerate(found.publishes):
            typer.echo(f"{'' if first else 'publishes':<11}{topic}")


def _found(school: str, settings: Settings, embedded: EmbeddedBroker) -> Found:
    file = BrokerFiles(settings.directory / "broker").credentials
    credentials = read_credentials(file)
    if credentials is None:
        raise _refused(f"there is no {file} yet: `campus run` makes it at its first start")
    user = school_principal(school)
    if user not in credentials.passwords:
        known = [name.removeprefix(_SCHOOL) for name in credentials.passwords if _SCHOOL in name]
        raise _refused(
            f"school '{school}' has no password yet; these have: {', '.join(known) or 'none'}. "
            "`campus import` registers schools; a running gateway then makes their passwords "
            "within seconds"
        )
    dialects = bind((each.dialect, each.school, each.topic) for each in settings.dialects)
    allowed = grants(
        plan_of(embedded, dialects, [school, *(each.school for each in dialects)]).schools
    )
    return Found(
        addresses=[str(listener.listen) for listener in embedded.listeners],
        user=user,
        password=credentials.passwords[user],
        publishes=[topic for grant in allowed if grant.principal == user for topic in grant.writes],
    )


def _refused(why: str) -> typer.Exit:
    typer.echo(f"campus: {why}", err=True)
    return typer.Exit(1)
