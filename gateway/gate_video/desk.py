"""What people may see of recorders' links to the police. See `gateway.gate_video.reports`."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from devices.recording.police_report import Basis, PoliceReport
from gateway.gb28181.desk import ChannelsDesk, NoChannels

NOTHING_KNOWN: Final = PoliceReport(basis=Basis.UNKNOWN)


class ReportsDesk(Protocol):
    """What is known of each recorder's link, and from what."""

    def report(self, recorder: tuple[str, str]) -> PoliceReport:
        """Of one recorder, by school and id."""
        ...


class NoReports:
    """A gateway without recorders."""

    def report(self, recorder: tuple[str, str]) -> PoliceReport:  # noqa: ARG002
        """Nothing."""
        return NOTHING_KNOWN


class GateVideo(NamedTuple):
    """What is known of recorders beside their recordings."""

    channels: ChannelsDesk
    reports: ReportsDesk


NO_GATE_VIDEO: Final = GateVideo(NoChannels(), NoReports())
