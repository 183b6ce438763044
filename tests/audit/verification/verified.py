"""A run of one procedure, told what happens by a test."""

from __future__ import annotations

from collections.abc import Mapping

from audit.verification.choose import procedure_for
from audit.verification.model import Verdict, Verification
from audit.verification.procedure import Effect, Input, LinkNotice, Procedure, Said, Subject
from devices.police_link.link import Exchange, Path, Result
from devices.reading import Channel, Value

NOW = 1_795_161_600_000


class Run:
    """A run from its begin on; ``now`` is turned by `later`."""

    def __init__(
        self,
        kind: str,
        procedure: Procedure | None = None,
        *,
        heartbeat: int = 60_000,
        values: Mapping[str, Value] | None = None,
        links: tuple[str, ...] = ("no3/110",),
        notices: tuple[LinkNotice, ...] = (),
        answers: bool = False,
    ) -> None:
        subject = Subject(
            school="no3",
            id="x",
            kind=kind,
            heartbeat=heartbeat,
            grace=30_000,
            values=values or {},
            links=links,
            notices=notices,
            answers=answers,
        )
        self.procedure = procedure or procedure_for(subject, lambda number: f"run-{number}")
        self.now = NOW
        self.effects: list[Effect] = []
        empty = Verification(
            id="run", kind=self.procedure.kind, school="no3", actor="li.na", started=NOW
        )
        course = self.procedure.begin(empty, NOW)
        self.run = course.run
        self.effects += course.effects

    def later(self, milliseconds: int) -> Run:
        self.now += milliseconds
        return self

    def hear(self, heard: Input) -> Run:
        course = self.procedure.take(self.run, heard, self.now)
        self.run = course.run
        self.effects += course.effects
        return self

    def says(
        self,
        *,
        event: str | None = None,
        channel: Channel | None = None,
        ago: int = 0,
        **values: Value,
    ) -> Run:
        """The device says something, which took ``ago`` ms to arrive."""
        return self.tells(values, event=event, channel=channel, ago=ago)

    def tells(
        self,
        values: Mapping[str, Value],
        *,
        event: str | None = None,
        channel: Channel | None = None,
        ago: int = 0,
    ) -> Run:
        """The same, of values that are at hand."""
        usual = Channel.TELEMETRY if event is None else Channel.EVENT
        return self.hear(
            Said(
                channel=usual if channel is None else channel,
                happened=self.now - ago,
                received=self.now,
                values=values,
                event=event,
            )
        )

    def tick(self) -> Run:
        course = self.procedure.tick(self.run, self.now)
        self.run = course.run
        self.effects += course.effects
        return self

    @property
    def outcome(self) -> tuple[Verdict | None, str]:
        return self.run.verdict, self.run.code

    @property
    def waits(self) -> str:
        return self.run.waits_for


def exchange(
    result: Result = Result.ACKNOWLEDGED,
    path: Path = Path.PRIMARY,
    *,
    elapsed_ms: float = 20.0,
    offset_ms: int | None = None,
    started: int = NOW,
) -> Exchange:
    return Exchange(
        path=path,
        started=started,
        elapsed_ms=elapsed_ms,
        sent=b"sent",
        received=b"received",
        result=result,
        offset_ms=offset_ms,
    )
