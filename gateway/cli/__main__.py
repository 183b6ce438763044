"""``python -m gateway.cli`` is ``campus``."""

from __future__ import annotations

from gateway.cli import main

main()
