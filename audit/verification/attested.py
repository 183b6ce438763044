"""A police link that a vendor's alarm host keeps: its test is attested, never measured here.

The technician has the host send a test, asks the police by telephone whether it came, and says
so. The verdict carries who said it.
"""

from __future__ import annotations

from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Cancelled, Confirmed, Course, Input
from audit.verification.steps import Ending, begun, ended, passed, present

STEP: Final = "attest"
ATTEST_MS: Final = 1_800_000
"""Half an hour for a telephone call."""

_NOT_ATTESTED: Final = Ending(Verdict.UNKNOWN, "not_attested", "attest")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class Attested:
    """Step ``attest``."""

    kind = "attested"

    def begin(self, run: Verification, now: int) -> Course:
        """Wait for the word of who began it."""
        return Course(begun(run, STEP, now, due=now + ATTEST_MS, waits_for=STEP))

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """Somebody's word; nothing that a machine says counts."""
        if present(run) is None:
            return Course(run)
        if isinstance(heard, Confirmed):
            run = passed(run, "attest_confirmed", now, actor=run.actor)
            return Course(ended(run, Verdict.MET, "attested", now, actor=run.actor))
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        return Course(run)

    def tick(self, run: Verification, now: int) -> Course:
        """Nobody said so."""
        return Course(_NOT_ATTESTED.of(run, now) if present(run) is not None else run)
