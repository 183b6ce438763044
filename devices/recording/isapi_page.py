"""One page of an ISAPI search (CMSearchResult), read as it is parsed: a tree of 100,000 segments
would be a million objects.
"""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

import msgspec

from devices.recording.source import IncompleteError, UnreadableError

_ITEM: Final = "searchMatchItem"
_OF_PAGE: Final = frozenset({"searchID", "responseStatusStrg", "numOfMatches"})
_OF_ITEM: Final = frozenset({"trackID", "startTime", "endTime", "lockStatus", "playbackURI"})


class Match(msgspec.Struct, frozen=True, gc=False):
    """One segment, its times as written."""

    begin: str
    end: str
    locked: bool
    handle: str


class Page(msgspec.Struct, frozen=True):
    """``status`` is OK, MORE, NO MATCHES, or whatever else the recorder says, in capitals."""

    status: str
    matches: list[Match]


def read_page(body: bytes, search: str, track: str) -> Page:
    """The answer to ``search`` about ``track``.

    Raises `UnreadableError` for anything else, `IncompleteError` when not all of it is there.
    """
    reader = _Reader(track)
    reader.read(body)
    told = reader.page
    if reader.root != "CMSearchResult":
        raise UnreadableError(f"a {reader.root} for an answer to a search")
    if (told.get("searchID") or search).strip("{}").upper() != search:
        raise UnreadableError("the answer to another search")
    count = told.get("numOfMatches")
    if count is not None and count != str(len(reader.matches)):
        raise IncompleteError(f"{count[:20]} matches are told, {len(reader.matches)} are there")
    return Page(told.get("responseStatusStrg", "").upper(), reader.matches)


class _Reader:
    def __init__(self, track: str) -> None:
        self.root = ""
        self.page: dict[str, str] = {}
        self.matches: list[Match] = []
        self._track: Final = track
        self._item: dict[str, str] | None = None
        self._text = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, body: bytes) -> None:
        # Buffers of C programs end in zero bytes, and XML knows no such character.
        try:
            self._parser.Parse(body.strip(b"\0\r\n\t "), True)
        except (expat.ExpatError, LookupError) as error:
            raise UnreadableError(f"no XML that can be read: {error}") from error

    def _start(self, name: str, _: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self.root = self.root or name
        self._text = ""
        if name == _ITEM:
            self._item = {}

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == _ITEM:
            self.matches.append(self._match(self._item or {}))
            self._item = None
        elif self._item is not None:
            if name in _OF_ITEM:
                self._item[name] = self._text.strip()
        elif name in _OF_PAGE:
            self.page[name] = self._text.strip()

    def _match(self, told: dict[str, str]) -> Match:
        if told.get("trackID", self._track) != self._track:
            raise UnreadableError(f"track {told['trackID'][:20]} instead of {self._track}")
        return Match(
            begin=told.get("startTime", ""),
            end=told.get("endTime", ""),
            locked=told.get("lockStatus", "").lower() == "lock",
            handle=told.get("playbackURI", ""),
        )

    def _characters(self, text: str) -> None:
        self._text += text

    def _doctype(self, *_: object) -> None:
        raise UnreadableError("a document type declaration, which ISAPI has not")
