"""Heads go outside: into folders, to the broker, by mail; what does not arrive is seen."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest

from alerts.notification.event import NOTICE, decode_event
from alerts.notification.mqtt_alert import decode_publication
from audit.evidence.heads import read_head
from gateway.broker.access import EVIDENCE_HEAD
from gateway.configuration import default_settings
from gateway.evidence.making import make_evidence, publish_over
from gateway.evidence.publishing import FileDrop, Published, receiver_names
from gateway.notification.delivery import Delivered, Refused, Retry
from gateway.outbox import Outbox
from gateway.pipeline.telling import MQTT
from gateway.settings import Settings
from gateway.settings_evidence import EvidenceSettings
from gateway.store.batch import OutboxEntry
from gateway.words import Words
from tests.gateway.evidence.worlds import DAY, HOUR, World


def settings(folder: Path, **publish: object) -> Settings:
    return default_settings({"directory": str(folder), "evidence": {"publish": publish}})


def entry(note: str) -> OutboxEntry:
    return OutboxEntry("evidence:folder1", "head/1", 0, note.encode(), 0)


async def test_a_head_goes_to_everybody_who_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL", "mailto://example.org")
    mail = {"name": "bureau-mail", "url": {"env": "MAIL"}, "language": "zh"}
    asked = default_settings(
        {
            "directory": str(world.folder),
            "notification": {"messages": [mail]},
            "evidence": {"publish": {"folders": ["a", "b"], "messages": ["bureau-mail"]}},
        },
    )
    head = await world.evidence.seal()
    found = {one.receiver: one for one in Published(asked, Words.load()).entries(head, None)}
    assert set(found) == {"evidence:folder1", "evidence:folder2", MQTT, "bureau-mail"}
    assert found["evidence:folder1"].body.decode() == head.note
    shown = decode_publication(found[MQTT].body)
    assert (shown.topic, shown.payload) == (EVIDENCE_HEAD, head.note)
    told = decode_event(found["bureau-mail"].body)
    assert told.kind == NOTICE
    assert head.note in told.text
    assert "树头" in told.text


async def test_people_are_written_to_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL", "mailto://example.org")
    asked = default_settings(
        {
            "directory": str(world.folder),
            "notification": {"messages": [{"name": "mail", "url": {"env": "MAIL"}}]},
            "evidence": {"publish": {"mqtt": False, "messages": ["mail"]}},
        },
    )
    published = Published(asked, Words.load())
    first = await world.evidence.seal()
    world.clock.jump(DAY - first.at % DAY - HOUR)
    second = await world.evidence.seal()
    world.clock.jump(2 * HOUR)
    third = await world.evidence.seal()
    assert published.entries(second, first) == []
    assert [one.receiver for one in published.entries(third, second)] == ["mail"]


async def test_a_folder_has_every_head_and_the_newest(world: World, tmp_path: Path) -> None:
    (tmp_path / "heads").mkdir()
    drop = FileDrop(tmp_path / "heads")
    first = await world.evidence.seal()
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    for head in (first, second, second):  # after a crash it is delivered again
        assert await drop.deliver(entry(head.note)) == Delivered()
    names = sorted(path.name for path in (tmp_path / "heads").iterdir())
    assert names == [
        f"gateway.east.example-facts-{first.size:012d}.head",
        f"gateway.east.example-facts-{second.size:012d}.head",
        "gateway.east.example-facts-newest.head",
    ]
    newest = (tmp_path / "heads" / names[-1]).read_text("utf-8")
    assert read_head(newest).head.size == second.size


async def test_a_share_that_is_not_there_is_waited_for(world: World, tmp_path: Path) -> None:
    head = await world.evidence.seal()
    drop = FileDrop(tmp_path / "mounted")
    outcome = await drop.deliver(entry(head.note))
    assert isinstance(outcome, Retry)
    assert not (tmp_path / "mounted").exists()
    (tmp_path / "mounted").mkdir()
    assert await drop.deliver(entry(head.note)) == Delivered()
    assert isinstance(await drop.deliver(entry("no head")), Refused)


async def test_a_share_that_hangs_keeps_one_thread_and_no_more(
    world: World, tmp_path: Path
) -> None:
    """Whoever runs out of patience tries again; the gateway's threads are for everybody."""
    head = await world.evidence.seal()
    name = f"gateway.east.example-facts-{head.size:012d}.head"
    hanging = tmp_path / f".{name}.{os.getpid()}"
    os.mkfifo(hanging)  # whoever opens it to write waits until somebody reads
    drop = FileDrop(tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await drop.deliver(entry(head.note))
    for _ in range(50):
        async with asyncio.timeout(20):
            outcome = await drop.deliver(entry(head.note))
        assert isinstance(outcome, Retry)
        assert "still being written" in outcome.reason
    async with asyncio.timeout(20):
        assert await asyncio.to_thread(lambda: 1) == 1
    # It comes back: what waited ends, and the head is delivered.
    reader = os.open(hanging, os.O_RDONLY | os.O_NONBLOCK)
    async with asyncio.timeout(20):
        while True:
            if await drop.deliver(entry(head.note)) == Delivered():
                break
            await asyncio.sleep(0)
    os.close(reader)
    assert (tmp_path / name).read_text("utf-8") == head.note
    await drop.aclose()


async def test_a_share_that_is_full_keeps_the_newest_head_it_had(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "heads").mkdir()
    drop = FileDrop(tmp_path / "heads")
    first = await world.evidence.seal()
    assert await drop.deliver(entry(first.note)) == Delivered()
    world.clock.jump(HOUR)
    second = await world.evidence.seal()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        outcome = await drop.deliver(entry(second.note))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert isinstance(outcome, Retry)
    assert "too large" in outcome.reason
    newest = tmp_path / "heads" / "gateway.east.example-facts-newest.head"
    assert newest.read_text("utf-8") == first.note
    assert len(list((tmp_path / "heads").iterdir())) == 2  # nothing half written
    assert await drop.deliver(entry(second.note)) == Delivered()
    assert newest.read_text("utf-8") == second.note
    await drop.aclose()


def test_a_receiver_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="'nobody' is no receiver"):
        settings(tmp_path, messages=["nobody"])
    witness = {"name": "a", "url": "https://a.example", "token": {"env": "HOME"}}
    with pytest.raises(Exception, match="two witnesses"):
        EvidenceSettings.model_validate({"publish": {"witnesses": [witness, witness]}})


def test_names_of_receivers_are_apart_from_others(tmp_path: Path) -> None:
    publish = settings(tmp_path, folders=["a", "b"]).evidence.publish
    assert receiver_names(publish) == ["evidence:folder1", "evidence:folder2"]


async def test_the_outbox_brings_each_head_into_the_folder(world: World) -> None:
    (world.folder / "heads").mkdir()
    asked = default_settings(
        {
            "directory": str(world.folder),
            "evidence": {
                "name": world.name,
                "publish": {"mqtt": False, "folders": [str(world.folder / "heads")]},
            },
        }
    )
    outbox = Outbox(world.store, {}, world.clock)
    desk = make_evidence(
        settings=asked,
        store=world.store,
        clock=world.clock,
        words=Words.load(),
        notify=outbox.notify,
    )
    publish_over(outbox, desk, settings=asked, store=world.store, clock=world.clock)
    running = asyncio.create_task(outbox.run())
    try:
        head = await desk.sign()
        async with asyncio.timeout(20):
            while True:
                target = (await desk.state()).targets[0]
                status = target.status
                if status is not None and status.delivered and not status.waiting:
                    break
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await outbox.aclose()
        await desk.aclose()
    newest = world.folder / "heads" / "gateway.east.example-facts-newest.head"
    assert newest.read_text("utf-8") == head.note
    assert (target.kind, target.name) == ("folder", "heads")
