"""What benchmarks share: medians, percentiles, CPU time, the environment, and real servers."""

from __future__ import annotations

import json
import math
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

PEERS: Final = Path(__file__).parent / "peers"


class MissingError(Exception):
    """Something this benchmark needs is not on the machine; the message says what to install."""


def say(text: str) -> None:
    """Progress, to stderr: stdout belongs to the result."""
    print(text, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of them lie, by nearest rank. Not of nothing."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no percentile of nothing")
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def median_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By key: the median of numbers, the last of anything else."""
    result: dict[str, Any] = {}
    for key in runs[-1]:
        values = [run[key] for run in runs if key in run]
        numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        result[key] = median(values) if numeric else values[-1]
    return result


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its living children."""
    process = psutil.Process(pid)
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def memory_bytes(pid: int) -> int:
    """What a process alone holds in memory (unique set size)."""
    return int(psutil.Process(pid).memory_full_info().uss)


def environment() -> str:
    """One line on what the figures were measured on."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    mosquitto = "no mosquitto"
    if found := shutil.which("mosquitto", path=_search_path()):
        said = subprocess.run([found, "-h"], capture_output=True, text=True, check=False).stdout
        mosquitto = said.splitlines()[0].replace(" version", "") if said else mosquitto
    return (
        f"{os.cpu_count()} cores {model}, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {mosquitto}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def need(program: str, package: str = "") -> str:
    """Where a program is. Raises `MissingError` with what to install."""
    found = shutil.which(program, path=_search_path())
    if found is None:
        raise MissingError(
            f"{program} is not installed: run `sudo apt-get install {package or program}`"
        )
    return found


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on, and that is still free when whoever gets
    it starts, or was killed and starts anew: below those that the system gives to whoever asks for
    any. Where it gives them all, one of those.
    """
    given = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii")
    lowest = int(given.split()[0])
    below = range(max(10_000, lowest - 12_000), lowest)
    for port in [*random.sample(below, min(100, len(below))), 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free on 127.0.0.1")


def wait_for_port(port: int, process: subprocess.Popen[Any], seconds: float = 30.0) -> None:
    """Wait until somebody listens. Raises ``TimeoutError``, or ``RuntimeError`` if it died."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port} after {seconds:.0f} s")


class Mosquitto:
    """A running Mosquitto with the tuned configuration, open to anybody on the loopback."""

    def __init__(self, directory: Path, *, persistence: bool, port: int) -> None:
        self.port = port
        self.url = f"mqtt://127.0.0.1:{port}"
        self.log = directory / "mosquitto.log"
        self._configuration = directory / "mosquitto.conf"
        lines = [
            f"listener {port} 127.0.0.1",
            "allow_anonymous true",
            "max_inflight_messages 0",  # 20 by default: then the window is the speed
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
        ]
        if persistence:
            lines += ["persistence true", f"persistence_location {directory}/"]
        else:
            lines.append("persistence false")
        self._configuration.write_text("\n".join(lines) + "\n", "utf-8")
        self.process = self._launch()

    @property
    def pid(self) -> int:
        """Its process id (another one after `restart`)."""
        return self.process.pid

    def _launch(self) -> subprocess.Popen[bytes]:
        program = need("mosquitto")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [program, "-c", str(self._configuration)], stderr=log, stdout=log
            )
        wait_for_port(self.port, process)
        return process

    def stop(self) -> None:
        """End it as an administrator would."""
        self._end(self.process.terminate)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(self.process.kill)

    def start(self) -> None:
        """Start it again after `stop` or `kill`, on the same port."""
        self.process = self._launch()

    def _end(self, how: Any) -> None:
        if self.process.poll() is None:
            how()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


@contextmanager
def mosquitto(*, persistence: bool = False, port: int = 0) -> Iterator[Mosquitto]:
    """A Mosquitto of its own, ended with the block."""
    # Mosquitto gives up root and must be able to write where it keeps its queue.
    with tempfile.TemporaryDirectory(prefix="campus-broker-") as name:
        directory = Path(name)
        directory.chmod(0o777)
        broker = Mosquitto(directory, persistence=persistence, port=port or free_port())
        try:
            yield broker
        finally:
            broker.stop()


@contextmanager
def campus(
    *arguments: str, directory: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A ``campus …`` process (``run --config …`` for a gateway), ended with the block.

    Its output goes to ``campus.log`` in ``directory``.
    """
    program = [sys.executable, "-c", "from gateway.cli import main; main()", *arguments]
    with (directory / "campus.log").open("ab") as log:
        process = subprocess.Popen(
            program, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


class Sub:
    """The do-nothing subscriber in C, subscribed and counting."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def report(self) -> dict[str, Any]:
        """Wait for its last message. Raises ``RuntimeError`` when it got too few."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.process.wait(10)
        if not line:
            raise RuntimeError("the do-nothing subscriber gave up; see its message above")
        report: dict[str, Any] = json.loads(line)
        return report


@contextmanager
def sub(port: int, messages: int, topics: str = "campus/#") -> Iterator[Sub]:
    """Compile and start the do-nothing subscriber; it is subscribed when the block begins."""
    with tempfile.TemporaryDirectory(prefix="campus-peer-") as name:
        program = Path(name) / "sub"
        compiler = need("cc", "gcc libc6-dev")
        subprocess.run([compiler, "-O2", "-o", program, PEERS / "sub.c"], check=True)
        with subprocess.Popen(
            [program, "127.0.0.1", str(port), str(messages), topics],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                if process.stdout.readline().strip() != "ready":
                    raise RuntimeError("the do-nothing subscriber could not subscribe")
                yield Sub(process)
            finally:
                if process.poll() is None:
                    process.kill()


@contextmanager
def load(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``campus simulate load …`` in a process of its own; ``load_report`` waits for the end."""
    command = [sys.executable, "-m", "gateway.cli.simulate", "load", "--report", "json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)


def load_report(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The report of a load. Raises ``RuntimeError`` when it failed."""
    said, _ = process.communicate()
    if process.returncode != 0 or not said.strip():
        raise RuntimeError(f"the load generator ended with status {process.returncode}")
    report: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return report


def _search_path() -> str:
    """Debian keeps mosquitto in sbin, which users do not have on their path."""
    return os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
