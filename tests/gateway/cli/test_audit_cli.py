"""``campus audit``: a bundle from the shell, and its check in a process that has nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.evidence.service import FOLDER
from tests.gateway.evidence.forging import Forger
from tests.gateway.evidence.worlds import World, facts

ALONE = """
import sys

def refuse(event, _arguments):
    if event.startswith(("socket.", "sqlite3.", "subprocess.", "os.exec", "os.fork")):
        raise AssertionError(f"it asked for {event}")

sys.addaudithook(refuse)
sys.argv = ["campus", *sys.argv[1:]]
if sys.argv[1] == "--pure":
    from pathlib import Path
    from audit.evidence.verify import check
    check(Path(sys.argv[2]))
    strange = {name.partition(".")[0] for name in sys.modules} & {
        "gateway", "sqlalchemy", "fastapi", "aiomqtt", "pydantic", "typer", "alembic", "paho",
    }
    assert not strange, strange
else:
    from gateway.cli.commands import app
    app()
"""


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """The settings of a gateway that has run, and runs no more."""
    world = World(tmp_path)
    world.tell(facts())
    asyncio.run(world.evidence.seal())
    world.close()
    config = tmp_path / "gateway.yaml"
    config.write_text(
        f"directory: {tmp_path}\nevidence: {{name: gateway.east.example/facts}}\n", "utf-8"
    )
    return config


def run(*arguments: object, alone: bool = True) -> subprocess.CompletedProcess[str]:
    code = [sys.executable, "-c", ALONE] if alone else [sys.executable, "-m", "gateway.cli"]
    environment = {**os.environ, "LANG": "en_US.UTF-8", "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        [*code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def exported(config: Path, *more: object) -> Path:
    bundle = config.parent / "bundle.zip"
    done = run("audit", "export", "-c", config, "-o", bundle, "--force", *more, alone=False)
    assert done.returncode == 0, done.stderr
    return bundle


def test_what_the_shell_exports_is_checked_by_nothing_but_the_file(settled: Path) -> None:
    bundle = exported(settled, "--region", "east")
    key = settled.parent / "log.key"
    key.write_text(run("audit", "key", "-c", settled, alone=False).stdout, "utf-8")
    elsewhere = settled.parent / "taken" / "home.zip"
    elsewhere.parent.mkdir()
    bundle.rename(elsewhere)
    checked = run("audit", "verify", elsewhere, "--key", key)
    assert checked.returncode == 0, checked.stderr
    assert "All of it holds: the log “gateway.east.example/facts”" in checked.stdout
    assert "The region “east” (3 schools)" in checked.stdout
    assert "agrees with a key or a head of your own" in checked.stdout
    without = run("audit", "verify", elsewhere)
    assert without.returncode == 0
    assert "consistent in itself only" in without.stdout
    told = json.loads(run("audit", "verify", elsewhere, "--json").stdout)
    assert (told["holds"], told["anchored"], told["schools"]) == (True, False, 3)


def test_the_check_imports_nothing_of_the_gateway(settled: Path) -> None:
    done = run("--pure", exported(settled, "--school", "no1"))
    assert done.returncode == 0, done.stderr


def test_the_first_thing_that_does_not_hold_is_named_in_both_languages(settled: Path) -> None:
    bundle = exported(settled, "--school", "no1", "--at", "2026-12-02")
    forged = settled.parent / "forged.zip"
    forger = Forger(bundle, random.Random(1))
    number = forger.some(kind="baseline")
    row = forger.leaf(number)["row"]
    forger.change_body(number)
    forger.write(forged)
    english = run("audit", "verify", forged)
    assert english.returncode == 1
    assert (
        english.stdout
        == f"✗ Of fact {row}, body does not fit its hash in the log: it was changed.\n"
    )
    chinese = run("audit", "verify", forged, "--language", "zh")
    assert f"第 {row} 号事实的 body 与日志中的哈希不符" in chinese.stdout
    told = json.loads(run("audit", "verify", forged, "--json").stdout)
    assert told == {"holds": False, "code": "fact_differs", "row": row, "field": "body"}
    (settled.parent / "none.zip").write_text("nothing", "utf-8")
    assert run("audit", "verify", settled.parent / "none.zip").returncode == 2


def test_an_export_beside_a_running_gateway_goes_up_to_its_last_head(settled: Path) -> None:
    world = World(settled.parent)
    try:
        asyncio.run(world.evidence.caught_up())  # it has the log now
        runner = CliRunner()
        bundle = settled.parent / "beside.zip"
        asked = ["audit", "export", "-c", str(settled), "-o", str(bundle), "--school", "no1"]
        done = runner.invoke(app, [*asked, "--language", "en"])
        assert done.exit_code == 0, done.output
        assert "as of" in done.output
        early = runner.invoke(app, [*asked, "--force", "--at", "2026-11-20"])
        assert early.exit_code == 0, early.output
        late = runner.invoke(app, [*asked, "--force", "--at", "2100-01-01", "--language", "en"])
        assert late.exit_code == 1
        assert "The gateway is running" in late.output
        assert runner.invoke(app, asked).exit_code == 2  # it is there already
    finally:
        world.close()


def test_what_cannot_be_exported_is_said(settled: Path) -> None:
    runner = CliRunner()
    asked = ["audit", "export", "-c", str(settled), "--language", "en", "-o"]
    target = str(settled.parent / "x.zip")
    done = runner.invoke(app, [*asked, target, "--school", "nowhere"])
    assert (done.exit_code, "no facts of a school “nowhere”" in done.output) == (1, True)
    done = runner.invoke(app, [*asked, target, "--school", "no1", "--region", "east"])
    assert done.exit_code == 2
    done = runner.invoke(app, [*asked, target, "--at", "yesterday"])
    assert done.exit_code == 2
    assert not Path(target).exists()
    assert (settled.parent / FOLDER).exists()
