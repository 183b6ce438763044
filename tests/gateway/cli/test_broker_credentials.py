"""``campus broker-credentials``: what a school's devices are set up with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.broker.credentials import keep_credentials
from gateway.cli.commands import app


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "directory: .\n"
        "broker: {embedded: {listeners: [{listen: 127.0.0.1:1884}, {listen: 0.0.0.0:1883}]}}\n"
        "dialects:\n"
        "  - {dialect: zigbee2mqtt, school: no3-middle, topic: no3/z2m}\n"
        "  - {dialect: tasmota, school: no5-primary, topic: no5/plugs}\n",
        "utf-8",
    )
    return path


@pytest.fixture
def passwords(config: Path) -> dict[str, str]:
    (config.parent / "broker").mkdir()
    file = config.parent / "broker" / "credentials.json"
    return keep_credentials(file, ["gateway", "school-no3-middle"]).passwords


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["broker-credentials", *map(str, arguments)])


def test_it_shows_user_password_and_own_topics(config: Path, passwords: dict[str, str]) -> None:
    shown = run("no3-middle", "--config", config).output
    assert passwords["school-no3-middle"] in shown
    assert "campus/no3-middle/+/+/telemetry" in shown
    assert "no3/z2m/#" in shown
    assert "no5" not in shown
    assert passwords["gateway"] not in shown


def test_as_a_url_for_other_programs(config: Path, passwords: dict[str, str]) -> None:
    secret = passwords["school-no3-middle"]
    shown = run("no3-middle", "--url", "--config", config).output
    assert shown == f"mqtt://school-no3-middle:{secret}@127.0.0.1:1884\n"


def test_as_json(config: Path, passwords: dict[str, str]) -> None:
    found = json.loads(run("no3-middle", "--json", "--config", config).output)
    assert found["password"] == passwords["school-no3-middle"]
    assert found["addresses"] == ["127.0.0.1:1884", "0.0.0.0:1883"]


def test_a_school_without_a_password_is_told_which_have_one(
    config: Path, passwords: dict[str, str]
) -> None:
    result = run("no5-primary", "--config", config)
    assert result.exit_code == 1
    assert "these have: no3-middle" in result.output


def test_before_the_first_start_it_says_what_makes_the_file(config: Path) -> None:
    result = run("no3-middle", "--config", config)
    assert result.exit_code == 1
    assert "campus run" in result.output


def test_with_a_broker_of_ones_own_it_names_the_other_command(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("broker: {url: 'mqtt://broker.example:1883'}\n", "utf-8")
    result = run("no3-middle", "--config", path)
    assert result.exit_code == 1
    assert "broker-config" in result.output
