"""Where readings are kept for years: what may be set, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.configuration import load_settings
from gateway.history.influx_target import Engine, Target
from gateway.problem import ConfigurationError
from gateway.settings_history import HistorySettings


def load(folder: Path, text: str) -> HistorySettings:
    path = folder / "gateway.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, {"INFLUX": "a token"}).history


def test_one_campus_needs_no_database_beside_its_own(tmp_path: Path) -> None:
    assert load(tmp_path, "").target is None
    assert load(tmp_path, "history: {engine: sqlite}").target is None


def test_a_database_is_named_by_its_address_and_its_secret_by_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("name:password\n", "utf-8")
    (tmp_path / "secret").chmod(0o600)
    written = "{engine: victoria-metrics, url: 'http://db:8428/', token: {file: secret}}"
    target = load(tmp_path, f"history: {written}").target
    assert target is not None
    assert (target.engine, target.token) == (Engine.VICTORIA_METRICS, "name:password")
    written = "{engine: influxdb, url: 'https://db', bucket: b, org: o, token: {env: INFLUX}}"
    target = load(tmp_path, f"history: {written}").target
    assert target is not None
    assert (target.bucket, target.org, target.token) == ("b", "o", "a token")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{engine: influxdb, bucket: b}", "say where influxdb answers"),
        ("{engine: influxdb, url: 'http://db'}", "say which bucket"),
        (
            "{engine: victoria-metrics, url: 'http://db', bucket: b}",
            "bucket and org are InfluxDB's",
        ),
        ("{engine: sqlite, url: 'http://db'}", "url: not for the engine sqlite"),
        ("{url: 'http://db'}", "url: not for the engine sqlite"),
        ("{engine: influxdb, url: db, bucket: b}", "must be http"),
        ("{engine: influxdb, url: 'http://db', bucket: b, token: geheim}", "is a secret"),
        ("{engine: oracle}", "engine"),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, written: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, f"history: {written}\n")
    told = "\n".join(str(problem) for problem in caught.value.problems)
    assert said in told
    assert "geheim" not in told


@pytest.mark.parametrize(
    "other",
    [
        Target(engine=Engine.INFLUXDB, url="http://db:8086", bucket="other"),
        Target(engine=Engine.INFLUXDB, url="http://db2:8086", bucket="campus"),
        Target(engine=Engine.INFLUXDB, url="http://db:8086", bucket="campus", org="bureau"),
        Target(engine=Engine.VICTORIA_METRICS, url="http://db:8086"),
    ],
)
def test_a_database_has_a_name_without_secrets_that_no_other_has(other: Target) -> None:
    target = Target(
        engine=Engine.INFLUXDB, url="http://me:secret@db:8086/", bucket="campus", token="t0ken"
    )
    assert target.name == "influxdb http://db:8086 campus"
    assert "secret" not in repr(target)
    assert "t0ken" not in repr(target)
    assert other.name != target.name
