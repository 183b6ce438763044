"""What recorders tell of their channels becomes readings, facts, alerts and discoveries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gb_school import GATE, HALL, NVR, YARD, School, until
from sqlalchemy import select

from devices.recording.channel_state import ChannelState
from gateway.diagnosing import cause_of
from gateway.gb28181.service import Channels
from gateway.store.schema import discoveries, rejects

KEY = ("no3", "nvr")
MINUTE = 60_000


@asynccontextmanager
async def running(channels: Channels) -> AsyncIterator[None]:
    """Follows recorders in the block."""
    following = asyncio.create_task(channels.run())
    try:
        yield
    finally:
        ended = following.done()
        following.cancel()
        await asyncio.wait({following})
        assert not ended, following.exception()


async def settled(school: School) -> None:
    """What waits for its time happens."""
    work = school.flow.work()
    now = school.clock.now()
    school.judge.tick(now, work)
    school.discoveries.tick(now, work)
    await school.flow.commit(work)


def channel_facts(school: School) -> list[tuple[str, str]]:
    return [
        (fact.subject.rpartition("/")[2], json.loads(fact.body)["state"])
        for fact in school.facts("channel_state")
    ]


async def test_a_registered_recorder_is_asked_and_its_cameras_are_as_it_says(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="OFF", hall="ON")
    await channels.look(KEY)
    assert here.values("gate-01") == {"channel_state": "online"}
    assert here.values("yard-01") == {"channel_state": "offline"}
    assert channels.channel(("no3", "gate-01")) is ChannelState.ONLINE
    assert channel_facts(here) == [("gate-01", "online"), ("yard-01", "offline")]
    (registered,) = here.facts("recorder_registration")
    assert json.loads(registered.body) == {
        "agent": "",
        "device": NVR,
        "host": "127.0.0.1",
        "registered": True,
    }
    view = channels.recorder(KEY)
    assert view is not None
    assert (view.registered, view.listed, view.online, view.missing, view.strangers) == (
        True,
        3,
        2,
        (),
        1,
    )
    here.clock.turn(5 * MINUTE)
    await channels.look(KEY)
    await settled(here)
    assert set(here.alerts()) == {"yard-01 channel_offline"}
    assert nvr.asked == ["Catalog"]  # the next is not due yet


async def test_what_others_watch_is_not_heard_by_what_its_recorder_says(here: School) -> None:
    channels = await here.channels(here.gb())
    await here.nvr(gate="ON", yard="ON")
    await channels.look(KEY)
    native = here.judge.roster.state("no3", "gate-01")
    behind = here.judge.roster.state("no3", "yard-01")
    assert native is not None
    assert behind is not None
    assert native.heard == 0  # its probe has not spoken
    assert (behind.heard, behind.online) == (here.clock.now(), True)  # nobody else will


async def test_channels_not_registered_are_discoveries_with_what_was_understood(
    here: School,
) -> None:
    channels = await here.channels(here.gb())
    await here.nvr(gate="ON", yard="ON", hall="OFF")
    await channels.look(KEY)
    await settled(here)
    (row,) = here.store.read(lambda connection: connection.execute(select(discoveries)).all())
    assert (row.school, row.id, row.dialect, row.address, row.kind) == (
        "no3",
        HALL,
        "gb28181",
        HALL,
        "camera",
    )
    assert json.loads(row.understood) == {
        "civil_code": "340200",
        "manufacturer": "M",
        "name": "报告厅",
        "online": False,
        "recorder": "nvr",
    }


async def test_an_adopted_channel_is_watched_by_what_its_recorder_says(here: School) -> None:
    channels = await here.channels(here.gb(cameras={"gate-01": GATE}))
    nvr = await here.nvr(gate="ON", yard="ON")
    await channels.look(KEY)  # yard-01 is on the register with dialect and address of a channel
    assert here.values("yard-01") == {"channel_state": "online"}
    view = channels.recorder(KEY)
    assert view is not None
    assert view.strangers == 0
    del nvr.catalog[YARD]
    here.clock.turn(31 * MINUTE)
    await channels.look(KEY)
    assert here.values("yard-01") == {"channel_state": "missing"}
    assert channels.channel(("no3", "yard-01")) is ChannelState.MISSING


async def test_a_camera_that_two_recorders_list_is_told_of_by_its_own(here: School) -> None:
    other = "34020000001180000002"
    yard_at_nvr = here.gb(cameras={"yard-01": YARD})
    backup = here.gb(id="backup", device=other, cameras={"gate-01": GATE})
    channels = await here.channels(yard_at_nvr, backup)
    await here.nvr(yard="ON", hall="ON")
    await here.nvr(other, gate="ON", yard="OFF")
    for key in (("no3", "backup"), KEY, ("no3", "backup")):
        await channels.look(key)
    assert here.values("yard-01") == {"channel_state": "online"}
    assert channel_facts(here) == [("gate-01", "online"), ("yard-01", "online")]
    views = [channels.recorder(key) for key in (KEY, ("no3", "backup"))]
    assert [one and one.strangers for one in views] == [1, 0]  # the hall, and none


async def test_what_the_register_expects_and_the_catalog_lacks_is_said(here: School) -> None:
    channels = await here.channels(here.gb())
    await here.nvr(gate="ON")
    await channels.look(KEY)
    view = channels.recorder(KEY)
    assert view is not None
    assert view.missing == ("yard-01",)
    here.clock.turn(5 * MINUTE)
    await settled(here)
    assert set(here.alerts()) == {"yard-01 channel_missing"}


async def test_a_silent_recorder_takes_its_channels_with_it_and_is_looked_at(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="ON")
    async with running(channels):
        await until(lambda: here.values("gate-01") == {"channel_state": "online"})
        here.looked_for.clear()
        assert (await nvr.register(expires=0)).status == 200
        await until(lambda: here.values("yard-01") == {"channel_state": "recorder_away"})
        assert here.looked_for == [KEY]
    assert channels.channel(("no3", "gate-01")) is ChannelState.RECORDER_AWAY
    behind = here.judge.roster.state("no3", "yard-01")
    assert behind is not None
    assert behind.online is False  # so that nobody calls it well
    for _ in range(8):
        here.clock.turn(4 * MINUTE)
        await channels.look(KEY)
        await settled(here)
    assert here.alerts() == {}  # the recorder's own alert says it of all of them
    connection = here.control.connection("no3", "yard-01")
    assert connection is not None
    reason = cause_of(behind.device, connection, [], here.clock.now())
    assert reason is not None
    assert (reason.code, reason.priority) == ("not_at_recorder", None)  # unknown, not well
    assert [json.loads(one.body)["registered"] for one in here.facts("recorder_registration")] == [
        True,
        False,
    ]
    assert ("yard-01", "recorder_away") not in channel_facts(here)


async def test_what_a_recorder_says_of_changes_has_it_asked_again(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="ON")
    async with running(channels):
        await until(lambda: here.values("gate-01") == {"channel_state": "online"})
        nvr.catalog[GATE] = ("大门", "OFF")
        here.clock.turn(MINUTE)
        nvr.send(nvr.notify("Catalog", method="NOTIFY"))
        await until(lambda: here.values("gate-01") == {"channel_state": "offline"})
        faulty = f"<Status>OK</Status><Info><DeviceID>{YARD}</DeviceID></Info>"
        here.clock.turn(MINUTE)
        nvr.send(nvr.notify("Keepalive", more=faulty))
        await until(lambda: here.values("yard-01") == {"channel_state": "offline"})
    assert nvr.asked == ["Catalog"] * 3


async def test_a_storm_of_notices_does_not_make_us_storm_the_recorder(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="ON")
    async with running(channels):
        await until(lambda: here.values("gate-01") == {"channel_state": "online"})
        for _ in range(50):
            nvr.send(nvr.notify("Catalog"))
            assert (await nvr.answer()).status == 200
        await until(lambda: here.mailbox._called is False)
    assert nvr.asked == ["Catalog"]


async def test_an_answer_that_never_comes_leaves_unknown_what_is_unknown(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr()
    nvr.silent = True
    await channels.look(KEY)
    assert here.values("gate-01") == {"channel_state": "untold"}
    view = channels.recorder(KEY)
    assert view is not None
    assert "no page that can be read came" in view.trouble
    assert view.asked is None
    here.clock.turn(30 * MINUTE)
    await settled(here)
    assert here.alerts() == {}


async def test_after_a_start_recorders_have_time_to_register(here: School) -> None:
    channels = await here.channels(here.gb())
    await channels.look(KEY)
    assert (channels.recorder(KEY), here.values("gate-01")) == (None, {})
    here.clock.turn(3 * MINUTE)
    await channels.look(KEY)
    assert here.values("gate-01") == {"channel_state": "recorder_away"}


async def test_neither_a_restart_nor_an_absence_is_news_of_the_channels(here: School) -> None:
    first = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="OFF")
    await first.look(KEY)
    before = channel_facts(here)
    assert (await nvr.register(expires=0)).status == 200
    await first.look(KEY)
    assert (await nvr.register()).status == 200
    await first.look(KEY)  # registered, and nothing said of its channels yet
    assert here.values("gate-01") == {"channel_state": "untold"}
    here.clock.turn(MINUTE)
    await here.follows(here.gb()).look(KEY)
    assert here.values("gate-01") == {"channel_state": "online"}
    assert channel_facts(here) == before
    assert len(here.facts("recorder_registration")) == 3  # here, gone, here again


async def test_what_is_not_understood_is_a_counted_reject_of_its_school(here: School) -> None:
    channels = await here.channels(here.gb())
    nvr = await here.nvr(gate="ON", yard="ON")
    async with running(channels):
        nvr.send(nvr.notify("Alarm", more="<AlarmPriority>1</AlarmPriority>"))
        assert (await nvr.answer()).status == 200
        nvr.send(nvr.request("MESSAGE", "<Notify><CmdType>"))
        assert (await nvr.answer()).status == 400
        nvr.send(nvr.request("MESSAGE", "<Notify><CmdType>Catalog</CmdType></Notify>"))
        assert (await nvr.answer()).status == 400
        assert (await nvr.register("wrong")).status == 403
        stranger = await here.device_of("34020000001180000099")
        assert (await stranger.register()).status == 403  # counted, and nothing kept of it
        await until(lambda: here.rejects.total == 4)
        await until(lambda: here.metrics.gb28181_strangers == 1)
    rows = here.store.read(lambda connection: connection.execute(select(rejects)).all())
    assert sorted((row.school, row.reason) for row in rows) == [
        ("no3", "forbidden"),
        ("no3", "shape"),
        ("no3", "syntax"),
        ("no3", "topic"),
    ]
    assert {row.topic for row in rows} == {f"gb28181/{NVR}"}
