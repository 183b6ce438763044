"""``campus run``: the gateway itself, with or without the demonstration."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from gateway.app import Running, serve
from gateway.broker.mosquitto import BrokerError
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.clock import SystemClock
from gateway.logs import configure_logs
from gateway.memory import take_less
from gateway.settings import Settings
from gateway.store.store import StoreError

ADMINISTRATOR: Final = "admin"
_log: Final = structlog.get_logger(__name__)
DEMO_FOLDER: Final = Path("var/demo")

app: Final = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def campus() -> None:
    """Keeps ``run`` a command of its own, as it stands among all others."""


@app.command("run")
def run(
    config: ConfigOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="With an invented campus, simulated beside it.")
    ] = False,
    demo_cameras: Annotated[
        bool, typer.Option(help="With a probe that looks at invented cameras.")
    ] = True,
    demo_folder: Annotated[
        Path, typer.Option(help="Where the demonstration keeps everything.")
    ] = DEMO_FOLDER,
) -> None:
    """Run the gateway: take in messages, judge them, raise alerts, serve the page."""
    with told():
        settings = _demo_settings(demo_folder, demo_cameras) if demo else settings_of(config)
        configure_logs(settings.log.level, settings.log.format)
        take_less()
        try:
            asyncio.run(_run(settings, demo_folder if demo else None))
        except BaseExceptionGroup as group:
            errors = group.split((BrokerError, OSError))
            if errors[1] is not None or errors[0] is None:
                raise
            raise _ended(errors[0].exceptions[0]) from group
        except (BrokerError, OSError) as error:
            raise _ended(error) from error


def _demo_settings(folder: Path, cameras: bool) -> Settings:
    # Only the demonstration needs the simulator.
    from gateway.demo import demo_settings  # noqa: PLC0415

    return demo_settings(folder, cameras=cameras)


def _ended(error: BaseException) -> typer.Exit:
    typer.echo(f"campus: {error}", err=True)
    return typer.Exit(1)


async def _run(settings: Settings, demo_folder: Path | None) -> None:
    # The writer thread gives the interpreter lock away around each statement; with the usual 5 ms
    # it would wait that long to get it back, and every commit with it.
    sys.setswitchinterval(0.0005)
    clock = SystemClock()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    make_demo = None
    if demo_folder is not None:
        from gateway.demo import import_sites, maker  # noqa: PLC0415

        await asyncio.to_thread(import_sites, settings, clock.now())
        make_demo = maker(demo_folder, cameras=bool(settings.cameras.watched))

    async def on_ready(running: Running) -> None:
        try:
            await asyncio.to_thread(_welcome, running, settings, demo_folder, clock.now())
        except (StoreError, OSError) as error:
            # A full disk may keep people from signing in, but never alarms from being taken in.
            _log.error("welcome.untold", error=str(error), page=running.url)

    await serve(
        settings,
        stop=stop,
        on_ready=on_ready,
        make_demo=make_demo,
        clock=clock,
    )


def _welcome(running: Running, settings: Settings, demo_folder: Path | None, now: int) -> None:
    """Say where the page is; with a one-time sign-in while nobody can sign in otherwise."""
    # Late: hashing passwords is not needed to take in alarms.
    from gateway.security.accounts import ensure_administrator  # noqa: PLC0415
    from gateway.security.tokens import issue_one_time_code  # noqa: PLC0415

    nobody = ensure_administrator(running.store, now)
    user = nobody or (ADMINISTRATOR if settings.demo else None)
    lines = [f"campus gateway: the page is at {running.url}"]
    if demo_folder is not None:
        lines.append("This is a demonstration: schools, devices and alarms are invented.")
        lines.append(f"Other commands reach it with --config {demo_folder / 'gateway.yaml'}")
    if user is not None:
        code = issue_one_time_code(running.store, user, now)
        lines.append(f"Sign in once, within 15 minutes: {running.url}/#code={code}")
    typer.echo("\n".join(lines))
