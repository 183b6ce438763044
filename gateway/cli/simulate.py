"""``campus simulate``: invented campuses that speak real MQTT, single presses, and load."""

from __future__ import annotations

import asyncio
import signal
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from devices.simulator import control
from devices.simulator import load as generator
from devices.simulator.access import DEMO_FILE, Access, AccessError, Credentials, read_access
from devices.simulator.campus import DEMO_SEED, Campus, demo, invent
from devices.simulator.press import Pressed, press_alone
from devices.simulator.run import Simulation
from devices.simulator.scenarios import SCENARIOS, Stage, Story, named
from devices.simulator.site_file import site_yaml
from gateway.cli.ending import UntilStdinCloses, call_at_end
from gateway.cli.filmed import cameras
from gateway.cli.receiver import receiver

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


@app.command()
def run(
    *,
    url: Url = None,
    access: AccessFile = DEMO_FILE,
    scenario: Annotated[
        str, typer.Option(help=f"What happens: {', '.join(SCENARIOS)}.")
    ] = "ordinary-day",
    schools: Annotated[
        int | None, typer.Option(min=1, help="Invent so many; default: the demo campus.")
    ] = None,
    devices: Annotated[int, typer.Option(min=1, help="With --schools: how many in all.")] = 300,
    speed: Annotated[float, typer.Option(min=0.01, help="Campus time over wall time.")] = 1.0,
    line_per_device: Annotated[
        bool, typer.Option(help="One connection with a last will a device, not a school.")
    ] = False,
    seed: Seed = DEMO_SEED,
    without: Annotated[
        list[str] | None, typer.Option(help="A kind of device that says nothing here.")
    ] = None,
    until_stdin_closes: UntilStdinCloses = False,
) -> None:
    """Let a campus live until a signal comes."""
    try:
        campus = demo() if schools is None else invent(seed=seed, schools=schools, devices=devices)
        campus = campus.without(without or ())
        story = named(scenario)(Stage(campus, seed))
    except (LookupError, ValueError) as error:
        raise _fail(error) from error
    broker = _access(url, access)
    directory = access.parent if url is None else None
    asyncio.run(
        _live(
            campus,
            broker,
            story,
            speed,
            line_per_device,
            seed,
            directory,
            until_stdin_closes=until_stdin_closes,
        )
    )


async def _live(
    campus: Campus,
    broker: Access,
    story: Story,
    speed: float,
    line_per_device: bool,
    seed: int,
    directory: Path | None,
    *,
    until_stdin_closes: bool,
) -> None:
    simulation = Simulation(
        campus, access=broker, story=story, seed=seed, speed=speed, line_per_device=line_per_device
    )
    running = asyncio.create_task(simulation.run(), name="simulation")
    call_at_end(running.cancel, with_stdin=until_stdin_closes)
    # Only who lives from the demo's file can be found by `press` and `scenario`.
    hand = control.listening(simulation, seed, directory) if directory else nullcontext()
    async with hand:
        typer.echo(
            f"{len(campus.devices)} devices of {len(campus.schools)} schools speak to "
            f"{broker.host}:{broker.port}",
            err=True,
        )
        await asyncio.wait([running])
    if not running.cancelled():
        await running


app.command("receiver")(receiver)
app.command("cameras")(cameras)


@app.command()
def press(
    school: str,
    device: str,
    *,
    url: Url = None,
    access: AccessFile = DEMO_FILE,
    patience: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for the gateway's reply.")
    ] = 30.0,
) -> None:
    """Press an alarm button and wait until the gateway has it for good."""
    broker = _access(url, access)
    try:
        pressed = asyncio.run(
            _press(broker, access if url is None else None, school, device, patience)
        )
    except (control.ControlError, TimeoutError) as error:
        raise _fail(error) from error
    if pressed.seq is None:
        typer.echo(f"{school}/{device} pressed; its dialect knows no reply")
    elif pressed.ms is None:
        typer.echo(f"{school}/{device} pressed (seq {pressed.seq}), no reply yet", err=True)
        raise typer.Exit(1)
    else:
        typer.echo(f"{school}/{device} pressed (seq {pressed.seq}), reply after {pressed.ms} ms")


async def _press(
    broker: Access, file: Path | None, school: str, device: str, patience: float
) -> Pressed:
    """By the running simulation's hand if there is one, else as the device itself."""
    if file is not None:
        wanted = control.Order(press=(school, device), patience_s=patience)
        answer = await control.order(file.parent, wanted)
        if answer is not None and answer.pressed is not None:
            return answer.pressed
    return await press_alone(broker, school, device, patience_s=patience)


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help=", ".join(SCENARIOS))],
    *,
    school: Annotated[str | None, typer.Option(help="Where; default: it picks one.")] = None,
    device: Annotated[str | None, typer.Option(help="With --school: to which device.")] = None,
    access: AccessFile = DEMO_FILE,
) -> None:
    """Let something happen on the campus that is being simulated (`campus run --demo`)."""
    wanted = control.Order(scenario=name, school=school, device=device)
    try:
        named(name)
        answer = asyncio.run(control.order(access.parent, wanted))
    except (LookupError, control.ControlError) as error:
        raise _fail(error) from error
    if answer is None:
        raise _fail(
            LookupError(
                f"no simulation runs beside {access}: start `campus run --demo`, or "
                f"`campus simulate run --scenario {name} --url …`"
            )
        )
    typer.echo(f"{name} has begun{': ' * bool(answer.foretold)}{answer.foretold}")


@app.command()
def site(
    *,
    demonstration: Annotated[
        bool, typer.Option("--demo", help="The demo campus (config/sites/demo.yaml).")
    ] = False,
    schools: Annotated[int, typer.Option(min=1)] = 3,
    devices: Annotated[int, typer.Option(min=1, help="How many in all.")] = 300,
    of_load: Annotated[
        bool, typer.Option("--load", help="The campus that `load` speaks for.")
    ] = False,
    seed: Seed = 1,
) -> None:
    """Print an invented campus as a file for `campus import`."""
    try:
        if demonstration:
            text = site_yaml(demo())
        elif of_load:
            text = site_yaml(generator.load_campus(devices, schools, seed), head="")
        else:
            text = site_yaml(invent(seed=seed, schools=schools, devices=devices), head="")
    except ValueError as error:
        raise _fail(error) from error
    typer.echo(text, nl=False)


if __name__ == "__main__":
    app()
