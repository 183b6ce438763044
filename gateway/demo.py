"""The demonstration: an invented campus, simulated by a process of its own over real MQTT."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog
import yaml

from devices.simulator.access import DEMO_FILE, Access, Credentials
from devices.simulator.campus import DEMO_FOREIGN_SCHOOL, DEMO_SEED, demo
from devices.simulator.control import ControlError, Order, order
from devices.simulator.foreign import TASMOTA_BASE, ZIGBEE_BASE
from devices.simulator.press import press_alone
from gateway import (
    demo_attestations,
    demo_cameras,
    demo_ledger,
    demo_police,
    demo_recordings,
    demo_roster,
)
from gateway.broker.connection import OwnBroker, Way
from gateway.configuration import load_settings
from gateway.contacts.csv_file import parse_contacts, roles_by_word
from gateway.kinds import load_kinds, rule_models
from gateway.paths import default_config_dir
from gateway.register.apply import import_batch, read_register
from gateway.register.files import read_files
from gateway.register.plan import plan_import
from gateway.settings import Settings
from gateway.store.contacts import contacts_set
from gateway.store.open import open_store
from gateway.store.read.contacts import contacts_of
from gateway.store.store import Store
from gateway.words import Words

_log: Final = structlog.get_logger(__name__)

FOLDER: Final = DEMO_FILE.parent
"""Where the demonstration keeps everything; deleting it begins anew."""

PORTS: Final = "ports.json"
SETTINGS: Final = "gateway.yaml"
STOP_S: Final = 5.0
RESTART_S: Final = 2.0
PRESS_PATIENCE_S: Final = 5.0
CAMERAS_AFTER_S: Final = 10.0
"""Cameras and their probe are started so much later: what people look at first comes first."""

CENTRE_PATIENCE_S: Final = 20.0
"""How long the police centre is waited for before anybody on the campus presses a button: on a busy
machine its process takes seconds to start, and until then no alarm can be acknowledged."""


class Ports(msgspec.Struct, frozen=True):
    """Chosen once and kept: a broker that outlived a killed gateway still listens on its own."""

    broker: int
    web: int
    police: int = 0
    police_backup: int = 0
    rtsp: int = 0


_kept: Final = msgspec.json.Decoder(Ports).decode


def demo_settings(folder: Path = FOLDER, *, cameras: bool = True) -> Settings:
    """Settings of the demonstration: everything below ``folder``, ports that are free. With
    ``cameras`` a probe looks at some, otherwise what they show is made up.

    They are written to ``gateway.yaml`` there, so that ``campus import`` and the other commands
    reach the demonstration with ``--config``.
    """
    ports = _ports(folder)
    demo_police.ensure_key(folder)
    file = folder / SETTINGS
    file.write_text(
        "# Written by `campus run --demo` at each start, for other commands: --config this file.\n"
        + yaml.safe_dump(_written(folder, ports, cameras), sort_keys=False, allow_unicode=True),
        "utf-8",
    )
    return load_settings(file)


def _written(folder: Path, ports: Ports, cameras: bool) -> dict[str, object]:
    filmed: dict[str, object] = {"sites": [str(default_config_dir() / "sites" / "demo.yaml")]}
    if cameras:
        filmed = {
            "sites": [str(demo_cameras.write_site(folder).resolve())],
            "cameras": demo_cameras.settings(folder, ports.rtsp, ports.web),
        }
    return {
        **filmed,
        "directory": ".",
        "demo": True,
        "broker": {"embedded": {"listeners": [{"listen": f"127.0.0.1:{ports.broker}"}]}},
        "web": {"listen": f"127.0.0.1:{ports.web}"},
        "store": {"reserve_mb": 64},
        "dialects": [
            {"dialect": "zigbee2mqtt", "school": DEMO_FOREIGN_SCHOOL, "topic": ZIGBEE_BASE},
            {"dialect": "tasmota", "school": DEMO_FOREIGN_SCHOOL, "topic": TASMOTA_BASE},
        ],
        "police_links": demo_police.police_links(
            [school.id for school in demo().schools], (ports.police, ports.police_backup)
        ),
        "recorders": demo_recordings.recorders(),
        # To be looked at on their own page: a demonstration begins without alerts.
        "recordings": {"alerts": False, **demo_recordings.gates()},
    }


def import_sites(settings: Settings, now: int) -> None:
    """Bring the register up to the files of the settings, and the folders of recordings to
    ``now``, before the gateway starts. Blocks.
    """
    demo_recordings.fill(settings.directory, now)
    store = open_store(settings.database, reserve_bytes=settings.store.reserve_mb << 20)
    try:
        plan = plan_import(
            read_files(settings.sites),
            store.read(read_register),
            load_kinds(settings.kinds),
            rule_models(),
        )
        for problem in plan.problems:
            _log.error("demo.site", problem=str(problem))
        if plan.changes:
            store.commit(import_batch(plan, actor="demo", reason="demo.yaml", now=now)).result()
        _import_contacts(store, now)
        demo_roster.enlist(store, now)
        demo_attestations.attest(store, settings.database.parent, now)
        demo_ledger.keep_ledger(store, now, zone=settings.recordings.zone)
        if settings.cameras.watched:
            demo_cameras.let_in(store, settings.directory, now)
    finally:
        store.close()


def _import_contacts(store: Store, now: int) -> None:
    """Invented contacts, until somebody has put in others."""
    schools = {school.id: [school.id] for school in store.load_names()[0]}
    before = store.read(contacts_of(schools))
    found = parse_contacts(
        (default_config_dir() / "sites" / "demo-contacts.csv").read_bytes(),
        school=None,
        schools=schools,
        roles=roles_by_word(Words.load()),
    )
    for trouble in found.troubles:
        _log.error("demo.contacts", line=trouble.line, code=trouble.code, value=trouble.value)
    fresh = {school: listed for school, listed in found.schools.items() if school not in before}
    if fresh:
        store.commit(contacts_set(fresh, before, by="demo", now=now)).result()


class DemoCampus:
    """Runs the simulator beside the gateway and presses its buttons."""

    def __init__(
        self, own: OwnBroker, way: Way, *, folder: Path = FOLDER, cameras: bool = True
    ) -> None:
        """``cameras``: as in `demo_settings`."""
        campus = demo()
        self._filmed: Final = cameras
        self._folder: Final = folder
        self._file: Final = folder / DEMO_FILE.name
        self._schools: Final = [school.id for school in campus.schools]
        self.buttons: Final = frozenset(
            device.key for device in campus.devices if device.kind == "alarm-button"
        )
        self._access: Final = Access(
            url=f"mqtt://{way.host}:{way.port}",
            schools={
                school.id: Credentials(*own.credentials(school.id)) for school in campus.schools
            },
        )
        self._centre: Final = asyncio.Event()

    async def run(self) -> None:
        """Keep the police centre and the simulator running until cancelled."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        self._file.write_bytes(msgspec.json.encode(self._access))
        command = [sys.executable, "-m", "gateway.cli.simulate", "run"]
        command += ["--access", str(self._file), "--seed", str(DEMO_SEED), "--until-stdin-closes"]
        if self._filmed:
            command += ["--without", "camera"]
        ports = _ports(self._folder)
        centre = demo_police.command(
            self._schools, (ports.police, ports.police_backup), self._folder
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep("police_centre", centre, ready=self._centre))
            await self._centre_listens()
            tasks.create_task(self._keep("simulator", command))
            tasks.create_task(demo_recordings.keep_filled(self._folder))
            if self._filmed:
                tasks.create_task(self._film(ports.rtsp))

    async def _film(self, rtsp: int) -> None:
        await asyncio.sleep(CAMERAS_AFTER_S)
        listening = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep("cameras", demo_cameras.film(rtsp), ready=listening))
            await listening.wait()
            probe = demo_cameras.probe(self._folder / SETTINGS)
            tasks.create_task(self._keep("camera_probe", probe))

    async def _keep(
        self, name: str, command: list[str], *, ready: asyncio.Event | None = None
    ) -> None:
        """``ready`` is set once the process has said its first line."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=None if ready is None else asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            try:
                if ready is not None and process.stdout is not None:
                    said = await process.stdout.readline()
                    if said:  # and not merely ended
                        ready.set()
                code = await process.wait()
                _log.warning("demo.ended", process=name, code=code)
            finally:
                await _end(process)
            await asyncio.sleep(RESTART_S)

    async def _centre_listens(self) -> None:
        """Wait until it does. Who has waited in vain waits no more: what is pressed then is late,
        as it would be.
        """
        try:
            async with asyncio.timeout(CENTRE_PATIENCE_S):
                await self._centre.wait()
        except TimeoutError:
            _log.error("demo.no_centre", waited_s=CENTRE_PATIENCE_S)
            self._centre.set()

    async def press(self, school: str, device: str) -> bool:
        """Press a simulated alarm button; false when there is no such button."""
        if (school, device) not in self.buttons:
            return False
        await self._centre_listens()
        wanted = Order(press=(school, device), patience_s=PRESS_PATIENCE_S)
        try:
            if await order(self._folder, wanted) is None:
                await press_alone(self._access, school, device, patience_s=PRESS_PATIENCE_S)
        except (ControlError, TimeoutError) as error:
            _log.warning("demo.press", school=school, device=device, error=str(error))
            return False
        return True


def _ports(folder: Path) -> Ports:
    file = folder / PORTS
    try:
        ports = _kept(file.read_bytes())
        if ports.police and ports.police_backup and ports.rtsp:
            return ports
    except (OSError, msgspec.MsgspecError):
        ports = Ports(broker=_free(1883), web=_free(8080))
    # Below those that systems give away, so that nobody else has them by the next start.
    ports = msgspec.structs.replace(
        ports,
        police=ports.police or _free(7700),
        police_backup=ports.police_backup or _free(7701),
        rtsp=ports.rtsp or _free(8554),
    )
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(ports))
    return ports


def _free(preferred: int) -> int:
    """The port itself if nobody has it, or any that is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free on 127.0.0.1")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def maker(folder: Path, *, cameras: bool = True) -> Callable[[OwnBroker, Way], DemoCampus]:
    """Makes the campus once the broker runs."""
    return lambda own, way: DemoCampus(own, way, folder=folder, cameras=cameras)
