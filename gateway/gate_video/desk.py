"""What people may see of recorders' links to the police. See `gateway.gate_video.reports`."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from devices.recording.police_report import Basis, PoliceReport, Statement
from gateway.gb28181.desk import ChannelsDesk, NoChannels

NOTHING_KNOWN: Final = PoliceReport(basis=Basis.UNKNOWN)


class ReportsDesk(Protocol):
    """What is known of each recorder's link, and from what."""

    def report(self, recorder: tuple[str, str]) -> PoliceReport:
        """Of one recorder, by school and id."""
        ...

    async def state(
        self, recorder: tuple[str, str], *, registered: bool, reason: str, by: str
    ) -> Statement:
        """Keep what the user ``by`` saw on the recorder's own page. Raises `StoreError`."""
        ...


class NoReports:
    """A gateway without recorders."""

    def report(self, recorder: tuple[str, str]) -> PoliceReport:  # noqa: ARG002
        """Nothing."""
        return NOTHING_KNOWN

    async def state(
        self, recorder: tuple[str, str], *, registered: bool, reason: str, by: str
    ) -> Statement:
        """Of what is not there nobody can have seen anything."""
        raise LookupError(f"{recorder}, {registered}, {reason}, {by}")


class GateVideo(NamedTuple):
    """What is known of recorders beside their recordings."""

    channels: ChannelsDesk
    reports: ReportsDesk


NO_GATE_VIDEO: Final = GateVideo(NoChannels(), NoReports())
