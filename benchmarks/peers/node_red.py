"""Node-RED on a smaller job than ours: mqtt in, JSON, switch, mqtt out; no storage, no rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from benchmarks import measure

VERSION: Final = "4"
MESSAGES: Final = 100_000
OUT: Final = "passed"
START_S: Final = 90.0


def rate() -> float | None:
    """Messages a second through it; ``None`` when npm is not there or cannot install it."""
    npm = shutil.which("npm")
    if npm is None:
        measure.say("Node-RED: no npm on this machine, left out")
        return None
    with tempfile.TemporaryDirectory(prefix="campus-node-red-") as name:
        directory = Path(name)
        installed = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", f"node-red@{VERSION}"],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if installed.returncode != 0:
            measure.say(f"Node-RED: npm could not install it, left out: {installed.stderr[-300:]}")
            return None
        return _measure(directory)


def _measure(directory: Path) -> float:
    with measure.mosquitto() as broker:
        port = measure.free_port()
        (directory / "flows.json").write_text(json.dumps(_flows(broker.port)), "utf-8")
        (directory / "settings.js").write_text(
            "module.exports = {flowFile: 'flows.json', credentialSecret: false, "
            f"uiPort: {port}, uiHost: '127.0.0.1', logging: {{console: {{level: 'warn'}}}}}};",
            "utf-8",
        )
        program = directory / "node_modules" / "node-red" / "red.js"
        with (
            (directory / "log").open("wb") as log,
            subprocess.Popen(
                ["node", str(program), "-u", str(directory), "-s", str(directory / "settings.js")],
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                _wait(port, process)
                with measure.sub(broker.port, MESSAGES, f"{OUT}/#") as subscriber:
                    time.sleep(2)
                    with measure.load("--url", broker.url, "--messages", str(MESSAGES)) as load:
                        report = subscriber.report()
                        measure.load_report(load)
            finally:
                process.terminate()
                process.wait(20)
    measure.say(f"Node-RED: {report['rate']:,.0f} messages/s")
    return round(float(report["rate"]), 1)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("Node-RED ended at once")
        try:
            opener.open(f"http://127.0.0.1:{port}/", timeout=1).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("Node-RED did not start")


def _flows(port: int) -> list[dict[str, Any]]:
    broker = {
        "id": "broker",
        "type": "mqtt-broker",
        "broker": "127.0.0.1",
        "port": port,
        "clientid": "node-red",
        "autoConnect": True,
        "protocolVersion": "5",
        "keepalive": 60,
        "cleansession": True,
    }
    common: dict[str, Any] = {"z": "tab", "x": 0, "y": 0}
    return [
        {"id": "tab", "type": "tab", "label": "bench"},
        broker,
        {
            "id": "in",
            "type": "mqtt in",
            "topic": "campus/#",
            "qos": "1",
            "datatype": "utf8",
            "broker": "broker",
            "wires": [["json"]],
            **common,
        },
        {
            "id": "json",
            "type": "json",
            "property": "payload",
            "action": "",
            "wires": [["switch"]],
            **common,
        },
        {
            "id": "switch",
            "type": "switch",
            "property": "payload.battery_pct",
            "propertyType": "msg",
            "rules": [{"t": "lt", "v": "10", "vt": "num"}, {"t": "else"}],
            "checkall": "true",
            "outputs": 2,
            "wires": [["topic"], ["topic"]],
            **common,
        },
        {
            "id": "topic",
            "type": "change",
            "rules": [{"t": "set", "p": "topic", "pt": "msg", "to": f"{OUT}/x", "tot": "str"}],
            "wires": [["out"]],
            **common,
        },
        {
            "id": "out",
            "type": "mqtt out",
            "topic": "",
            "qos": "1",
            "retain": "false",
            "broker": "broker",
            "wires": [],
            **common,
        },
    ]
