"""What somebody asked for, as a supply of tables gets it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from audit.reports.table import Report
from gateway.exports.cells import local
from gateway.exports.order import Format
from gateway.security.access import Caller, What
from gateway.words import Input, Language

if TYPE_CHECKING:
    from gateway.api.models.shapes import Names
    from gateway.api.services import Services


class Params(BaseModel):
    """What may be asked of a kind; nothing unless it says so."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what. ``params`` is of the kind's own model; ``now`` in ms."""

    services: Services
    caller: Caller
    params: Any
    language: Language
    zone: str
    now: int

    def said(self, key: str, **inputs: Input) -> str:
        """The catalogue's text in the asker's language."""
        return self.services.words.text(key, self.language, **inputs)

    def word(self, key: str, otherwise: str) -> str:
        """A word of the catalogue, or ``otherwise``."""
        return self.services.words.or_else(key, otherwise)[self.language]

    def named(self, name: Names) -> str:
        """A name in the asker's language."""
        return name.zh if self.language == "zh" else name.en

    def either(self, zh: str, en: str, otherwise: str = "") -> str:
        """One of two texts; each stands in for the other when it is missing."""
        first, second = (zh, en) if self.language == "zh" else (en, zh)
        return first or second or otherwise

    def at(self, ms: int) -> str:
        """2026-11-22 14:03, local."""
        return local(self.zone, ms).strftime("%Y-%m-%d %H:%M")

    def day(self, ms: int) -> str:
        """2026-11-22, local."""
        return local(self.zone, ms).strftime("%Y-%m-%d")


SupplyOf: TypeAlias = Callable[[Asked], Awaitable[Report]]
CheckOf: TypeAlias = Callable[[Asked], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Something that leaves as files: who may have it, in which formats, and what makes it.

    ``check`` raises a `Problem` at once for what cannot be; what ``supply`` raises later ends the
    export.
    """

    supply: SupplyOf
    formats: tuple[Format, ...] = (Format.XLSX, Format.CSV, Format.PDF)
    needs: What = What.READ
    params: type[BaseModel] = Params
    check: CheckOf | None = None
