"""XML from a recorder's bytes (MANSCDP, ISAPI): no DTD, no entities, bounded, in whatever code.

They write "GB2312" and mean whatever their memory holds: gb18030 reads all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

MAX_DEPTH: Final = 8
"""MANSCDP's query, list, item, info and its fields: five are used."""

MAX_ELEMENTS: Final = 150_000
"""10,000 items of a page (the standard's most) with a dozen fields each, and some."""

_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_PROLOG: Final = re.compile(r"\s*<\?\s*xml[^>]{0,200}\?>")


class DocumentError(Exception):
    """Bytes that cannot be read as XML, or may not be: broken, too large, with a DTD."""


class Element:
    """One element. Names compare without regard to case: devices differ in it."""

    __slots__ = ("_text", "attributes", "children", "name")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name: Final = name.rpartition(":")[2]
        self.attributes: Final = {key.lower(): value for key, value in attributes.items()}
        self.children: Final[list[Element]] = []
        self._text: Final[list[str]] = []

    def add_text(self, text: str) -> None:
        """More of what stands between its tags."""
        self._text.append(text)

    @property
    def text(self) -> str:
        """What stands between its tags, without blanks around it."""
        return "".join(self._text).strip()

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Element]:
        """All children of that name."""
        wanted = name.lower()
        return (child for child in self.children if child.name.lower() == wanted)

    def said(self, name: str) -> str | None:
        """The text of the first child of that name; None without one, or when it is empty."""
        child = self.child(name)
        return (child.text or None) if child is not None else None


def read_document(body: bytes) -> Element:
    """The root element; `DocumentError` for what is no XML or more than is taken."""
    # Buffers of C programs end in zero bytes, and the XML standard knows no such character.
    text = _PROLOG.sub("", _decoded(body.strip(b"\x00\r\n\t ").removeprefix(b"\xef\xbb\xbf")), 1)
    return _Reader().read(text)


def _decoded(body: bytes) -> str:
    declared = _DECLARED.match(body)
    code = declared[1].decode("ascii").lower() if declared else ""
    first = "gb18030" if code.startswith(("gb", "cp936", "x-gb")) else "utf-8"
    second = "utf-8" if first == "gb18030" else "gb18030"
    for attempt in (first, second):
        try:
            return body.decode(attempt)
        except UnicodeDecodeError:
            continue
    # Names cut in the middle of a character are common. Only such a name suffers: the bytes of
    # tags, digits and times are the same in every one of these codes.
    return body.decode(first, "replace")


class _Reader:
    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity

    def read(self, text: str) -> Element:
        try:
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            raise DocumentError(f"no XML that can be read: {error}") from error
        if self._root is None:
            raise DocumentError("no XML element at all")
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise DocumentError(f"more than {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            raise DocumentError(f"elements within elements, more than {MAX_DEPTH} deep")
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].add_text(text)

    def _doctype(self, *_: object) -> None:
        raise DocumentError("a document type declaration, which no recorder needs")

    def _entity(self, *_: object) -> None:
        raise DocumentError("an entity declaration, which no recorder needs")
