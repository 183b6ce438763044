"""Anything that speaks: a fresh message on demand, or within its heartbeat.

A repeater must answer (its round trip is what it is for); others are asked when they can be, and
their next message counts as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Ask, Cancelled, Course, Input, Said, Subject
from audit.verification.steps import Ending, begun, ended, noted, passed, present

ANSWER_MS: Final = 10_000
"""A device answers a ping within this, by radio through a repeater, too. Default of ours."""

TRIES: Final = 3

LONGEST_MS: Final = 600_000
"""Nobody stands before a device for longer."""

_NO_ANSWER: Final = Ending(Verdict.FAILED, "no_answer", "find_silence")
_REFUSES: Final = Ending(Verdict.FAILED, "answer_bad", "look_at_device")
_OFFLINE: Final = Ending(Verdict.FAILED, "says_offline", "find_silence")
_SILENT: Final = Ending(Verdict.FAILED, "silent", "find_silence")
_NOT_DUE: Final = Ending(Verdict.UNKNOWN, "not_due", "wait_or_wake")
_CANCELLED: Final = Ending(Verdict.UNKNOWN, "cancelled")


class RoundTrip:
    """Steps ``ping`` (up to three): a command, and the answer to it."""

    kind = "repeater"

    def __init__(self, subject: Subject, new_id: Callable[[int], str]) -> None:
        """``new_id`` names the n-th command of this run."""
        self._answers: Final = subject.answers
        self._new_id: Final = new_id
        self._presence: Final = Presence(subject, new_id)

    def begin(self, run: Verification, now: int) -> Course:
        """Ask; a device that cannot be asked is listened to."""
        return self._ask(run, 1, now) if self._answers else self._presence.begin(run, now)

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """Its answer."""
        step = present(run)
        if step is None:
            return Course(run)
        if step.step != "ping":
            return self._presence.take(run, heard, now)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if not isinstance(heard, Said):
            return Course(run)
        if heard.values.get("online") is False:
            return Course(_OFFLINE.of(run, now))
        answer = _answer(step.inputs.get("id"), heard)
        if answer is None:
            return Course(run)
        if not answer:
            error = str(heard.values.get("error") or "")[:120]
            return Course(_REFUSES.of(run, now, error=error))
        took = max(0, heard.received - (step.started or now))
        run = passed(run, "answered", now, ms=took)
        return Course(ended(run, Verdict.MET, "round_trip_met", now, ms=took))

    def tick(self, run: Verification, now: int) -> Course:
        """Ask again, or give it up."""
        step = present(run)
        if step is None:
            return Course(run)
        if step.step != "ping":
            return self._presence.tick(run, now)
        tries = sum(one.step == "ping" for one in run.steps)
        if tries >= TRIES:
            return Course(_NO_ANSWER.of(run, now, tries=tries))
        run = passed(run, "unanswered", now, Verdict.FAILED)
        return self._ask(run, tries + 1, now)

    def _ask(self, run: Verification, number: int, now: int) -> Course:
        name, due = self._new_id(number), now + ANSWER_MS
        run = begun(run, "ping", now, due=due, waits_for="reply", id=name)
        return Course(run, (Ask(name, "ping", due),))


class Presence:
    """Step ``message``: the device says something."""

    kind = "presence"

    def __init__(self, subject: Subject, new_id: Callable[[int], str]) -> None:
        self._subject: Final = subject
        self._new_id: Final = new_id

    def begin(self, run: Verification, now: int) -> Course:
        """Ask it if it can be asked, and listen until its next message must have come."""
        subject = self._subject
        wait = min(subject.heartbeat + subject.grace, LONGEST_MS)
        name = self._new_id(1)
        run = begun(run, "message", now, due=now + wait, waits_for="device", id=name)
        effects = (Ask(name, "ping", now + wait),) if subject.answers else ()
        return Course(run, effects)

    def take(self, run: Verification, heard: Input, now: int) -> Course:
        """Whatever it says is a sign of life, but that it is going."""
        step = present(run)
        if step is None:
            return Course(run)
        if isinstance(heard, Cancelled):
            return Course(_CANCELLED.of(run, now, actor=heard.actor))
        if not isinstance(heard, Said):
            return Course(run)
        if heard.values.get("online") is False:
            return Course(_OFFLINE.of(run, now))
        if heard.happened < (step.started or 0) - ANSWER_MS:
            return Course(noted(run, older=True))  # from its buffer: it was there, not it is
        delay = max(0, heard.received - heard.happened)
        run = passed(run, "message_seen", now, delay_ms=delay)
        return Course(ended(run, Verdict.MET, "presence_met", now, delay_ms=delay))

    def tick(self, run: Verification, now: int) -> Course:
        """Silent - or not yet due to speak."""
        if present(run) is None:
            return Course(run)
        subject = self._subject
        if subject.heartbeat + subject.grace > LONGEST_MS:
            minutes = round((subject.heartbeat + subject.grace) / 60_000)
            return Course(_NOT_DUE.of(run, now, minutes=minutes))
        return Course(_SILENT.of(run, now))


def _answer(name: object, heard: Said) -> bool | None:
    """Whether this answers the command of that name, and how; ``None`` = it does not."""
    if heard.event != "answered" or name is None or str(heard.values.get("id")) != name:
        return None
    return heard.values.get("ok") is not False
