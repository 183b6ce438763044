"""A verification: who tested what, where and when, step by step, and what it came to."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from alerts.evidence import Reason
from devices.police_link.link import Exchange

Detail: TypeAlias = "bool | int | float | str | None"


class Verdict(StrEnum):
    """Three values: unknown is never shown as fine and never as failed."""

    MET = "met"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. Times in ms.

    ``step`` names it in the catalogues (``verify.step.{step}``); ``code`` says how it went
    (``verify.{code}``) with ``inputs`` to fill the sentence. ``due`` is when it is over at the
    latest; ``verdict`` ``None`` = under way or not begun (``started`` ``None``).
    """

    step: str
    started: int | None = None
    due: int | None = None
    ended: int | None = None
    verdict: Verdict | None = None
    code: str = ""
    inputs: dict[str, Detail] = msgspec.field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands at one ``version``. ``device`` is its row; ``place`` where it was then.

    ``code`` and ``inputs`` give the reason of the verdict (``verify.{code}``), ``advice`` what to
    do next (``verify.advice.{advice}``); ``because`` is what is known to be wrong with the device,
    and its advice the better one. ``waits_for`` is what the run needs now: from people ``notice``
    (that the police were told), ``press``, ``confirm``, ``trigger``, ``reading`` (a figure to type
    in), ``load`` (the next room of a full-load test), ``switch_on`` (that all in it is on),
    ``attest`` (their word); from machines ``device`` (its next message), ``reply``, ``receiver``;
    empty = nothing.
    """

    id: str
    kind: str
    school: str
    actor: str
    started: int
    version: int = 1
    device: int | None = None
    link: str | None = None
    place: str = ""
    steps: tuple[Step, ...] = ()
    ended: int | None = None
    verdict: Verdict | None = None
    code: str = ""
    inputs: dict[str, Detail] = msgspec.field(default_factory=dict)
    advice: str = ""
    because: Reason | None = None
    waits_for: str = ""
