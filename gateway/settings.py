"""What a deployer sets: the models of ``gateway.yaml``. docs/configuration.md is made from them.

Every duration and size carries its unit in its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from devices.dialects import DIALECTS
from devices.dialects.sparkplug import NAMESPACE, Sparkplug
from devices.dialects.tasmota import Tasmota
from gateway.paths import default_config_dir
from gateway.problem import listing, near_miss
from gateway.settings_attestations import AttestationSettings, check_reminded
from gateway.settings_broker import BrokerSettings, EmbeddedBroker
from gateway.settings_cameras import CamerasSettings
from gateway.settings_causes import CauseSettings, FloodSettings
from gateway.settings_duty import DutySettings, EscalationSettings, check_called
from gateway.settings_evidence import EvidenceSettings, check_published
from gateway.settings_exports import CampaignSettings, ExportSettings
from gateway.settings_fields import (
    Address,
    ExistingFile,
    ExistingFolder,
    HostPort,
    HttpUrl,
    Id,
    PathFromHere,
    Section,
    Tls,
    UtcOffset,
    minutes_east,
)
from gateway.settings_history import HistorySettings
from gateway.settings_ledger import LedgerSettings, check_receivers
from gateway.settings_notification import NotificationSettings
from gateway.settings_police import PoliceLinkSettings, check_apart
from gateway.settings_recordings import (
    Gb28181Settings,
    RecorderSettings,
    RecordingSettings,
    check_recorders,
)
from gateway.settings_response import ResponseSettings
from gateway.settings_work_orders import WorkOrderSettings


class Keep(Section):
    """How long readings stay. Facts, alerts and their transitions are never deleted."""

    raw_days: int = Field(30, ge=1, le=3650)
    """Days that readings are kept as they came."""

    minutes_days: int = Field(400, ge=1, le=36500)
    """Days that minute values (lowest, highest, mean) are kept."""

    hours_days: int = Field(3660, ge=1, le=36500)
    """Days that hour values are kept, and how each device was connected by day."""


class StoreSettings(Section):
    """The database."""

    path: PathFromHere | None = None
    """The SQLite file. Default: `campus.db` in `directory`. Not on a network drive: SQLite's
    write-ahead log needs a local one.
    """

    reserve_mb: int = Field(256, ge=16, le=1_000_000)
    """Disk space kept free for events. With less than this left, telemetry waits at the broker and
    events are still stored.
    """

    keep: Keep = Keep()
    """How long readings stay."""


class IngestSettings(Section):
    """Taking messages in."""

    linger_ms: int = Field(3, ge=0, le=1000)
    """Longest time telemetry waits for more of it to come, under load. Events never wait."""

    max_batch: int = Field(500, ge=1, le=65535)
    """Most messages in one transaction. It also bounds how long one batch keeps the gateway from
    its alarms and pages: some 5 ms for 500."""

    stalled_after_s: int = Field(120, ge=5, le=86400)
    """With registered devices and no message for this long, the feed is called stalled."""

    slow_commit_ms: int = Field(2000, ge=10, le=600_000)
    """A transaction longer than this raises an alert."""

    clock_error_s: int = Field(30, ge=1, le=86400)
    """The gateway's own clock is doubted when most devices disagree with it by more than this."""

    rejects_per_minute: int = Field(600, ge=1, le=1_000_000)
    """More rejected messages than this in a minute raise an alert."""


class DialectSettings(Section):
    """A family of devices that speaks its own MQTT, bound to one school because its topics name
    none.
    """

    dialect: str
    """Which one: `zigbee2mqtt`, `tasmota`, `shelly` and others: see docs/dialects.md."""

    school: Id
    """Id of the school whose devices they are."""

    topic: str = Field(min_length=1, max_length=200)
    """Base topic at the broker, e.g. `zigbee2mqtt`, for Tasmota the prefix before `tele/` and
    `stat/` (may hold levels), for Sparkplug `spBv1.0/` and the group's id.
    """

    utc_offset: UtcOffset | None = None
    """How the devices' clocks are set, e.g. `"+08:00"`. Only for `tasmota`, whose times name no
    zone: without it the time of arrival counts. Leave it out where clocks change to summer time.
    """

    @property
    def offset_minutes(self) -> int | None:
        """`utc_offset` in minutes east of UTC."""
        return None if self.utc_offset is None else minutes_east(self.utc_offset)

    @model_validator(mode="after")
    def _offset_of_use(self) -> DialectSettings:
        if self.utc_offset is not None and self.dialect != Tasmota.name:
            raise ValueError(f"utc_offset is only for {Tasmota.name}: times of others name a zone")
        return self

    @model_validator(mode="after")
    def _group_of_nodes(self) -> DialectSettings:
        space, _, group = self.topic.partition("/")
        if self.dialect == Sparkplug.name and (space != NAMESPACE or not group or "/" in group):
            raise ValueError(
                f"topic of {Sparkplug.name} must be {NAMESPACE}/ and the group's id, e.g. "
                f"{NAMESPACE}/no3-middle"
            )
        return self

    @field_validator("dialect")
    @classmethod
    def _known(cls, dialect: str) -> str:
        if dialect not in DIALECTS:
            near, known = near_miss(dialect, DIALECTS), listing(DIALECTS)
            raise ValueError(f"must be one of {known}, not '{dialect}'{near}")
        return dialect

    @field_validator("topic")
    @classmethod
    def _no_wildcard(cls, topic: str) -> str:
        if any(sign in topic for sign in "+#\0"):
            raise ValueError("must be a plain topic without the wildcards + and #")
        first = topic.strip("/").split("/")[0]
        if not first or first == "campus":
            raise ValueError(
                "must not be empty and not begin with campus/, the native format's own"
            )
        return topic.strip("/")


class RateLimits(Section):
    """Bounds on what one client may ask."""

    sign_in_per_minute: int = Field(10, ge=1, le=10_000)
    """Sign-in attempts by address and by user name."""

    requests_per_minute: int = Field(1200, ge=10, le=1_000_000)
    """Requests of one session or token."""

    streams: int = Field(2000, ge=1, le=100_000)
    """Live streams open at the same time, all together."""

    body_kb: int = Field(256, ge=1, le=65536)
    """Largest request body."""


class WebSettings(Section):
    """The page and the HTTP interface."""

    listen: HostPort = Address("127.0.0.1", 8080)
    """Address and port."""

    public_url: HttpUrl | None = None
    """How browsers reach it, when that is not `listen` (behind a proxy). `https` makes cookies
    secure.
    """

    tls: Tls | None = None
    """TLS served by the gateway itself."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose `X-Forwarded-For` is believed."""

    metrics_open: bool = False
    """Serve `/metrics` without sign-in."""

    session_hours: int = Field(12, ge=1, le=720)
    """Longest session; a shift."""

    reading_session_hours: int = Field(0, ge=0, le=8784)
    """Longest session of auditors, who change nothing: a screen on the wall signs in once and
    stays. 0 = as everybody's."""

    session_idle_minutes: int = Field(0, ge=0, le=1440)
    """Signed out after this long without a request; 0 = never: a control room only watches."""

    limits: RateLimits = RateLimits()
    """Bounds on what one client may ask."""

    @field_validator("public_url")
    @classmethod
    def _bare(cls, url: str | None) -> str | None:
        return None if url is None else url.rstrip("/")


class AlarmSettings(Section):
    """Bounds on what operators may do."""

    shelve_max_hours: int = Field(24, ge=1, le=720)
    """Longest time an alert may be shelved. Emergencies never are."""


class LogSettings(Section):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level written."""

    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal, JSON elsewhere."""


def _shipped_kinds() -> Path:
    return default_config_dir() / "kinds"


def _shipped_policies() -> Path:
    return default_config_dir() / "policies"


class Settings(Section):
    """Everything in ``gateway.yaml``. A relative path counts from the folder of that file."""

    directory: PathFromHere = Path("var")
    """Folder for everything the gateway writes: database, the broker's files, generated secrets.
    Default: `var` where it is started.
    """

    store: StoreSettings = StoreSettings()
    """The database."""

    history: HistorySettings = HistorySettings()
    """Where readings are kept for years."""

    broker: BrokerSettings = BrokerSettings()
    """The MQTT broker."""

    ingest: IngestSettings = IngestSettings()
    """Taking messages in."""

    dialects: tuple[DialectSettings, ...] = ()
    """Devices that do not speak the native format, school by school."""

    web: WebSettings = WebSettings()
    """The page and the HTTP interface."""

    notification: NotificationSettings = NotificationSettings()
    """Who is told."""

    escalation: EscalationSettings = EscalationSettings()
    """Whom an alert calls that nobody acknowledges, and when."""

    duty: DutySettings = DutySettings()
    """Who is on duty in turn."""

    police_links: tuple[PoliceLinkSettings, ...] = ()
    """How alarms reach the police."""

    cameras: CamerasSettings = CamerasSettings()
    """The probe that looks at cameras."""

    recorders: tuple[RecorderSettings, ...] = ()
    """Recorders that are asked what they hold of which cameras."""

    recordings: RecordingSettings = RecordingSettings()
    """What is required of recordings, and when recorders are asked."""

    gb28181: Gb28181Settings | None = None
    """The platform at which recorders of GB/T 28181 register."""

    alarms: AlarmSettings = AlarmSettings()
    """Bounds on what operators may do."""

    response: ResponseSettings = ResponseSettings()
    """What is to be done when an alert is raised, and who is told by when."""

    causes: CauseSettings = CauseSettings()
    """Silences that are one alert."""

    floods: FloodSettings = FloodSettings()
    """When there are too many alerts for a person."""

    attestations: AttestationSettings = AttestationSettings()
    """What people state is met, and who is reminded before that ends."""

    ledger: LedgerSettings = LedgerSettings()
    """The hazard ledger."""

    evidence: EvidenceSettings = EvidenceSettings()
    """The log over all facts, and where its signed heads go."""

    work_orders: WorkOrderSettings = WorkOrderSettings()
    """Faults that somebody has to mend."""

    exports: ExportSettings = ExportSettings()
    """What leaves as XLSX, CSV and PDF."""

    campaigns: CampaignSettings = CampaignSettings()
    """Campaigns that notices ask for."""

    kinds: ExistingFolder = Field(default_factory=_shipped_kinds)
    """Folder with one file per kind of device. Default: the one that comes with the gateway."""

    policies: ExistingFolder = Field(default_factory=_shipped_policies)
    """Folder with the policies of bureaus. Default: the one that comes with the gateway."""

    sites: tuple[ExistingFile, ...] = ()
    """Files of regions, schools, places and devices: what `campus import` takes when no file is
    named.
    """

    log: LogSettings = LogSettings()
    """The log."""

    demo: bool = False
    """Say on every page that this is a demonstration, and let it press simulated buttons."""

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.store.path or self.directory / "campus.db"

    @property
    def embedded_broker(self) -> EmbeddedBroker | None:
        """The broker to run as a child; ``None`` when one is reached by URL."""
        if self.broker.url is not None:
            return None
        return self.broker.embedded or EmbeddedBroker()

    @model_validator(mode="after")
    def _apart(self) -> Settings:
        topics = [dialect.topic for dialect in self.dialects]
        for first in topics:
            for second in topics:
                inside = second.startswith(first + "/")
                if inside or (first is not second and first == second):
                    raise ValueError(f"dialects: the topics '{first}' and '{second}' overlap")
        check_apart(self.police_links)
        check_receivers(self.ledger, self.notification.receiver_names)
        check_reminded(self.attestations, self.notification.receiver_names)
        check_published(self.evidence, [one.name for one in self.notification.messages])
        check_recorders(self.recorders, self.recordings, self.gb28181)
        check_called(self.escalation, self.duty, self.notification.receiver_names)
        if self.escalation.plans and self.notification.escalation is not None:
            raise ValueError("escalation.plans and notification.escalation: give one of the two")
        return self
