"""Where an alert is, for the police: names, and the cameras near it."""

from __future__ import annotations

from functools import partial

from alerts.alert import Alert
from gateway.names import NameBook
from gateway.near_cameras import CAMERA, nearest
from gateway.pipeline.roster import Roster
from gateway.police.forwarding import Surroundings
from gateway.words import Words
from gateway.words.explaining import explained


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
        cameras=nearest(cameras, place, partial(book.around, alert.school)),
    )
