"""What people may see of recordings, and ask for. Implemented by `gateway.recordings.service`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from alerts.recorders import Look
from gateway.settings_recordings import RecorderSettings


class RecordingsDesk(Protocol):
    """The recorders as they are now."""

    @property
    def recorders(self) -> Mapping[tuple[str, str], RecorderSettings]:
        """All that are configured, by school and id."""
        ...

    def look(self, recorder: tuple[str, str]) -> Look | None:
        """How one was at the last look; ``None`` when there was none yet."""
        ...

    def checking(self, camera: tuple[str, str]) -> bool:
        """Whether this camera's recorder is being asked, or about to be, because people want it."""
        ...

    def check_soon(self, camera: tuple[str, str], actor: str) -> bool:
        """Ask its recorder now, in the name of ``actor``; false when no recorder records it."""
        ...


class NoRecordings:
    """A gateway without recorders."""

    @property
    def recorders(self) -> Mapping[tuple[str, str], RecorderSettings]:
        """None."""
        return MappingProxyType({})

    def look(self, recorder: tuple[str, str]) -> Look | None:  # noqa: ARG002
        """At none."""
        return None

    def checking(self, camera: tuple[str, str]) -> bool:  # noqa: ARG002
        """None."""
        return False

    def check_soon(self, camera: tuple[str, str], actor: str) -> bool:  # noqa: ARG002
        """None."""
        return False
