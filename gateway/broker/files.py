"""Writes the broker's files, and says what a running broker must be told about the change."""

from __future__ import annotations

import hashlib
from enum import IntEnum
from pathlib import Path

import msgspec

from gateway.broker.access import access_list, grants
from gateway.broker.configuration import BrokerFiles, BrokerPlan, mosquitto_conf
from gateway.broker.credentials import (
    Credentials,
    keep_credentials,
    password_list,
    write_private,
)


class Need(IntEnum):
    """What a broker needs that was started with other files."""

    NOTHING = 0
    RELOAD = 1
    RESTART = 2


class Digests(msgspec.Struct, frozen=True):
    """SHA-256 of what a broker reads at its start only, and of what it reads again on SIGHUP."""

    configuration: str
    reloadable: str

    def need(self, now: Digests | None) -> Need:
        """What turns a broker that was told these into one that knows ``now``."""
        if now is None or now.configuration != self.configuration:
            return Need.RESTART
        return Need.NOTHING if now.reloadable == self.reloadable else Need.RELOAD


class Written(msgspec.Struct, frozen=True):
    """The files as they now stand."""

    files: BrokerFiles
    credentials: Credentials
    digests: Digests


def write_files(plan: BrokerPlan, folder: Path, *, user: str | None = None) -> Written:
    """Write configuration, passwords and access list into ``folder``: same plan, same files.

    All are readable by their owner alone. Raises `AccessError`, `CredentialsError`, ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = BrokerFiles(folder.resolve())
    allowed = grants(plan.schools, plan.devices)
    principals = [grant.principal for grant in allowed]
    credentials = keep_credentials(files.credentials, principals)
    configuration = mosquitto_conf(plan, files, user)
    passwords = password_list({name: credentials.passwords[name] for name in principals})
    access = access_list(allowed)
    for path, text in (
        (files.passwords, passwords),
        (files.access, access),
        (files.configuration, configuration),
    ):
        write_private(path, text)
    certificates = (
        path.read_bytes()
        for listener in plan.listeners
        if listener.tls is not None
        for path in listener.tls.files
    )
    return Written(
        files,
        credentials,
        Digests(
            # A renewed certificate counts as configuration: 2.0 reads it at the start only.
            configuration=_digest(configuration.encode(), *certificates),
            reloadable=_digest(passwords.encode(), access.encode()),
        ),
    )


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.hexdigest()
