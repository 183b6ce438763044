"""A recorder in each of two schools, as the page sees them."""

from __future__ import annotations

from alerts.recorders import Look
from gateway.settings_recordings import RecorderSettings


class TwoRecorders:
    """A recorder in each of two schools."""

    def __init__(self) -> None:
        self.recorders = {
            (school, "nvr"): RecorderSettings.model_validate(
                {
                    "school": school,
                    "id": "nvr",
                    "kind": "folder",
                    "folder": "nvr",
                    "cameras": {"lab-2": 1},
                }
            )
            for school in ("no3", "no5")
        }
        self.looks: dict[tuple[str, str], Look] = {}
        self.wanted: dict[tuple[str, str], str] = {}

    def look(self, recorder: tuple[str, str]) -> Look | None:
        return self.looks.get(recorder)

    def checking(self, camera: tuple[str, str]) -> bool:
        return camera in self.wanted

    def check_soon(self, camera: tuple[str, str], actor: str) -> bool:
        self.wanted[camera] = actor
        return True
