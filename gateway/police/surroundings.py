"""Where an alert is, for the police: names, and the cameras near it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alerts.alert import Alert
from gateway.names import NameBook
from gateway.pipeline.roster import Roster
from gateway.police.forwarding import Surroundings, nearest
from gateway.words import Words
from gateway.words.explaining import explained

CAMERA = "camera"
_DEEPEST = 16


def surroundings(alert: Alert, roster: Roster, book: NameBook, words: Words) -> Surroundings:
    """What the register knows of where ``alert`` is."""
    device = roster.device(alert.device)
    place = None if device is None else device.place
    path = book.place_path(alert.school, place)
    cameras = [each for each in roster.of_school(alert.school) if each.kind == CAMERA]
    condition = words.both(f"condition.{alert.condition}")["zh"]
    return Surroundings(
        device=device,
        school=book.school(alert.school).zh,
        place="" if path is None else path.zh,
        text=f"{condition}: {explained(words, alert.explanation)['zh']}",
        cameras=nearest(cameras, place, _way(book, alert.school)),
    )


def _way(book: NameBook, school: str) -> Callable[[str], Sequence[str]]:
    """A place and what lies around it, the innermost first."""
    places = book.places.get(school, {})

    def way(place: str) -> Sequence[str]:
        steps: list[str] = []
        step: str | None = place
        while step is not None and len(steps) < _DEEPEST:
            steps.append(step)
            known = places.get(step)
            step = None if known is None else known.parent
        return steps

    return way
