"""Recorders and gate cameras: what they tell of channels, and of the police's video platform."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from audit.verification.model import Verdict
from devices.recording.channel_state import ChannelState
from devices.recording.police_report import Basis
from devices.recording.verdict import Status
from gateway.api.models.shapes import In, Moment, Names, Out
from gateway.gate_video.reach import Why


class VideoStatementOut(Out):
    """What somebody saw on the recorder's own page: their word, and no measurement."""

    registered: bool
    at: Moment
    by: str
    reason: str
    stands: bool = Field(description="Entered within the last 31 days.")


class VideoStatementIn(In):
    """What the recorder's own page (platform access) says of the police's video platform."""

    registered: bool
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        examples=["Platform access page: 在线, since 08:14"]
    )


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
    stated: VideoStatementOut | None = Field(
        description="What a person entered last; it changes no basis."
    )
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


class GateOut(Out):
    """A school gate, and whether a camera of it has recordings that reach back far enough."""

    school: str
    school_name: Names
    gate: str = Field(examples=["gate"], description="Id of the place.")
    name: Names
    verdict: Verdict = Field(description="`met`: one of its cameras is enough.")
    why: Why
    text: Names
    days: int = Field(description="What a key target's recordings have to reach back.")
    held_days: float | None = Field(description="Of `camera`; `null`: nobody knows, or nothing.")
    camera: str | None = Field(description="The one that counts; `null`: there is none.")
    cameras: list[str]


class GatesOut(Out):
    """The gates that the settings name (`recordings.gates`), those in trouble first."""

    items: list[GateCameraOut] = Field(description="Their cameras.")
    gates: list[GateOut]
    schools_without: int = Field(description="Schools in scope of which no gate is named.")
