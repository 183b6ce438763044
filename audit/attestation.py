"""An attestation: a named person states that an item is met, with evidence, until a date.

It is a statement, and nothing of it is taken back in silence: it may be confirmed by a second
person, withdrawn with a reason, and is replaced by the next one of its school and item. Each step
is one fact with the whole of it as it stands then.

An evacuation drill is an attestation as well (item `DRILL`): held at ``valid_from``, and good until
the next one is due. An exercise of the alarm chain is something else and does not replace one.

Pure: functions take ``now`` (ms) and give the attestation as it stands afterwards, or why not.
Users stand in it by their sign-in name, files by their hash; figures have names of a closed list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

FACT: Final = "attestation"

DRILL: Final = "drill"
"""Item of evacuation drills (Ziyang 2020): schools monthly, kindergartens quarterly."""

DAY_MS: Final = 86_400_000
MOST_FILES: Final = 10
MOST_TEXT: Final = 1000
MOST_FIGURE: Final = 1_000_000
BACKDATED_MS: Final = 7 * DAY_MS
"""How long before the statement it may begin: a drill is written down within the week."""

AHEAD_MS: Final = 31 * DAY_MS

FIGURES: Final = frozenset(
    {
        "guards",  # full-time guards
        "posts",  # guard posts at arrival and leaving
        "rounds",  # rounds a day
        "participants",  # people who took part in a drill
        "duration_s",  # from the alarm until the last one was out
        "gates",
        "barriers",
        "cameras",
    }
)
"""What a figure may be called: a closed list, so that no name of a person gets into one."""

_PERSONAL: Final = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-\d{7,8}|\d{17}[\dXx])(?!\d)"
)
"""Mobile and landline numbers, numbers of identity cards: they do not belong into a fact."""


class AttestationError(ValueError):
    """It cannot be done; ``code`` names the reason (``refusal.{code}``)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AttestationStep(StrEnum):
    """What was done. Each is signed and is one fact."""

    STATED = "stated"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class FileRef(msgspec.Struct, frozen=True, kw_only=True):
    """A file by the SHA-256 of what is kept. ``name`` is one the gateway gave it: what people call
    their files names people. ``size`` in bytes."""

    hash: str
    name: str
    media_type: str
    size: int


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """As it stands. Times in ms; it holds from ``valid_from`` until before ``expires``.

    ``stated_by``, ``confirmed_by`` and ``withdrawn_by`` are users' names, empty = nobody;
    ``withdrawn`` is when, with ``reason``. ``at`` is when it was stated.
    """

    id: str
    school: str
    item: str
    stated_by: str
    at: int
    valid_from: int
    expires: int
    figures: dict[str, int] = msgspec.field(default_factory=dict)
    files: tuple[FileRef, ...] = ()
    text: str = ""
    confirmed_by: str = ""
    confirmed: int | None = None
    withdrawn: int | None = None
    withdrawn_by: str = ""
    reason: str = ""
    version: int = 1


class AttestationFact(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a fact `FACT`, subject `subject_of`."""

    step: AttestationStep
    attestation: Attestation


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a policy asks of an attestation; part of its item.

    It may last ``longest_days``, by kind of school ``longest_days_of``. ``files`` at least,
    ``figures`` by name; ``confirmed`` = a second person must have confirmed it.
    """

    longest_days: int = 365
    longest_days_of: dict[str, int] = msgspec.field(default_factory=dict)
    files: int = 1
    figures: tuple[str, ...] = ()
    confirmed: bool = False

    def __post_init__(self) -> None:
        if min((self.longest_days, *self.longest_days_of.values())) < 1:
            raise ValueError("an attestation lasts at least one day")
        if unknown := set(self.figures) - FIGURES:
            raise ValueError(f"no such figure of an attestation: {', '.join(sorted(unknown))}")

    def longest_ms(self, kind: str) -> int:
        """How long one may last at a school of that kind."""
        return self.longest_days_of.get(kind, self.longest_days) * DAY_MS


DRILL_TERMS: Final = Terms(
    longest_days=31,
    longest_days_of={"kindergarten": 92},
    figures=("participants", "duration_s"),
    files=0,
)
"""Monthly, kindergartens quarterly (Ziyang 2020): the longest months, the longest quarters."""


class Stands(StrEnum):
    """How an item stands by what was attested."""

    NONE = "none"  # nobody ever stated it
    NOT_YET = "not_yet"  # it begins later
    STANDING = "standing"
    UNCONFIRMED = "unconfirmed"  # the policy asks for a second person
    LACKING = "lacking"  # files or figures that the policy asks for are not there
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``attestation`` is the one that counts, ``until`` (ms) when it may change without a new fact.

    ``lacking`` names figures, and ``files``.
    """

    stands: Stands
    attestation: Attestation | None = None
    until: int | None = None
    lacking: tuple[str, ...] = ()


def subject_of(attestation: Attestation) -> str:
    """How it stands in facts: with its school, which says who may see it."""
    return f"{FACT}:{attestation.school}/{attestation.id}"


def counting(attestations: Iterable[Attestation], item: str, now: int) -> Attestation | None:
    """Of a school's, the one that counts for an item now: the newest stated that has begun.

    A newer one replaces the older for good: withdrawn, it does not bring the older back. Only one
    withdrawn before it began never counted. None has begun: the next to begin.
    """
    begun: Attestation | None = None
    ahead: Attestation | None = None
    for one in attestations:
        if one.item != item or one.at > now or _never_began(one):
            continue
        if one.valid_from > now:
            if ahead is None or (one.valid_from, one.at, one.id) < _begin(ahead):
                ahead = one
        elif begun is None or (one.at, one.id) > (begun.at, begun.id):
            begun = one
    return begun or ahead


def _begin(one: Attestation) -> tuple[int, int, str]:
    return one.valid_from, one.at, one.id


def _never_began(one: Attestation) -> bool:
    return one.withdrawn is not None and one.withdrawn < one.valid_from


def replaced_at(one: Attestation, others: Iterable[Attestation]) -> int | None:
    """When (ms) a newer one of the same item takes its place; ``None``: none does, so far."""
    return min(
        (
            max(other.valid_from, other.at)
            for other in others
            if other.item == one.item
            and (other.at, other.id) > (one.at, one.id)
            and not _never_began(other)
        ),
        default=None,
    )


def standing(
    attestations: Iterable[Attestation], item: str, terms: Terms, kind: str, now: int
) -> Standing:
    """How an item of a school of ``kind`` stands now, by all that was attested for the school.

    One that was stated for longer than the policy allows counts as long as it allows.
    """
    every = [one for one in attestations if one.item == item]
    one = counting(every, item, now)
    if one is None:
        return Standing(stands=Stands.NONE)
    later = [other for other in every if other.valid_from > now and not _never_began(other)]
    if one.valid_from <= now:  # what was stated before it does not take its place
        later = [other for other in later if (other.at, other.id) > (one.at, one.id)]
    following = min((other.valid_from for other in later), default=None)
    if one.valid_from > now:
        return Standing(stands=Stands.NOT_YET, attestation=one, until=following)
    end = ends(one, terms, kind)
    if one.withdrawn is not None:
        return Standing(stands=Stands.WITHDRAWN, attestation=one, until=following)
    if now >= end:
        return Standing(stands=Stands.EXPIRED, attestation=one, until=following)
    until = end if following is None else min(end, following)
    lacks = lacking(terms, one.figures, len(one.files))
    if lacks:
        return Standing(stands=Stands.LACKING, attestation=one, until=until, lacking=lacks)
    if terms.confirmed and not one.confirmed_by:
        return Standing(stands=Stands.UNCONFIRMED, attestation=one, until=until)
    return Standing(stands=Stands.STANDING, attestation=one, until=until)


def ends(attestation: Attestation, terms: Terms, kind: str) -> int:
    """Until when (ms) it counts: what it says, at most what the policy allows."""
    return min(attestation.expires, attestation.valid_from + terms.longest_ms(kind))


def lacking(terms: Terms, figures: Mapping[str, int], files: int) -> tuple[str, ...]:
    """What of that the policy asks for is not there."""
    missing = tuple(name for name in terms.figures if name not in figures)
    return (*missing, "files") if files < terms.files else missing


def state(wanted: Attestation, *, terms: Terms, kind: str, now: int) -> Attestation:
    """A new one, as ``wanted`` by whoever states it. Raises `AttestationError`."""
    if not now - BACKDATED_MS <= wanted.valid_from <= now + AHEAD_MS:
        raise AttestationError(
            "attestation_begin", "it begins at most 7 days ago, or 31 days from now"
        )
    if wanted.item == DRILL and wanted.valid_from > now:
        raise AttestationError("attestation_begin", "a drill that is still to be held proves none")
    if wanted.expires <= max(wanted.valid_from, now):
        raise AttestationError("attestation_expiry", "it would have expired already")
    if wanted.expires > wanted.valid_from + terms.longest_ms(kind):
        days = terms.longest_ms(kind) // DAY_MS
        raise AttestationError("attestation_expiry", f"the policy lets it last {days} days")
    _check_content(wanted, terms)
    return msgspec.structs.replace(
        wanted,
        at=now,
        version=1,
        confirmed_by="",
        confirmed=None,
        withdrawn=None,
        withdrawn_by="",
        reason="",
    )


def _check_content(wanted: Attestation, terms: Terms) -> None:
    if len(wanted.files) > MOST_FILES:
        raise AttestationError("attestation_files", f"at most {MOST_FILES} files")
    for name, value in wanted.figures.items():
        if name not in FIGURES or not 0 <= value <= MOST_FIGURE:
            raise AttestationError("attestation_figures", f"no figure of an attestation: {name}")
    if lacks := lacking(terms, wanted.figures, len(wanted.files)):
        raise AttestationError("attestation_lacking", f"the policy asks for: {', '.join(lacks)}")
    _check_words(wanted.text)


def _check_words(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise AttestationError("attestation_text", f"at most {MOST_TEXT} characters")
    if _PERSONAL.search(text):
        raise AttestationError(
            "attestation_personal", "leave out numbers of telephones and identity cards"
        )


def confirm(attestation: Attestation, *, by: str, now: int) -> Attestation:
    """A second person confirms it. The same person again changes nothing.

    Raises `AttestationError`: by whoever stated it, once withdrawn, expired or confirmed already.
    """
    if attestation.confirmed_by == by and attestation.withdrawn is None:
        return attestation
    if by == attestation.stated_by:
        raise AttestationError(
            "attestation_second_person", "whoever states it cannot confirm it as well"
        )
    if attestation.withdrawn is not None:
        raise AttestationError("attestation_withdrawn", "it was withdrawn")
    if now >= attestation.expires:
        raise AttestationError("attestation_expired", "it has expired: it has to be stated anew")
    if attestation.confirmed_by:
        raise AttestationError("attestation_confirmed", "somebody else has confirmed it already")
    return msgspec.structs.replace(
        attestation, confirmed_by=by, confirmed=now, version=attestation.version + 1
    )


def withdraw(attestation: Attestation, *, by: str, reason: str, now: int) -> Attestation:
    """It no longer holds. The same again changes nothing.

    Raises `AttestationError`: without a reason, or withdrawn already.
    """
    if attestation.withdrawn_by == by and attestation.reason == reason.strip():
        return attestation
    if attestation.withdrawn is not None:
        raise AttestationError("attestation_withdrawn", "it was withdrawn already")
    if not reason.strip():
        raise AttestationError("attestation_reason", "say why it is withdrawn")
    _check_words(reason)
    return msgspec.structs.replace(
        attestation,
        withdrawn=now,
        withdrawn_by=by,
        reason=reason.strip(),
        version=attestation.version + 1,
    )
