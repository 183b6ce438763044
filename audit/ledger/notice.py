"""A rectification notice (限期整改通知书): what a school is to put right, and until when.

It is issued at once when an inspector finds something (Pinglu 2023), numbered by bureau and year
without a gap, and stands for one or more entries of the ledger. Never changed after it was issued:
the school's reply and a withdrawal are added to it. Pure; times in ms.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Refusal

LATEST_MS: Final = 365 * 86_400_000
MOST_FINDINGS: Final = 20
MOST_REPLIES: Final = 20


class Finding(msgspec.Struct, frozen=True):
    """One thing that is to be put right: the entry of the ledger, and in words."""

    hazard: int
    text: str
    requirement: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the school answers (整改回复). ``photos`` are SHA-256 of pictures."""

    at: int
    by: str
    role: str
    text: str
    photos: tuple[str, ...] = ()
    key: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice. ``bureau`` is the region that issues it, ``year`` that of its date at the bureau,
    ``sequence`` its number in them, from 1 on. ``number`` is the row, unlike any other's.

    ``school_name`` and ``bureau_name`` are as they were when it was issued: a paper says for ever
    what it said. ``key`` is the name that the sender gave it: sent twice is issued once.
    """

    number: int
    bureau: str
    bureau_name: str
    year: int
    sequence: int
    school: str
    school_name: str
    issued: int
    issued_by: str
    issuer: str
    due: int
    findings: tuple[Finding, ...]
    basis: str = ""
    replies: tuple[Reply, ...] = ()
    version: int = 1
    key: str = ""

    @property
    def hazards(self) -> tuple[int, ...]:
        """The entries of the ledger it stands for."""
        return tuple(finding.hazard for finding in self.findings)

    @property
    def replied(self) -> bool:
        """Whether the school has answered."""
        return bool(self.replies)


def refused(notice: Notice) -> Refusal | None:
    """Why a notice cannot be issued so."""
    if not notice.findings:
        return Refusal("notice_empty", "a notice names at least one thing to put right")
    if len(notice.findings) > MOST_FINDINGS:
        return Refusal("notice_full", f"at most {MOST_FINDINGS} findings in one notice")
    if not notice.issued < notice.due <= notice.issued + LATEST_MS:
        return Refusal("notice_due", "the deadline must be in the future, at most a year away")
    return None


def replied(notice: Notice, reply: Reply) -> Notice | Refusal:
    """The notice with the school's reply. The same notice comes back when it has it already."""
    if reply.key and any((each.by, each.key) == (reply.by, reply.key) for each in notice.replies):
        return notice
    if len(notice.replies) >= MOST_REPLIES:
        return Refusal("notice_replies", f"it has {MOST_REPLIES} replies already")
    return msgspec.structs.replace(
        notice, replies=(*notice.replies, reply), version=notice.version + 1
    )
