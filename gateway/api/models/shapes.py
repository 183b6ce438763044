"""Shapes that many resources share: names in two languages, pages, identifiers."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from devices.model import IDENTIFIER

Item = TypeVar("Item")

Identifier: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=IDENTIFIER.pattern.replace(r"\Z", "$"), max_length=64),
    Field(examples=["no3-middle"], description="1 to 64 of `A-Z a-z 0-9 . _ -`."),
]
"""The id of a school, kind, place or device."""

Milliseconds: TypeAlias = Annotated[
    int,
    Field(
        ge=0,
        le=253_402_300_799_999,  # the end of the year 9999
        examples=[1_795_161_600_123],
        description="Milliseconds since 1970 UTC.",
    ),
]

Moment: TypeAlias = Annotated[
    int, Field(examples=[1_795_161_600_123], description="Milliseconds since 1970 UTC.")
]
"""A time in an answer. Unbounded: a device's wrong clock must not keep an alert from the page."""


class Out(BaseModel):
    """An answer. Its fields are always all there; what is not known is `null`."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """A request. A field that is not known here is refused, so that a typing error is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Names(Out):
    """A name in both languages. The English one falls back to the Chinese and then to the id."""

    zh: str = Field(examples=["第三中学"])
    en: str = Field(examples=["No. 3 Middle School"])


class Page(Out, Generic[Item]):
    """Part of a list. `next` is the cursor of what follows; `null` at the end.

    A page may hold fewer items than asked for, even none, and yet have a `next`.
    """

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`AlertPage`, as types are named that are generated from the document."""
        return str(params[0].__name__).removesuffix("Out") + "Page"

    items: list[Item]
    next: str | None = Field(default=None, examples=["WzE3OTUxNjE2MDAxMjMsNDFd"])


class Items(Out, Generic[Item]):
    """A whole list."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`KindList`."""
        return str(params[0].__name__).removesuffix("Out") + "List"

    items: list[Item]
