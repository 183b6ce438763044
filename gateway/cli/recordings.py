"""``campus recordings``: whether a camera's recordings reach back, asked on the spot."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Final

import typer

from gateway.cli.options import ConfigOption
from gateway.cli.remote import Remote, RemoteError, TokenOption, UrlOption, UserOption, signed_in
from gateway.cli.verify import text

recordings_app: Final = typer.Typer(
    no_args_is_help=True, help="Recordings: whether they reach back as they must."
)

STATUS: Final = {"met": 0, "short": 1, "gaps": 1, "unknown": 2}
"""What the command ends with; what cannot be asked is unknown."""

_SIGNS: Final = {"met": "✓", "short": "✗", "gaps": "✗", "unknown": "?"}
LOOK_S: Final = 0.5


@recordings_app.callback()
def recordings() -> None:
    """Keeps ``check`` a command of its own."""


@recordings_app.command("check")
def check(
    *,
    camera: Annotated[str, typer.Argument(metavar="SCHOOL/ID", help="The camera.")],
    config: ConfigOption = None,
    user: UserOption = None,
    token: TokenOption = None,
    url: UrlOption = None,
    wait_s: Annotated[
        int, typer.Option(min=1, max=7200, help="How long the recorder is waited for.")
    ] = 600,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Have the gateway ask a camera's recorder now, and print the verdict.

    Ends with 0 when it is met, 1 when it is short or has gaps, 2 when nobody knows.
    """
    school, _, name = camera.partition("/")
    if not name:
        raise typer.BadParameter("write SCHOOL/ID", param_hint="camera")
    try:
        with signed_in(config, user=user, token=token, url=url) as remote:
            found = _checked(remote, f"/recordings/{school}/{name}", wait_s)
    except RemoteError as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(STATUS["unknown"]) from error
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _print(found)
    raise typer.Exit(STATUS[found["status"]])


def _checked(remote: Remote, path: str, wait_s: int) -> dict[str, Any]:
    """The camera once its recorder was asked. Raises `RemoteError` when that takes too long."""
    remote.post(f"{path}/check", {})
    until = time.monotonic() + wait_s
    while True:
        found: dict[str, Any] = remote.get(path)
        if not found["checking"]:
            return found
        if time.monotonic() >= until:
            raise RemoteError(
                f"the recorder was not asked through in {wait_s} s; it goes on: look at the page"
            )
        time.sleep(LOOK_S)


def _print(found: dict[str, Any]) -> None:
    held = "?" if found["held_days"] is None else f"{found['held_days']:g}"
    covered = "?" if found["covered_pct"] is None else f"{found['covered_pct']:g} %"
    typer.echo(
        f"{_SIGNS[found['status']]} {text(found['name'])}: {found['status']}, "
        f"{held} / {found['required_days']} d, {covered}"
    )
    if (sample := found["sample"]) is not None:
        typer.echo(f"  {text(sample['text'])}")
    for reason in found["reasons"]:
        typer.echo(f"  {text(reason['text'])}")
        if reason["detail"]:
            typer.echo(f"    {reason['detail']}")
