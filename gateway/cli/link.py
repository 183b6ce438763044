"""``campus link``: the police links from the shell."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from gateway.cli.options import ConfigOption
from gateway.cli.remote import Remote, RemoteError, TokenOption, UrlOption, UserOption, signed_in
from gateway.cli.verify import STATUS, Follower, told

link_app: Final = typer.Typer(
    no_args_is_help=True, help="Police links: whether alarms reach the police."
)
SchoolArgument = Annotated[str, typer.Argument(metavar="SCHOOL", help="The school's id.")]


@link_app.callback()
def links() -> None:
    """Keeps ``test`` a command of its own."""


@link_app.command("test")
def send_test(
    *,
    school: SchoolArgument,
    link: Annotated[
        str | None, typer.Option("--link", help="Its name. Default: all of the school's.")
    ] = None,
    config: ConfigOption = None,
    user: UserOption = None,
    token: TokenOption = None,
    url: UrlOption = None,
    reason: Annotated[str, typer.Option(help="Kept with the facts.")] = "",
    notice: Annotated[
        str | None,
        typer.Option(help="Whom of the police you told beforehand and how, where they want that."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a link, for programs.")
    ] = False,
) -> None:
    """Send a test event over every path of a school's police links; each has to acknowledge.

    Ends with 0 when all have, 1 when one has not, 2 when nobody knows.
    """
    try:
        with signed_in(config, user=user, token=token, url=url) as remote:
            names = [link] if link else _own_links(remote, school)
            runs = [_tested(remote, school, name, reason, notice, quiet=as_json) for name in names]
    except RemoteError as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(STATUS["unknown"]) from error
    if as_json:
        typer.echo(json.dumps({"tests": runs}, ensure_ascii=False, indent=2))
    else:
        for run in runs:
            typer.echo(f"{run['link']}:")
            told(run, as_json=False)
    verdicts = {str(run["verdict"]) for run in runs}
    worst = next(one for one in ("failed", "unknown", "met") if one in verdicts)
    raise typer.Exit(STATUS[worst])


def _own_links(remote: Remote, school: str) -> list[str]:
    """The links that the gateway can test. Raises `RemoteError` when there is none."""
    found = remote.get("/links", school=school)["items"]
    names = [str(one["name"]) for one in found if one["kind"] != "observed"]
    if not names:
        raise RemoteError(
            f"school '{school}' has no police link that the gateway could test: "
            "look at police_links in its configuration"
        )
    return names


def _tested(
    remote: Remote, school: str, name: str, reason: str, notice: str | None, *, quiet: bool
) -> dict[str, Any]:
    begun = remote.post(f"/links/{school}/{name}/test", {"reason": reason})
    return Follower(remote, quiet=quiet).to_the_end(begun, notice=notice)
