"""Judges what was found on the machine. Pure: facts in, a verdict with its words out.

The words are in the catalogues: ``doctor.check.{check}`` names the check and
``doctor.{check}.{code}`` says what was found and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from gateway.broker.knock import Answer, Knock

Input: TypeAlias = "bool | int | float | str | None"

OLDEST_PYTHON: Final = (3, 11)
OLDEST_MOSQUITTO: Final = (2, 0, 11)
"""What is tested with: Debian 11's and 12's."""

SLOW_SYNC_MS: Final = 100.0
"""An alarm waits for one sync before it is on the screen; spinning disks need 10 to 20 ms."""

CLOCK_APART_S: Final = 2.0
EARLIEST: Final = 1_767_225_600.0
"""2026-01-01: a clock before the program was written is not set."""

LEAST_DESCRIPTORS: Final = 4096


class State(StrEnum):
    """How a check came out. Unknown is neither fine nor failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """What one check found; ``inputs`` fill its words."""

    check: str
    state: State
    code: str
    inputs: dict[str, Input] = {}


def python(version: tuple[int, int, int]) -> Verdict:
    """Is Python new enough?"""
    good = version[:2] >= OLDEST_PYTHON
    return Verdict(
        "python",
        State.OK if good else State.FAILED,
        "fine" if good else "old",
        {"version": _dotted(version), "oldest": _dotted(OLDEST_PYTHON)},
    )


def mosquitto(program: str, path: str | None, version: tuple[int, ...] | None) -> Verdict:
    """Is the embedded broker's program there, and new enough?"""
    if path is None:
        return Verdict("mosquitto", State.FAILED, "missing", {"program": program})
    if version is None:
        return Verdict("mosquitto", State.UNKNOWN, "mute", {"path": path})
    good = version >= OLDEST_MOSQUITTO
    return Verdict(
        "mosquitto",
        State.OK if good else State.FAILED,
        "fine" if good else "old",
        {"path": path, "version": _dotted(version), "oldest": _dotted(OLDEST_MOSQUITTO)},
    )


def port(what: str, address: str, *, free: bool, holder: str | None, ours: bool) -> Verdict:
    """Can we listen there? ``holder`` is who does already, ``ours`` that it is this gateway."""
    inputs: dict[str, Input] = {"what": what, "address": address}
    if free:
        return Verdict("port", State.OK, "free", inputs)
    if ours:
        return Verdict("port", State.OK, "running", inputs)
    if holder is None:
        return Verdict("port", State.FAILED, "taken_by_somebody", inputs)
    return Verdict("port", State.FAILED, "taken", inputs | {"holder": holder})


def disk_sync(folder: str, milliseconds: float | None, error: str) -> Verdict:
    """Does what is written reach the disk, and how fast? ``None`` = it could not be written."""
    if milliseconds is None:
        return Verdict("disk", State.FAILED, "unwritable", {"folder": folder, "error": error})
    slow = milliseconds > SLOW_SYNC_MS
    return Verdict(
        "disk",
        State.WARNING if slow else State.OK,
        "slow" if slow else "fine",
        {"folder": folder, "milliseconds": round(milliseconds, 1)},
    )


def space(folder: str, free: int, reserve: int) -> Verdict:
    """Is there room? ``free`` and ``reserve`` in bytes; below the reserve telemetry waits."""
    inputs: dict[str, Input] = {
        "folder": folder,
        "free_mb": free >> 20,
        "reserve_mb": reserve >> 20,
    }
    if free < 2 * reserve:
        return Verdict("space", State.FAILED, "full", inputs)
    if free < 8 * reserve:
        return Verdict("space", State.WARNING, "low", inputs)
    return Verdict("space", State.OK, "fine", inputs)


def clock(now: float, file_time: float | None, jump_s: float) -> Verdict:
    """Is the clock sane? Seconds since 1970, by the clock and by a file just written; ``jump_s``
    is how much more it moved than steady time did.
    """
    if now < EARLIEST:
        return Verdict("clock", State.FAILED, "unset")
    if abs(jump_s) > CLOCK_APART_S:
        return Verdict("clock", State.WARNING, "jumps", {"seconds": round(jump_s, 1)})
    if file_time is not None and abs(file_time - now) > CLOCK_APART_S:
        return Verdict("clock", State.WARNING, "disk", {"seconds": round(file_time - now, 1)})
    return Verdict("clock", State.OK, "fine")


def time_service(synchronised: bool | None) -> Verdict:
    """Does somebody keep the clock right? ``None`` = this machine does not say."""
    if synchronised is None:
        return Verdict("ntp", State.UNKNOWN, "mute")
    good = synchronised
    return Verdict("ntp", State.OK if good else State.WARNING, "fine" if good else "off")


def configuration(problems: Sequence[str]) -> Verdict:
    """Are settings and kinds right? ``problems`` name file, line and field."""
    if not problems:
        return Verdict("configuration", State.OK, "fine")
    return Verdict(
        "configuration",
        State.FAILED,
        "wrong",
        {"count": len(problems), "first": problems[0]},
    )


def store(path: str, version: str | None, newest: str, findings: Sequence[str] | None) -> Verdict:
    """Is the database whole? ``version`` ``None`` = not made yet; ``findings`` of SQLite's quick
    check, ``None`` = it took too long.
    """
    inputs: dict[str, Input] = {"path": path}
    if version is None:
        return Verdict("store", State.OK, "new", inputs)
    if version > newest:
        return Verdict("store", State.FAILED, "newer", inputs | {"version": version})
    if findings is None:
        return Verdict("store", State.UNKNOWN, "long", inputs)
    if list(findings) != ["ok"]:
        return Verdict("store", State.FAILED, "damaged", inputs | {"error": findings[0][:200]})
    return Verdict("store", State.OK, "fine" if version == newest else "older", inputs)


def store_unreadable(path: str, error: str) -> Verdict:
    """The database cannot be opened at all."""
    return Verdict("store", State.FAILED, "unreadable", {"path": path, "error": error})


def broker(address: str, answer: Knock, *, embedded: bool) -> Verdict:
    """Does the broker let the gateway in?"""
    inputs: dict[str, Input] = {"address": address, "detail": answer.detail}
    if answer.answer is Answer.WELCOME:
        return Verdict("broker", State.OK, "fine", inputs)
    if answer.answer is Answer.UNREACHABLE and embedded:
        return Verdict("broker", State.UNKNOWN, "stopped", inputs)
    return Verdict("broker", State.FAILED, answer.answer.value, inputs)


def broker_never_started(address: str) -> Verdict:
    """There are no credentials yet."""
    return Verdict("broker", State.UNKNOWN, "never_started", {"address": address})


def page(*, built: bool) -> Verdict:
    """Is there a page to show?"""
    return Verdict("page", State.OK if built else State.FAILED, "fine" if built else "missing")


def webhook(name: str, address: str, error: str | None) -> Verdict:
    """Can a receiver be reached? ``error`` ``None`` = yes. Nothing is sent to it."""
    if error is None:
        return Verdict("webhook", State.OK, "fine", {"name": name, "address": address})
    return Verdict(
        "webhook", State.FAILED, "unreachable", {"name": name, "address": address, "error": error}
    )


def history(name: str, error: str | None, *, keeps_copies: bool | None) -> Verdict:
    """Does the database of the history answer? ``error`` ``None`` = yes. Nothing is written."""
    if error is not None:
        return Verdict("history", State.FAILED, "unreachable", {"name": name, "error": error})
    if keeps_copies is None:
        return Verdict("history", State.UNKNOWN, "copies_unknown", {"name": name})
    if keeps_copies:
        return Verdict("history", State.WARNING, "copies", {"name": name})
    return Verdict("history", State.OK, "fine", {"name": name})


def descriptors(hard_limit: int) -> Verdict:
    """May the broker and the page hold enough connections open? -1 = without limit."""
    good = hard_limit < 0 or hard_limit >= LEAST_DESCRIPTORS
    return Verdict(
        "descriptors",
        State.OK if good else State.WARNING,
        "fine" if good else "few",
        {"limit": hard_limit, "least": LEAST_DESCRIPTORS},
    )


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """1 when something failed; warnings and unknowns let a script go on."""
    return int(any(verdict.state is State.FAILED for verdict in verdicts))


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
