"""The register (regions, schools, places, kinds, devices), curves, discoveries and rejects."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from gateway.api.models.alerts import AlertOut, MaintenanceMarkOut, Reason
from gateway.api.models.shapes import Identifier, In, Moment, Names, Out
from gateway.settings_fields import PriorityName
from gateway.store.store import Shortfall

Label = Annotated[str, StringConstraints(max_length=128), Field(examples=["门卫室一键报警"])]

RuleParameters = dict[
    Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")],
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")],
        bool | int | float | str | list[bool | int | float | str] | None,
    ],
]
"""``{rule: {parameter: value}}``."""


class Health(StrEnum):
    """Whether a device is well. Unknown is never shown as fine and never as trouble."""

    OK = "ok"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"


class RegionOut(Out):
    """A province, city or county."""

    id: str = Field(examples=["east-county"])
    name: Names
    parent: str | None


class SchoolOut(Out):
    """A school."""

    id: str = Field(examples=["no3-middle"])
    name: Names
    region: str | None


class PlaceOut(Out):
    """A building, floor or room of a school; `path` names everything around it."""

    id: str = Field(examples=["block-a-301"])
    school: str
    name: Names
    parent: str | None
    path: Names
    has_plan: bool = Field(default=False, description="Whether there is a floor plan of it.")


class KindValueOut(Out):
    """A value devices of the kind send, and its plausible range."""

    name: str = Field(examples=["temperature_c"])
    unit: str = Field(examples=["°C"])
    low: float | None
    high: float | None


class KindRuleOut(Out):
    """A rule that watches devices of the kind, with its figures and where they come from."""

    rule: str = Field(examples=["threshold"])
    parameters: dict[str, Any]
    source: str


class KindOut(Out):
    """A kind of device."""

    kind: str = Field(examples=["smoke"])
    name: Names
    expected_heartbeat_ms: int | None = Field(examples=[3_600_000])
    values: list[KindValueOut]
    rules: list[KindRuleOut]


class WhyOut(Out):
    """One reason why a device is as it is, in a sentence."""

    text: Names
    priority: PriorityName | None


class DeviceOut(Out):
    """A device with what is known of it right now."""

    school: str = Field(examples=["no3-middle"])
    school_name: Names
    id: str = Field(examples=["lab-chem-2"])
    kind: str = Field(examples=["smoke"])
    name: Names
    place: Names | None
    place_id: str | None
    dialect: str = Field(examples=["native"])
    address: str
    repeater: str | None
    out_of_service: bool
    maintenance: MaintenanceMarkOut | None
    heard: Moment | None = Field(description="When its last message arrived.")
    expected: int | None = Field(description="The heartbeat expected, in ms.")
    happened: Moment | None = Field(description="When its last reading was made.")
    offset: int | None = Field(description="Its clock's estimated error in ms, positive = fast.")
    online: bool | None
    battery_pct: float | None
    rssi_dbm: float | None
    lqi: float | None
    firmware: str | None
    lost: int = Field(description="Messages lost, by gaps of `seq`.")
    messages: int
    values: dict[str, Any] = Field(examples=[{"smoke_alarm": False, "battery_pct": 88}])
    health: Health
    why: list[WhyOut]


class PositionOut(Out):
    """Where a device is: on the plan of `place`, from the left and from the top, 0 to 1."""

    place: str
    x: float
    y: float


class DeviceDetailOut(DeviceOut):
    """A device with its own parameters, open alerts, and the metrics that have a curve."""

    position: PositionOut | None
    parameters: dict[str, dict[str, Any]]
    alerts: list[AlertOut]
    metrics: list[str] = Field(examples=[["temperature_c", "battery_pct"]])


class DeviceIn(In):
    """A device as it is to be registered."""

    kind: Identifier
    name_zh: Label = ""
    name_en: Label = ""
    place: Identifier | None = None
    dialect: Identifier = "native"
    address: Annotated[str, StringConstraints(max_length=256)] = Field(
        default="", description="How its dialect calls it; empty = its id."
    )
    repeater: Identifier | None = None
    parameters: RuleParameters = Field(
        default_factory=dict, examples=[{"threshold": {"limit": 60}}]
    )


class ServiceIn(In):
    """Take a device out of service, or back. Hides its faults, never its emergencies."""

    out_of_service: bool
    reason: Reason


class RemovalIn(In):
    """Why a device leaves the register."""

    reason: Reason


class CurvePointOut(Out):
    """What a metric was in `[start, start + span)`; `span` 0 = a single reading."""

    start: Moment
    span: int
    count: int
    low: float
    high: float
    mean: float
    last: float


class CurveLimitOut(Out):
    """A limit to draw across the curve."""

    value: float = Field(examples=[54.0])
    label: Names


class CurveOut(Out):
    """A metric of a device over time; gaps are left out."""

    metric: str = Field(examples=["temperature_c"])
    unit: str = Field(examples=["°C"])
    points: list[CurvePointOut]
    limits: list[CurveLimitOut]
    shortfall: Shortfall | None = Field(
        default=None,
        description="Why there may be more than is shown: `database_away` = the database of the "
        "history does not answer, and this is what the gateway itself still holds.",
    )


class FoundOut(Out):
    """What a scanned code or a typed id means. Not registered: a discovery, to be adopted."""

    registered: bool
    school: str
    id: str
    kind: str = Field(description="Of a discovery: a guess.")
    name: Names


class DiscoveryOut(Out):
    """A device that speaks and is not registered, with what was understood of it."""

    school: str
    id: str = Field(examples=["0x00158d0001a2b3c4"])
    dialect: str = Field(examples=["zigbee2mqtt"])
    address: str
    kind: str = Field(examples=["smoke"], description="A guess.")
    first_seen: Moment
    last_seen: Moment
    messages: int
    topic: str = Field(examples=["zigbee2mqtt/0x00158d0001a2b3c4"])
    sample: str
    understood: dict[str, Any]


class RejectOut(Out):
    """A message that was not understood. `sample` replaces what is not UTF-8."""

    row: int
    received: Moment
    reason: str = Field(examples=["syntax"], description="A code: `reject.{reason}`.")
    detail: str
    topic: str
    school: str = Field(description="Empty when the topic did not tell.")
    sample: str
    sample_hex: str


class RejectCountOut(Out):
    """How many messages of a school were rejected for a reason on a day (UTC)."""

    day: int = Field(examples=[20777], description="Days since 1970-01-01 UTC.")
    school: str
    reason: str
    count: int


class FactOut(Out):
    """Something people will one day have to prove."""

    row: int
    kind: str = Field(examples=["signed_in"])
    happened: Moment
    known: Moment
    actor: str = Field(examples=["user:li.na"])
    subject: str = Field(examples=["alert:4711"])
    body: dict[str, Any]


class ButtonOut(Out):
    """A simulated button."""

    school: str = Field(examples=["no3-middle"])
    school_name: Names
    device: str = Field(examples=["button-gatehouse"])
    name: Names


class PressIn(In):
    """Which simulated button to press."""

    school: Identifier
    device: Identifier
