"""Real databases for benchmarks and tests, each in its own folder: Debian's packages."""

from __future__ import annotations

import http.client
import json
import sqlite3
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from benchmarks.measure import free_port, need
from gateway.history.influx_lines import Encoder, Row, Tags, head_of
from gateway.history.influx_target import Engine, Target

START_S = 60.0

D = TypeVar("D", "VictoriaMetrics", "InfluxDb")


class Database:
    """A database in a process of its own, which can be killed and started anew on its port."""

    def __init__(self, command: list[str], port: int, folder: Path, healthy: str) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self._log = folder / "database.log"
        self._healthy = healthy
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while True:
            try:
                self.get(self._healthy)
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(self._log.read_text("utf-8", "replace")[-2000:]) from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it as a power cut would; what it held in memory is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def stop(self) -> None:
        """As an administrator would: it writes what it holds in memory."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            finally:
                self.kill()

    def get(self, path: str, seconds: float = 30) -> bytes:
        """What it answers at a path."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=seconds) as answer:
            content: bytes = answer.read()
        return content

    def settle(self) -> None:
        """Let what was written be found."""


class VictoriaMetrics(Database):
    """VictoriaMetrics, as docs/history.md says that it should be run."""

    def __init__(self, folder: Path, memory_mb: int = 64) -> None:
        port = free_port()
        command = [
            need("victoria-metrics"),
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",  # a point written twice is one
            f"-memory.allowedBytes={memory_mb}MB",
            "-search.maxQueryDuration=10m",
            "-search.maxUniqueTimeseries=2000000",
            "-search.maxSamplesPerQuery=10000000000",
            "-search.latencyOffset=0s",
            "-loggerLevel=WARN",
        ]
        super().__init__(command, port, folder, "/health")

    @property
    def target(self) -> Target:
        """How the gateway reaches it."""
        return Target(engine=Engine.VICTORIA_METRICS, url=self.url, connect_s=2, timeout_s=20)

    def settle(self) -> None:
        """Let what was written be found."""
        self.get("/internal/force_flush")

    def values(self, matching: str = 'row!=""') -> int:
        """How many values it holds of series with these labels."""
        self.settle()
        query = f"sum(count_over_time({{{matching}}}[10y]))"
        asked = urllib.parse.urlencode({"query": query, "nocache": "1"})
        found = json.loads(self.get(f"/api/v1/query?{asked}", seconds=600))["data"]["result"]
        return int(found[0]["value"][1]) if found else 0


class InfluxDb(Database):
    """InfluxDB 1.6, which answers InfluxQL as 2 does and takes the same lines at another path."""

    def __init__(self, folder: Path) -> None:
        self._inner = free_port()
        configuration = folder / "influxdb.conf"
        configuration.write_text(
            f"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{free_port()}"
            [meta]
            dir = "{folder / "meta"}"
            [data]
            dir = "{folder / "data"}"
            wal-dir = "{folder / "wal"}"
            query-log-enabled = false
            [http]
            bind-address = "127.0.0.1:{self._inner}"
            log-enabled = false
            [monitor]
            store-enabled = false
            """,
            "utf-8",
        )
        command = [need("influxd", "influxdb"), "-config", str(configuration)]
        super().__init__(command, self._inner, folder, "/ping")

    @property
    def target(self) -> Target:
        """How the gateway reaches it."""
        return Target(engine=Engine.INFLUXDB, url=self.entrance, bucket="campus", timeout_s=20)

    def start(self) -> None:
        """Start it, its entrance for writes of InfluxDB 2, and make the database."""
        super().start()
        self._entrance = _second_path(self._inner)
        self.entrance = f"http://127.0.0.1:{self._entrance.server_port}"
        query = urllib.parse.urlencode({"q": 'CREATE DATABASE "campus"'}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(f"{self.url}/query", query, timeout=30).close()

    def stop(self) -> None:
        """Stop it and its entrance."""
        self._entrance.shutdown()
        self._entrance.server_close()
        super().stop()


def _second_path(port: int) -> ThreadingHTTPServer:
    """Passes on to InfluxDB 1.6 what is asked of 2: it calls ``/api/v2/write`` ``/write``."""

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            path, _, asked = self.path.partition("?")
            if path == "/api/v2/write":
                given = dict(urllib.parse.parse_qsl(asked))
                wanted = {"db": given["bucket"], "precision": given["precision"]}
                path = "/write?" + urllib.parse.urlencode(wanted)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = ("Content-Type", "Content-Encoding")
            headers = {name: self.headers[name] for name in names if name in self.headers}
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextmanager
def running(database: D) -> Iterator[D]:
    """Start it, and stop it with the block."""
    database.start()
    try:
        yield database
    finally:
        database.stop()


def stored_values(path: Path) -> tuple[int, int]:
    """Values and lines that the readings in a store come to; copies in a row count once."""
    encoder, last = Encoder(), {}
    values = points = 0
    head = head_of(Tags("s", "k", "d"), 1, 0)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT row, device, channel, happened, CAST(body AS BLOB) FROM readings ORDER BY row"
        )
        for row in rows:
            reading = Row(*row)
            line = encoder.line(head, reading)
            which = (reading.device, reading.channel)
            if line and last.get(which) != reading.happened:
                last[which] = reading.happened
                values += line.count(b"=") - head.count(b"=")
                points += 1
    return values, points
