"""Who is told of what happens in the ledger: rows of the outbox, in each receiver's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from alerts.notification.event import EventSchool, notice_body
from alerts.notification.webhook import Bilingual
from audit.ledger.hazard import Grade, Hazard, StepKind
from audit.ledger.notice import Notice
from gateway.settings_fields import chosen
from gateway.settings_ledger import LedgerEvent, LedgerReceiver
from gateway.store.batch import OutboxEntry
from gateway.words import Language, Words

_RUNGS: Final[Mapping[StepKind, LedgerEvent]] = {
    StepKind.SUPERVISED: "supervised",
    StepKind.CIRCULATED: "circulated",
    StepKind.SUMMONED: "summoned",
    StepKind.LOOK_BACK_DUE: "look_back",
}


def event_of(before: Hazard | None, after: Hazard) -> LedgerEvent | None:
    """What of a change is told; ``None``: nothing."""
    major = after.grade is Grade.MAJOR
    if before is None:
        return "major" if major else None
    last = after.steps[-1].kind
    if len(after.steps) > len(before.steps) and last in _RUNGS:
        return _RUNGS[last]
    if major and before.grade is not Grade.MAJOR:
        return "major"
    newer = [step.kind for step in after.steps[len(before.steps) :]]
    return "major" if major and StepKind.REPORTED in newer else None


class Telling:
    """Puts what happened into rows of the outbox."""

    def __init__(
        self, receivers: Iterable[LedgerReceiver], words: Words, page: str | None, *, demo: bool
    ) -> None:
        """``page`` is the address of the page; ``demo``: no real people are meant."""
        self._receivers: Final = tuple((one, chosen(one.schools)) for one in receivers)
        self._words: Final = words
        self._page: Final = None if page is None else page.rstrip("/")
        self._demo: Final = demo

    def wanted(self, event: LedgerEvent, school: str) -> bool:
        """Whether anybody hears of it."""
        return any(self._hears(one, schools, event, school) for one, schools in self._receivers)

    def of_hazard(
        self, event: LedgerEvent, hazard: Hazard, name: Bilingual, now: int
    ) -> list[OutboxEntry]:
        """Of an entry; ``name`` is its school's."""
        what = {
            "zh": self._what(hazard, "zh"),
            "en": self._what(hazard, "en"),
        }
        return self._rows(
            event,
            hazard.school,
            name,
            f"ledger/{hazard.school}/{hazard.number}/{hazard.version}/{event}",
            f"/hazards/{hazard.number}",
            now,
            number=str(hazard.number),
            what=what,
        )

    def of_notice(self, notice: Notice, name: Bilingual, now: int) -> list[OutboxEntry]:
        """That a notice was issued."""
        first = notice.findings[0].text
        return self._rows(
            "notice",
            notice.school,
            name,
            f"notice/{notice.school}/{notice.number}",
            f"/notices/{notice.number}",
            now,
            number=f"{notice.year}-{notice.sequence}",
            what={"zh": first, "en": first},
        )

    def _what(self, hazard: Hazard, language: Language) -> str:
        if hazard.text:
            return hazard.text
        if hazard.item:  # one of a policy of the bureau's own has no word
            return self._words.or_else(f"coverage.item.{hazard.item}", hazard.item)[language]
        return self._words.text(f"condition.{hazard.condition}", language)

    def _rows(
        self,
        event: LedgerEvent,
        school: str,
        name: Bilingual,
        key: str,
        path: str,
        now: int,
        *,
        number: str,
        what: Mapping[str, str],
    ) -> list[OutboxEntry]:
        said = {
            language: self._words.text(
                f"ledger.told.{event}",
                "zh" if language == "zh" else "en",
                school=name.zh if language == "zh" else name.en or name.zh,
                number=number,
                what=what[language],
            )
            for language in ("zh", "en")
        }
        title = self._words.both(f"ledger.title.{event}")
        return [
            OutboxEntry(
                receiver=one.name,
                key=key,
                created=now,
                due=now,
                body=notice_body(
                    key,
                    now,
                    title=Bilingual(title["zh"], title["en"]),
                    said=Bilingual(said["zh"], said["en"]),
                    text=said[one.language],
                    school=EventSchool(id=school, name=name),
                    link=None if self._page is None else f"{self._page}{path}",
                    demo=self._demo,
                ),
            )
            for one, schools in self._receivers
            if self._hears(one, schools, event, school)
        ]

    @staticmethod
    def _hears(
        one: LedgerReceiver, schools: frozenset[str] | None, event: LedgerEvent, school: str
    ) -> bool:
        return event in one.about and (schools is None or school in schools)
