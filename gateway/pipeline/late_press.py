"""A press that was held back for a test and is none: judged late, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from alerts.finding import Explanation, Finding, Outcome, Priority
from alerts.rules.pressed import CONDITION, Pressed
from alerts.rules.rule import DeviceState
from devices.reading import Reading
from gateway.pipeline.alert_book import AlertBook
from gateway.pipeline.roster import Roster
from gateway.pipeline.windows import REMARK, HeldPress
from gateway.pipeline.work import Work


class LatePress:
    """Has a held press judged by the rules of its device, or raises the alarm without them."""

    def __init__(
        self,
        roster: Roster,
        book: AlertBook,
        *,
        follow: Callable[[DeviceState, int, Outcome, Work], None],
        fault: Callable[[str, bytes, Exception, int, Work], None],
    ) -> None:
        """``follow`` takes what a rule concludes, ``fault`` a fault of our own."""
        self._roster: Final = roster
        self._book: Final = book
        self._follow: Final = follow
        self._fault: Final = fault

    def goes_out(self, held: HeldPress, now: int, work: Work) -> None:
        """A real alarm after all."""
        device = held.window.device
        work.batch.urgent = True
        try:
            state = self._roster.state_of(device.row)
            if state is not None and self._judge(state, held.reading, now, work):
                return
        except Exception as error:  # noqa: BLE001 - it goes out all the same, below
            self._fault(f"{device.school}/{device.id} held press", b"", error, now, work)
        # Off the register meanwhile, or judged by other rules, or not at all: the press stands.
        why = Explanation("pressed", held.reading.event or "pressed", {"device": device.id})
        alarm = Finding(
            CONDITION,
            True,
            Priority.EMERGENCY,
            held.reading.happened,
            now,
            why,
            occurrence=True,
            latches=True,
            remark=REMARK,
        )
        self._book.fold(alarm, device, work)

    def _judge(self, state: DeviceState, reading: Reading, now: int, work: Work) -> bool:
        """Whether a rule made an alarm of it, as it would have at once."""
        raised = False
        for number, rule in enumerate(state.rules):
            if not isinstance(rule, Pressed):
                continue
            outcome = rule.judge(state.memories[number], state, reading, now)
            if outcome is None:
                continue
            findings = tuple(
                msgspec.structs.replace(one, remark=one.remark or REMARK)
                for one in outcome.findings
            )
            self._follow(state, number, msgspec.structs.replace(outcome, findings=findings), work)
            raised = raised or any(one.active for one in findings)
        return raised
