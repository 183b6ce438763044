"""SVG written anew from what a drawing needs: nothing that runs, loads or refers elsewhere.

A list of what is allowed, not of what is forbidden. The parser (expat) is given no document type,
so there are no entities to expand; what is written comes out of our own escaping. No library did
this to be relied on: sanitizers for HTML know nothing of presentation attributes and ``url()``.

Every pattern here takes time that grows with the text and no faster, whatever stands in it: while
one is matched nothing else runs in this process, and no alarm is taken in.
"""

from __future__ import annotations

import binascii
import math
import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from gateway.pictures.raster import LONGEST_SIDE, MOST_PIXELS, clean_raster

SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"

MOST_ELEMENTS: Final = 50_000
DEEPEST: Final = 100
LONGEST_RULES: Final = 256 * 1024
"""Characters of style rules looked through at once: 20 ms, in which nothing else runs."""

MOST_DRAWN: Final = 500_000
"""Elements once every ``use`` is followed: a few lines of them can come to billions."""

_DRAWING: Final = """
svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath
image style linearGradient radialGradient stop clipPath mask pattern marker
switch"""
_ELEMENTS: Final = frozenset(_DRAWING.split())

_LOOKS: Final = """
id class style transform d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height points viewBox
preserveAspectRatio rotate textLength lengthAdjust startOffset pathLength offset
gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform
clipPathUnits maskUnits maskContentUnits markerUnits markerWidth markerHeight refX refY orient
version overflow fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap
stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color display
visibility vector-effect paint-order shape-rendering text-rendering image-rendering
color-interpolation clip-path clip-rule mask marker marker-start marker-mid marker-end
stop-color stop-opacity font font-family font-size font-style font-weight font-variant
font-stretch text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift
letter-spacing word-spacing writing-mode direction unicode-bidi"""
_ATTRIBUTES: Final = frozenset(_LOOKS.split())

_TEXTS: Final = frozenset({"text", "tspan", "textPath", "title", "desc", "style"})
_NUMBER: Final = re.compile(
    r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?:(px|pt|mm|cm|in)\s*)?\Z"
)
_PIXELS: Final = {None: 1.0, "px": 1.0, "pt": 96 / 72, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_EMBEDDED: Final = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*\Z")
_LOCAL: Final = re.compile(r"#[^\s()'\"<>]+\Z")
_URL: Final = re.compile(r"url\s*\(", re.IGNORECASE)
_URL_INSIDE: Final = re.compile(r"url\s*\(\s*(['\"]?)#[^\s()'\"<>]+\1\s*\)", re.IGNORECASE)
_CSS_TRAPS: Final = re.compile(
    r"[@\\<]|expression|javascript:|image-set|-moz-binding|behavior\s*:", re.IGNORECASE
)
_CSS_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
"""One that nobody closes reaches to the end, for browsers as well."""

_CODINGS: Final = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
"""Those that expat reads by itself."""


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    inside: list[_Element | str] = field(default_factory=list)


def clean_svg(raw: bytes) -> tuple[int, int, bytes]:
    """Width and height (of its view box, rounded) and the drawing written anew.

    A drawing in millimetres of the building is shown smaller, of the same shape: its lines have no
    pixels, and a browser needs none for what it does not show.

    Raises ``ValueError`` that says why it cannot be taken.
    """
    root = _parsed(raw)
    if root is None or root.name != "svg":
        raise ValueError("it is no SVG drawing")
    width, height = _size(root)
    smaller = min(1.0, LONGEST_SIDE / max(width, height))
    width, height = width * smaller, height * smaller
    if _drawn(root) > MOST_DRAWN:
        raise ValueError("its parts refer to each other too often; save it with them resolved")
    out: list[str] = []
    root.attributes |= {"width": f"{width:g}", "height": f"{height:g}"}
    _write(root, out, root=True)
    return max(1, round(width)), max(1, round(height)), "".join(out).encode()


class _Reader:
    """Builds the tree of what is allowed; what is not is left out with all that is in it."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._skipped = 0
        self._count = 0
        self._pixels = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise ValueError(f"it has more than {MOST_ELEMENTS} parts, or too deep a tree")
        space, _, name = tag.rpartition(" ")
        if self._skipped or space != SVG or name not in _ELEMENTS:
            self._skipped += 1
            return
        element = _Element(name, _attributes(name, attributes))
        if name == "image" and "href" in element.attributes:
            element.attributes["href"] = self._embedded(element.attributes["href"])
        if self._open:
            self._open[-1].inside.append(element)
        elif self.root is None:
            self.root = element
        self._open.append(element)

    def _embedded(self, link: str) -> str:
        """A picture inside the drawing, cleaned and bounded like one that is uploaded by itself."""
        media_type, _, coded = link.removeprefix("data:").partition(";base64,")
        try:
            width, height, body = clean_raster(binascii.a2b_base64(coded), media_type)
        except ValueError as error:
            raise ValueError(f"a picture inside it cannot be taken: {error}") from error
        self._pixels += width * height
        if self._pixels > MOST_PIXELS:
            raise ValueError(f"the pictures inside it have more than {MOST_PIXELS} pixels")
        return f"data:{media_type};base64,{binascii.b2a_base64(body, newline=False).decode()}"

    def end(self, _tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            self._open.pop()

    def text(self, text: str) -> None:
        if not self._skipped and self._open and self._open[-1].name in _TEXTS:
            self._open[-1].inside.append(text)


def _parsed(raw: bytes) -> _Element | None:
    def doctype(_name: str, _system: str | None, _public: str | None, internal: int) -> None:
        # One that only names itself is harmless, and left out; nothing is ever fetched.
        if internal:
            raise ValueError("its DOCTYPE declares something; save it as plain SVG without")

    def declared(_version: str, coding: str | None, _alone: int) -> None:
        if coding is not None and coding.lower() not in _CODINGS:
            raise ValueError(f"it is coded in {coding}; save it as UTF-8")

    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = declared
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no well-formed SVG: {error}") from error
    return reader.root


def _attributes(element: str, given: dict[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in given.items():
        space, _, local = name.rpartition(" ")
        if local == "href" and space in ("", XLINK):
            link = value.strip()
            pattern = _EMBEDDED if element == "image" else _LOCAL
            if pattern.match(link):
                kept["href"] = link
        elif not space and local in _ATTRIBUTES:
            # Browsers read these as CSS, where a backslash can spell url() another way.
            checked = _css(value) if local == "style" or "(" in value or "\\" in value else value
            if checked is not None:
                kept[local] = checked
    return kept


def _refers_inside(value: str) -> bool:
    """Whether each ``url()`` of a value names a part of the same drawing."""
    return len(_URL.findall(value)) == len(_URL_INSIDE.findall(value))


def _css(text: str) -> str | None:
    """Style rules without comments; ``None`` when something in them could load or run."""
    if len(text) > LONGEST_RULES:
        raise ValueError(f"one of its styles has more than {LONGEST_RULES} characters")
    plain = _CSS_COMMENT.sub(" ", text)
    return None if _CSS_TRAPS.search(plain) or not _refers_inside(plain) else plain


def _size(root: _Element) -> tuple[float, float]:
    box = re.split(r"[\s,]+", root.attributes.get("viewBox", "").strip())
    if len(box) == 4:
        numbers = [_length(each) for each in box]
        width, height = numbers[2], numbers[3]
    else:
        width = _length(root.attributes.get("width", ""))
        height = _length(root.attributes.get("height", ""))
        root.attributes["viewBox"] = f"0 0 {width or 0:g} {height or 0:g}"
    if not width or not height or width < 0 or height < 0:
        raise ValueError("it says no size: give the drawing a viewBox, or a width and a height")
    return width, height


def _length(text: str) -> float | None:
    found = _NUMBER.match(text)
    if found is None:
        return None
    length = float(found[1]) * _PIXELS[found[2]]
    return length if math.isfinite(length) else None


def _drawn(root: _Element) -> int:
    """How many elements are drawn once every ``use`` is followed. Raises on a circle."""
    by_id: dict[str, _Element] = {}
    every = [root]
    for element in every:
        if "id" in element.attributes:
            by_id.setdefault(element.attributes["id"], element)
        every += [each for each in element.inside if isinstance(each, _Element)]
    known: dict[int, int] = {}
    under_way: set[int] = set()

    def count(element: _Element, steps: int) -> int:
        at = id(element)
        if at in known:
            return known[at]
        if at in under_way or steps > 2 * DEEPEST:
            raise ValueError("its parts refer to each other in a circle")
        under_way.add(at)
        total = 1 + sum(
            count(each, steps + 1) for each in element.inside if isinstance(each, _Element)
        )
        if element.name == "use":
            target = by_id.get(element.attributes.get("href", "")[1:])
            total += 0 if target is None else count(target, steps + 1)
        under_way.discard(at)
        known[at] = total
        return total

    return count(root, 0)


def _write(element: _Element, out: list[str], *, root: bool = False) -> None:
    space = f' xmlns="{SVG}"' if root else ""
    shown = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes.items())
    if element.name == "style":
        rules = _css("".join(each for each in element.inside if isinstance(each, str)))
        if rules is not None:
            out.append(f"<style{shown}>{escape(rules)}</style>")
        return
    out.append(f"<{element.name}{space}{shown}>")
    for each in element.inside:
        if isinstance(each, str):
            out.append(escape(each))
        else:
            _write(each, out)
    out.append(f"</{element.name}>")
