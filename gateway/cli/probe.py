"""``campus probe``: clients of the broker that go and look, here or on another machine."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import structlog
import typer

from gateway.broker.access import PROBE
from gateway.broker.configuration import BrokerFiles
from gateway.broker.connection import Way, way_by_url
from gateway.broker.credentials import CredentialsError, read_credentials
from gateway.cli.ending import UntilStdinCloses, call_at_end
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.clock import SystemClock
from gateway.logs import configure_logs
from gateway.settings import Settings
from gateway.settings_broker import BrokerSettings, EmbeddedBroker

probe_app: Final = typer.Typer(
    no_args_is_help=True, help="Probes: clients of the broker that go and look."
)
_log: Final = structlog.get_logger(__name__)

BrokerOption = Annotated[
    str | None,
    typer.Option(
        "--broker",
        envvar="CAMPUS_PROBE_BROKER",
        help="mqtt[s]://host[:port], where the broker is not the gateway's own child here. "
        "The probe's password is then in CAMPUS_PROBE_PASSWORD.",
    ),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--broker-password",
        envvar="CAMPUS_PROBE_PASSWORD",
        show_envvar=True,
        help="Better in the environment than here, where every user of the machine sees it.",
    ),
]


@probe_app.callback()
def probes() -> None:
    """Keeps ``cameras`` a command of its own."""


@probe_app.command("cameras")
def cameras(
    config: ConfigOption = None,
    *,
    broker: BrokerOption = None,
    password: PasswordOption = None,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Look at every camera of the settings once a period, and publish what is seen."""
    with told():
        settings = settings_of(config)
        configure_logs(settings.log.level, settings.log.format)
        if not settings.cameras.watched:
            raise _refused("the settings name no cameras: add them under `cameras: watched:`")
        way = _way(settings, broker, password)
        asyncio.run(_look(settings, way, until_stdin_closes=until_stdin_closes))


@probe_app.command("relearn")
def relearn(
    school: Annotated[str, typer.Argument(help="Id of the school.")],
    device: Annotated[str, typer.Argument(help="Id of the camera.")],
    config: ConfigOption = None,
) -> None:
    """Let a camera that was moved on purpose learn anew what is usual. On the probe's machine."""
    from devices.camera.probe import order_relearning  # noqa: PLC0415 - as in `_look`

    with told():
        settings = settings_of(config)
    watched = {(each.school, each.device) for each in settings.cameras.watched}
    if (school, device) not in watched:
        raise _refused(f"the settings name no camera {school}/{device}")
    try:
        order_relearning(_folder(settings), school, device)
    except OSError as error:
        raise _refused(f"the order cannot be left for the probe: {error}") from error
    typer.echo(f"{school}/{device} learns anew from its next look on")


def _folder(settings: Settings) -> Path:
    """Where the probe keeps what it has learned."""
    return settings.directory / "probe" / "cameras"


async def _look(settings: Settings, way: Way, *, until_stdin_closes: bool) -> None:
    # Only the probe needs what judges pictures: every other command starts without it.
    from devices.camera.orders import order_topic  # noqa: PLC0415
    from devices.camera.pool import Pool, slots_for  # noqa: PLC0415
    from devices.camera.probe import Probe  # noqa: PLC0415
    from devices.camera.saying import presence  # noqa: PLC0415
    from devices.camera.telling import Presence, Teller, Tellers  # noqa: PLC0415
    from gateway.camera_probe import make_gallery, pace_of, watched_of  # noqa: PLC0415

    wanted = settings.cameras
    cameras = watched_of(wanted)
    schools = sorted({camera.school for camera in cameras})
    slots = slots_for(len(cameras), wanted.period_s, wanted.limit_s)
    async with AsyncExitStack() as closing:
        pool = await closing.enter_async_context(Pool(processes=wanted.processes, slots=slots))
        gallery = await closing.enter_async_context(make_gallery(wanted))
        teller = Tellers(
            {
                school: Teller(
                    host=way.host,
                    port=way.port,
                    # Two probes of one gateway must not throw each other out.
                    identifier=f"campus-probe-{secrets.token_hex(4)}",
                    username=way.username,
                    password=way.password,
                    tls=way.tls,
                    presence=Presence(*presence(school, wanted.name)),
                    filters=[order_topic(school, "+")],
                )
                for school in schools
            }
        )
        probe = Probe(
            cameras,
            pool=pool,
            telling=teller,
            folder=_folder(settings),
            clock=SystemClock().now,
            pace=pace_of(wanted),
            gallery=gallery,
            zone=ZoneInfo(wanted.zone),
            name=wanted.name,
        )
        both = asyncio.gather(teller.run(probe.hear), probe.run())
        call_at_end(both.cancel, with_stdin=until_stdin_closes)
        _log.info("probe.looking", cameras=len(cameras), broker=f"{way.host}:{way.port}")
        try:
            await both
        except asyncio.CancelledError:
            _log.info("probe.ended", looks=probe.looks, told=teller.told)


def _way(settings: Settings, broker: str | None, password: str | None) -> Way:
    """The way to the broker, as the principal of the probes."""
    embedded = settings.embedded_broker
    if broker is None and embedded is not None:
        return _own_way(embedded, BrokerFiles(settings.directory / "broker").credentials)
    try:
        wanted = BrokerSettings(url=broker or settings.broker.url, ca_file=settings.broker.ca_file)
    except ValueError as error:
        raise _refused(f"--broker: {error}") from error
    way = way_by_url(wanted)
    if password is None:
        raise _refused(
            f"the password of '{PROBE}' at {way.host} is not known: set CAMPUS_PROBE_PASSWORD"
        )
    return Way(way.host, way.port, PROBE, password, way.tls)


def _own_way(embedded: EmbeddedBroker, file: Path) -> Way:
    try:
        credentials = read_credentials(file)
    except CredentialsError as error:
        raise _refused(str(error)) from error
    if credentials is None or PROBE not in credentials.passwords:
        raise _refused(f"there is no password in {file} yet: `campus run` makes it when it starts")
    address = embedded.listeners[0].listen  # the way in on loopback, without TLS
    return Way(address.host, address.port, PROBE, credentials.passwords[PROBE])


def _refused(why: str) -> typer.Exit:
    typer.echo(f"campus: {why}", err=True)
    return typer.Exit(1)
