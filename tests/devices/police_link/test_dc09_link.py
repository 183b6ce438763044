"""A DC-09 link with receivers that listen: what goes over which path, and in which time."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from benchmarks.measure import free_port
from devices.police_link.dc09 import Format, FrameError, Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Code, Exchange, LinkEvent, Path, PoliceLink, Result
from devices.simulator.receiver import Receiver
from devices.simulator.receiver_answers import Fault

KEY = b"sixteen secret b"
ACCOUNTS = {"001234": None, "ABC": KEY}
LIMIT_S = 1.0
"""Where an answer is expected not to come. Where it is, a busy machine gets more."""

PATIENCE_S = 10.0
HOST = "127.0.0.1"


def event(number: int = 1, **changes: Any) -> LinkEvent:
    made = LinkEvent(
        key=f"k{number}",
        sequence=number,
        code=Code.PANIC,
        happened=0,
        known=0,
        school="s1",
        zone=5,
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
async def primary() -> AsyncIterator[Receiver]:
    async with Receiver(ACCOUNTS) as receiver:
        yield receiver


@pytest.fixture
async def backup() -> AsyncIterator[Receiver]:
    async with Receiver(ACCOUNTS) as receiver:
        yield receiver


@pytest.fixture(params=list(Transport))
def transport(request: pytest.FixtureRequest) -> Transport:
    return Transport(request.param)


def at(port: int, transport: Transport = Transport.TCP, **limits: float) -> Endpoint:
    limits = {"answer_timeout_s": PATIENCE_S, "connect_timeout_s": PATIENCE_S, **limits}
    return Endpoint(host=HOST, port=port, transport=transport, **limits)


def link(
    primary: Receiver,
    backup: Receiver | None = None,
    transport: Transport = Transport.TCP,
    limit_s: float = PATIENCE_S,
    **settings: Any,
) -> Dc09Link:
    return Dc09Link(
        Dc09Config(
            **{"identity": Identity(account="001234"), **settings},
            primary=at(primary.port, transport, answer_timeout_s=limit_s),
            backup=None if backup is None else at(backup.port, transport),
        )
    )


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(("account", "key"), list(ACCOUNTS.items()))
async def test_an_alarm_arrives_and_its_evidence_comes_back(
    primary: Receiver, transport: Transport, form: Format, account: str, key: bytes | None
) -> None:
    identity = Identity(account=account, key=key)
    one = link(primary, transport=transport, identity=identity, format=form)
    report = await one.send(event(7, partition=3, zone=15))
    exchange = report.acknowledged
    assert exchange is not None
    assert report.key == "k7"
    (taken,) = primary.events
    assert (taken.account, taken.sequence, taken.zone, taken.partition) == (account, 7, 15, 3)
    assert taken.octets == exchange.sent
    assert (taken.transport, taken.encrypted) == (transport, key is not None)
    assert exchange.received.startswith(b"\n")
    assert exchange.received.endswith(b"\r")
    assert abs(exchange.started - time.time() * 1000) < 5000
    assert 0 < exchange.elapsed_ms < PATIENCE_S * 1000


async def test_a_restore_arrives_as_one(primary: Receiver) -> None:
    for number, form in enumerate(Format, 1):
        await link(primary, format=form).send(event(number, restore=True))
    assert [taken.restore for taken in primary.events] == [True, True]


async def test_supervision_goes_over_the_path_that_was_asked_for(
    primary: Receiver, backup: Receiver, transport: Transport
) -> None:
    one = link(primary, backup, transport)
    assert one.paths == (Path.PRIMARY, Path.BACKUP)
    assert (await one.probe(Path.BACKUP)).acknowledged
    assert [taken.token for taken in backup.taken] == ["NULL"]
    assert not primary.taken
    assert (await one.probe(Path.BACKUP, event(3, code=Code.PERIODIC_TEST))).acknowledged
    assert [taken.code for taken in backup.events] == ["602"]
    assert not primary.taken


async def test_a_link_with_one_path_has_no_back_up(primary: Receiver) -> None:
    one = link(primary)
    assert one.paths == (Path.PRIMARY,)
    with pytest.raises(KeyError, match="backup"):
        await one.probe(Path.BACKUP)
    primary.fault = Fault.DUH
    report = await one.send(event())
    assert [exchange.result for exchange in report.exchanges] == [Result.UNABLE]


async def test_the_back_up_is_tried_at_once(primary: Receiver, backup: Receiver) -> None:
    told: list[Exchange] = []
    primary.fault = Fault.NAK
    report = await link(primary, backup).send(event(), on_exchange=told.append)
    assert tuple(told) == report.exchanges
    assert [(one.path, one.result) for one in told] == [
        (Path.PRIMARY, Result.REFUSED),
        (Path.BACKUP, Result.ACKNOWLEDGED),
    ]
    assert told[1].started - told[0].started < 1000 * PATIENCE_S / 2


async def test_a_back_up_receiver_may_know_us_otherwise(primary: Receiver) -> None:
    known = Identity(account="BEEF", receiver=None, line=0xA, key=KEY)
    async with Receiver({"BEEF": KEY}) as other:
        one = Dc09Link(
            Dc09Config(
                identity=Identity(account="001234", receiver=1, line=2),
                primary=at(primary.port),
                backup=at(other.port),
                backup_identity=known,
            )
        )
        primary.fault = Fault.NAK
        first, second = (await one.send(event(4))).exchanges
        assert second.acknowledged
        assert b'"ADM-CID"0004R1L2#001234[#001234|' in first.sent
        assert b'"*ADM-CID"0004LA#BEEF[' in second.sent
        assert (await one.probe(Path.BACKUP)).acknowledged
        assert [taken.token for taken in other.taken] == ["ADM-CID", "NULL"]


async def test_events_say_when_they_happened_where_that_was_asked_for(primary: Receiver) -> None:
    for asked in (True, False):
        config = Dc09Config(
            identity=Identity(account="001234"), primary=at(primary.port), occurrence=asked
        )
        report = await Dc09Link(config).send(event(7, happened=1_795_312_800_000))
        assert report.acknowledged is not None
        assert (b"][H02:00:00,11-22-2026]_" in report.acknowledged.sent) is asked


async def test_a_path_that_gave_no_answer_comes_second_until_it_answers(
    primary: Receiver, backup: Receiver
) -> None:
    one = link(primary, backup, limit_s=LIMIT_S)
    primary.fault = Fault.SILENT
    first = await one.send(event(1))
    assert [exchange.path for exchange in first.exchanges] == [Path.PRIMARY, Path.BACKUP]
    second = await one.send(event(2))
    assert [exchange.path for exchange in second.exchanges] == [Path.BACKUP]
    primary.fault = Fault.NONE
    assert (await one.probe(Path.PRIMARY)).acknowledged
    third = await one.send(event(3))
    assert [exchange.path for exchange in third.exchanges] == [Path.PRIMARY]


async def test_a_path_that_rests_is_still_tried_when_the_other_one_fails(
    primary: Receiver, backup: Receiver
) -> None:
    one = link(primary, backup, limit_s=LIMIT_S)
    primary.do(Fault.SILENT)
    await one.send(event(1))
    backup.fault = Fault.DUH
    report = await one.send(event(2))
    assert [(exchange.path, exchange.result) for exchange in report.exchanges] == [
        (Path.BACKUP, Result.UNABLE),
        (Path.PRIMARY, Result.ACKNOWLEDGED),
    ]


async def test_a_path_rests_no_longer_than_configured(primary: Receiver, backup: Receiver) -> None:
    one = link(primary, backup, failed_path_rests_s=0.0)
    primary.do(Fault.CLOSE)
    assert len((await one.send(event(1))).exchanges) == 2
    again = await one.send(event(2))
    assert [exchange.path for exchange in again.exchanges] == [Path.PRIMARY]


async def test_a_repetition_is_known_by_its_sequence_number(
    primary: Receiver, backup: Receiver, transport: Transport
) -> None:
    """The receiver took it, and its answer was lost: the alarm goes out again, and is one alarm."""
    one = link(primary, transport=transport, limit_s=LIMIT_S)
    primary.do(Fault.SILENT, Fault.CLOSE, Fault.BAD_CRC)
    results: list[Result] = []
    while not results or results[-1] is not Result.ACKNOWLEDGED:
        results.append((await one.send(event(9))).exchanges[-1].result)
    assert len(results) == 4
    assert [taken.sequence for taken in primary.taken] == [9, 9, 9, 9]
    assert [taken.repeated for taken in primary.taken] == [False, True, True, True]


async def test_an_alarm_does_not_wait_behind_a_supervision_message(
    primary: Receiver, transport: Transport
) -> None:
    one = link(primary, transport=transport)
    primary.do(Fault.SILENT)
    waiting = asyncio.create_task(one.probe(Path.PRIMARY))
    await primary.until(lambda: len(primary.taken) == 1)
    report = await one.send(event())
    assert report.acknowledged is not None
    assert not waiting.done()
    waiting.cancel()


async def test_ten_alarms_at_once_all_arrive(primary: Receiver, transport: Transport) -> None:
    one = link(primary, transport=transport, identity=Identity(account="ABC", key=KEY))
    reports = await asyncio.gather(*(one.send(event(number)) for number in range(1, 11)))
    assert all(report.acknowledged for report in reports)
    assert sorted(taken.sequence for taken in primary.events) == list(range(1, 11))


async def test_nobody_listening_is_unreachable_and_soon_known(transport: Transport) -> None:
    one = Dc09Link(
        Dc09Config(identity=Identity(account="1234"), primary=at(free_port(), transport))
    )
    exchange = await one.probe(Path.PRIMARY)
    assert exchange.result is Result.UNREACHABLE
    assert exchange.elapsed_ms < PATIENCE_S * 500
    assert exchange.received == b""
    assert (exchange.sent == b"") is (transport is Transport.TCP)


async def test_a_name_that_is_none_is_unreachable() -> None:
    endpoint = Endpoint(host="receiver.invalid", port=9, answer_timeout_s=2.0)
    one = Dc09Link(Dc09Config(identity=Identity(account="1234"), primary=endpoint))
    assert (await one.probe(Path.PRIMARY)).result is Result.UNREACHABLE


async def test_connecting_has_a_limit_of_its_own() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind((HOST, 0))
        full.listen(0)
        address = full.getsockname()
        for filling in (first, second):
            filling.setblocking(False)
            filling.connect_ex(address)
        endpoint = at(address[1], connect_timeout_s=0.15, answer_timeout_s=5.0)
        exchange = await Dc09Link(
            Dc09Config(identity=Identity(account="1234"), primary=endpoint)
        ).probe(Path.PRIMARY)
    assert exchange.result is Result.UNREACHABLE
    assert "0.15 s" in exchange.reason
    assert 140 < exchange.elapsed_ms < 4000
    assert exchange.sent == b""


async def test_the_limit_of_an_exchange_includes_connecting(primary: Receiver) -> None:
    primary.fault = Fault.SILENT
    exchange = await link(primary, limit_s=LIMIT_S).probe(Path.PRIMARY)
    assert exchange.result is Result.SILENT
    assert LIMIT_S * 990 < exchange.elapsed_ms < LIMIT_S * 1000 + 2000


async def test_a_cancelled_exchange_leaves_nothing_open(primary: Receiver) -> None:
    primary.fault = Fault.SILENT
    one = link(primary)
    task = asyncio.create_task(one.send(event()))
    await primary.until(lambda: len(primary.taken) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await one.aclose()
    gc.collect()  # an open transport would warn here, and warnings are errors
    primary.fault = Fault.NONE
    assert (await one.probe(Path.PRIMARY)).acknowledged


async def test_an_event_that_no_frame_holds_is_said_before_anything_is_sent(
    primary: Receiver,
) -> None:
    with pytest.raises(FrameError, match="sequence number"):
        await link(primary).send(event(0))
    assert not primary.taken


async def test_the_clock_given_is_the_clock_used(primary: Receiver) -> None:
    behind = Dc09Link(
        Dc09Config(identity=Identity(account="001234"), primary=at(primary.port)),
        now=lambda: time.time_ns() // 1_000_000 - 60_000,
    )
    exchange = await behind.probe(Path.PRIMARY)
    assert exchange.result is Result.CLOCK
    assert exchange.offset_ms == pytest.approx(60_000, abs=1500)


def test_bad_settings_are_refused_with_their_name() -> None:
    with pytest.raises(ValueError, match="port 0"):
        Endpoint(host=HOST, port=0)
    with pytest.raises(ValueError, match="host"):
        Endpoint(host="", port=1)
    with pytest.raises(ValueError, match="above 0 s"):
        Endpoint(host=HOST, port=1, answer_timeout_s=0.0)
    with pytest.raises(FrameError, match="account"):
        Dc09Config(identity=Identity(account="xyz"), primary=at(1))


def test_no_key_is_seen_where_settings_are_printed() -> None:
    config = Dc09Config(identity=Identity(account="ABC", key=KEY), primary=at(1))
    assert "secret" not in f"{config!r} {config}"


def test_it_is_a_police_link() -> None:
    one: PoliceLink = Dc09Link(Dc09Config(identity=Identity(account="ABC"), primary=at(1)))
    assert one.paths
