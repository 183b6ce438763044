"""``campus verify`` at a real terminal, with a real gateway, broker and receiver."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from pathlib import Path

import pytest
from walked_school import BUTTONS, SCHOOL, School, school

from devices.model import Device

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]


async def verify(
    it: School, button: Device, *more: str, answer: bytes = b""
) -> tuple[int, str, str]:
    """Run the command at a terminal, press, type ``answer`` when asked; its status and outputs."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "verify", f"{SCHOOL}/{button.id}"),
        *("--config", str(it.directory / "gateway.yaml"), "--user", "admin", *more),
        stdin=slave,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LANG": "en_GB.UTF-8"},
    )
    try:
        async with asyncio.timeout(20):
            path = f"/verifications?state=running&device={SCHOOL}/{button.id}"
            while not (await it.get(path))["items"]:
                assert process.returncode is None, await process.communicate()
                await asyncio.sleep(0.05)
        await it.press(button)
        assert process.stderr is not None
        asked = b""
        async with asyncio.timeout(20):
            while b"real alarm" not in asked:
                line = await process.stderr.readline()
                assert line, (await process.communicate(), asked)
                asked += line
        os.write(master, answer)
        out, error = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), (asked + error).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)
        os.close(slave)


async def test_a_button_is_verified_from_the_shell(tmp_path: Path) -> None:
    async with school(tmp_path) as it:
        status, out, _ = await verify(it, BUTTONS[0], "--json", answer=b"y\n")
        run = json.loads(out)
        assert (status, run["verdict"]) == (0, "met")
        assert run["actor"] == "admin"
        assert it.tests().total() == 1
        assert it.alarms(BUTTONS[0]) == 0

        status, out, _ = await verify(it, BUTTONS[1], answer=b"n\n")
        assert status == 2
        assert out.splitlines()[0] == "… Press the button"
        assert "? admin gave the test up" in out
        await it.alarmed(BUTTONS[1])

        it.police.accounts.clear()
        status, out, _ = await verify(it, BUTTONS[2], answer=b"y\n")
        assert status == 1
        assert "✗ The receiver refused the test" in out


async def test_a_gateway_that_does_not_run_leaves_it_unknown(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(
        json.dumps({"directory": str(tmp_path), "web": {"listen": "127.0.0.1:1"}}), "utf-8"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "verify", "a/b", "--token", "x"),
        *("--config", str(tmp_path / "gateway.yaml")),
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    assert process.returncode == 2
    assert "is it running?" in error.decode()
