"""``campus replay`` as an administrator uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded import MINUTE, Recorded
from typer.testing import CliRunner, Result

from gateway.cli.commands import app


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path)
    recorded.minutes(60, hot=range(20, 30))
    (tmp_path / "gateway.yaml").write_text(f"store: {{path: {recorded.store.path}}}\n")
    yield recorded
    recorded.store.close()


def campus(recorded: Recorded, folder: Path, *arguments: str, since: int | None = None) -> Result:
    times = (recorded.begin if since is None else since, recorded.now)
    moments = [datetime.fromtimestamp(at / 1000, UTC).isoformat() for at in times]
    common = [
        "--config",
        str(folder / "gateway.yaml"),
        "--since",
        moments[0],
        "--until",
        moments[1],
    ]
    return CliRunner().invoke(app, ["replay", *common, "--language", "en", *arguments])


def test_todays_rules_end_with_0(recorded: Recorded, tmp_path: Path) -> None:
    result = campus(recorded, tmp_path)
    assert result.exit_code == 0, result.output
    assert "118 readings of 3 devices" in result.stdout
    assert "heat" in result.stdout, "the table counts what is the same, too"


def test_other_rules_end_with_1_and_say_what_differs(recorded: Recorded, tmp_path: Path) -> None:
    rules = tmp_path / "tried.yaml"
    rules.write_text("kinds:\n  smoke-temperature:\n    heat: {above: 70}\n")
    result = campus(recorded, tmp_path, "--rules", str(rules))
    assert result.exit_code == 1, result.output
    assert "- no3/lab" in result.stdout
    assert "only raised" in result.stdout


def test_programs_get_one_json_object(recorded: Recorded, tmp_path: Path) -> None:
    rules = tmp_path / "tried.yaml"
    rules.write_text("devices:\n  no3/lab:\n    heat: {above: 60, priority: high}\n")
    result = campus(recorded, tmp_path, "--rules", str(rules), "--json")
    found = json.loads(result.stdout)
    assert found["agrees"] is False
    assert found["counts"]["different"] == 1
    (pair,) = (one for one in found["pairs"] if one["condition"] == "heat")
    assert pair["differs"] == ["priority"]
    assert (pair["raised"]["priority"], pair["replayed"]["priority"]) == (1, 2)
    assert pair["replayed"]["limit"] == 60
    assert pair["raised"]["began"] == pair["replayed"]["began"] == recorded.begin + 21 * MINUTE


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "kinds:\n  smoke-temperature:\n    heat: {abov: 70}\n",
            ":3: kinds.smoke-temperature.heat",
        ),
        ("kinds:\n  smoke-temperature:\n    heat: {above: hot}\n", "must be a number"),
        ("kinds:\n  smok:\n    heat: {above: 70}\n", "is not registered (did you mean 'smoke'?)"),
        ("kinds:\n  smoke:\n    heet: {above: 70}\n", "there is no rule 'heet'"),
        ("kinds:\n  smoke:\n    heat: off\n", "there is no such rule here"),
        ("kinds:\n  smoke:\n    silent: no\n", "or 'off'"),
        ("schools:\n  no4: {}\n", ":2: schools.no4: is not registered"),
        ("devices:\n  no3/lap: {}\n", ":2: devices.no3/lap: is not registered"),
        ("device:\n  no3/lab: {}\n", "did you mean 'devices'?"),
        (
            "kinds:\n  smoke-temperature:\n    battery: {low_pct: 5}\n",
            "critical_pct must not be more than low_pct",
        ),
    ],
)
def test_mistakes_are_named_with_file_line_and_field(
    recorded: Recorded, tmp_path: Path, written: str, said: str
) -> None:
    rules = tmp_path / "tried.yaml"
    rules.write_text(written)
    result = campus(recorded, tmp_path, "--rules", str(rules))
    assert result.exit_code == 2
    assert str(rules) in result.stderr
    assert said in result.stderr


def test_days_without_readings_end_with_2(recorded: Recorded, tmp_path: Path) -> None:
    result = campus(recorded, tmp_path, "--school", "no9")
    assert result.exit_code == 2
    assert "nothing to replay" in result.stdout


def test_a_device_that_is_not_there_is_said(recorded: Recorded, tmp_path: Path) -> None:
    result = campus(recorded, tmp_path, "--device", "no3/nowhere")
    assert (result.exit_code, "no3/nowhere is not registered" in result.stderr) == (2, True)


def test_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text("directory: var\n")
    result = CliRunner().invoke(app, ["replay", "--config", str(tmp_path / "gateway.yaml")])
    assert (result.exit_code, "there is no store" in result.stderr) == (2, True)


def test_ctrl_c_breaks_it_off(recorded: Recorded, tmp_path: Path) -> None:
    """In a process of its own, that is told to stop as a terminal tells it."""
    program = (
        "import os, signal\n"
        "from gateway.replay.running import Replay\n"
        "run = Replay.run\n"
        "def stopped(self, tell):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return run(self, tell)\n"
        "Replay.run = stopped\n"
        "from gateway.cli import main\n"
        "main()\n"
    )
    arguments = ["replay", "--config", str(tmp_path / "gateway.yaml"), "--days", "3650"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "LANG": "C"},
        timeout=120,
    )
    assert done.returncode == 130, done.stderr.decode()
    assert b"broken off" in done.stderr
