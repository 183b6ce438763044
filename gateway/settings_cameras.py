"""The model of ``cameras:`` in ``gateway.yaml``: whose pictures the probe looks at, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from devices.camera.addresses import Address, AddressError
from gateway.settings_fields import ExistingFile, HttpUrl, Id, Secret, Section
from gateway.settings_recordings import ZoneName

Fraction = Annotated[float, Field(ge=0, le=1)]
Corner = tuple[Fraction, Fraction]


class CameraSettings(Section):
    """One camera."""

    school: Id
    """Id of its school."""

    device: Id
    """Its id in the register."""

    url: str
    """`rtsp://host[:port]/path`, or `rtsps://` within TLS, without credentials. Of two streams the
    smaller one: the substream costs a quarter and shows the same faults.
    """

    user: str = ""
    """Who asks. Better an account of its own that may only watch."""

    password: Secret | None = None
    """That account's password."""

    ca_file: ExistingFile | None = None
    """Of `rtsps://`: who signed the camera's certificate, PEM, which has to be made out to the host
    of the URL. Without it any is taken: who is in the way may listen.
    """

    transport: Literal["tcp", "udp"] = "tcp"
    """How the stream travels. `tcp` loses no packets and needs no open ports."""

    fps: float | None = Field(None, gt=0, le=240)
    """Frames a second that it should give; without it, its rate is not judged."""

    width: int | None = Field(None, ge=16, le=16_384)
    """Width in pixels that it should give."""

    height: int | None = Field(None, ge=16, le=16_384)
    """Height in pixels that it should give."""

    bitrate_kbps: float | None = Field(None, gt=0, le=1_000_000)
    """Bit rate that it should give at least."""

    masks: tuple[tuple[Corner, ...], ...] = ()
    """Private areas, each a polygon of three corners or more, in fractions of the picture from its
    left and its top: `[[0, 0], [0.3, 0], [0.3, 0.5], [0, 0.5]]`. What lies there is blackened
    before anything else is done with a picture.
    """

    @field_validator("masks")
    @classmethod
    def _polygons(cls, masks: tuple[tuple[Corner, ...], ...]) -> tuple[tuple[Corner, ...], ...]:
        if any(len(mask) < 3 for mask in masks):
            raise ValueError("a mask needs three corners or more")
        return masks

    @model_validator(mode="after")
    def _reachable(self) -> CameraSettings:
        password = "" if self.password is None else self.password.get_secret_value()
        try:
            Address(
                url=self.url,
                user=self.user,
                password=password,
                ca_file="" if self.ca_file is None else str(self.ca_file),
            )
        except AddressError as error:
            raise ValueError(str(error)) from error
        return self


class CamerasSettings(Section):
    """The probe that looks at cameras (`campus probe cameras`)."""

    name: Id = "camera-probe"
    """Id of the probe's own device (kind `probe`) in each school where it has cameras. Register it
    and name it as their `repeater`: when the probe falls silent, that is one alert, and nothing is
    said of its cameras.
    """

    period_s: float = Field(60, ge=5, le=3600)
    """Each camera is looked at once in this time."""

    limit_s: float = Field(10, ge=2, le=60)
    """Longest time that one look may take."""

    watch_s: float = Field(3, ge=1, le=20)
    """How long a camera is watched when its rate is measured."""

    watch_every: int = Field(10, ge=1, le=10_000)
    """One look in so many watches the stream; the others end with the first key frame."""

    processes: int = Field(2, ge=1, le=64)
    """Processes that look."""

    gateway: HttpUrl | None = None
    """Where pictures go: the address of the gateway's page. Without it no picture leaves the probe.
    """

    gateway_ca_file: ExistingFile | None = None
    """Authority that signed the page's certificate, PEM. Default: the system's."""

    token: Secret | None = None
    """API token for the pictures, of a user with the role probe (`campus token`) whose scope are
    the schools of these cameras.
    """

    picture_every_s: float = Field(900, ge=60, le=86_400)
    """How often a picture is kept of a camera that is well. Of one with a fault it is every look's
    until the fault is told, and then so often, too.
    """

    zone: ZoneName = "Asia/Shanghai"
    """The cameras' time zone: what they usually show differs by the time of day."""

    watched: tuple[CameraSettings, ...] = ()
    """The cameras."""

    @model_validator(mode="after")
    def _sensible(self) -> CamerasSettings:
        named = [(camera.school, camera.device) for camera in self.watched]
        if len(set(named)) < len(named):
            school, device = next(each for each in named if named.count(each) > 1)
            raise ValueError(f"the camera {school}/{device} is named twice")
        if self.limit_s > self.period_s:
            raise ValueError("limit_s must not be longer than period_s")
        if self.gateway is not None and self.token is None:
            raise ValueError("gateway needs a token")
        return self
