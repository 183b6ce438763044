"""``campus verify`` at a real terminal, with a real gateway, broker and receiver."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from walked_school import BUTTONS, SCHOOL, School, school

from devices.model import Device

pytestmark = pytest.mark.broker


@asynccontextmanager
async def at_a_terminal(it: School, device: Device, *more: str) -> AsyncIterator[Terminal]:
    """The command at a terminal that somebody can type at."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "verify", f"{SCHOOL}/{device.id}"),
        *("--config", str(it.directory / "gateway.yaml"), "--user", "admin", *more),
        stdin=slave,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LANG": "en_GB.UTF-8"},
    )
    try:
        yield Terminal(process, master)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)
        os.close(slave)


class Terminal:
    """A command under way, and the keys of who started it."""

    def __init__(self, process: Process, keys: int) -> None:
        self.process, self._keys = process, keys
        self._asked = b""

    async def asks(self, question: bytes) -> None:
        """Return once it asks this."""
        assert self.process.stderr is not None
        async with asyncio.timeout(60):
            while question not in self._asked:
                line = await self.process.stderr.readline()
                assert line, (await self.process.communicate(), self._asked)
                self._asked += line

    async def type(self, answer: bytes) -> tuple[int, str, str]:
        """Type it; the command's status and outputs."""
        os.write(self._keys, answer)
        out, error = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), (self._asked + error).decode()


async def verify(
    it: School, button: Device, *more: str, answer: bytes = b""
) -> tuple[int, str, str]:
    """Run the command at a terminal, press, type ``answer`` when asked; its status and outputs."""
    async with at_a_terminal(it, button, *more) as terminal:
        async with asyncio.timeout(60):
            path = f"/verifications?state=running&device={SCHOOL}/{button.id}"
            while [run["waits_for"] for run in (await it.get(path))["items"]] != ["press"]:
                process = terminal.process
                assert process.returncode is None, await process.communicate()
                await asyncio.sleep(0.05)
        await it.press(button)
        await terminal.asks(b"real alarm")
        return await terminal.type(answer)


async def attest(it: School, host: Device, answer: bytes) -> tuple[int, str, str]:
    async with at_a_terminal(it, host) as terminal:
        await terminal.asks(b"Did they have it?")
        return await terminal.type(answer)


async def alone(it: School, *command: str) -> tuple[int | None, str, str]:
    """A command with nobody to ask; its status and outputs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", *command),
        *("--config", str(it.directory / "gateway.yaml"), "--user", "admin"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LANG": "en_GB.UTF-8"},
    )
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


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


async def test_the_police_are_told_from_the_shell_where_they_want_it(tmp_path: Path) -> None:
    async with school(tmp_path, test_notice={"hours": 24, "text": "duty officer"}) as it:
        for command in (["verify", f"{SCHOOL}/{BUTTONS[0].id}"], ["link", "test", SCHOOL]):
            status, out, error = await alone(it, *command)
            assert status == 2
            assert "want to be told 24 h before this test" in error
            assert "admin gave the test up" in out
        assert it.tests().total() == 0

        status, plain, _ = await verify(
            it, BUTTONS[0], "--notice", "Duty officer, by telephone", answer=b"y\n"
        )
        assert status == 0
        assert "has told them" in plain
        assert "Duty officer, by telephone" in plain
        assert it.tests().total() == 1

        status, _, error = await alone(it, "link", "test", SCHOOL)
        assert status == 0, error


async def test_the_test_of_a_vendors_host_is_attested_at_the_terminal(tmp_path: Path) -> None:
    async with school(tmp_path) as it:
        host = Device(SCHOOL, "vendor-host", "police-link")
        await it.register(host)
        for answer, status, said in ((b"n\n", 2, "gave the test up"), (b"y\n", 0, "Attested by")):
            got, out, _ = await attest(it, host, answer)
            assert got == status
            assert said in out


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
