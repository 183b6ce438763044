"""Looks at the machine, check by check; what it means is judged by `gateway.doctor.verdicts`.

Changes nothing: it writes one file of its own into the data folder and removes it again.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gateway.broker.access import GATEWAY
from gateway.broker.configuration import BrokerFiles
from gateway.broker.connection import way_by_url
from gateway.broker.credentials import decode_credentials
from gateway.broker.knock import Answer, Knock, knock
from gateway.broker.process import find_executable
from gateway.doctor import verdicts
from gateway.doctor.verdicts import Verdict
from gateway.history.influx_target import Target
from gateway.kinds import load_kinds
from gateway.listeners import Holder, holder_of, is_free
from gateway.problem import ConfigurationError
from gateway.settings import Settings
from gateway.settings_notification import Webhook
from gateway.store.open import NEWEST, store_version
from gateway.store.store import StoreError

PAGE: Final = Path(__file__).resolve().parent.parent / "web" / "dist" / "index.html"
CHECK_S: Final = 60.0
"""Longest time for SQLite's quick check: about a gigabyte a second is read."""

ANSWER_S: Final = 5.0


async def examine(settings: Settings) -> list[Verdict]:
    """All checks, in the order in which their repair makes sense."""
    wall, steady = time.time(), time.monotonic()
    found = [
        verdicts.python(sys.version_info[:3]),
        verdicts.descriptors(resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        await asyncio.to_thread(_kinds, settings),
        verdicts.page(built=PAGE.exists()),
    ]
    folder = settings.directory.absolute()
    sync, file_time = await asyncio.to_thread(_disk, folder)
    found += [sync, await asyncio.to_thread(_space, settings)]
    found.append(await asyncio.to_thread(_store, settings.database))
    if settings.embedded_broker is not None:
        found.append(await asyncio.to_thread(_mosquitto, settings.embedded_broker.program))
    found += await asyncio.to_thread(_ports, settings)
    found.append(await _broker(settings))
    if settings.history.target is not None:
        found.append(await asyncio.to_thread(_history, settings.history.target))
    found += await asyncio.gather(*(_webhook(each) for each in settings.notification.webhooks))
    now = time.time()
    jump = (now - wall) - (time.monotonic() - steady)
    found.append(verdicts.clock(wall, file_time, jump))
    found.append(await asyncio.to_thread(_time_service))
    return found


def _kinds(settings: Settings) -> Verdict:
    try:
        load_kinds(settings.kinds)
    except ConfigurationError as error:
        return verdicts.configuration([str(problem) for problem in error.problems])
    return verdicts.configuration([])


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _disk(folder: Path) -> tuple[Verdict, float | None]:
    """Writes and syncs a small file; also gives its time by the file system."""
    there = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-") as file:
            file.write(b"campus" * 100)
            file.flush()
            before = time.monotonic()
            os.fsync(file.fileno())
            taken = (time.monotonic() - before) * 1000
            return (
                verdicts.disk_sync(str(there), taken, ""),
                os.fstat(file.fileno()).st_mtime,
            )
    except OSError as error:
        return verdicts.disk_sync(str(there), None, error.strerror or str(error)), None


def _space(settings: Settings) -> Verdict:
    folder = _existing(settings.database.absolute().parent)
    free = shutil.disk_usage(folder).free
    return verdicts.space(str(folder), free, settings.store.reserve_mb << 20)


def _store(path: Path) -> Verdict:
    try:
        version = store_version(path)
        findings = None if version is None else _quick_check(path)
    except (StoreError, sqlite3.Error, OSError) as error:
        return verdicts.store_unreadable(str(path), str(error))
    return verdicts.store(str(path), version, NEWEST, findings)


def _quick_check(path: Path) -> list[str] | None:
    deadline = time.monotonic() + CHECK_S
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
        try:
            return [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                return None
            raise


def _mosquitto(program: str) -> Verdict:
    path = find_executable(program)
    if path is None:
        return verdicts.mosquitto(program, None, None)
    try:
        # Its help begins with its version; it has no option that says it alone.
        said = subprocess.run(  # noqa: S603 - the program the deployer named
            [path, "-h"], capture_output=True, text=True, timeout=ANSWER_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    match = re.search(r"version (\d+)\.(\d+)\.(\d+)", said)
    version = None if match is None else tuple(int(part) for part in match.groups())
    return verdicts.mosquitto(program, str(path), version)


def _ports(settings: Settings) -> Iterable[Verdict]:
    wanted = [("page", settings.web.listen.host, settings.web.listen.port)]
    if settings.embedded_broker is not None:
        wanted += [
            ("broker", each.listen.host, each.listen.port)
            for each in settings.embedded_broker.listeners
        ]
    files = BrokerFiles(settings.directory.absolute() / "broker")
    found: list[Verdict] = []
    for what, host, number in wanted:
        free = is_free(host, number)
        holder = None if free else holder_of(number)
        found.append(
            verdicts.port(
                what,
                f"{host}:{number}",
                free=free,
                holder=None if holder is None else str(holder),
                ours=holder is not None and _is_ours(holder, files),
            )
        )
    return found


def _is_ours(holder: Holder, files: BrokerFiles) -> bool:
    command = " ".join(holder.command)
    return str(files.configuration.resolve()) in command or (
        "campus" in command and " run" in command
    )


async def _broker(settings: Settings) -> Verdict:
    if settings.embedded_broker is not None:
        listener = settings.embedded_broker.listeners[0].listen
        address = f"{listener.host}:{listener.port}"
        path = BrokerFiles(settings.directory / "broker").credentials
        try:
            kept = decode_credentials(path.read_bytes())
        except FileNotFoundError:
            return verdicts.broker_never_started(address)
        except (OSError, msgspec.DecodeError) as error:
            answer = Knock(Answer.REFUSED, f"{path}: {error}")
        else:
            answer = await knock(
                listener.host,
                listener.port,
                user=GATEWAY,
                password=kept.passwords.get(GATEWAY, ""),
                timeout_s=ANSWER_S,
            )
        return verdicts.broker(address, answer, embedded=True)
    try:
        way = await asyncio.to_thread(way_by_url, settings.broker)
    except (OSError, ssl.SSLError) as error:
        return verdicts.broker(
            settings.broker.url or "", Knock(Answer.UNTRUSTED, str(error)), embedded=False
        )
    answer = await knock(
        way.host,
        way.port,
        user=way.username or "",
        password=way.password or "",
        tls=way.tls,
        timeout_s=ANSWER_S,
    )
    return verdicts.broker(f"{way.host}:{way.port}", answer, embedded=False)


def _history(target: Target) -> Verdict:
    # Late: it loads what asks over HTTP, and who keeps readings in the store needs none of it.
    from gateway.history.influx import dialect_of  # noqa: PLC0415
    from gateway.history.influx_reading import DatabaseError, DatabaseReader  # noqa: PLC0415

    try:
        with closing(DatabaseReader(target, dialect_of(target), ANSWER_S)) as reader:
            reader.probe()
            return verdicts.history(target.name, None, keeps_copies=reader.keeps_copies())
    except (DatabaseError, OSError) as error:
        return verdicts.history(target.name, str(error), keeps_copies=None)


async def _webhook(hook: Webhook) -> Verdict:
    """Opens a connection, with TLS where the address says so, and says nothing."""
    parts = urlsplit(hook.url)
    secure = parts.scheme == "https"
    host, number = parts.hostname or "", parts.port or (443 if secure else 80)
    error: str | None = None
    try:
        context = None
        if secure:
            context = await asyncio.to_thread(
                ssl.create_default_context, cafile=None if not hook.ca_file else str(hook.ca_file)
            )
        async with asyncio.timeout(ANSWER_S):
            _, writer = await asyncio.open_connection(host, number, ssl=context)
        writer.transport.abort()
    except TimeoutError:
        error = f"no answer within {ANSWER_S:g} s"
    except OSError as failure:
        error = failure.strerror or str(failure)
    return verdicts.webhook(hook.name, f"{host}:{number}", error)


def _time_service() -> Verdict:
    program = shutil.which("timedatectl")
    if program is None:
        return verdicts.time_service(None)
    try:
        said = subprocess.run(  # noqa: S603 - a program of the system
            [program, "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return verdicts.time_service(None)
    return verdicts.time_service({"yes": True, "no": False}.get(said))
