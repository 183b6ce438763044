"""What a report of an emergency says: the gateway's record put into words, and what people add.

The form follows what bureaus ask for (time, place, what happened, people, what was done, who
reports); whatever the gateway cannot know stays an empty line to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import msgspec

from alerts.alert import Alert, Transition, TransitionKind
from alerts.reporting import ReportDue
from alerts.response_plan import StepStanding
from gateway.words import Input, Language, Words

MOST_HAPPENED: Final = 80
"""Lines of what happened; of a longer story the beginning and the end are told."""

BLANKS: Final = ("people", "loss", "cause", "measures", "needs")
SIGNED: Final = ("author", "approver", "telephone", "time")

_SPOKEN: Final = ("comment", "text", "reason")


class Named(msgspec.Struct, frozen=True):
    """What the report is about, in the language of the report."""

    school: str
    place: str
    device: str
    kind: str
    sentence: str


class Line(msgspec.Struct, frozen=True):
    """A line of the form; an empty ``text`` is to be filled in by hand."""

    label: str
    text: str = ""


class Section(msgspec.Struct, frozen=True):
    """Lines under a heading."""

    title: str
    lines: tuple[Line, ...]


class Report(msgspec.Struct, frozen=True):
    """The whole form."""

    title: str
    number: str
    sections: tuple[Section, ...]
    signatures: tuple[str, ...]
    printed: str


class Author:
    """Words and times of one report: its language, and the zone of whoever reads it."""

    def __init__(self, words: Words, language: Language, east_minutes: int | None) -> None:
        """``east_minutes``: how far the reader's clock is ahead of UTC; ``None`` = as here."""
        self._words: Final = words
        self._language: Final[Language] = language
        self._zone: Final = (
            None if east_minutes is None else timezone(timedelta(minutes=east_minutes))
        )

    def said(self, key: str, **inputs: Input) -> str:
        """The catalogue's text."""
        return self._words.text(f"report.{key}", self._language, **inputs)

    def word(self, key: str, otherwise: str) -> str:
        """A word of another part of the catalogue."""
        return self._words.or_else(key, otherwise)[self._language]

    def at(self, ms: int) -> str:
        """2026-11-22 14:03:21 in the reader's zone."""
        return self._local(ms).strftime("%Y-%m-%d %H:%M:%S")

    def zone(self, ms: int) -> str:
        """UTC+08:00."""
        return f"UTC{self._local(ms).isoformat()[-6:]}"

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms // 1000, tz=UTC).astimezone(self._zone)

    def text_of(self, step: StepStanding) -> str:
        """A step in words."""
        return step.zh if self._language == "zh" else step.en


def report_of(
    alert: Alert,
    history: Sequence[Transition],
    steps: Iterable[StepStanding],
    dues: Iterable[ReportDue],
    named: Named,
    author: Author,
    *,
    now: int,
) -> Report:
    """The report of ``alert`` as it stands at ``now``. ``history`` is oldest first."""
    sections = [
        Section(author.said("section.event"), tuple(_event(alert, named, author))),
        Section(author.said("section.happened"), tuple(_happened(history, author))),
    ]
    if ticked := tuple(_steps(steps, author)):
        sections.append(Section(author.said("section.steps"), ticked))
    if told := tuple(_told(dues, author)):
        sections.append(Section(author.said("section.reported"), told))
    blanks = tuple(Line(author.said(f"blank.{one}")) for one in BLANKS)
    sections.append(Section(author.said("section.blank"), blanks))
    return Report(
        title=author.said("title"),
        number=author.said("number", n=alert.id),
        sections=tuple(sections),
        signatures=tuple(author.said(f"sign.{one}") for one in SIGNED),
        printed=author.said("printed", at=author.at(now), zone=author.zone(now)),
    )


def _event(alert: Alert, named: Named, author: Author) -> Iterator[Line]:
    yield Line(author.said("school"), named.school)
    yield Line(author.said("what"), author.word(f"condition.{alert.condition}", alert.condition))
    yield Line(author.said("at"), author.at(alert.raised))
    if alert.known - alert.raised > 2_000:
        yield Line(author.said("known"), author.at(alert.known))
    yield Line(author.said("place"), named.place or author.said("unknown"))
    yield Line(author.said("device"), f"{named.device} ({named.kind})")
    yield Line(author.said("why"), named.sentence)
    if alert.occurrences > 1:
        times = author.said("times", n=alert.occurrences, at=author.at(alert.last_occurrence))
        yield Line(author.said("occurrences"), times)
    if alert.police is not None:
        yield Line(author.said("police"), author.said(f"police.{alert.police.value}"))
    state = "state.false" if alert.is_false else f"state.{alert.state.value}"
    yield Line(author.said("state"), author.word(state, alert.state.value))


def _happened(history: Sequence[Transition], author: Author) -> Iterator[Line]:
    half = MOST_HAPPENED // 2
    left_out = len(history) - MOST_HAPPENED
    for at, one in enumerate(history):
        if left_out > 0 and half <= at < half + left_out:
            if at == half:
                yield Line("…", author.said("left_out", n=left_out))
            continue
        who = one.actor or author.word("page.happened.by_gateway", "")
        what = author.word(f"transition.{one.kind.value}", one.kind.value)
        spoken = next((str(one.detail[name]) for name in _SPOKEN if one.detail.get(name)), "")
        said = [f"{what} ({who})", _aim(one, author), spoken]
        yield Line(author.at(one.happened), " · ".join(part for part in said if part))


def _aim(one: Transition, author: Author) -> str:
    """To whom those above were told, and that a tick was taken back."""
    if one.kind is TransitionKind.REPORTED:
        form = author.said(f"form.{one.detail.get('form')}")
        return f"{form}: {one.detail.get('to')}"
    if one.kind is TransitionKind.STEPPED and not one.detail.get("done"):
        return author.word("page.happened.taken_back", "")
    return ""


def _steps(steps: Iterable[StepStanding], author: Author) -> Iterator[Line]:
    for step in steps:
        if step.done_at is None:
            yield Line(author.said("step.open"), author.text_of(step))
            continue
        signed = author.said("step.by", at=author.at(step.done_at), by=step.by)
        yield Line(author.said("step.done"), f"{author.text_of(step)} ({signed})")


def _told(dues: Iterable[ReportDue], author: Author) -> Iterator[Line]:
    for due in dues:
        label = author.said(f"form.{due.form}")
        if due.done_at is None:
            yield Line(label, author.said("told.open", due=author.at(due.due)))
            continue
        key = "told.late" if due.done_at > due.due else "told.done"
        said = author.said(
            key, at=author.at(due.done_at), to=due.to, by=due.by, due=author.at(due.due)
        )
        yield Line(label, said)


def as_text(report: Report) -> str:
    """The report as plain text: to be pasted into a message."""
    lines = [report.title, report.number, ""]
    for section in report.sections:
        lines.append(section.title)
        lines += [f"  {line.label}: {line.text or '________'}" for line in section.lines]
        lines.append("")
    lines += [f"{one}: ________" for one in report.signatures]
    return "\n".join([*lines, "", report.printed, ""])
