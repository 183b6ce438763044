"""One trial: a broker, devices, people and a gateway that is killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import measure
from benchmarks.proof.audit import (
    WEBHOOK,
    Evidence,
    Verdict,
    audit,
    kept_so_far,
    newest_transition,
)
from benchmarks.proof.devices import SCHOOL, Crowd
from benchmarks.proof.people import Operator, Page, WebhookReceiver
from benchmarks.running_gateway import write_settings
from devices.model import School
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.store.batch import Batch
from gateway.store.open import open_store
from gateway.store.registry import put_devices, put_schools

READY_S: Final = 180.0
QUIET_S: Final = 120.0
SECRET: Final = "PROOF_WEBHOOK_SECRET"


class GatewayProcess:
    """The gateway as a child that can be killed at any instant."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url: Final = f"http://127.0.0.1:{port}"
        self._directory: Final = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []
        """How long each start took until it was ready, in seconds."""

    @property
    def pid(self) -> int:
        """Its process id. Raises when it does not run."""
        if self._process is None:
            raise RuntimeError("the gateway does not run")
        return self._process.pid

    def start(self) -> None:
        """Start it; it is not ready yet."""
        environment = {**os.environ, SECRET: "proof-of-durability-secret"}
        # Compiled modules are kept for the next start, wherever this runs.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "campus-proof-pyc")
        program = [sys.executable, "-c", "from gateway.cli import main; main()"]
        with (self._directory / "campus.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*program, "run", "--config", str(self._directory / "gateway.yaml")],
                stdout=log,
                stderr=log,
                env=environment,
            )

    def kill(self) -> None:
        """SIGKILL, now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    async def stop(self) -> None:
        """End it as an administrator would."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

    async def ready(self, page: str = "readyz") -> float:
        """Wait until it takes messages in; how long it took. Raises when it ended instead.

        ``healthz`` as ``page`` waits only until it answers: on a full disk it is not ready.
        """
        began = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            while time.monotonic() - began < READY_S:
                if self._process is not None and self._process.poll() is not None:
                    raise RuntimeError(f"the gateway ended by itself:\n{self.log()[-4000:]}")
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.get(f"{self.url}/{page}")
                    if answer.status_code == httpx.codes.OK:
                        took = time.monotonic() - began
                        self.starts.append(took)
                        return took
                await asyncio.sleep(0.02)
        raise TimeoutError(f"the gateway is not ready:\n{self.log()[-4000:]}")

    def log(self) -> str:
        """What it wrote to its log."""
        return (self._directory / "campus.log").read_text("utf-8", "replace")


class Trial:
    """Everything that takes part. ``token`` opens the gateway's HTTP interface."""

    def __init__(
        self,
        *,
        directory: Path,
        broker: measure.Mosquitto,
        crowd: Crowd,
        receiver: WebhookReceiver,
        gateway: GatewayProcess,
        token: str,
        seed: int,
    ) -> None:
        self.directory: Final = directory
        self.database: Final = directory / "campus.db"
        self.broker: Final = broker
        self.crowd: Final = crowd
        self.gateway: Final = gateway
        self.broker_killed = False
        self._token: Final = token
        self._receiver: Final = receiver
        self._page: Final = Page(gateway.url, token)
        self._operator: Final = Operator(gateway.url, token, seed=seed)
        self._operating: asyncio.Task[None] | None = None
        self._begun: Final = asyncio.Event()

    async def begin(self) -> None:
        """Start the gateway for the first time; once it has subscribed, devices begin to speak."""
        self.gateway.start()
        await self.gateway.ready()
        self._begun.set()

    async def run(self) -> None:
        """Devices speak and people act, until cancelled."""
        await self._begun.wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.crowd.run(), name="crowd")
            tasks.create_task(self._page.run(), name="page")
            self._operating = tasks.create_task(self._operator.run(), name="operator")

    async def feed(self) -> dict[str, Any]:
        """What the page is told about the feed."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            answer = await client.get(
                f"{self.gateway.url}/api/v1/summary",
                headers={"Authorization": f"Bearer {self._token}"},
            )
            answer.raise_for_status()
            feed: dict[str, Any] = answer.json()["feed"]
            return feed

    async def settle(self) -> None:
        """Nothing new is said; wait until what was said is stored, answered and delivered."""
        self.crowd.stop()
        if self._operating is not None:
            self._operating.cancel()
        before, since = -1, time.monotonic()
        began = time.monotonic()
        while time.monotonic() - began < QUIET_S:
            stored, waiting = await asyncio.to_thread(lambda: tuple(kept_so_far(self.database)))
            if stored != before or waiting or self.crowd.ledger.outstanding:
                before, since = stored, time.monotonic()
            elif time.monotonic() - since > 2:
                break
            await asyncio.sleep(0.2)
        # Who waits in vain is found by the audit.
        await asyncio.sleep(0.5)

    async def _page_has_all(self) -> int:
        """Wait until the page has seen what is kept; when (ms) that was so. Sensors that say
        nothing any more are called silent at any moment."""
        began = time.monotonic()
        while True:
            looked = time.time_ns() // 1_000_000
            newest = await asyncio.to_thread(newest_transition, self.database)
            seen = self._page.rows[-1] if self._page.rows else 0
            if seen >= newest or time.monotonic() - began > QUIET_S:
                return looked  # who waits in vain is found by the audit
            await asyncio.sleep(0.05)

    async def verdict(self) -> Verdict:
        """Settle, stop the gateway, and look through its store."""
        await self.settle()
        seen_until = await self._page_has_all()
        await self.gateway.stop()
        evidence = Evidence(
            crowd=self.crowd,
            receiver=self._receiver,
            rows=self._page.rows,
            confirmed=self._operator.confirmed,
            broker_killed=self.broker_killed,
            seen_until=seen_until,
        )
        return await asyncio.to_thread(audit, self.database, evidence)


@asynccontextmanager
async def trial(
    *,
    seed: int = 1,
    directory: Path | None = None,
    broker_port: int | None = None,
    broker: measure.Mosquitto | None = None,
    device_port: int | None = None,
    settings: Mapping[str, Any] | None = None,
    **crowd_settings: Any,
) -> AsyncIterator[Trial]:
    """A trial that is under way, but for the gateway, which is not started yet.

    ``broker_port`` and ``device_port`` are where the gateway and the devices find the broker when
    that is not its own port; ``directory`` is the gateway's.
    """
    async with contextlib.AsyncExitStack() as closing:
        if broker is None:
            broker = closing.enter_context(measure.mosquitto(persistence=True))
        if directory is None:
            name = closing.enter_context(tempfile.TemporaryDirectory(prefix="campus-proof-"))
            directory = Path(name)
        crowd = Crowd(port=device_port or broker.port, seed=seed, **crowd_settings)
        receiver = await closing.enter_async_context(WebhookReceiver(seed=seed))
        more = {
            "store": {"reserve_mb": 16},
            "broker": {
                "url": f"mqtt://127.0.0.1:{broker_port or broker.port}",
                "keep_alive_s": 5,
                "connect_timeout_s": 3,
                "receive_maximum": 1000,
                "reconnect": {"min_s": 0.1, "max_s": 1},
            },
            "notification": {
                "webhooks": [
                    {
                        "name": WEBHOOK,
                        "url": f"http://127.0.0.1:{receiver.port}/alerts",
                        "secret": {"env": SECRET},
                        "priorities": ["emergency"],
                    }
                ]
            },
            **(settings or {}),
        }
        port = write_settings(directory, broker.url, more)
        token = await asyncio.to_thread(_fill, directory, crowd)
        gateway = GatewayProcess(directory, port)
        closing.callback(gateway.kill)
        running = Trial(
            directory=directory,
            broker=broker,
            crowd=crowd,
            receiver=receiver,
            gateway=gateway,
            token=token,
            seed=seed,
        )
        under_way = asyncio.create_task(running.run())
        try:
            yield running
        finally:
            under_way.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await under_way


def _fill(directory: Path, crowd: Crowd) -> str:
    """Register the school, its devices and an operator; returns the operator's token."""
    now = time.time_ns() // 1_000_000
    operator = accounts.User("operator", "", Role.ADMINISTRATOR, accounts.EVERYTHING)
    secret, _, token = tokens.added("proof", user="operator", expires=None, by="proof", now=now)
    store = open_store(directory / "campus.db", reserve_bytes=16 << 20)
    try:
        for batch in (
            Batch(statements=put_schools([School(SCHOOL, "第三中学")]), now=now),
            Batch(statements=put_devices([*crowd.sensors, *crowd.buttons]), now=now),
            accounts.added(operator, by="proof", now=now),
            token,
        ):
            store.commit(batch).result()
    finally:
        store.close()
    return secret
