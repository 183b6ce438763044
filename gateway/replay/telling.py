"""What came of a replay: for programs as plain values, for terminals as lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from alerts.episodes import Episode
from alerts.replay import Agreement, Pair, counts
from gateway.replay.order import Answer
from gateway.words import Language, Words

SIGNS: Final = {
    Agreement.SAME: "=",
    Agreement.DIFFERENT: "~",
    Agreement.ONLY_REPLAYED: "+",
    Agreement.ONLY_RAISED: "-",
    Agreement.SHARED: "=",
}
"""As in a comparison of two files: what these rules would add, and what they would take away."""

AGREE: Final = frozenset({Agreement.SAME, Agreement.SHARED})
"""The verdicts of what these rules do as it was done."""


def agrees(answer: Answer) -> bool:
    """Whether these rules would have raised what was raised, and nothing else."""
    return all(pair.verdict in AGREE for pair in answer.pairs)


def plain(answer: Answer) -> dict[str, Any]:
    """All of it, as JSON has it. Times in ms since 1970 UTC."""
    return {
        "since": answer.since,
        "until": answer.until,
        "covered": None if answer.covered is None else list(answer.covered),
        "whole": answer.whole,
        "deaf": [list(one) for one in answer.deaf],
        "devices": answer.devices,
        "readings": answer.readings,
        "seconds": round(answer.seconds, 3),
        "times_real_time": round(answer.times_real_time, 1),
        "agrees": agrees(answer),
        "counts": {verdict.value: count for verdict, count in answer.counts.items()},
        "rules": {
            rule: {verdict.value: count for verdict, count in found.items()}
            for rule, found in counts(answer.pairs).items()
        },
        "outside": {one.rule: one.alerts for one in answer.outside},
        "pairs": [_plain_pair(answer, pair) for pair in answer.pairs],
    }


def _plain_pair(answer: Answer, pair: Pair) -> dict[str, Any]:
    device = answer.named[pair.episode.device]
    return {
        "verdict": pair.verdict.value,
        "differs": [one.value for one in pair.differs],
        "school": device.school,
        "device": device.id,
        "kind": device.kind,
        "condition": pair.episode.condition,
        "alert": pair.alert,
        "raised": _plain_episode(pair.raised),
        "replayed": _plain_episode(pair.replayed),
    }


def _plain_episode(episode: Episode | None) -> dict[str, Any] | None:
    if episode is None:
        return None
    return {
        "began": episode.began,
        "known": episode.known,
        "ended": episode.ended,
        "priority": int(episode.priority),
        "occurrences": episode.occurrences,
        "rule": episode.explanation.rule,
        "explanation": episode.explanation.code,
        "inputs": episode.explanation.inputs,
        "limit": episode.explanation.limit,
        "metric": episode.explanation.metric,
    }


def lines(answer: Answer, words: Words, language: Language, most: int) -> Iterator[str]:
    """For a terminal: what differs, at most so many of it; then how many of each rule."""

    def say(key: str, **inputs: Any) -> str:
        return words.text(f"replay.{key}", language, **inputs)

    differing = [pair for pair in answer.pairs if pair.verdict not in AGREE]
    for pair in differing[:most]:
        yield _line(answer, pair, words, language)
    if len(differing) > most:
        yield say("more", count=len(differing) - most)
    yield from _table(answer, words, language)
    for one in answer.outside:
        yield say("outside", rule=one.rule, count=one.alerts)
    if answer.covered is None:
        yield say("nothing")
        return
    if not answer.whole:
        yield say("covered", since=shown(answer.covered[0]), until=shown(answer.covered[1]))
    if answer.deaf:
        hours = sum(until - since for since, until in answer.deaf) / 3_600_000
        yield say("deaf", count=len(answer.deaf), hours=round(hours, 1))
    yield say(
        "summary",
        readings=f"{answer.readings:,}",
        devices=answer.devices,
        seconds=round(answer.seconds, 1),
        rate=f"{round(answer.readings / max(answer.seconds, 1e-3)):,}",
        times=f"{round(answer.times_real_time):,}",
    )


def _line(answer: Answer, pair: Pair, words: Words, language: Language) -> str:
    device = answer.named[pair.episode.device]
    condition = words.text(f"condition.{pair.episode.condition}", language)
    said = f"{SIGNS[pair.verdict]} {device.school}/{device.id}  {condition}  "
    said += words.text(f"replay.verdict.{pair.verdict.value}", language)
    if pair.differs:
        what = (words.text(f"replay.differs.{one.value}", language) for one in pair.differs)
        said += f" ({', '.join(what)})"
    for name, episode in (("raised", pair.raised), ("replayed", pair.replayed)):
        if episode is not None:
            said += f"\n    {words.text(f'replay.{name}', language)}: {_course(episode)}"
    return said


def _course(episode: Episode) -> str:
    ended = "…" if episode.ended is None else shown(episode.ended)
    times = f"  × {episode.occurrences}" if episode.occurrences > 1 else ""
    return f"{shown(episode.began)} – {ended}  P{int(episode.priority)}{times}"


def _table(answer: Answer, words: Words, language: Language) -> Iterator[str]:
    by_rule = counts(answer.pairs)
    if not by_rule:
        return
    titles = [words.text(f"replay.verdict.{verdict.value}", language) for verdict in Agreement]
    width = max(len(rule) for rule in by_rule)
    yield f"{'':{width}}  " + "  ".join(titles)
    for rule, found in by_rule.items():
        cells = (
            f"{found.get(verdict, 0):>{_wide(title)}}"
            for verdict, title in zip(Agreement, titles, strict=True)
        )
        yield f"{rule:{width}}  " + "  ".join(cells)


def _wide(text: str) -> int:
    """Columns that a text takes at a terminal: Chinese signs take two."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def shown(moment: int) -> str:
    """A time (ms) as people here read it."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone().isoformat(" ", "seconds")[:19]
