"""Opaque cursors: where a page ended, as the sort key of its last item."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from fastapi import Query

from gateway.api.problems import invalid

Key = TypeVar("Key")

Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=512, description="`next` of the page before.")
]

RowNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A number in a cursor: bounded, because people can write cursors and databases overflow."""

DEFAULT_LIMIT: Final = 50


def cursor(key: object) -> str:
    """The cursor of an item with this sort key (numbers and strings in a tuple)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def row_in(text: str | None) -> int | None:
    """The row in a cursor of a list that is sorted by nothing else; raises as `sort_key` does."""
    key = sort_key(text, tuple[RowNumber])
    return None if key is None else key[0]


def sort_key(text: str | None, shape: type[Key]) -> Key | None:
    """The key in a cursor; raises a 422 `Problem` for one that is not ours."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=shape)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise invalid("cursor", "no cursor of this list; start without one") from error
