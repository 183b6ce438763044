"""``campus doctor`` on real installations, sound and broken."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.databases import VictoriaMetrics
from benchmarks.databases import running as database_running
from benchmarks.measure import free_port
from gateway.broker.access import SchoolAccess
from gateway.broker.configuration import BrokerPlan, Listener
from gateway.broker.mosquitto import Mosquitto, running
from gateway.cli.commands import app
from gateway.configuration import load_settings
from gateway.doctor.examination import examine
from gateway.doctor.verdicts import State, Verdict
from gateway.store.open import open_store


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web, self.broker = free_port(), free_port()
        self.config = folder / "gateway.yaml"
        self.more = ""
        self.write()

    def write(self, broker: str = "") -> None:
        listen = f"{{embedded: {{listeners: [{{listen: '127.0.0.1:{self.broker}'}}]}}}}"
        self.config.write_text(
            f"directory: {self.folder}/var\nweb: {{listen: '127.0.0.1:{self.web}'}}\n"
            f"broker: {broker or listen}\n{self.more}",
            "utf-8",
        )

    async def examined(self) -> dict[str, Verdict]:
        found = await examine(load_settings(self.config))
        named = {verdict.check: verdict for verdict in found if verdict.check != "port"}
        ports = {f"port {v.inputs['what']}": v for v in found if v.check == "port"}
        return named | ports


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        yield stranger


async def test_a_fresh_installation_has_nothing_wrong_but_a_page_perhaps(
    here: Installation,
) -> None:
    found = await here.examined()
    wrong = {check for check, verdict in found.items() if verdict.state is State.FAILED}
    assert wrong <= {"page"}
    assert found["store"].code == "new"
    assert found["broker"].code == "never_started"
    assert [path.name for path in here.folder.iterdir()] == ["gateway.yaml"]


@pytest.mark.broker
async def test_a_broker_that_runs_lets_us_in_and_holds_its_own_port(here: Installation) -> None:
    plan = BrokerPlan((Listener(here.broker),), (SchoolAccess("no3"),))
    folder = here.folder / "var" / "broker"
    folder.mkdir(parents=True)
    async with running(Mosquitto(plan, folder)):
        found = await here.examined()
        assert found["broker"].code == "fine"
        assert found["port broker"].code == "running"
    assert (await here.examined())["broker"].code == "stopped"


async def test_a_taken_port_is_named_with_its_holder(
    here: Installation, listening: socket.socket
) -> None:
    here.web = listening.getsockname()[1]
    here.write()
    found = await here.examined()
    assert found["port page"].state is State.FAILED
    assert "python" in str(found["port page"].inputs["holder"])


async def test_what_listens_but_is_no_broker_is_told_apart_from_nothing(
    here: Installation,
) -> None:
    here.write(f"{{url: 'mqtt://127.0.0.1:{free_port()}'}}")
    found = await here.examined()
    assert (found["broker"].state, found["broker"].code) == (State.FAILED, "unreachable")
    assert "mosquitto" not in found


async def test_a_whole_store_is_found_whole_and_a_damaged_one_damaged(here: Installation) -> None:
    path = here.folder / "var" / "campus.db"
    open_store(path).close()
    assert (await here.examined())["store"].code == "fine"
    raw = bytearray(path.read_bytes())
    raw[8192:] = b"\x55" * (len(raw) - 8192)
    path.write_bytes(raw)
    assert (await here.examined())["store"].code in {"damaged", "unreadable"}


async def test_somebody_elses_database_is_refused(here: Installation) -> None:
    path = here.folder / "var" / "campus.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE somebody (x)")
    connection.close()
    assert (await here.examined())["store"].code == "unreadable"


async def test_webhooks_are_tried_without_sending_anything(
    here: Installation, listening: socket.socket
) -> None:
    ports = {"there": listening.getsockname()[1], "gone": free_port()}
    (here.folder / "secret").write_text("not a real secret", "utf-8")
    (here.folder / "secret").chmod(0o600)
    hooks = ", ".join(
        f"{{name: {name}, url: 'http://127.0.0.1:{port}/', secret: {{file: secret}}}}"
        for name, port in ports.items()
    )
    here.more = f"notification: {{webhooks: [{hooks}]}}\n"
    here.write()
    found = await examine(load_settings(here.config))
    states = {v.inputs["name"]: v.state for v in found if v.check == "webhook"}
    assert states == {"there": State.OK, "gone": State.FAILED}
    listening.settimeout(5)
    visitor, _ = listening.accept()
    with visitor:
        assert visitor.recv(100) == b""


async def test_the_database_of_the_history_is_asked_and_nothing_written(
    here: Installation, tmp_path: Path
) -> None:
    async def verdict(url: str) -> Verdict:
        here.more = f"history: {{engine: victoria-metrics, url: '{url}'}}\n"
        here.write()
        return (await here.examined())["history"]

    with database_running(VictoriaMetrics(tmp_path)) as database:
        assert (await verdict(database.url)).code == "fine"
        assert database.values("__name__=~'.+'") == 0
    gone = await verdict(database.url)
    assert (gone.code, gone.state) == ("unreachable", State.FAILED)


def test_programs_get_json_and_a_status(here: Installation) -> None:
    here.config.write_text("web: {listen: nowhere}\n", "utf-8")
    result = CliRunner().invoke(app, ["doctor", "-c", str(here.config), "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (1, False)
    (check,) = told["checks"]
    assert (check["check"], check["state"]) == ("configuration", "failed")
    assert "gateway.yaml" in check["text"]["zh"]


@pytest.mark.parametrize(("language", "word"), [("zh", "端口"), ("en", "Port")])
def test_people_get_words_in_their_language(here: Installation, language: str, word: str) -> None:
    result = CliRunner().invoke(app, ["doctor", "-c", str(here.config), "--language", language])
    assert word in result.stdout


def test_an_unknown_language_is_refused(here: Installation) -> None:
    result = CliRunner().invoke(app, ["doctor", "--language", "fr"])
    assert result.exit_code == 2
