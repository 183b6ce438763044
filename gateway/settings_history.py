"""Settings of the history: where the readings of years are kept."""

from __future__ import annotations

from pydantic import Field, model_validator

from gateway.history.influx_target import Engine, Target
from gateway.settings_fields import ExistingFile, HttpUrl, Secret, Section


class HistorySettings(Section):
    """Where readings are kept for years, and curves of long ago come from (docs/history.md)."""

    engine: Engine = Engine.SQLITE
    """`sqlite`: in the gateway's own database. `influxdb` (2 or 3) or `victoria-metrics`: in that
    one, too; the gateway's own then holds what is not handed over yet, and what `store.keep` says.
    """

    url: HttpUrl | None = None
    """Where the database answers, e.g. `http://127.0.0.1:8086`, VictoriaMetrics
    `http://127.0.0.1:8428`.
    """

    token: Secret | None = None
    """For `influxdb` a token that may write and read the bucket; for `victoria-metrics` name and
    password as `name:password`, when it asks for them.
    """

    bucket: str = Field("", max_length=200)
    """InfluxDB's bucket."""

    org: str = Field("", max_length=200)
    """InfluxDB's organization."""

    ca_file: ExistingFile | None = None
    """Authority that signed the database's certificate, PEM, when the system does not know it."""

    timeout_s: float = Field(30.0, ge=1, le=300)
    """Longest wait for the answer to one write of some thousand points."""

    behind_minutes: float = Field(15.0, ge=1, le=10_080)
    """Readings that are not handed over after this long raise an alert."""

    @model_validator(mode="after")
    def _complete(self) -> HistorySettings:
        if self.engine is Engine.SQLITE:
            given = self.model_fields_set - {"engine"}
            if given:
                raise ValueError(f"{', '.join(sorted(given))}: not for the engine sqlite")
            return self
        if self.url is None:
            raise ValueError(f"url: say where {self.engine.value} answers")
        if self.engine is Engine.INFLUXDB and not self.bucket:
            raise ValueError("bucket: say which bucket of InfluxDB")
        if self.engine is Engine.VICTORIA_METRICS and (self.bucket or self.org):
            raise ValueError("bucket and org are InfluxDB's; VictoriaMetrics has none")
        return self

    @property
    def target(self) -> Target | None:
        """The database to hand over to; ``None`` when there is none beside the store."""
        if self.engine is Engine.SQLITE or self.url is None:
            return None
        return Target(
            engine=self.engine,
            url=self.url,
            token="" if self.token is None else self.token.get_secret_value(),
            bucket=self.bucket,
            org=self.org,
            ca_file="" if self.ca_file is None else str(self.ca_file),
            timeout_s=self.timeout_s,
        )
