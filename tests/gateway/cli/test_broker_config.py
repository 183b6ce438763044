"""``campus broker-config``: files for a broker that somebody else runs."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.measure import free_port
from gateway.broker.knock import Answer, knock
from gateway.broker.process import find_executable
from gateway.cli.commands import app


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "broker:\n  embedded:\n    listeners:\n"
        f"      - listen: 127.0.0.1:{free_port()}\n"
        "dialects:\n  - {dialect: zigbee2mqtt, school: no3-middle, topic: no3/z2m}\n",
        "utf-8",
    )
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["broker-config", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_a_folder_it_only_shows(config: Path) -> None:
    shown = run("--config", config)
    assert "allow_anonymous false" in shown
    assert "topic write no3/z2m/#" in shown
    assert list(config.parent.iterdir()) == [config]


def test_run_again_it_keeps_passwords(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("--config", config, "--out", out)
    before = json.loads((out / "credentials.json").read_text("utf-8"))
    config.write_text(config.read_text("utf-8").replace("no3-middle", "no5-primary"), "utf-8")
    assert before["client_id"] in run("--config", config, "--out", out)
    after = json.loads((out / "credentials.json").read_text("utf-8"))
    assert after["passwords"].items() > before["passwords"].items()
    assert "school-no5-primary" in after["passwords"]


def test_certificates_need_a_folder(config: Path) -> None:
    result = CliRunner().invoke(app, ["broker-config", "-c", str(config), "--make-certificates"])
    assert result.exit_code == 2


def test_a_certificate_for_each_principal(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("--config", config, "--out", out, "--make-certificates", "--host", "broker.school.example")
    made = {path.name for path in (out / "certificates").iterdir()}
    assert {"ca.crt", "server.key", "client-gateway.crt", "client-school-no3-middle.crt"} <= made


@pytest.mark.broker
def test_a_plain_mosquitto_takes_the_files(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("--config", config, "--out", out)
    program = find_executable()
    assert program is not None
    number = int(config.read_text("utf-8").partition("127.0.0.1:")[2].split()[0])
    password = json.loads((out / "credentials.json").read_text("utf-8"))["passwords"]["gateway"]

    async def until_welcome() -> None:
        async with asyncio.timeout(40):
            while True:
                answer = await knock("127.0.0.1", number, user="gateway", password=password)
                if answer.answer is Answer.WELCOME:
                    return
                await asyncio.sleep(0.02)

    # As its owner would: root keeps being root here only because the files are ours.
    configuration = out / "mosquitto.conf"
    configuration.write_text("user root\n" + configuration.read_text("utf-8"), "utf-8")
    with subprocess.Popen([program, "-c", configuration]) as broker:
        try:
            asyncio.run(until_welcome())
        finally:
            broker.terminate()
            broker.wait(10)
