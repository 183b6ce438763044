"""For the tests of test windows: a judge, two buttons, and what its work leaves stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from judged import BUTTON, DEVICES, Judged

from alerts.alert import Refusal, TransitionKind
from devices.model import Device
from gateway.pipeline.windows import LONGEST_MS, Over, Why
from gateway.pipeline.work import Work
from gateway.store.batch import Batch, Deadline

OTHER = Device("no3", "gate-02", "alarm-button", row=4)


class Testing(Judged):
    """A judge with two buttons, and the deadlines that its work leaves in the store."""

    __test__ = False

    def __init__(
        self,
        saved: dict[int, bytes] | None = None,
        now: int | None = None,
        *,
        devices: Sequence[Device] = (*DEVICES, OTHER),
    ) -> None:
        super().__init__(saved, now, devices=devices)
        self.stored: dict[tuple[str, str], Deadline] = {}
        self.states: dict[int, bytes] = {}
        self.windows = self.judge.windows
        self.seq = 0

    def keep(self, work: Work) -> Work:
        """Commit the work, as the flow would."""
        self.judge.finish(work)
        for deadline in work.batch.deadlines:
            if deadline.due is None:
                self.stored.pop((deadline.kind, deadline.subject), None)
            else:
                self.stored[deadline.kind, deadline.subject] = deadline
        self.states.update(work.batch.states)
        self.windows.committed(work)
        return work

    def open(self, device: Device = BUTTON, milliseconds: int = LONGEST_MS) -> Work:
        work = Work(Batch(now=self.now))
        window = self.windows.open(
            device, actor="li.na", verification="v1", milliseconds=milliseconds, work=work
        )
        assert not isinstance(window, Refusal), window
        return self.keep(work)

    def pressed(self, device: Device = BUTTON, after: int = 1000, **more: object) -> Work:
        self.clock.turn(after)
        self.seq += 1
        values = {"ts": self.now, "seq": self.seq, "event": "pressed", **more}
        topic = f"campus/{device.school}/{device.kind}/{device.id}/event"
        return self.keep(self.hear(topic, json.dumps(values).encode()))

    def wait(self, milliseconds: int) -> Work:
        """Let time pass; what the windows do by themselves then."""
        self.clock.turn(milliseconds)
        work = Work(Batch(now=self.now))
        self.windows.tick(self.now, work)
        return self.keep(work)

    def confirm(self, actor: str = "li.na", verification: str = "v1") -> Work | Refusal:
        work = Work(Batch(now=self.now))
        held = self.windows.confirm(verification, actor, work)
        return held if isinstance(held, Refusal) else self.keep(work)

    def restarted(
        self, after: int = 0, *, devices: Sequence[Device] = (*DEVICES, OTHER)
    ) -> Testing:
        """The gateway anew, from what was stored."""
        anew = Testing(dict(self.states), self.now + after, devices=devices)
        anew.stored = dict(self.stored)
        anew.windows.load(anew.stored.values(), devices)
        return anew

    def panic(self, device: Device = BUTTON) -> int:
        """How many presses the open alarm of the device has; 0 = there is none."""
        alert = self.alert(device, "panic")
        return 0 if alert is None else alert.occurrences


def raised(work: Work) -> list[TransitionKind]:
    return [one.transition.kind for one in work.batch.transitions]


def facts(work: Work) -> list[str]:
    return [fact.kind for fact in work.batch.facts]


def reasons(notices: Iterable[object]) -> list[Why]:
    return [one.why for one in notices if isinstance(one, Over)]
