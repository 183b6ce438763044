"""Lets these tests use the school that the tests of the recordings are made with."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "recordings"))
