"""``campus simulate``: invented campuses that speak real MQTT, single presses, and load."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from devices.simulator import load as generator
from devices.simulator.access import DEMO_FILE, Access, AccessError, Credentials, read_access

app: Final = typer.Typer(no_args_is_help=True)

Url = Annotated[
    str | None,
    typer.Option(
        help="The broker, mqtt://[user:password@]host[:port]; default: the running demo's.",
        envvar="CAMPUS_SIMULATE_URL",
    ),
]
AccessFile = Annotated[
    Path,
    typer.Option(
        "--access",
        help="JSON with the broker's url and the schools' credentials, as the demo writes it.",
        envvar="CAMPUS_SIMULATE_ACCESS",
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same campus and messages.")]


@app.callback()
def simulate() -> None:
    """Simulate devices that speak real MQTT."""


class Report(StrEnum):
    """How `load` reports."""

    TEXT = "text"
    JSON = "json"


def _fail(error: Exception) -> typer.Exit:
    typer.echo(f"campus simulate: {error}", err=True)
    return typer.Exit(1)


def _access(url: str | None, file: Path) -> Access:
    """The broker named by ``--url`` (with the file's credentials if it is given, too)."""
    try:
        if url is None:
            return read_access(file)
        schools: dict[str, Credentials] = {}
        if file != DEMO_FILE:
            schools = read_access(file).schools
        access = Access(url=url, schools=schools)
        _ = access.port
    except AccessError as error:
        raise _fail(error) from error
    return access


@app.command()
def load(
    *,
    url: Url = None,
    access: AccessFile = DEMO_FILE,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Messages a second; default: flat out.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1)] = None,
    messages: Annotated[int | None, typer.Option(min=1, help="Exactly so many.")] = None,
    devices: Annotated[int, typer.Option(min=1)] = 10_000,
    connections: Annotated[int, typer.Option(min=1, help="One school each.")] = 8,
    qos: Annotated[int, typer.Option(min=0, max=1)] = 1,
    window: Annotated[
        int, typer.Option(min=1, max=65_535, help="Unacknowledged messages a connection.")
    ] = 2_000,
    alarm_every: Annotated[
        int, typer.Option(min=0, help="One message in so many is a press; 0 = none.")
    ] = 1_000,
    reconnect: Annotated[
        bool, typer.Option(help="Go on after a lost connection, repeating what is open.")
    ] = False,
    seed: Seed = 1,
    report: Annotated[Report, typer.Option(help="json: one object, the last line.")] = Report.TEXT,
) -> None:
    """Put the load mix on a broker: 60 % temperature and smoke, 30 % electrical, 10 % others."""
    if seconds is None and messages is None:
        seconds = 10.0
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        result = generator.run(
            generator.Load(
                access=_access(url, access),
                devices=devices,
                connections=connections,
                qos=qos,
                rate=rate,
                seconds=seconds,
                messages=messages,
                seed=seed,
                window=window,
                alarm_every=alarm_every,
                reconnect=reconnect,
            ),
            stopped=lambda: stopping,
        )
    except (generator.LoadError, ValueError) as error:
        raise _fail(error) from error
    if report is Report.JSON:
        typer.echo(msgspec.json.encode(result).decode())
        return
    typer.echo(
        f"{result.sent:,} messages ({result.alarms:,} alarms) in {result.seconds:.2f} s: "
        f"{result.rate:,.0f} a second, {result.cpu_seconds:.2f} s of CPU"
    )
    if qos:
        typer.echo(
            f"{result.acknowledged:,} acknowledged, {result.repeated:,} repeated; round trip "
            f"{result.round_trip_ms_p50} ms (p50), {result.round_trip_ms_p99} ms (p99)"
        )


if __name__ == "__main__":
    sys.exit(app())
