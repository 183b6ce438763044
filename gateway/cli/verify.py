"""``campus verify``: a verification from the shell, step by step, with its verdict as status."""

from __future__ import annotations

import json
import os
import select
import sys
import termios
from typing import Annotated, Any, Final

import typer

from gateway.cli.options import ConfigOption
from gateway.cli.remote import Remote, RemoteError, TokenOption, UrlOption, UserOption, signed_in
from gateway.words import Words

STATUS: Final = {"met": 0, "failed": 1, "unknown": 2}
"""What the command ends with; what keeps a run from beginning leaves everything unknown."""

_YES: Final = frozenset({"y", "yes", "是"})
_SIGNS: Final = {"met": "✓", "failed": "✗", "unknown": "?"}


def verify(
    *,
    device: Annotated[str, typer.Argument(metavar="SCHOOL/ID", help="The device.")],
    config: ConfigOption = None,
    user: UserOption = None,
    token: TokenOption = None,
    url: UrlOption = None,
    window_s: Annotated[
        int, typer.Option(min=10, max=600, help="How long a test window is open.")
    ] = 600,
    reading: Annotated[
        float | None, typer.Option(help="The reference meter's power in W, for a meter.")
    ] = None,
    notice: Annotated[
        str | None,
        typer.Option(help="Whom of the police you told beforehand and how, where they want that."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Verify a device: ends with 0 when that is met, 1 when it failed, 2 when nobody knows.

    A press of an alarm button in its test window is confirmed at this terminal within 30 seconds.
    Unconfirmed, and without a terminal, it goes out as a real alarm.
    """
    school, _, name = device.partition("/")
    if not name:
        raise typer.BadParameter("write SCHOOL/ID", param_hint="device")
    try:
        with signed_in(config, user=user, token=token, url=url) as remote:
            begun = remote.post(f"/devices/{school}/{name}/verify", {"window_s": window_s})
            run = Follower(remote, quiet=as_json).to_the_end(begun, reading, notice)
    except RemoteError as error:
        typer.echo(f"campus: {error}", err=True)
        raise typer.Exit(STATUS["unknown"]) from error
    raise typer.Exit(told(run, as_json=as_json))


def told(run: dict[str, Any], *, as_json: bool) -> int:
    """Print what a run came to; the status to end with."""
    verdict = str(run["verdict"])
    if as_json:
        typer.echo(json.dumps(run, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{_SIGNS[verdict]} {text(run['text'])}")
        if run["advice"] is not None and verdict != "met":
            typer.echo(f"  {text(run['advice'])}")
    return STATUS[verdict]


class Follower:
    """Follows a run, prints its steps, and asks at the terminal for what it needs of people."""

    def __init__(self, remote: Remote, *, quiet: bool) -> None:
        """``quiet``: steps are not printed; questions are, to standard error."""
        self._remote = remote
        self._quiet = quiet
        self._words = Words.load()
        self._shown: set[tuple[int, str | None]] = set()
        self._asked: set[tuple[str, int]] = set()

    def to_the_end(
        self, run: dict[str, Any], reading: float | None = None, notice: str | None = None
    ) -> dict[str, Any]:
        """The run once it has a verdict. Raises `RemoteError`."""
        while True:
            self._show(run)
            if run["ended"] is not None:
                return run
            step = (run["waits_for"], len(run["steps"]))
            if step not in self._asked:
                self._asked.add(step)
                match run["waits_for"]:
                    case "notice":
                        self._tell_police(run, notice)
                    case "confirm":
                        self._confirm(run)
                    case "reading":
                        self._type_in(run, reading)
                    case "attest":
                        self._attest(run)
            run = self._remote.follow(run)

    def _show(self, run: dict[str, Any]) -> None:
        if self._quiet:
            return
        for number, step in enumerate(run["steps"]):
            key = (number, step["verdict"])
            if key in self._shown:
                continue
            self._shown.add(key)
            sign = "…" if step["verdict"] is None else _SIGNS[step["verdict"]]
            said = "" if step["text"] is None else f": {text(step['text'])}"
            typer.echo(f"{sign} {text(step['title'])}{said}")

    def _tell_police(self, run: dict[str, Any], told: str | None) -> None:
        """Ask whom of the police they told and how. Nothing said: the test is given up."""
        wanted = run["notice"]
        typer.echo(self._words.text("verify.shell.notice", _language(), **wanted), err=True)
        if told is None and sys.stdin.isatty():
            question = self._words.text("verify.shell.notice.told", _language())
            told = _answer(question, _seconds(run))
        path = f"/verifications/{run['id']}"
        if told:
            self._remote.post(f"{path}/notice", {"link": wanted["link"], "told": told})
        else:
            self._remote.post(f"{path}/cancel", {})

    def _confirm(self, run: dict[str, Any]) -> None:
        """Ask whether the press was theirs. Anything but a yes in time is none."""
        seconds = _seconds(run)
        terminal = sys.stdin.isatty()
        key = "verify.shell.confirm" if terminal else "verify.shell.nobody"
        question = self._words.text(key, _language(), seconds=round(seconds))
        if not terminal:
            typer.echo(question, err=True)
            return
        mine = _answer(question, seconds).lower() in _YES
        try:
            self._remote.post(f"/verifications/{run['id']}/{'confirm' if mine else 'cancel'}", {})
        except RemoteError as error:
            # Too late, as a rule; the run itself says what came of the press.
            typer.echo(f"campus: {error}", err=True)

    def _attest(self, run: dict[str, Any]) -> None:
        """Ask whether the police had it. Only a yes at a terminal is one."""
        question = self._words.text("verify.shell.attest", _language())
        had = sys.stdin.isatty() and _answer(question, _seconds(run)).lower() in _YES
        self._remote.post(f"/verifications/{run['id']}/{'confirm' if had else 'cancel'}", {})

    def _type_in(self, run: dict[str, Any], reading: float | None) -> None:
        if reading is None and sys.stdin.isatty():
            question = self._words.text("verify.shell.reading", _language())
            try:
                reading = float(_answer(question, 120.0).replace(",", "."))
            except ValueError:
                reading = None
        if reading is None:
            self._remote.post(f"/verifications/{run['id']}/cancel", {})
        else:
            self._remote.post(f"/verifications/{run['id']}/input", {"value": reading})


def _seconds(run: dict[str, Any]) -> float:
    """How long the present step lasts."""
    step = run["steps"][-1]
    return max(0.0, float(step["due"] - step["started"]) / 1000)


def _answer(question: str, seconds: float) -> str:
    """A line typed after the question, or nothing when the time is over."""
    # What was typed before the question is no answer to it; what is typed at once is.
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    typer.echo(question, err=True)
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return sys.stdin.readline().strip() if ready else ""


def text(both: dict[str, str]) -> str:
    """In the language of this terminal."""
    return both[_language()]


def _language() -> Any:
    return "en" if os.environ.get("LANG", "").startswith("en") else "zh"
