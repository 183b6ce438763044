"""Settings of Web Push: alerts on people's own devices, and through whose servers."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, field_validator

from gateway.settings_fields import Section

_ANY: Final = "://*."
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST: Final = 2048


class PushSettings(Section):
    """Alerts on people's own devices, through the makers of their browsers (docs/web-push.md)."""

    enabled: bool = True
    """Whether people may have alerts on their devices. Nothing is sent before somebody switches it
    on in a browser.
    """

    services: tuple[str, ...] = (
        "https://fcm.googleapis.com",
        "https://*.push.services.mozilla.com",
        "https://*.notify.windows.com",
        "https://*.push.apple.com",
    )
    """The push services that messages may be handed to, each as `https://host`; `*.` before a host
    means all hosts under it. A browser names its service itself: what is not listed here is not
    called, whatever it says.
    """

    contact: str | None = None
    """Whom a push service asks when messages trouble it: `mailto:…` or `https://…`. Apple's takes
    none without. Default: `web.public_url`, if that is https.
    """

    per_user: int = Field(5, ge=1, le=50)
    """Most browsers of one user."""

    most: int = Field(200, ge=1, le=2000)
    """Most browsers in all: each is a receiver of its own."""

    digest_over: int = Field(10, ge=0, le=1000)
    """With more messages than this within five minutes they come together, every five minutes; 0 =
    never. Emergencies always come at once and by themselves.
    """

    timeout_s: float = Field(10.0, gt=0, le=60)
    """Longest wait for a push service's answer."""

    @field_validator("services")
    @classmethod
    def _origins(cls, services: tuple[str, ...]) -> tuple[str, ...]:
        for service in services:
            bare = _bare(service)
            parts = _split(bare)
            if parts is None or parts.path or parts.query or "*" in bare:
                raise ValueError(
                    f"must be like https://push.example.org or https://*.example.org, not "
                    f"'{service}'"
                )
        return services

    @field_validator("contact")
    @classmethod
    def _reachable(cls, contact: str | None) -> str | None:
        if contact is not None and not contact.startswith(("mailto:", "https://")):
            raise ValueError(f"must be mailto:… or https://…, not '{contact}'")
        return contact

    def allows(self, endpoint: str) -> bool:
        """Whether messages may be handed to this address, which a browser has named."""
        parts = _split(endpoint)
        return parts is not None and any(_covers(service, parts) for service in self.services)


def _split(url: str) -> SplitResult | None:
    """The parts of a plain http(s) address; ``None`` for anything else."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - looked at only by asking: a port that is none raises
    except ValueError:
        return None
    # A name before the host or a backslash is read differently by different programs.
    odd = "@" in parts.netloc or "\\" in url or bool(parts.fragment)
    return None if odd or parts.scheme not in _PORTS or not parts.hostname else parts


def _bare(service: str) -> str:
    return service.replace(_ANY, "://", 1)


def _covers(service: str, endpoint: SplitResult) -> bool:
    under = _ANY in service
    parts = urlsplit(_bare(service))
    host, wanted = endpoint.hostname or "", parts.hostname or ""
    here = host.endswith(f".{wanted}") if under else host == wanted
    return here and endpoint.scheme == parts.scheme and _port(endpoint) == _port(parts)


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]
