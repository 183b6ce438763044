"""Draws the pictures of the installed page from its mark: run it when the mark changes.

``python gateway/web/draw_icons.py`` writes the PNG files of ``public/icons``. They are kept with
the sources, because drawing them needs a browser and building the page does not.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import sync_playwright

PUBLIC: Final = Path(__file__).resolve().parent / "public"
_GROUND: Final = "#3b444c"


class Icon(NamedTuple):
    """One file. ``share`` is how much of the square the mark takes, ``ground`` what lies behind."""

    name: str
    pixels: int
    share: float
    ground: str | None


ICONS: Final = (
    Icon("mark-192", 192, 1.0, None),
    Icon("mark-512", 512, 1.0, None),
    # What may be cut into any shape keeps what matters within a circle of 80 % (W3C manifest).
    Icon("mask-512", 512, 0.9, _GROUND),
    Icon("apple-180", 180, 0.95, _GROUND),
)
BADGE: Final = Icon("badge-96", 96, 1.2, None)
"""Beside the clock of a phone, which sees only where it is opaque."""


def _page(icon: Icon, mark: str) -> str:
    size = icon.pixels * icon.share
    at = (icon.pixels - size) / 2
    behind = "transparent" if icon.ground is None else icon.ground
    picture = re.sub(r"^<svg ", f'<svg width="{size}" height="{size}" ', mark)
    return (
        f'<body style="margin:0;background:{behind}"><div style="position:absolute;'
        f'left:{at}px;top:{at}px;line-height:0">{picture}</div></body>'
    )


def main() -> int:
    """Draw them all."""
    mark = (PUBLIC / "mark.svg").read_text("utf-8").strip()
    bare = re.sub(r"<rect [^>]*/>", "", mark)
    badge = re.sub(r"#cfd5da|#fff\b", "#ffffff", bare)
    folder = PUBLIC / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for icon in (*ICONS, BADGE):
            shown = badge if icon is BADGE else mark if icon.ground is None else bare
            page = browser.new_page(viewport={"width": icon.pixels, "height": icon.pixels})
            page.set_content(_page(icon, shown))
            page.screenshot(path=folder / f"{icon.name}.png", omit_background=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
