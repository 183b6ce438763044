"""Replays as the page shows them."""

from __future__ import annotations

from typing import Any

from alerts.episodes import Episode
from alerts.replay import Pair, counts
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.replays import (
    MOST_PAIRS,
    CountedOut,
    EpisodeOut,
    PairOut,
    ReplayDetailOut,
    ReplayOut,
)
from gateway.api.present import PRIORITY_NAMES, Presenter
from gateway.api.register import names
from gateway.replay.desk import Run
from gateway.replay.order import Answer
from gateway.replay.telling import AGREE


def replay_out(run: Run) -> ReplayOut:
    """A replay without its alerts."""
    return ReplayOut(**_fields(run))


def replay_detail_out(presenter: Presenter, run: Run) -> ReplayDetailOut:
    """A replay with its alerts, those that differ first."""
    answer = run.answer
    pairs = [] if answer is None else sorted(answer.pairs, key=lambda one: one.verdict in AGREE)
    return ReplayDetailOut(
        **_fields(run),
        changes=run.changes,
        pairs=[_pair(presenter, answer, pair) for pair in pairs[:MOST_PAIRS] if answer is not None],
        more=max(0, len(pairs) - MOST_PAIRS),
    )


def _fields(run: Run) -> dict[str, Any]:
    question, answer, progress = run.question, run.answer, run.progress
    ((_, device),) = question.devices or {("", None)}
    return {
        "id": run.id,
        "state": run.state,
        "started": run.started,
        "ended": run.ended,
        "since": question.since,
        "until": question.until,
        "school": next(iter(question.schools)) if len(question.schools) == 1 else None,
        "kind": next(iter(question.kinds), None),
        "device": device,
        "changed": bool(run.changes),
        "done": progress.done,
        "readings": progress.readings,
        "error": run.error,
        "covered": None if answer is None else answer.covered,
        "deaf_ms": 0 if answer is None else sum(b - a for a, b in answer.deaf),
        "devices": 0 if answer is None else answer.devices,
        "seconds": 0.0 if answer is None else round(answer.seconds, 1),
        "counts": {} if answer is None else answer.counts,
        "rules": []
        if answer is None
        else [CountedOut(rule=rule, counts=each) for rule, each in counts(answer.pairs).items()],
        "outside": {} if answer is None else {one.rule: one.alerts for one in answer.outside},
    }


def _pair(presenter: Presenter, answer: Answer, pair: Pair) -> PairOut:
    device = answer.named[pair.episode.device]
    return PairOut(
        verdict=pair.verdict,
        differs=list(pair.differs),
        device=AlertDeviceOut(
            school=device.school,
            id=device.id,
            kind=device.kind,
            name=names(device.name_zh, device.name_en, device.id),
        ),
        condition=pair.episode.condition,
        alert=pair.alert,
        raised=_episode(presenter, pair.raised),
        replayed=_episode(presenter, pair.replayed),
    )


def _episode(presenter: Presenter, episode: Episode | None) -> EpisodeOut | None:
    if episode is None:
        return None
    return EpisodeOut(
        began=episode.began,
        ended=episode.ended,
        priority=PRIORITY_NAMES[episode.priority],
        occurrences=episode.occurrences,
        explanation=presenter.explanation(episode.explanation),
    )
