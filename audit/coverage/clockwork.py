"""The instant of a verdict: what is over by then, and when the next thing will be."""

from __future__ import annotations

from typing import Final

from audit.coverage.verdict import Code, Detail, Part, Reason
from audit.verification.model import Verdict

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


class Clockwork:
    """``now`` in ms. ``until``: the next instant at which something may change without a new fact.

    ``repair`` is the time to repair (ms): a fault that has stood for less does not count.
    """

    __slots__ = ("_repair", "now", "until")

    def __init__(self, now: int, repair: int) -> None:
        self.now = now
        self.until: int | None = None
        self._repair = repair

    def passed(self, at: int) -> bool:
        """Whether it is ``at`` (ms) or later; if not, that may change then."""
        if at <= self.now:
            return True
        if self.until is None or at < self.until:
            self.until = at
        return False

    def fault(
        self,
        code: Code,
        part: Part,
        verdict: Verdict,
        inputs: dict[str, Detail] | None = None,
        *,
        since: int,
        forgiven: bool,
        evidence: int,
        device: str = "",
        place: str = "",
        link: str = "",
    ) -> Reason:
        """A fault; if ``forgiven``, pending until it has stood for the time to repair."""
        due = since + self._repair
        pending = forgiven and not self.passed(due)
        return Reason(
            code=code,
            part=part,
            verdict=verdict,
            device=device,
            place=place,
            link=link,
            since=since,
            due=due if pending else None,
            evidence=evidence,
            inputs=inputs or {},
            pending=pending,
        )
