"""A fact as it is kept: what the audit reads, hashes and judges by; and whose it is."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

import msgspec


class FactRow(msgspec.Struct, frozen=True):
    """A fact with its row; ``body`` is canonical JSON. Times in ms.

    ``happened`` is when it was so, ``known`` when the gateway knew of it: a past instant is judged
    by what was known then.
    """

    row: int
    kind: str
    happened: int
    known: int
    actor: str
    subject: str
    body: bytes


class _Raised(msgspec.Struct, frozen=True):
    school: str = ""


class _OfAlert(msgspec.Struct, frozen=True):
    """What of the body of a fact about an alert tells whose it is."""

    school: str = ""
    link: str = ""
    """Of an exchange with a receiver: ``SCHOOL/LINK``."""
    detail: _Raised = _Raised()


_of_alert: Final = msgspec.json.Decoder(_OfAlert).decode

_FIRST: Final = frozenset(
    {
        "device",
        "link",
        "place",
        "work_order",
        "maintenance",
        "attestation",
        "hazard",
        "notice",
        "exercise",
    }
)
"""Subjects whose school is what stands before the first slash: ``device:SCHOOL/ID``."""

_WHOLE: Final = frozenset({"school", "roster"})
"""Subjects that are a school: ``school:SCHOOL``."""

_ALERT: Final = "alert"


def school_of(fact: FactRow) -> str:
    """The id of the school a fact is about; empty: the gateway's, or a region's.

    Facts about alerts carry it in their body. Of those written before they did, the first of each
    alert says it all the same; whoever reads such a record asks `school_of_alert`.
    """
    noun, colon, rest = fact.subject.partition(":")
    if not colon:
        return ""
    if noun in _FIRST:
        return rest.partition("/")[0] if "/" in rest else ""
    if noun in _WHOLE:
        return rest
    if noun == _ALERT:
        try:
            said = _of_alert(fact.body)
        except msgspec.MsgspecError:
            return ""
        return said.school or said.detail.school or said.link.partition("/")[0]
    return ""


def school_of_alert(fact: FactRow, known: MutableMapping[str, str]) -> str:
    """As `school_of`, for records that begin before alerts said it in each fact.

    ``known`` is the caller's, empty at the first row: the school of each alert, by its subject.
    """
    school = school_of(fact)
    if not fact.subject.startswith("alert:"):
        return school
    if school:
        known.setdefault(fact.subject, school)
        return school
    return known.get(fact.subject, "")
