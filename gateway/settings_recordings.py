"""The models of ``recorders:``, ``recordings:`` and ``gb28181:`` in ``gateway.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from devices.model import is_identifier
from devices.recording.local_time import DAY_MS, HOUR_MS, midnight, named_zone
from devices.recording.playing import RTSPS_PORT
from devices.recording.requirement import Requirement
from gateway.settings_fields import (
    Address,
    ExistingFile,
    HostPort,
    HttpUrl,
    Id,
    PathFromHere,
    Secret,
    Section,
)

_TWENTY_DIGITS: Final = re.compile(r"[0-9]{20}", re.ASCII)
_TIME_OF_DAY: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)

Days = Annotated[int, Field(ge=1, le=3660)]


def _zone(name: str) -> str:
    try:
        named_zone(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"must be a time zone like Asia/Shanghai, not '{name}'") from error
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


def _time_of_day(text: str) -> str:
    if not _TIME_OF_DAY.fullmatch(text):
        raise ValueError(f"must be a time of day like \"01:30\", in quotes, not '{text}'")
    return text


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


class RecordedCamera(Section):
    """One camera of a recorder. In short, only the channel: `gate-01: 1`."""

    channel: str = Field(min_length=1, max_length=200)
    """How the recorder calls it: a number from 1 (`isapi`, `dahua`), a folder below `folder`, the
    id or name of a recording's source (`onvif`), or the channel's 20 digits (`gb28181`).
    """

    days: Days | None = None
    """Days that its recordings have to reach back, instead of what `recordings` says."""

    commissioned: date | None = None
    """Since when it has to record: a new camera is judged by its age. Default: the recorder's."""

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: object) -> object:
        return {"channel": given} if isinstance(given, str | int) else given

    @field_validator("channel", mode="before")
    @classmethod
    def _as_text(cls, channel: object) -> object:
        return str(channel) if isinstance(channel, int) else channel


class RecorderSettings(Section):
    """One recorder, and which cameras it records."""

    school: Id
    """Id of its school."""

    id: Id
    """Id of its device in the register; the gateway registers it when there is none."""

    kind: Literal["folder", "isapi", "dahua", "onvif", "gb28181"]
    """How it is asked: `isapi` (Hikvision), `dahua` (its CGI), `onvif` (Profile G), `gb28181` (it
    registers here) or a plain `folder` of files whose names tell their times.
    """

    cameras: Mapping[Id, RecordedCamera] = Field(min_length=1)
    """Its cameras, by their ids in the register."""

    url: HttpUrl | None = None
    """Where it is (`isapi`, `dahua`, `onvif`): `http://192.0.2.30`, without a password."""

    user: str | None = Field(None, min_length=1, max_length=100)
    """Whom to sign in as (`isapi`, `dahua`, `onvif`): a user who may play back, and no more."""

    password: Secret | None = None
    """That user's password, or the one with which a recorder registers (`gb28181`)."""

    folder: PathFromHere | None = None
    """Where its files are (`folder`)."""

    device: str | None = None
    """Its 20 digits, in quotes (`gb28181`)."""

    rtsp_port: int = Field(554, ge=1, le=65_535)
    """Where it plays recordings (`isapi`, `dahua`); others tell. With `rtsp_tls`: 322."""

    rtsp_tls: bool = False
    """It plays within TLS (`isapi`, `dahua`); others tell."""

    rtsp_ca_file: ExistingFile | None = None
    """Who signed the certificate with which it plays within TLS, or that itself, PEM (`isapi`,
    `dahua`, `onvif`). Without it any certificate is taken.
    """

    rtsp_basic: bool = False
    """For playing it is told the password where it knows no digest (`isapi`, `dahua`, `onvif`):
    whoever listens hears it. With `rtsp_ca_file` nobody can, and this is not needed within TLS.
    """

    zone: ZoneName | None = None
    """The time zone its clock is set to; one of `gb28181` is told this time when it registers.
    Default: that of `recordings`."""

    z_means: Literal["local", "utc"] | None = None
    """What `Z` means in its times (`isapi`, `onvif`), where that cannot be found out by itself."""

    commissioned: date | None = None
    """Since when it has to record."""

    answer_timeout_s: float = Field(10.0, gt=0, le=120)
    """Longest wait for one answer."""

    ask_timeout_s: float = Field(120.0, gt=0, le=3600)
    """Longest wait for all that one camera recorded on one day."""

    @model_validator(mode="after")
    def _what_its_kind_needs(self) -> RecorderSettings:
        needed = {
            "folder": ("folder",),
            "isapi": ("url", "user", "password"),
            "dahua": ("url", "user", "password"),
            "onvif": ("url", "user", "password"),
            "gb28181": ("device", "password"),
        }[self.kind]
        for name in ("url", "user", "password", "folder", "device"):
            given = getattr(self, name) is not None
            if given is not (name in needed):
                raise ValueError(f"{self.kind} {'does not take' if given else 'needs'} {name}")
        if self.z_means is not None and self.kind not in ("isapi", "onvif"):
            raise ValueError("z_means is for isapi and onvif only")
        for names, kinds in (
            (("rtsp_port", "rtsp_tls"), ("isapi", "dahua")),
            (("rtsp_ca_file", "rtsp_basic"), ("isapi", "dahua", "onvif")),
        ):
            for name in names:
                if name in self.model_fields_set and self.kind not in kinds:
                    told = f"{', '.join(kinds[:-1])} and {kinds[-1]}"
                    raise ValueError(f"{name} is for {told} only")
        if self.kind == "gb28181":
            digits = [str(self.device), *(one.channel for one in self.cameras.values())]
            for each in digits:
                if not _TWENTY_DIGITS.fullmatch(each):
                    raise ValueError(f"gb28181: '{each}' is not 20 digits (write them in quotes)")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """Its school and id."""
        return (self.school, self.id)

    @property
    def plays_at(self) -> int:
        """The port where it plays."""
        if self.rtsp_tls and "rtsp_port" not in self.model_fields_set:
            return RTSPS_PORT
        return self.rtsp_port

    @property
    def secret(self) -> str:
        """The password; empty when it takes none."""
        given: SecretStr | None = self.password
        return "" if given is None else given.get_secret_value()


class RecordingSettings(Section):
    """What is required of recordings, and when recorders are asked."""

    days: Days = 30
    """Days that recordings have to reach back (GB/T 29315: 30)."""

    places: Mapping[str, Days] = {}
    """Other figures for places: `no3-middle/gate: 90`, also for all that lies within the place; a
    school's id alone stands for the school.
    """

    gates: tuple[str, ...] = ()
    """Places whose cameras are gate cameras: `no3-middle/gate`, also all that lies within."""

    short_by_hours: float = Field(12.0, ge=0, le=240)
    """So much may be missing at the old end: recorders overwrite whole files."""

    gap_s: int = Field(300, ge=0, le=86_400)
    """A longer hole is a gap; a recorder takes some three minutes to start anew."""

    missing_pct: float = Field(2.0, ge=0, lt=100)
    """Share of a day that all its holes together may take."""

    clock_s: int = Field(60, ge=1, le=3600)
    """A recorder's clock further off is an alert. More than an hour off, its dates prove nothing.
    """

    settling_hours: float = Field(2.0, ge=0, le=48)
    """The newest that is not judged: many recorders list a file only when it is closed."""

    unknown_days: float = Field(3.0, ge=0, le=365)
    """After so many days of which nobody knows how a camera's recordings are, that is an alert."""

    samples: bool = True
    """Play a few seconds of each camera, from a random moment of what is required, whenever its
    recorder is asked. Nothing of it is kept but whether there was a picture.
    """

    sample_timeout_s: float = Field(30.0, ge=1, le=300)
    """Longest wait for that picture; recorders wake a disk for it."""

    alerts: bool = True
    """Raise alerts about cameras. `false`: verdicts are shown and kept, and nobody is called, as in
    the first weeks, when half of the cameras may fall short. Recorders have theirs all the same.
    """

    zone: ZoneName = "Asia/Shanghai"
    """By whose days it is counted."""

    night_from: TimeOfDay = "01:00"
    """Recorders are asked each night from here on, spread until `night_until`."""

    night_until: TimeOfDay = "05:00"
    """The end of that."""

    at_once: int = Field(4, ge=1, le=100)
    """Recorders that are asked at the same time."""

    look_minutes: float = Field(5.0, ge=0.01, le=10)
    """How often it is looked whether a recorder answers, and what its clock says. Ten at most: else
    its device would be called silent (kind `recorder`)."""

    offline_minutes: float = Field(15.0, ge=0, le=1440)
    """A recorder that has not answered for so long is an alert."""

    @field_validator("gates")
    @classmethod
    def _gates(cls, gates: tuple[str, ...]) -> tuple[str, ...]:
        for name in gates:
            school, _, place = name.partition("/")
            if not is_identifier(school) or not is_identifier(place):
                raise ValueError(f"'{name}' is not SCHOOL/PLACE")
        return gates

    @field_validator("places")
    @classmethod
    def _places(cls, places: Mapping[str, int]) -> Mapping[str, int]:
        for name in places:
            school, slash, place = name.partition("/")
            if not is_identifier(school) or (slash and not is_identifier(place)):
                raise ValueError(f"'{name}' is neither SCHOOL nor SCHOOL/PLACE")
        return places

    @model_validator(mode="after")
    def _a_night(self) -> RecordingSettings:
        if self.night_from == self.night_until:
            raise ValueError("night_from and night_until are the same")
        if self.short_by_hours * HOUR_MS >= min((self.days, *self.places.values())) * DAY_MS:
            raise ValueError("short_by_hours is as long as what is required")
        return self

    def required_days(self, school: str, around: tuple[str, ...]) -> int:
        """For a camera of ``school`` in places ``around`` it, the narrowest first."""
        for name in (*(f"{school}/{place}" for place in around), school):
            if name in self.places:
                return self.places[name]
        return self.days

    def requirement(
        self, recorder: RecorderSettings, camera: RecordedCamera, around: tuple[str, ...]
    ) -> Requirement:
        """What is required of one camera in places ``around`` it, the narrowest first."""
        since = camera.commissioned or recorder.commissioned
        return Requirement(
            days=camera.days or self.required_days(recorder.school, around),
            commissioned=None if since is None else midnight(self.zone, since),
            zone=self.zone,
            short_by_ms=round(self.short_by_hours * HOUR_MS),
            gap_ms=self.gap_s * 1000,
            missing_per_day=self.missing_pct / 100,
            settling_ms=round(self.settling_hours * HOUR_MS),
            clock_ms=self.clock_s * 1000,
        )


class Gb28181Settings(Section):
    """The gateway as the upper platform that recorders of GB/T 28181 register at."""

    id: str
    """Our own 20 digits, in quotes: what recorders call the SIP server's id."""

    realm: str = Field("", max_length=100)
    """The SIP domain. Default: the first ten of the 20 digits."""

    listen: HostPort = Address("0.0.0.0", 5060)  # noqa: S104 - recorders come from outside
    """Address and port, for UDP and TCP."""

    contact_host: str = Field("", max_length=253)
    """Our address as recorders see it, where that is not the one towards them."""

    keepalive_s: int = Field(60, ge=1, le=3600)
    """How often recorders say that they are there, as it is set in them; three missed in a row mean
    offline (GB/T 28181: 60, 3)."""

    catalog_minutes: float = Field(30.0, ge=0.01, le=1440)
    """How often a recorder is asked which channels it has and how they are. When it says that they
    changed, and when it registers, it is asked at once."""

    @field_validator("id")
    @classmethod
    def _digits(cls, text: str) -> str:
        if not _TWENTY_DIGITS.fullmatch(text):
            raise ValueError(f"must be 20 digits in quotes, not '{text}'")
        return text


def check_recorders(
    recorders: tuple[RecorderSettings, ...],
    recordings: RecordingSettings,
    platform: Gb28181Settings | None,
) -> None:
    """Raises ``ValueError`` for what does not fit together."""
    cameras: dict[tuple[str, str], str] = {}
    keys: set[tuple[str, str]] = set()
    devices: set[str] = set()
    for recorder in recorders:
        name = f"{recorder.school}/{recorder.id}"
        if recorder.key in keys:
            raise ValueError(f"recorders: {name} is there twice")
        keys.add(recorder.key)
        for camera, how in recorder.cameras.items():
            other = cameras.setdefault((recorder.school, camera), recorder.id)
            if other != recorder.id:
                raise ValueError(
                    f"recorders: {recorder.school}/{camera} is recorded by {other} and by "
                    f"{recorder.id}; name the one that has to reach back"
                )
            if how.days is not None and recordings.short_by_hours * HOUR_MS >= how.days * DAY_MS:
                raise ValueError(f"recorders: {name}: {camera}: short_by_hours is as long as days")
        if recorder.kind == "gb28181":
            if platform is None:
                raise ValueError(f"recorders: {name}: gb28181 needs the section gb28181")
            if str(recorder.device) in devices:
                raise ValueError(f"recorders: device {recorder.device} is there twice")
            devices.add(str(recorder.device))
