"""A fact as it is kept: what the audit reads, hashes and judges by."""

from __future__ import annotations

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
