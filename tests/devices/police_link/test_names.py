"""Names of receivers: found once, an alarm never waits for the name service again."""

from __future__ import annotations

import asyncio

import pytest
from name_service import NameService

from devices.police_link.dc09 import Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import Path, Result
from devices.police_link.names import Names, look_up
from devices.simulator.receiver import Receiver


async def test_addresses_need_no_look_up(service: NameService) -> None:
    names = Names(service.look_up)
    assert [await names.address(one) for one in ("127.0.0.1", "::1")] == ["127.0.0.1", "::1"]
    assert not service.asked


async def test_a_name_is_looked_up_once_while_it_is_fresh(service: NameService) -> None:
    service.addresses["receiver"] = ("10.0.0.1",)
    names = Names(service.look_up)
    assert [await names.address("receiver") for _ in range(3)] == ["10.0.0.1"] * 3
    assert service.asked == ["receiver"]


async def test_an_unknown_name_is_an_error_and_asked_for_again(service: NameService) -> None:
    names = Names(service.look_up)
    with pytest.raises(OSError, match="not known"):
        await names.address("receiver")
    service.addresses["receiver"] = ("10.0.0.1",)
    assert await names.address("receiver") == "10.0.0.1"


async def test_a_name_known_before_is_given_at_once_and_learnt_anew_behind(
    service: NameService,
) -> None:
    service.addresses["receiver"] = ("10.0.0.1",)
    names = Names(service.look_up, fresh_s=0.0)
    await names.address("receiver")
    assert service.answered.acquire(timeout=20)
    service.answering.clear()
    service.addresses["receiver"] = ("10.0.0.2",)
    async with asyncio.timeout(5):
        assert [await names.address("receiver") for _ in range(5)] == ["10.0.0.1"] * 5
    service.answering.set()
    await asyncio.to_thread(service.answered.acquire, timeout=20)
    async with asyncio.timeout(20):
        while await names.address("receiver") != "10.0.0.2":  # noqa: ASYNC110 - another thread's
            await asyncio.sleep(0.001)
    assert len(service.asked) < 10_000


async def test_one_look_up_a_name_is_under_way_at_most(service: NameService) -> None:
    service.addresses["receiver"] = ("10.0.0.1",)
    service.answering.clear()
    names = Names(service.look_up)
    waiting = [asyncio.create_task(names.address("receiver")) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    service.answering.set()
    assert await asyncio.gather(*waiting[1:]) == ["10.0.0.1"] * 19
    assert service.asked == ["receiver"]


async def test_where_nobody_answers_the_next_address_comes_first(service: NameService) -> None:
    service.addresses["receiver"] = ("10.0.0.1", "10.0.0.2")
    names = Names(service.look_up)
    assert await names.address("receiver") == "10.0.0.1"
    names.failed("receiver")
    assert await names.address("receiver") == "10.0.0.2"
    names.failed("unheard of")


async def test_a_name_service_that_hangs_is_not_waited_for_longer_than_connecting_may_take(
    service: NameService,
) -> None:
    service.answering.clear()
    endpoint = Endpoint(host="receiver", port=9, answer_timeout_s=0.2)
    link = Dc09Link(
        Dc09Config(identity=Identity(account="1234"), primary=endpoint),
        names=Names(service.look_up),
    )
    exchange = await link.probe(Path.PRIMARY)
    assert exchange.result is Result.UNREACHABLE
    assert exchange.elapsed_ms < 5000, "the name service hangs for ten seconds"


@pytest.mark.parametrize("transport", Transport)
async def test_a_receiver_known_by_name_is_reached_while_the_name_service_hangs(
    service: NameService, transport: Transport
) -> None:
    service.addresses["receiver"] = ("127.0.0.1",)
    async with Receiver({"1234": None}) as receiver:
        endpoint = Endpoint(host="receiver", port=receiver.port, transport=transport)
        names = Names(service.look_up, fresh_s=0.0)
        link = Dc09Link(
            Dc09Config(identity=Identity(account="1234"), primary=endpoint), names=names
        )
        assert (await link.probe(Path.PRIMARY)).acknowledged
        service.answering.clear()
        assert (await link.probe(Path.PRIMARY)).acknowledged


def test_the_system_knows_this_machine() -> None:
    assert set(look_up("localhost")) & {"127.0.0.1", "::1"}
