"""How a sealed secret begins. Apart from `sealing`: most settings have none, and load no cipher."""

from __future__ import annotations

from typing import Final

MARK: Final = "campus-sealed-v1:"
