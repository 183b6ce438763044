"""Exercises as the page and a spreadsheet see them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from audit.exercise import Exercise, PlannedStep, mark_of, result_of, score
from gateway.api.models.exercises import (
    ExerciseOut,
    ExerciseScoreOut,
    ExerciseStepOut,
    PlannedStepOut,
)
from gateway.api.models.shapes import Names

if TYPE_CHECKING:
    from gateway.api.services import Services
    from gateway.words import Words

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = ("n", "step", "limit", "at", "seconds", "result", "actor", "note")


def exercise_out(services: Services, exercise: Exercise) -> ExerciseOut:
    """An exercise with its steps as they stand now."""
    now = services.clock.now()
    scored = score(exercise)
    return ExerciseOut(
        id=exercise.id,
        version=exercise.version,
        school=exercise.school,
        school_name=services.register.school_name(exercise.school),
        title=exercise.title,
        actor=exercise.actor,
        started=exercise.started,
        ended=exercise.ended,
        note=exercise.note,
        steps=[
            _step(services.words, exercise, number, now) for number in range(len(exercise.plan))
        ],
        score=None
        if scored is None
        else ExerciseScoreOut(
            percent=scored.percent,
            in_time=scored.in_time,
            late=scored.late,
            missed=scored.missed,
        ),
    )


def planned_out(words: Words, step: PlannedStep) -> PlannedStepOut:
    """A step of a plan."""
    return PlannedStepOut(code=step.code, text=_text(words, step), limit_s=step.limit_s)


def exercise_csv(services: Services, exercise: Exercise, language: Literal["zh", "en"]) -> bytes:
    """The exercise as CSV, UTF-8 with a mark, so that spreadsheets read its Chinese. Times UTC."""
    out, words = exercise_out(services, exercise), services.words
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([words.text("exercise.csv.school", language), _of(out.school_name, language)])
    rows.writerow([words.text("exercise.csv.title", language), _safe(out.title)])
    rows.writerow([words.text("exercise.csv.leader", language), _safe(out.actor)])
    rows.writerow([words.text("exercise.csv.begun", language), _moment(out.started)])
    rows.writerow([words.text("exercise.csv.ended", language), _moment(out.ended)])
    percent = "" if out.score is None else f"{out.score.percent:g} %"
    rows.writerow([words.text("exercise.csv.score", language), percent])
    rows.writerow([words.text("exercise.csv.note", language), _safe(out.note)])
    rows.writerow([])
    rows.writerow([words.text(f"exercise.csv.{name}", language) for name in _COLUMNS])
    for step in out.steps:
        rows.writerow(
            [
                step.n + 1,
                _safe(_of(step.text, language)),
                step.limit_s,
                _moment(step.at),
                "" if step.seconds is None else step.seconds,
                words.text(f"exercise.result.{step.result}", language),
                _safe(step.actor or ""),
                _safe(step.note),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def _step(words: Words, exercise: Exercise, number: int, now: int) -> ExerciseStepOut:
    planned, done = exercise.plan[number], mark_of(exercise, number)
    return ExerciseStepOut(
        n=number,
        code=planned.code,
        text=_text(words, planned),
        limit_s=planned.limit_s,
        at=None if done is None else done.at,
        seconds=None if done is None else round((done.at - exercise.started) / 1000, 1),
        actor=None if done is None else done.actor,
        note="" if done is None else done.note,
        result=result_of(exercise, number, now),
    )


def _text(words: Words, step: PlannedStep) -> Names:
    if step.text:
        return Names(zh=step.text, en=step.text)
    both = words.both(f"exercise.step.{step.code}")
    return Names(zh=both["zh"], en=both["en"])


def _of(both: Names, language: Literal["zh", "en"]) -> str:
    return both.zh if language == "zh" else both.en


def _moment(at: int | None) -> str:
    if at is None:
        return ""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _safe(text: str) -> str:
    """What people typed must not become a formula in somebody's spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text
