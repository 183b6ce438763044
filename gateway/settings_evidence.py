"""Settings of the evidence log: how often its heads are signed, and where they are published."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pydantic import Field, model_validator

from gateway.settings_fields import ExistingFile, HttpUrl, PathFromHere, Secret, Section

RECEIVER: Final = "evidence:"
"""How the names of receivers of heads begin that are no others of ours."""


class WitnessSettings(Section):
    """Another gateway that countersigns heads of this one, so that neither can go back alone."""

    name: str = Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+$")
    """Its name here."""

    url: HttpUrl
    """The address of its page, e.g. `https://gateway.bureau.example`."""

    token: Secret
    """A token there, of a user who may read the facts (`campus token add` there makes one)."""

    key: str | None = None
    """Its public key as `campus audit key` shows it there. With it a countersignature by anybody
    else is refused.
    """

    timeout_s: float = Field(15.0, gt=0, le=120)
    """Longest wait for its answer."""

    ca_file: ExistingFile | None = None
    """Authority that signed its certificate, PEM. Default: the system's."""


class PublishSettings(Section):
    """Where every signed head goes. What is kept outside is what a forger cannot change."""

    folders: tuple[PathFromHere, ...] = ()
    """Folders into which each head is written as a file: a share of somebody else's, a stick."""

    mqtt: bool = True
    """Show the newest head at the broker, retained, at `campus/_gateway/evidence/head`."""

    messages: tuple[str, ...] = ()
    """Names of receivers among `notification.messages` that are sent the newest head."""

    message_hours: int = Field(24, ge=1, le=744)
    """How often they are."""

    witnesses: tuple[WitnessSettings, ...] = ()
    """Other gateways that countersign."""


class EvidenceSettings(Section):
    """The log over all facts (docs/evidence.md)."""

    name: str | None = Field(
        None, min_length=3, max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"
    )
    """What the log is called in its heads, for good, e.g. `gateway.no3.example/facts`. Default:
    `campus-gateway/` and a part of its key.
    """

    interval_minutes: int = Field(10, ge=1, le=1440)
    """A head is signed so often, when there is something new; at least every hour."""

    publish: PublishSettings = PublishSettings()
    """Where heads go."""

    @model_validator(mode="after")
    def _apart(self) -> EvidenceSettings:
        names = [one.name for one in self.publish.witnesses]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"publish: two witnesses have the name '{twice[0]}'")
        return self


def check_published(settings: EvidenceSettings, receivers: Collection[str]) -> None:
    """Raises ``ValueError`` when heads are to go to a receiver that is none."""
    for name in settings.publish.messages:
        if name not in receivers:
            known = ", ".join(sorted(receivers)) or "there is none"
            raise ValueError(
                f"evidence.publish.messages: '{name}' is no receiver of notification.messages: "
                f"{known}"
            )
