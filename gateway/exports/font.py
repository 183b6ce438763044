"""The Chinese font that PDF files embed: which one this machine has, and what signs are in it.

A PDF without its font shows boxes on some machines, and cannot be kept for years. Only fonts with
TrueType outlines can be embedded by reportlab; those of Noto CJK have others (CFF). A subset goes
into each file: the signs it uses.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = "fonts-wqy-microhei"
"""The Debian package to install; `docker/need.sh` does."""

PLACES: Final = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
)
"""Where they lie on Debian, Fedora, Windows and macOS; the first that is there is taken."""

INSTEAD: Final = "〓"
"""Stands for a sign that the font does not have, as printers have always set it."""


class FontMissingError(Exception):
    """There is no Chinese font that can be embedded; the message says what to install."""


def find_font(own: Path | None = None) -> Path:
    """The font's file: ``own`` when one is given. Raises `FontMissingError`."""
    if own is not None:
        return own
    for place in PLACES:
        path = Path(place)
        if path.is_file():
            return path
    raise FontMissingError(
        f"a PDF embeds a Chinese font, and none is installed: apt-get install {PACKAGE}, or name "
        "a TrueType file (.ttf, .ttc) as exports.font in gateway.yaml"
    )


class Typeface:
    """A font that reportlab knows: how wide its signs are, and which it does not have."""

    def __init__(self, name: str, widths: dict[int, float], otherwise: float) -> None:
        self.name: Final = name
        self._widths: Final = widths
        self._otherwise: Final = otherwise

    def width(self, text: str, size: float) -> float:
        """How wide the text is, in points."""
        widths, otherwise = self._widths, self._otherwise
        return sum(widths.get(ord(sign), otherwise) for sign in text) * size / 1000

    def has(self, sign: str) -> bool:
        """Whether the font has the sign."""
        return ord(sign) in self._widths or sign in "\n\t"

    def missing(self, text: str) -> Iterator[str]:
        """The signs of the text that the font does not have."""
        return (sign for sign in text if not self.has(sign))

    def settable(self, text: str) -> str:
        """The text with `INSTEAD` for what the font does not have."""
        if all(map(self.has, text)):
            return text
        return "".join(sign if self.has(sign) else INSTEAD for sign in text)

    def lines(self, text: str, room: float, size: float) -> list[str]:
        """The text in lines that fit into ``room`` points; at least one. Chinese breaks anywhere
        but before a mark that ends something; Latin words only when they are too long."""
        return [
            line
            for part in text.split("\n")
            for line in _broken(part.expandtabs(4), room, lambda some: self.width(some, size))
        ]


@functools.cache
def typeface(path: Path) -> Typeface:
    """The font of a file, for reportlab under a name of its own. Raises
    `FontMissingError` for one that cannot be embedded."""
    # reportlab takes a while to import, and a gateway that starts needs none of it.
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415

    try:
        font = TTFont(f"campus-{zlib.crc32(str(path).encode()):08x}", str(path), subfontIndex=0)
    except (TTFError, OSError) as error:
        raise FontMissingError(
            f"{path} cannot be embedded ({error}): it needs TrueType outlines; install {PACKAGE}"
        ) from error
    pdfmetrics.registerFont(font)
    face = font.face
    widths = {
        code: float(face.charWidths.get(code, face.defaultWidth)) for code in face.charToGlyph
    }
    return Typeface(font.fontName, widths, float(face.defaultWidth))


def embedded(own: Path | None = None) -> Typeface | None:
    """The face for papers that must be had in any case, of an emergency or of labels: ``None``
    without one to embed; they name a font then that viewers bring themselves, as some do."""
    try:
        return typeface(find_font(own))
    except FontMissingError:
        return None


_NOT_FIRST: Final = frozenset("，。、；：？！）》」』】”’％%,.;:?!)]}…—")
"""Signs that no line begins with (GB/T 15834)."""


def _broken(text: str, room: float, width: Callable[[str], float]) -> Iterable[str]:
    rest = text.rstrip()
    if not rest:
        return [""]
    found: list[str] = []
    while rest:
        length = _fitting(rest, room, width)
        if length < len(rest):
            length = _break(rest, length)
        found.append(rest[:length].rstrip())
        rest = rest[length:].lstrip()
    return found


def _fitting(text: str, room: float, width: Callable[[str], float]) -> int:
    """How many of its signs fit; at least one."""
    used, count = 0.0, 0
    for sign in text:
        used += width(sign)
        if used > room and count:
            return count
        count += 1
    return count


def _break(text: str, length: int) -> int:
    """Where to break a text of which ``length`` signs fit."""
    before, after = text[length - 1], text[length]
    if _latin(before) and _latin(after):
        space = max(text.rfind(sign, 0, length) for sign in " -/")
        if space > 0:
            return space + 1
        word = length
        while word > 0 and _latin(text[word - 1]):
            word -= 1
        return word or length
    if after in _NOT_FIRST and length > 1 and before not in _NOT_FIRST:
        return length - 1
    return length


def _latin(sign: str) -> bool:
    return sign < "\u2e80" and not sign.isspace()
