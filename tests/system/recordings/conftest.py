"""Lets these tests use the recorder that the tests of its dialect are made with."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "devices" / "recording"))
