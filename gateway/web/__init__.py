"""The page: a Vue application in ``src``, built into ``dist`` by `build_hook`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).parent / "dist"
"""Where the built page lies; each file may have a ``.br`` and a ``.gz`` beside it."""
