"""Recorders and gate cameras: what they tell of channels, and of the police's video platform."""

from __future__ import annotations

from pydantic import Field

from devices.recording.channel_state import ChannelState
from devices.recording.police_report import Basis
from devices.recording.verdict import Status
from gateway.api.models.shapes import Moment, Names, Out


class VideoPoliceOut(Out):
    """A recorder's link to the police's video platform. That it is registered with us proves
    nothing about them.
    """

    basis: Basis = Field(
        description="`reported`: the recorder itself tells; `attested`: it tells nothing, a person "
        "has to answer for it; `unknown`: nobody can tell."
    )
    registered: bool | None = Field(description="Only when it is reported.")
    reported: Moment | None = Field(description="When it was reported last.")
    text: Names


class CatalogOut(Out):
    """What a recorder of GB/T 28181 tells of its channels."""

    registered: bool = Field(description="It is registered here now.")
    since: Moment | None
    asked: Moment | None = Field(description="When its newest whole list of channels came.")
    trouble: str = Field(description="Why the newest did not, in English.")
    listed: int = Field(description="Cameras in the list.")
    online: int
    missing: list[str] = Field(description="Cameras that it should list and does not.")
    unregistered: int = Field(description="Cameras that it lists and nobody registered.")


class VideoRecorderOut(Out):
    """One recorder."""

    school: str
    school_name: Names
    id: str
    name: Names
    kind: str = Field(examples=["gb28181"])
    police: VideoPoliceOut
    catalog: CatalogOut | None = Field(
        description="`null`: not of GB/T 28181, or not heard of since the start."
    )


class GateCameraOut(Out):
    """One gate camera, and what is known of what the gate video profile asks for."""

    school: str
    school_name: Names
    camera: str
    name: Names
    place: Names | None
    out_of_service: bool
    recorder: str | None = Field(description="`null`: none is configured for it.")
    channel_state: ChannelState | None = Field(description="`null`: no recorder says anything.")
    recordings: Status | None
    police: VideoPoliceOut
