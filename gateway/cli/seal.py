"""``campus seal``: puts a password into a file that tells nothing to whoever copies it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.security.sealing import SealError, key_path, make_key, seal
from gateway.settings_fields import MAX_SECRET_BYTES


def seal_secret(
    path: Annotated[Path, typer.Argument(help="The file to write, e.g. nvr-1.password.")],
    again: Annotated[
        bool, typer.Option("--again", help="Take the place of a file that is there.")
    ] = False,
) -> None:
    """Seal a secret into a file, for `{file: …}` in gateway.yaml.

    The secret is asked for, or read from standard input. The key is made the first time, for the
    account that calls this: call it as the account that runs the gateway.
    """
    if path.exists() and not again:
        raise _refused(f"{path} is there already; --again replaces it")
    if sys.stdin.isatty():
        secret = typer.prompt("Secret", hide_input=True, confirmation_prompt=True)
    else:
        secret = sys.stdin.read(MAX_SECRET_BYTES + 1).rstrip("\r\n")
    if not secret:
        raise _refused("nothing was given to seal")
    if len(secret.encode()) > MAX_SECRET_BYTES // 2:
        raise _refused(f"a secret has {MAX_SECRET_BYTES // 2048} KB at most")
    try:
        key = key_path(os.environ)
        _write(path, seal(secret, make_key(key)) + "\n")
    except (SealError, OSError) as error:
        raise _refused(str(error)) from error
    typer.echo(f"sealed in {path} with the key {key}; keep a copy of the key apart from it")


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _refused(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(1)
