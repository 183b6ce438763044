"""``campus broker-config``: the broker's files, for a Mosquitto that somebody else runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devices.dialects import bind
from gateway.broker.access import AccessError, access_list, grants
from gateway.broker.certificates import Authority, CertificateError
from gateway.broker.configuration import BrokerFiles, BrokerPlan, mosquitto_conf
from gateway.broker.credentials import CredentialsError
from gateway.broker.files import Written, write_files
from gateway.broker.plan import plan_of
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.register.apply import register_at
from gateway.settings import Settings
from gateway.settings_broker import EmbeddedBroker


def broker_config(
    config: ConfigOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", file_okay=False, help="Write the files here. Default: only show them."
        ),
    ] = None,
    make_certificates: Annotated[
        bool,
        typer.Option(
            help="Also make a small certificate authority, the server's certificate and one for "
            "each principal, in OUT/certificates."
        ),
    ] = False,
    host: Annotated[
        list[str] | None,
        typer.Option(help="Name or address by which devices reach the broker; may be repeated."),
    ] = None,
) -> None:
    """Show or write configuration, passwords and access list of the broker.

    The embedded broker needs none of this: the gateway writes the same files itself. For a broker
    of your own, write them, hand them to it, and run this again with the same folder when schools
    were added: passwords that exist stay.
    """
    with told():
        settings = settings_of(config)
        try:
            plan = _plan(settings)
            if out is None:
                if make_certificates:
                    raise typer.BadParameter("--make-certificates needs --out")
                typer.echo(_shown(plan))
                return
            written = write_files(plan, out)
            _tell(written)
            if make_certificates:
                principals = [grant.principal for grant in grants(plan.schools, plan.devices)]
                _certify(written, host or ["localhost", "127.0.0.1"], principals)
        except (AccessError, CertificateError, CredentialsError, OSError) as error:
            typer.echo(f"campus: {error}", err=True)
            raise typer.Exit(1) from error


def _plan(settings: Settings) -> BrokerPlan:
    schools = {key[0] for key in register_at(settings.database).schools}
    schools |= {dialect.school for dialect in settings.dialects}
    if not schools:
        typer.echo("No school is registered yet: run `campus import` first, then this.", err=True)
    dialects = bind((each.dialect, each.school, each.topic) for each in settings.dialects)
    return plan_of(settings.embedded_broker or EmbeddedBroker(), dialects, schools)


def _shown(plan: BrokerPlan) -> str:
    allowed = grants(plan.schools, plan.devices)
    configuration = mosquitto_conf(plan, BrokerFiles(Path("OUT")))
    return f"{configuration}\n# --- access ---\n{access_list(allowed)}"


def _tell(written: Written) -> None:
    files = written.files
    for path, what in (
        (files.configuration, "the configuration: `mosquitto -c` takes it"),
        (files.access, "who may say what"),
        (files.passwords, "the passwords, hashed"),
        (files.credentials, "the passwords themselves: keep it private"),
    ):
        typer.echo(f"{path}  ({what})")
    typer.echo("All are private: make the user that Mosquitto runs as their owner (chown -R).")
    typer.echo(
        "In gateway.yaml: broker.url, broker.username: gateway, broker.password from the file of "
        f"credentials, and broker.client_id: {written.credentials.client_id} (a secret too: who "
        "knows it can take over the gateway's session)."
    )


def _certify(written: Written, hosts: list[str], principals: list[str]) -> None:
    authority = Authority(written.files.folder / "certificates")
    authority.server(hosts)
    for principal in principals:
        authority.client(principal)
    typer.echo(f"{authority.folder}  ({len(principals)} client certificates; keep ca.key offline)")
