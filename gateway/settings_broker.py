"""The models of ``broker:`` in ``gateway.yaml``: Mosquitto as a child, or a broker by URL."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from gateway.settings_fields import Address, ExistingFile, HostPort, Secret, Section, Tls


class Listener(Section):
    """One address on which the embedded broker takes connections."""

    listen: HostPort
    """Address and port."""

    tls: Tls | None = None
    """TLS on this address. Without it, passwords travel in the clear: loopback or a closed network
    only.
    """


class EmbeddedBroker(Section):
    """Mosquitto as a supervised child process with a generated configuration and access list."""

    listeners: tuple[Listener, ...] = Field(
        (Listener(listen=Address("127.0.0.1", 1883)),), min_length=1
    )
    """Where it takes connections. The first one is the gateway's own way in: on loopback, without
    TLS. For devices on the network add one, with TLS."""

    program: str = "mosquitto"
    """The program, by name on PATH (also looked for in /usr/sbin) or by path."""

    queue_mb: int = Field(1024, ge=16, le=1_000_000)
    """What may wait for a gateway that is down; what comes beyond it is lost."""

    autosave_s: int = Field(30, ge=1, le=86400)
    """How often the broker saves what waits: what its crash can lose while the gateway is down."""

    @field_validator("listeners")
    @classmethod
    def _way_in(cls, listeners: tuple[Listener, ...]) -> tuple[Listener, ...]:
        first = listeners[0]
        if first.tls is not None or first.listen.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(
                "the first one is the gateway's own way in: 127.0.0.1, ::1 or localhost, without "
                "tls; put the address for devices after it"
            )
        return listeners


class Reconnect(Section):
    """Waiting between attempts to reach the broker: doubled each time, with jitter."""

    min_s: float = Field(0.5, gt=0, le=60)
    """The first wait."""

    max_s: float = Field(30.0, gt=0, le=3600)
    """The longest wait."""

    @model_validator(mode="after")
    def _ordered(self) -> Reconnect:
        if self.max_s < self.min_s:
            raise ValueError(f"max_s ({self.max_s}) must not be less than min_s ({self.min_s})")
        return self


class BrokerSettings(Section):
    """The MQTT broker: either `embedded`, or one of your own by `url`."""

    embedded: EmbeddedBroker | None = None
    """Mosquitto as a child of the gateway. The default when `url` is not set."""

    url: str | None = None
    """A broker of your own: `mqtt://host:1883`, or `mqtts://host:8883` for TLS. No user or password
    in it.
    """

    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    """MQTT version, in quotes; `auto` tries 5 and falls back to 3.1.1."""

    client_id: str = Field(
        "campus-gateway", min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$"
    )
    """Fixed name of the gateway's sessions (two: `-events` and `-telemetry` are appended). Two
    gateways must not share it.
    """

    username: str | None = None
    """User at the broker."""

    password: Secret | None = None
    """Password at the broker."""

    ca_file: ExistingFile | None = None
    """Authority that signed the broker's certificate, PEM. Default: the system's."""

    cert_file: ExistingFile | None = None
    """The gateway's client certificate, PEM."""

    key_file: ExistingFile | None = None
    """The client certificate's private key, PEM."""

    keep_alive_s: int = Field(30, ge=5, le=3600)
    """Silence after which either side takes the connection for lost."""

    session_expiry_s: int = Field(7 * 86400, ge=60, le=0xFFFFFFFE)
    """How long the broker keeps messages for a gateway that is away."""

    receive_maximum: int = Field(10_000, ge=10, le=65535)
    """Messages the broker may send ahead of their acknowledgement: the only queue there is."""

    connect_timeout_s: float = Field(10.0, gt=0, le=120)
    """Longest wait for the broker's answer."""

    reconnect: Reconnect = Reconnect()
    """Waiting between attempts."""

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if "@" in url:  # first of all, because the other messages repeat the URL
            raise ValueError("must hold no user or password; use username and password below it")
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError(f"must be mqtt://host:port or mqtts://host:port, not '{url}'")
        try:
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"the port must be 0 to 65535 in '{url}'") from error
        return url

    @model_validator(mode="after")
    def _possible(self) -> BrokerSettings:
        if self.url is not None and self.embedded is not None:
            raise ValueError("set either embedded or url, not both")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together; set both or neither")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        tls = self.url is not None and self.url.startswith("mqtts:")
        if (self.ca_file or self.cert_file) and not tls:
            raise ValueError("ca_file, cert_file and key_file need a url that begins with mqtts://")
        return self
