"""Test windows, and the one press in each that is held back until a technician confirms it.

A press counts as a test only inside a window that a named user opened for that one device. The
first press closes the window and waits; unless that user confirms it within `CONFIRM_MS`, it goes
out as a real alarm. Whenever anything is doubtful it goes out at once: a second press, a clock set
back, a store that refuses, a device that was changed, a gateway that stops. Nothing else in the
gateway holds back a press.

Pure state: windows and held presses are stored deadlines, written in the same transaction as the
press itself, so that each goes on after a restart, and one that was missed fires at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec
import structlog

from alerts.alert import Refusal
from alerts.rules.pressed import PRESSES
from devices.model import Device
from devices.reading import Channel, Reading
from devices.timekeeping import EARLIEST
from gateway.pipeline.work import Work
from gateway.store.batch import Deadline, Fact
from gateway.store.encoding import canonical

_log: Final = structlog.get_logger(__name__)

WINDOW: Final = "test_window"
CONFIRM: Final = "test_confirm"
KINDS: Final = frozenset({WINDOW, CONFIRM})
"""The deadlines that are kept here."""

LONGEST_MS: Final = 600_000
"""A window is open for ten minutes at most (docs/messages.md)."""

CONFIRM_MS: Final = 30_000
"""How long a press waits for its confirmation (docs/messages.md)."""

_SET_BACK_MS: Final = 1000
"""A clock set back by more than this makes every window doubtful."""

REMARK: Final = "unconfirmed_test"
"""On a press that was held back and went out after all."""


class Why(StrEnum):
    """Why a held press went out as a real alarm, or a window closed without one."""

    UNCONFIRMED = "unconfirmed"  # the time for it is over
    PRESSED_AGAIN = "pressed_again"
    CANCELLED = "cancelled"  # who opened the window gave up: that confirms nothing
    CLOCK = "clock"  # the gateway's clock was set back
    STORE = "store"  # the store refused what was to be kept
    CHANGED = "changed"  # the device was changed or removed
    STOPPING = "stopping"  # the gateway stops
    EXPIRED = "expired"  # a window in which nobody pressed
    EARLIER = "earlier"  # pressed, by the device's clock, before the window was opened


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Who may test which device, from when until when (ms)."""

    device: Device
    actor: str
    verification: str
    opened: int
    until: int

    @property
    def subject(self) -> str:
        """What names its deadline."""
        return f"device:{self.device.school}/{self.device.id}"


_window: Final = msgspec.json.Decoder(Window).decode


class HeldPress(msgspec.Struct, frozen=True, kw_only=True):
    """A press that waits for its confirmation until ``due``; ``known`` since then (ms)."""

    window: Window
    reading: Reading
    known: int
    due: int


_held_press: Final = msgspec.json.Decoder(HeldPress).decode


class Held(msgspec.Struct, frozen=True):
    """A press is held back."""

    press: HeldPress


class Over(msgspec.Struct, frozen=True):
    """A window is over without a test; ``press`` went out as a real alarm, if there was one."""

    window: Window
    why: Why
    press: HeldPress | None = None


Notice: TypeAlias = Held | Over
"""What happened to windows; whoever runs the verification is told after the commit."""

GoesOut: TypeAlias = Callable[[HeldPress, int, Work], None]
"""Judges a held press as what it is: a real alarm."""


class Windows:
    """All test windows and held presses, by the row of their device.

    ``goes_out`` is called for a press that is no test after all.
    """

    def __init__(self, goes_out: GoesOut) -> None:
        self._goes_out: Final = goes_out
        self._windows: dict[int, Window] = {}
        self._held: dict[int, HeldPress] = {}
        self._kept: set[int] = set()  # whose held press is committed
        self._doubts: dict[int, Why] = {}
        self._seen = 0
        self._stopped = False

    def load(self, deadlines: Iterable[Deadline], devices: Sequence[Device]) -> None:
        """At a start: what was open and what waits, of the registered ``devices``."""
        for deadline in deadlines:
            if deadline.kind not in KINDS:
                continue
            held: HeldPress | None
            try:
                if deadline.kind == WINDOW:
                    window = _window(deadline.body)
                    self._windows[window.device.row] = window
                    continue
                held = _held_press(deadline.body)
            except msgspec.DecodeError as error:
                _log.error("test_window.unreadable", subject=deadline.subject, error=str(error))
                if deadline.kind == WINDOW:
                    continue
                held = _bare(deadline, devices)
                if held is None:
                    continue
            self._held[held.window.device.row] = held
            self._kept.add(held.window.device.row)

    def __bool__(self) -> bool:
        """Whether there is any window or held press at all."""
        return bool(self._windows or self._held)

    def open_windows(self) -> list[Window]:
        """Those in which a press would be held back."""
        return list(self._windows.values())

    def held_presses(self) -> list[HeldPress]:
        """The presses that wait."""
        return list(self._held.values())

    # Asked for by people

    def open(
        self, device: Device, *, actor: str, verification: str, milliseconds: int, work: Work
    ) -> Window | Refusal:
        """Open a window for one device; true once ``work`` is committed."""
        now = work.batch.now
        if self._stopped:
            return Refusal("stopping", "the gateway is about to stop")
        if not actor or not verification:
            return Refusal("nameless", "a test window needs a named user")
        if device.row in self._windows or device.row in self._held:
            return Refusal("verification_running", f"{device.school}/{device.id} is being tested")
        window = Window(
            device=device,
            actor=actor,
            verification=verification,
            opened=now,
            until=now + max(1, min(milliseconds, LONGEST_MS)),
        )
        self._windows[device.row] = window
        self._doubts.pop(device.row, None)
        self._seen = max(self._seen, now)
        body = msgspec.json.encode(window).decode()
        work.batch.deadlines.append(Deadline(WINDOW, window.subject, window.until, body))
        _state(window, "test_window_opened", f"user:{actor}", now, work, until=window.until)
        return window

    def confirm(self, verification: str, actor: str, work: Work) -> HeldPress | Refusal:
        """The technician says that the held press was theirs; true once ``work`` is committed.

        If ``work`` is not committed, for whatever reason, call `take_back` with what was returned.
        """
        held = next(
            (one for one in self._held.values() if one.window.verification == verification), None
        )
        if held is None:
            return Refusal("not_waiting", "no press waits for this confirmation")
        row, now = held.window.device.row, work.batch.now
        if held.window.actor != actor:
            return Refusal("not_yours", f"{held.window.actor} opened this test, and confirms it")
        if (
            row in self._doubts
            or row not in self._kept
            or not held.known - _SET_BACK_MS <= now < held.due
        ):
            return Refusal("too_late", "the press goes out as a real alarm")
        work.batch.deadlines.append(Deadline(CONFIRM, held.window.subject, None))
        _state(held.window, "test_confirmed", f"user:{actor}", now, work, press=_mark(held))
        self._let_go(row)
        return held

    def take_back(self, held: HeldPress) -> None:
        """A confirmation could not be kept: the press goes out."""
        row = held.window.device.row
        self._held[row] = held
        self._doubts[row] = Why.STORE

    def cancel(self, verification: str, work: Work) -> None:
        """The test is given up. A press that is held goes out: nobody said that it was a test."""
        for row, window in self._all():
            if window.verification == verification:
                self._end(row, Why.CANCELLED, work)

    # Asked by the judge

    def holds_back(
        self, device: Device, reading: Reading, clock_error: int | None, now: int, work: Work
    ) -> bool:
        """Whether this new event is a press that waits for its confirmation.

        ``clock_error`` is what was known of the device's clock before (ms, positive = fast).
        """
        row = device.row
        if reading.event not in PRESSES or reading.retained:
            return False
        if row in self._held:
            # Somebody presses again: the first one may have been a call for help, too.
            self._end(row, Why.PRESSED_AGAIN, work)
            return False
        window = self._windows.get(row)
        if window is None:
            return False
        why = self._doubt_about(window, device, reading, clock_error, now)
        if why is not None:
            self._end(row, why, work)
            return False
        held = HeldPress(window=window, reading=reading, known=now, due=now + CONFIRM_MS)
        body = msgspec.json.encode(held).decode()
        work.batch.deadlines.append(Deadline(WINDOW, window.subject, None))
        work.batch.deadlines.append(Deadline(CONFIRM, window.subject, held.due, body))
        _state(window, "test_press_held", "gateway", now, work, due=held.due, press=_mark(held))
        work.tests.append(Held(held))
        # Last: if anything above fails, the press is judged as real.
        del self._windows[row]
        self._held[row] = held
        return True

    def _doubt_about(
        self,
        window: Window,
        device: Device,
        reading: Reading,
        clock_error: int | None,
        now: int,
    ) -> Why | None:
        if self._stopped:
            return Why.STOPPING
        if device.row in self._doubts:
            return self._doubts[device.row]
        if window.device.key != device.key:
            return Why.CHANGED  # while the gateway was off, and its row is another's now
        if now < max(self._seen, window.opened) - _SET_BACK_MS:
            return Why.CLOCK
        if now >= window.until:
            return Why.EXPIRED
        at = reading.at
        if at is not None and at >= EARLIEST and at - (clock_error or 0) < window.opened:
            return Why.EARLIER
        return Why.EARLIER if reading.late else None

    # What happens by itself

    def next(self) -> int | None:
        """When the next window closes or the next press goes out."""
        if self._doubts:
            return 0
        if not self:
            return None
        dues = [window.until for window in self._windows.values()]
        return min(dues + [held.due for held in self._held.values()])

    def tick(self, now: int, work: Work) -> None:
        """Let out what was not confirmed, close what is over."""
        if not self:
            self._seen = now
            self._doubts.clear()
            return
        if now < self._seen - _SET_BACK_MS:
            self.doubt_all(Why.CLOCK)
            self._seen = now
        # The latest, so that many small steps back add up to a large one.
        self._seen = max(self._seen, now)
        for row, held in list(self._held.items()):
            if row in self._doubts or not held.known - _SET_BACK_MS <= now < held.due:
                self._end(row, self._doubts.get(row, Why.UNCONFIRMED), work)
        for row, window in list(self._windows.items()):
            if row in self._doubts or not window.opened - _SET_BACK_MS <= now < window.until:
                self._end(row, self._doubts.get(row, Why.EXPIRED), work)
        self._doubts.clear()

    def doubt(self, row: int, why: Why) -> None:
        """Something about this device is not as it was: its window and press are no more."""
        if row in self._windows or row in self._held:
            self._doubts[row] = why

    def doubt_all(self, why: Why) -> None:
        """Something about the gateway is not as it should be."""
        for row, _ in self._all():
            self._doubts[row] = why

    def stop(self) -> None:
        """From now on nothing is held back; the next `tick` lets out what is."""
        self._stopped = True
        self.doubt_all(Why.STOPPING)

    def refused(self, work: Work) -> None:
        """The store has refused this work: a press held back in it goes out in it, and all others
        that wait go out next.

        Should such a press have gone out meanwhile, it goes out once more: twice is better than
        never.
        """
        self.doubt_all(Why.STORE)
        for notice in [one for one in work.tests if isinstance(one, Held)]:
            work.tests.remove(notice)
            window = notice.press.window
            work.batch.deadlines = [
                one
                for one in work.batch.deadlines
                if one.kind not in KINDS or one.subject != window.subject
            ]
            if self._held.get(window.device.row) is notice.press:
                self._end(window.device.row, Why.STORE, work)
            else:
                self._goes_out(notice.press, work.batch.now, work)

    def committed(self, work: Work) -> None:
        """The work is kept, and so is what was held back in it."""
        for notice in work.tests:
            if isinstance(notice, Held) and notice.press in self._held.values():
                self._kept.add(notice.press.window.device.row)

    def _all(self) -> list[tuple[int, Window]]:
        return [
            *self._windows.items(),
            *((row, held.window) for row, held in self._held.items()),
        ]

    def _end(self, row: int, why: Why, work: Work) -> None:
        """Close the window of a device; a press that is held goes out."""
        held = self._held.get(row)
        window = held.window if held is not None else self._windows[row]
        if held is not None:
            # Before anything is forgotten: what fails here is tried again, or after a restart.
            self._goes_out(held, work.batch.now, work)
        self._windows.pop(row, None)
        self._let_go(row)
        for kind in KINDS:
            work.batch.deadlines.append(Deadline(kind, window.subject, None))
        kind = "test_window_closed" if held is None else "test_press_released"
        _state(window, kind, "gateway", work.batch.now, work, why=why.value)
        # Held and let out in one batch: should the store refuse it, it goes out once.
        work.tests = [
            one for one in work.tests if not (isinstance(one, Held) and one.press is held)
        ]
        work.tests.append(Over(window, why, held))

    def _let_go(self, row: int) -> None:
        self._held.pop(row, None)
        self._kept.discard(row)
        self._doubts.pop(row, None)


def _bare(deadline: Deadline, devices: Sequence[Device]) -> HeldPress | None:
    """What is left of a held press that cannot be read: somebody pressed there, and it is due."""
    school, _, name = deadline.subject.removeprefix("device:").partition("/")
    device = next((one for one in devices if one.key == (school, name)), None)
    if device is None:
        return None
    known = (deadline.due or CONFIRM_MS) - CONFIRM_MS
    window = Window(device=device, actor="", verification="", opened=known, until=known)
    reading = Reading(Channel.EVENT, {}, known, b"{}", happened=known, event="pressed")
    return HeldPress(window=window, reading=reading, known=known, due=known)


def _mark(held: HeldPress) -> dict[str, object]:
    reading = held.reading
    return {"at": reading.at, "seq": reading.seq, "happened": reading.happened}


def _state(window: Window, kind: str, actor: str, now: int, work: Work, **more: object) -> None:
    body = {"verification": window.verification, "by": window.actor, **more}
    work.batch.facts.append(
        Fact(
            kind=kind,
            happened=now,
            known=now,
            actor=actor,
            subject=window.subject,
            body=canonical(body),
        )
    )
