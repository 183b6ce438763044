"""Browsers on which people have alerts, as rows of the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from devices.model import Region, School
from gateway.push.subscription import Reach, Subscription
from gateway.security.scopes import schools_of

_names: Final = msgspec.json.Decoder(tuple[str, ...])


def row_of(one: Subscription) -> dict[str, object]:
    """The row to be kept of it."""
    priorities = msgspec.json.encode(one.priorities).decode()
    return {**msgspec.structs.asdict(one), "priorities": priorities}


def subscription_of(row: Sequence[Any]) -> Subscription:
    """Read it back: the columns in the order of `Subscription`'s fields."""
    fields = dict(zip(Subscription.__struct_fields__, row, strict=True))
    return Subscription(**{**fields, "priorities": _names.decode(fields["priorities"])})


def reach_of(
    row: Sequence[Any], scopes: str, schools: Collection[School], regions: Collection[Region]
) -> Reach:
    """With the schools that its user sees; ``scopes`` is JSON."""
    return Reach(subscription_of(row), schools_of(_names.decode(scopes), schools, regions))
