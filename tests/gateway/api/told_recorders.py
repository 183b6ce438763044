"""What two recorders told: one its channels, the other its registration with the police."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from devices.recording.channel_state import ChannelState
from devices.recording.police_report import Basis, PoliceReport, Statement
from gateway.gb28181.desk import RecorderView

HALF_PAST: Final = 1_795_161_600_000


class Told:
    """What recorders told."""

    def __init__(self) -> None:
        self.reports = {
            ("no3", "nvr"): PoliceReport(basis=Basis.ATTESTED),
            ("no5", "nvr"): PoliceReport(basis=Basis.REPORTED, registered=False, at=HALF_PAST),
        }

    def recorder(self, key: tuple[str, str]) -> RecorderView | None:
        if key != ("no3", "nvr"):
            return None
        return RecorderView(
            registered=True,
            since=HALF_PAST,
            asked=HALF_PAST,
            listed=3,
            online=1,
            missing=("lab-2",),
            strangers=2,
        )

    def channel(self, camera: tuple[str, str]) -> ChannelState | None:
        return ChannelState.OFFLINE if camera == ("no3", "cam-a3") else None

    def report(self, recorder: tuple[str, str]) -> PoliceReport:
        return self.reports[recorder]

    async def state(
        self, recorder: tuple[str, str], *, registered: bool, reason: str, by: str
    ) -> Statement:
        stated = Statement(registered=registered, at=HALF_PAST, by=by, reason=reason)
        self.reports[recorder] = replace(self.reports[recorder], stated=stated)
        return stated
