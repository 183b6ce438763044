"""Cameras as the API shows them: how their pictures are, and what is usual of each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from devices.camera.suspicion import Fault, Undecidable
from gateway.api.models.shapes import In, Moment, Names, Out, Page
from gateway.cameras.standing import State


class CameraFaultWhyOut(Out):
    """The probe's reason. `code` is that of a sentence of the catalogues, `camera.why.{code}`."""

    code: str | None = Field(examples=["covered_partly"], description="`null`: none was given.")
    text: Names


class CameraFaultOut(Out):
    """A fault that the newest look at a camera named."""

    fault: Fault
    since: Moment | None
    confidence: float | None = Field(description="0.5 at the limit, 1 beyond doubt.")
    why: CameraFaultWhyOut


class NewestPictureOut(Out):
    """A picture that is kept, by its name."""

    hash: str
    at: Moment
    faulty: bool = Field(description="Whether the camera had a fault then.")


class CameraOut(Out):
    """One camera as the wall shows it."""

    school: str
    school_name: Names
    device: str = Field(examples=["camera-gate"])
    name: Names
    place: Names | None
    state: State
    out_of_service: bool
    faults: list[CameraFaultOut]
    undecidable: Undecidable | None = Field(description="Why its picture is not judged wholly.")
    seen: Moment | None = Field(description="When the newest reading was made.")
    picture: NewestPictureOut | None = Field(description="The newest one.")
    good_picture: NewestPictureOut | None = Field(description="The newest without a fault.")
    alert: int | None = Field(description="The most urgent open alert of the camera.")
    recorder: str | None = Field(examples=["nvr-1"], description="That keeps what it sees.")


class CameraTotalsOut(Out):
    """How many cameras of the school or region are how."""

    trouble: int
    cannot_judge: int
    good: int
    unknown: int
    offline: int


class CamerasOut(Page[CameraOut]):
    """Cameras, trouble first. `totals` are of all states, whichever was asked for."""

    totals: CameraTotalsOut


class CameraReferenceOut(Out):
    """What a camera usually shows in one part of the day, in one light: the mean of many pictures,
    in which nobody is to be seen.
    """

    part: int = Field(description="Of the local day, from 0: four hours each.")
    grey: bool = Field(description="Without colour, as under infra-red light.")
    looks: int = Field(description="Pictures that it was learned from.")
    at: Moment = Field(description="When the newest of these was taken.")
    hash: str


class RelearnOut(Out):
    """The last order to forget what is usual."""

    asked_by: str = Field(examples=["user:tim"])
    asked_at: Moment
    reason: str
    done_at: Moment | None = Field(description="`null`: its probe has not done it yet.")


class CameraDetailOut(CameraOut):
    """One camera with all that is known of its picture."""

    fps: float | None
    bitrate_kbps: float | None
    width: int | None
    height: int | None
    measures: dict[str, float] = Field(
        examples=[{"brightness": 92.4, "edges_percent": 97}],
        description="Of the newest look. Each has a curve of the device: `measures.{name}`.",
    )
    learned: bool | None = Field(description="Whether what is usual now is known.")
    grey: bool | None = Field(description="Whether the picture is without colour now.")
    references: list[CameraReferenceOut]
    relearn: RelearnOut | None


class RelearnIn(In):
    """An order to forget what is usual."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        examples=["Turned towards the new gate"]
    )
