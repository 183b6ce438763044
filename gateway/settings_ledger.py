"""Settings of the hazard ledger: its figures, and who is told when something is overdue."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from gateway.paths import default_config_dir
from gateway.settings_fields import ExistingFile, Section

LedgerEvent: TypeAlias = Literal[
    "major", "notice", "supervised", "circulated", "summoned", "look_back"
]


class LedgerReceiver(Section):
    """Who is told of what happens in the ledger: one of the receivers of `notification`."""

    name: str
    """The receiver's name there."""

    schools: tuple[str, ...] = ("*",)
    """Ids of the schools it hears of; `*` = all."""

    about: tuple[LedgerEvent, ...] = ("major", "supervised", "circulated", "summoned")
    """What of: `major` (a major hazard is found, or reported), `notice` (one was issued),
    `supervised`, `circulated`, `summoned` (the rungs of what is overdue), `look_back` (a closed
    entry is to be looked at again).
    """

    language: Literal["zh", "en"] = "zh"
    """Language of the message."""


def _shipped_figures() -> Path:
    return default_config_dir() / "policies" / "ledger" / "figures.yaml"


class LedgerSettings(Section):
    """The hazard ledger."""

    figures: ExistingFile = Field(default_factory=_shipped_figures)
    """The file of its figures. Default: the one that comes with the gateway."""

    faults: bool = True
    """Whether faults that stay open become entries by themselves."""

    items: bool = True
    """Whether items of policies that are failed become entries by themselves."""

    receivers: tuple[LedgerReceiver, ...] = ()
    """Who is told."""


def check_receivers(ledger: LedgerSettings, known: frozenset[str]) -> None:
    """Raise ``ValueError`` for a receiver that `notification` does not have."""
    for receiver in ledger.receivers:
        if receiver.name not in known:
            there_are = ", ".join(sorted(known)) or "there is none"
            raise ValueError(
                f"ledger.receivers: '{receiver.name}' is no receiver of notification: {there_are}"
            )
