"""What the broker is to be (`BrokerPlan`), and the text of its ``mosquitto.conf``."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import msgspec

from gateway.broker.access import DeviceAccess, SchoolAccess


class Tls(msgspec.Struct, frozen=True):
    """Files of a listener with TLS, all PEM.

    With ``ca`` a client signs in by a certificate of that authority alone: its common name is its
    principal, and no password is asked. Without, by user and password.
    """

    certificate: Path
    key: Path
    ca: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.certificate, self.key, *((self.ca,) if self.ca is not None else ()))


class Listener(msgspec.Struct, frozen=True):
    """Where the broker listens."""

    port: int
    host: str = "127.0.0.1"
    tls: Tls | None = None


class Limits(msgspec.Struct, frozen=True):
    """The broker's limits; docs/broker.md says what each guarantees.

    ``queue_bytes`` bounds what waits for one session that is away: what comes beyond is lost, so
    it is generous. ``autosave_s`` is how much a broker that is killed can forget. ``packet_bytes``
    must let a Zigbee2MQTT device list through (some kilobytes a device).
    """

    queue_bytes: int = 1 << 30
    autosave_s: int = 30
    packet_bytes: int = 2 << 20
    keepalive_s: int = 4 * 3600
    session_expiry_days: int = 60


class BrokerPlan(msgspec.Struct, frozen=True):
    """All that decides how the broker runs. Raises ``ValueError`` for one we could not reach."""

    listeners: tuple[Listener, ...]
    schools: tuple[SchoolAccess, ...] = ()
    devices: tuple[DeviceAccess, ...] = ()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if all(listener.tls is not None for listener in self.listeners):
            raise ValueError(
                "the gateway needs a listener without TLS for itself: add one on 127.0.0.1"
            )

    @property
    def way_in(self) -> Listener:
        """Where the gateway itself connects: the first listener without TLS."""
        return next(listener for listener in self.listeners if listener.tls is None)


class BrokerFiles(msgspec.Struct, frozen=True):
    """Where the broker's files lie."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """``mosquitto.conf``."""
        return self.folder / "mosquitto.conf"

    @property
    def passwords(self) -> Path:
        """The hashed passwords."""
        return self.folder / "passwords"

    @property
    def access(self) -> Path:
        """The access list."""
        return self.folder / "access"

    @property
    def credentials(self) -> Path:
        """The passwords themselves, for who hands them to devices."""
        return self.folder / "credentials.json"

    @property
    def running(self) -> Path:
        """What the broker that runs was started with."""
        return self.folder / "running.json"

    @property
    def log(self) -> Path:
        """The broker's own log."""
        return self.folder / "mosquitto.log"

    @property
    def output(self) -> Path:
        """What the broker says before its log is open."""
        return self.folder / "mosquitto.out"

    @property
    def queue(self) -> Path:
        """What the broker saves: retained messages, sessions, and what waits for them."""
        return self.folder / "queue.db"


def user_to_keep() -> str | None:
    """Started by root, Mosquitto would become another user, who cannot read the files."""
    return getpass.getuser() if os.geteuid() == 0 else None


def mosquitto_conf(plan: BrokerPlan, files: BrokerFiles, user: str | None = None) -> str:
    """The text of ``mosquitto.conf``, understood by Mosquitto 2.0.11 and newer.

    ``user`` is whom it runs as when root starts it; ``None`` leaves that to its default.
    """
    limits = plan.limits
    lines = [
        "# Written by campus-gateway; changes are overwritten. See docs/broker.md.",
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {files.passwords}",
        f"acl_file {files.access}",
        *([f"user {user}"] if user is not None else []),
        "",
        "# What waits for the gateway while it is away, also when the publisher chose QoS 0, as",
        "# Tasmota always does: the way to the gateway is QoS 1 for all.",
        "queue_qos0_messages true",
        "upgrade_outgoing_qos true",
        "max_inflight_messages 0",
        # Bounded by bytes below. Not 0 (no limit): 2.0.11 then disconnects whoever it refuses.
        "max_queued_messages 1000000000",
        f"max_queued_bytes {limits.queue_bytes}",
        # No memory_limit: at it, 2.0.11 ends with code 255 and loses what it has not saved.
        f"persistent_client_expiration {limits.session_expiry_days}d",
        "persistence true",
        f"persistence_location {files.folder}{os.sep}",
        f"persistence_file {files.queue.name}",
        "autosave_on_changes false",
        f"autosave_interval {limits.autosave_s}",
        "",
        f"max_packet_size {limits.packet_bytes}",
        f"max_keepalive {limits.keepalive_s}",
        "set_tcp_nodelay true",
        "",
        f"log_dest file {files.log}",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S%z",
        "connection_messages true",
    ]
    for listener in plan.listeners:
        lines += ["", *_listener(listener)]
    return "\n".join(lines) + "\n"


def _listener(listener: Listener) -> list[str]:
    lines = [f"listener {listener.port} {listener.host}"]
    if listener.tls is not None:
        lines += [
            f"certfile {listener.tls.certificate}",
            f"keyfile {listener.tls.key}",
            "tls_version tlsv1.2",
        ]
        if listener.tls.ca is not None:
            lines += [
                f"cafile {listener.tls.ca}",
                "require_certificate true",
                "use_identity_as_username true",
            ]
    return lines
