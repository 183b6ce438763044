"""The demonstration's police link: an invented receiving centre in a process of its own."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

NAME: Final = "110"
KEY: Final = "police.key"
FIRST_ACCOUNT: Final = 0x1101
TELEPHONE: Final = "110 (demonstration)"


def account_of(number: int) -> str:
    """The account of the demonstration's school with this number, from 0."""
    return f"{FIRST_ACCOUNT + number:04X}"


def police_links(schools: Sequence[str], ports: tuple[int, int]) -> list[dict[str, Any]]:
    """For ``gateway.yaml``: all schools to one centre, over two ways."""
    primary, backup = ports
    return [
        {
            "name": NAME,
            "schools": {
                school: {"account": account_of(number)} for number, school in enumerate(schools)
            },
            "telephone": TELEPHONE,
            "category": "DP4",
            "dc09": {
                "primary": {"address": f"127.0.0.1:{primary}"},
                "backup": {"address": f"127.0.0.1:{backup}", "transport": "udp"},
                "key": {"file": KEY},
            },
        }
    ]


def ensure_key(folder: Path) -> Path:
    """The file of the key that both sides share; made once."""
    file = folder / KEY
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16) + "\n", "utf-8")
    return file


def command(schools: Sequence[str], ports: tuple[int, int], folder: Path) -> list[str]:
    """What runs the centre."""
    made = [sys.executable, "-m", "gateway.cli.simulate", "receiver", "--until-stdin-closes"]
    made += ["--key-file", str(folder / KEY)]
    for number, _ in enumerate(schools):
        made += ["--account", account_of(number)]
    for port in ports:
        made += ["--port", str(port)]
    return made
