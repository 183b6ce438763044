"""What the QR code of a device says: ``campus:{school}/{id}``, and what a scanned code means."""

from __future__ import annotations

from typing import Final

from devices.model import is_identifier

SCHEME: Final = "campus:"


def code_of(school: str, device: str) -> str:
    """The content of a device's QR code."""
    return f"{SCHEME}{school}/{device}"


def named_by(code: str) -> tuple[str | None, str]:
    """School (``None`` = not said) and id that a code means: one of ours, ``school/id``, or an id
    as it was typed or stands on the device."""
    text = code.strip()
    if text[: len(SCHEME)].lower() == SCHEME:
        text = text[len(SCHEME) :].strip()
    school, slash, device = text.partition("/")
    if slash and is_identifier(school) and is_identifier(device):
        return school, device
    return None, text
