"""The command line, ``campus``."""

from __future__ import annotations


def main() -> None:
    """Run ``campus`` with the arguments of this process."""
    # Imported here, so that one command can be run as a module without loading all others.
    from gateway.cli.commands import app  # noqa: PLC0415

    app()
