"""Alarms wait at a start for nothing that only people, pages and other machines need."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATE = (
    "sqlalchemy",
    "alembic",
    "fastapi",
    "uvicorn",
    "httpx",
    "paho",
    "prometheus_client",
    "argon2",
    "google",  # Protocol Buffers
)


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The packages that are there when ``campus run`` begins to read its settings."""
    code = "import sys, gateway.cli.run; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", LATE)
def test_is_not_imported_before_messages_are_taken_in(package: str, imported: set[str]) -> None:
    assert "gateway" in imported
    assert package not in imported
