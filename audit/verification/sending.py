"""The way to the police, as part of a verification: a test event for each link, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audit.verification.model import Detail, Verdict, Verification
from audit.verification.procedure import Course, Exchanged, SendTest, Sent
from audit.verification.steps import Ending, begun, exchanged, passed, present
from devices.police_link.link import Code, Exchange, Path, Result

STEP: Final = "send"
SEND_MS: Final = 60_000
"""The link's own time limits are far shorter; this ends a run whose link never came back."""

NO_LINK: Final = Ending(Verdict.UNKNOWN, "no_link", "set_up_link")
NOT_SENT: Final = Ending(Verdict.UNKNOWN, "not_sent", "look_at_gateway")
NO_REPORT: Final = Ending(Verdict.UNKNOWN, "no_report", "look_at_gateway")

_ADVICE: Final = {
    Result.REFUSED: "ask_receiver",
    Result.CLOCK: "set_clock",
    Result.UNABLE: "ask_receiver",
    Result.GARBLED: "check_key",
    Result.SILENT: "check_path",
    Result.UNREACHABLE: "check_path",
}


class Sending:
    """Sends over each of ``links``; all must acknowledge. ``paths``: each must by itself."""

    def __init__(self, links: Sequence[str], code: Code, paths: Sequence[Path] = ()) -> None:
        self._links: Final = tuple(links)
        self._code: Final = code
        self._paths: Final = tuple(paths)

    def begin(self, run: Verification, now: int) -> Course:
        """The first link; without any there is nothing that could be judged."""
        return Course(NO_LINK.of(run, now)) if not self._links else self._send(run, 0, now)

    def take(self, run: Verification, heard: Exchanged | Sent, now: int) -> tuple[Course, bool]:
        """What came of it, and whether all links have acknowledged."""
        if isinstance(heard, Exchanged):
            return Course(exchanged(run, heard.exchange)), False
        for exchange in heard.exchanges:
            run = exchanged(run, exchange)
        last = present(run)
        number = 0 if last is None else int(last.inputs.get("number") or 0)
        link = self._links[number] if number < len(self._links) else ""
        if heard.error:
            return Course(NOT_SENT.of(run, now, link=link, error=heard.error)), False
        failed = self._missing(heard.exchanges)
        if failed is not None:
            return Course(_not_acknowledged(run, link, failed, heard.exchanges, now)), False
        run = passed(run, "acknowledged", now, **_best(link, heard.exchanges))
        if number + 1 < len(self._links):
            return self._send(run, number + 1, now), False
        return Course(run), True

    def _send(self, run: Verification, number: int, now: int) -> Course:
        link = self._links[number]
        run = begun(
            run, STEP, now, due=now + SEND_MS, waits_for="receiver", link=link, number=number
        )
        return Course(run, (SendTest(link, self._code, self._paths),))

    def _missing(self, exchanges: Sequence[Exchange]) -> str | None:
        """The path that did not acknowledge, ``""`` for none at all; ``None`` = all is well."""
        there = {one.path for one in exchanges if one.acknowledged}
        if not there:
            return ""
        return next((path.value for path in self._paths if path not in there), None)


def _not_acknowledged(
    run: Verification, link: str, path: str, exchanges: Sequence[Exchange], now: int
) -> Verification:
    last = next((one for one in reversed(exchanges) if path in ("", one.path.value)), None)
    result = Result.SILENT if last is None else last.result
    code = f"not_acknowledged_{result.value}"
    ending = Ending(Verdict.FAILED, code, _ADVICE.get(result, "check_path"))
    inputs: dict[str, Detail] = {"link": link, "path": path or "primary"}
    if last is not None:
        inputs["path"] = last.path.value
        inputs["offset_ms"] = last.offset_ms
    return ending.of(run, now, **inputs)


def _best(link: str, exchanges: Sequence[Exchange]) -> dict[str, Detail]:
    there = next(one for one in exchanges if one.acknowledged)
    return {"link": link, "path": there.path.value, "ack_ms": round(there.elapsed_ms, 1)}
