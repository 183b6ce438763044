"""Whom to telephone about a school: roles, people, numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

MOST: Final = 50
"""Contacts of one school: more than that, nobody finds the right one in time."""

LONGEST: Final = 64

ROLES: Final = (
    "duty_room",
    "guard",
    "principal",
    "safety_officer",
    "head_teacher",
    "electrician",
    "network",
    "clinic",
    "police_station",
    "fire_brigade",
    "bureau",
)
"""Roles with a word in the catalogues (``contact.role.…``). Others are shown as they are written.
"""


class Contact(msgspec.Struct, frozen=True):
    """Somebody to call. ``name`` may be empty: a duty room has none."""

    role: str
    telephone: str
    name: str = ""


def version_of(contacts: Sequence[Contact]) -> str:
    """What names a list as it stands: another as soon as anything in it is."""
    return sha256(msgspec.json.encode(contacts)).hexdigest()[:16]


def mistake(contact: Contact) -> str | None:
    """What is wrong with it: a code of the catalogues (``page.contacts.problem.{code}``)."""
    if not contact.role:
        return "no_role"
    if not any(sign.isdigit() for sign in contact.telephone):
        return "no_number"
    texts = (contact.role, contact.telephone, contact.name)
    if any(len(text) > LONGEST for text in texts):
        return "too_long"
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Co"} for text in texts for sign in text):
        return "unprintable"
    return None
