"""The command line, ``campus``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``campus`` with the arguments of this process."""
    # ``run`` alone is loaded for itself: what other commands need would keep alarms waiting for a
    # second at each start. The others are loaded together, so that ``--help`` shows them all.
    if sys.argv[1:2] == ["run"]:
        from gateway.cli.run import app  # noqa: PLC0415
    else:
        from gateway.cli.commands import app  # noqa: PLC0415

    app(prog_name="campus")
