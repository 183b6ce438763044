"""DC-09 against two receivers not written here: pysiaalarm, and ioBroker.sia's class from npm.

Every kind of message that they take, plain and with each size of key, over TCP and UDP. ioBroker's
is fetched by npm, as its lock file says, into ``iobroker/node_modules`` beside this file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, Final

import msgspec
import pytest
from pysiaalarm.account import SIAAccount
from pysiaalarm.event import SIAEvent
from pysiaalarm.sync.client import SIAClient
from pysiaalarm.utils.enums import CommunicationsProtocol

from devices.police_link.dc09 import DCS, Format, Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Code, LinkEvent, Path, Result
from gateway.web.build_hook import node, npm_script

pytestmark = pytest.mark.timeout(400)

HOST: Final = "127.0.0.1"
IOBROKER: Final = File(__file__).with_name("iobroker")
NPM_S: Final = 300

KEYS: Final = {
    "1234": None,
    "000012": None,
    "00A128": "0123456789abcdef",
    "A192": "0123456789abcdef01234567",
    "00000000000A256F": "0123456789abcdef0123456789abcdef",
}
"""Accounts of all shapes, and the key of each: letters, because pysiaalarm takes no others."""

EVERYTHING: Final = tuple(
    LinkEvent(
        key=f"{code}-{restore}",
        sequence=1 + 2 * number + restore,
        code=code,
        happened=0,
        known=0,
        school="s1",
        restore=restore,
        zone=5 + number,
        partition=3,
    )
    for number, code in enumerate(Code)
    for restore in (False, True)
)

HELD_UP: Final = tuple(
    msgspec.structs.replace(one, happened=1_795_312_800_000) for one in EVERYTHING
)
"""Of two in the morning on 22 November 2026."""


def link(
    account: str,
    port: int,
    transport: Transport,
    form: Format = Format.CONTACT_ID,
    *,
    key: str | None = None,
    occurrence: bool = False,
    ahead_ms: int = 0,
    answer_timeout_s: float = 5.0,
) -> Dc09Link:
    config = Dc09Config(
        identity=Identity(account=account, key=None if key is None else key.encode("ascii")),
        format=form,
        occurrence=occurrence,
        primary=Endpoint(
            host=HOST, port=port, transport=transport, answer_timeout_s=answer_timeout_s
        ),
    )
    return Dc09Link(config, now=lambda: time.time_ns() // 1_000_000 + ahead_ms)


@pytest.fixture(params=list(Transport))
def transport(request: pytest.FixtureRequest) -> Transport:
    return Transport(request.param)


class Pysiaalarm:
    """pysiaalarm's receiver, in threads of its own."""

    def __init__(self, transport: Transport) -> None:
        self._taken: queue.Queue[SIAEvent] = queue.Queue()
        accounts = [SIAAccount(account, key) for account, key in KEYS.items()]
        protocol = CommunicationsProtocol[transport.name]
        self.client = SIAClient(HOST, 0, accounts, self._taken.put, protocol)
        self.port = int(self.client.sia_server.server_address[1])

    def next(self, seconds: float = 10.0) -> SIAEvent:
        """The next event it hands on."""
        return self._taken.get(timeout=seconds)


@pytest.fixture
def pysiaalarm(transport: Transport) -> Iterator[Pysiaalarm]:
    receiver = Pysiaalarm(transport)
    receiver.client.start(poll_interval=0.02)
    yield receiver
    receiver.client.stop()


@pytest.mark.parametrize("account", KEYS)
@pytest.mark.parametrize("form", Format)
async def test_pysiaalarm_takes_every_event(
    pysiaalarm: Pysiaalarm, transport: Transport, form: Format, account: str
) -> None:
    one = link(account, pysiaalarm.port, transport, form, key=KEYS[account])
    for sent in EVERYTHING:
        report = await one.send(sent)
        assert report.acknowledged, (sent.code, sent.restore, report.exchanges)
        taken = pysiaalarm.next()
        assert taken.account == account
        assert int(taken.sequence or 0) == sent.sequence
        assert taken.encrypted is (KEYS[account] is not None)
        if form is Format.CONTACT_ID:
            assert taken.event_qualifier == ("3" if sent.restore else "1")
            assert taken.event_type == str(int(sent.code))
            assert (taken.partition, taken.ri) == ("03", f"{sent.zone:03d}")
        else:
            assert taken.code == DCS[sent.code][sent.restore]
            assert (taken.ri, taken.message) == ("3", f"{sent.zone:03d}")


@pytest.mark.parametrize("account", KEYS)
@pytest.mark.parametrize("form", Format)
async def test_pysiaalarm_reads_when_an_event_happened(
    pysiaalarm: Pysiaalarm, transport: Transport, form: Format, account: str
) -> None:
    one = link(account, pysiaalarm.port, transport, form, key=KEYS[account], occurrence=True)
    for sent in HELD_UP:
        assert (await one.send(sent)).acknowledged, sent.code
        taken = pysiaalarm.next()
        assert int(taken.sequence or 0) == sent.sequence
        assert taken.x_data == "H02:00:00,11-22-2026"
        if form is Format.CONTACT_ID:
            assert (taken.event_type, taken.ri) == (str(int(sent.code)), f"{sent.zone:03d}")
        else:
            assert (taken.code, taken.message) == (
                DCS[sent.code][sent.restore],
                f"{sent.zone:03d}",
            )


@pytest.mark.parametrize("account", KEYS)
async def test_pysiaalarm_takes_supervision_messages(
    pysiaalarm: Pysiaalarm, transport: Transport, account: str
) -> None:
    one = link(account, pysiaalarm.port, transport, key=KEYS[account])
    exchange = await one.probe(Path.PRIMARY)
    assert exchange.result is Result.ACKNOWLEDGED, exchange


async def test_pysiaalarm_refuses_a_wrong_clock_and_tells_its_own(
    pysiaalarm: Pysiaalarm, transport: Transport
) -> None:
    for account, key in KEYS.items():
        for ahead_ms in (60_000, -60_000):
            one = link(account, pysiaalarm.port, transport, key=key, ahead_ms=ahead_ms)
            exchange = await one.probe(Path.PRIMARY, EVERYTHING[0])
            assert exchange.result is Result.CLOCK, exchange
            assert exchange.offset_ms == pytest.approx(-ahead_ms, abs=1500)


async def test_nothing_that_pysiaalarm_says_to_a_stranger_acknowledges(
    pysiaalarm: Pysiaalarm, transport: Transport
) -> None:
    """It may read sense into what it opens with another key; its answer then opens with none."""
    unknown = await link("9999", pysiaalarm.port, transport).probe(Path.PRIMARY)
    assert unknown.result is Result.REFUSED
    for event in EVERYTHING:
        wrong = link(
            "A192",
            pysiaalarm.port,
            transport,
            Format.SIA,
            key="another key, 16b",
            answer_timeout_s=0.3,
        )
        assert not (await wrong.probe(Path.PRIMARY, event)).acknowledged


def install_iobroker() -> None:
    """``npm ci`` once for each lock file; fails, and says why, where npm reaches no registry."""
    locked = (IOBROKER / "package-lock.json").read_bytes()
    stamp = IOBROKER / "node_modules" / f".locked-{hashlib.sha256(locked).hexdigest()[:16]}"
    with (IOBROKER / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if stamp.exists():
            return
        command = [str(node()), str(npm_script()), "ci", "--ignore-scripts", "--omit=optional"]
        search = f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"
        try:
            done = subprocess.run(
                command,
                cwd=IOBROKER,
                env={**os.environ, "PATH": search},
                capture_output=True,
                text=True,
                timeout=NPM_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.fail(f"npm did not fetch ioBroker.sia in {NPM_S} s: does it reach a registry?")
        if done.returncode != 0:
            pytest.fail(
                "npm could not fetch ioBroker.sia, the second receiver of these tests "
                f"(does it reach a registry?):\n{done.stderr[-2000:]}"
            )
        stamp.touch()


class Iobroker:
    """ioBroker.sia's receiver, in a process of its own."""

    def __init__(self) -> None:
        accounts = [
            {"accountnumber": account, "aes": key is not None, "password": key or ""}
            for account, key in KEYS.items()
        ]
        self.process = subprocess.Popen(
            [str(node()), "receiver.js", json.dumps(accounts)],
            cwd=IOBROKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ports: dict[str, int] = self.next("listening", seconds=30.0)

    def next(self, kind: str, seconds: float = 10.0) -> Any:
        """The next thing it says, which has to be of this kind.

        It says NAK twice and we hang up after the first: that reset is no news.
        """
        while "error" in (said := self._said.get(timeout=seconds)):
            assert said["error"] == "read ECONNRESET", said
        assert kind in said, said
        return said[kind]

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self._reader.join(10)
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._said.put(json.loads(line))


@pytest.fixture(scope="module")
def iobroker() -> Iterator[Iobroker]:
    install_iobroker()
    receiver = Iobroker()
    yield receiver
    receiver.close()


@pytest.mark.parametrize("account", KEYS)
@pytest.mark.parametrize("form", Format)
async def test_iobroker_takes_every_event(
    iobroker: Iobroker, transport: Transport, form: Format, account: str
) -> None:
    one = link(account, iobroker.ports[transport], transport, form, key=KEYS[account])
    for sent in EVERYTHING:
        report = await one.send(sent)
        assert report.acknowledged, (sent.code, sent.restore, report.exchanges)
        taken = iobroker.next("taken")
        assert taken["id"] == ("*" if KEYS[account] else "") + form
        assert taken["act"] == account
        assert int(taken["seq"]) == sent.sequence
        qualifier = "3" if sent.restore else "1"
        assert taken["event"] == (
            f"#{account}|{qualifier}{int(sent.code)} 03 {sent.zone:03d}"
            if form is Format.CONTACT_ID
            else f"#{account}|Nri3/{DCS[sent.code][sent.restore]}{sent.zone:03d}"
        )


@pytest.mark.parametrize("account", KEYS)
@pytest.mark.parametrize("form", Format)
async def test_iobroker_reads_when_an_event_happened(
    iobroker: Iobroker, transport: Transport, form: Format, account: str
) -> None:
    one = link(
        account, iobroker.ports[transport], transport, form, key=KEYS[account], occurrence=True
    )
    for sent in HELD_UP:
        assert (await one.send(sent)).acknowledged, sent.code
        taken = iobroker.next("taken")
        assert int(taken["seq"]) == sent.sequence
        assert taken["extended"] == "H02:00:00,11-22-2026"
        assert taken["event"].endswith(f"{sent.zone:03d}")


async def test_iobroker_knows_no_supervision_message_and_we_say_that_it_refused(
    iobroker: Iobroker, transport: Transport
) -> None:
    """It takes events only, so a link to it alone is never called up."""
    exchange = await link("1234", iobroker.ports[transport], transport).probe(Path.PRIMARY)
    assert exchange.result is Result.REFUSED
    iobroker.next("refused")


async def test_iobroker_refuses_a_wrong_clock_and_tells_its_own(
    iobroker: Iobroker, transport: Transport
) -> None:
    for account, key in KEYS.items():
        for ahead_ms in (60_000, -60_000):
            one = link(account, iobroker.ports[transport], transport, key=key, ahead_ms=ahead_ms)
            exchange = await one.probe(Path.PRIMARY, EVERYTHING[0])
            assert exchange.result is Result.CLOCK, exchange
            assert exchange.offset_ms == pytest.approx(-ahead_ms, abs=1500)
            iobroker.next("refused")


@pytest.mark.parametrize(
    ("account", "key"),
    [
        pytest.param("9999", None, id="unknown account"),
        pytest.param("A192", None, id="plain text where a key is set"),
        pytest.param("1234", "another key, 16b", id="encrypted where no key is set"),
    ],
)
async def test_iobroker_refuses_strangers(
    iobroker: Iobroker, transport: Transport, account: str, key: str | None
) -> None:
    one = link(account, iobroker.ports[transport], transport, key=key)
    exchange = await one.probe(Path.PRIMARY, EVERYTHING[0])
    assert exchange.result is Result.REFUSED, exchange
    iobroker.next("refused")


async def test_iobroker_may_take_noise_for_an_event_and_we_do_not_take_that_for_arrived(
    iobroker: Iobroker, transport: Transport
) -> None:
    """Opened with its own key, about one frame in five makes sense to it. Its answer does not."""
    one = link(
        "A192",
        iobroker.ports[transport],
        transport,
        key="another key, 16b",
        answer_timeout_s=3.0,
    )
    for event in EVERYTHING[:12]:
        exchange = await one.probe(Path.PRIMARY, event)
        assert exchange.result in (Result.REFUSED, Result.GARBLED), exchange
        iobroker.next("refused" if exchange.result is Result.REFUSED else "taken")
