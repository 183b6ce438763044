"""Settings of attestations: who is reminded before one ends, and when."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gateway.settings_fields import Section

Days = Annotated[int, Field(ge=1, le=365)]


class AttestationSettings(Section):
    """What people state is met, until when."""

    remind_days: tuple[Days, ...] = Field((30, 7, 1), max_length=10)
    """So many days before one ends, somebody is reminded; once more when it has ended. Empty: only
    then.
    """

    receivers: tuple[str, ...] = ("*",)
    """Names of receivers of `notification` that are reminded; `*` = all. Each hears of its schools
    alone, whatever its priorities are. Empty: nobody, it is shown on the page.
    """

    @field_validator("remind_days")
    @classmethod
    def _falling(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(days), reverse=True))


def check_reminded(attestations: AttestationSettings, known: frozenset[str]) -> None:
    """Raise ``ValueError`` for a receiver that `notification` does not have."""
    for name in attestations.receivers:
        if name != "*" and name not in known:
            there_are = ", ".join(sorted(known)) or "there is none"
            raise ValueError(
                f"attestations.receivers: '{name}' is no receiver of notification: {there_are}"
            )
