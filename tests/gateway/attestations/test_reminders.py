"""Somebody is reminded before an attestation ends: once for each day set, across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from stating import Room
from test_stating import stated

from alerts.notification.event import NOTICE, Event, decode_event
from audit.attestation import DAY_MS
from gateway.attestations import service
from gateway.notification.message import Wording
from gateway.words import Words


def receivers(folder: Path) -> dict[str, object]:
    """Two message receivers of the school, one of another, and a webhook."""
    secret = folder / "secret"
    secret.write_text("json://localhost")
    kept = {"file": str(secret)}
    return {
        "notification": {
            "messages": [
                {"name": "county", "url": kept},
                {"name": "other", "url": kept, "schools": ["no5"]},
                {"name": "english", "url": kept, "schools": ["no3"], "language": "en"},
            ],
            "webhooks": [{"name": "hook", "url": "https://a.invalid/x", "secret": kept}],
        },
        "web": {"public_url": "https://campus.invalid"},
    }


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path, **receivers(tmp_path))
    yield room
    room.store.close()


def outbox(room: Room) -> list[tuple[str, Event]]:
    def read(connection):
        rows = connection.exec_driver_sql("SELECT receiver, body FROM outbox ORDER BY row")
        return [(receiver, decode_event(body)) for receiver, body in rows]

    return room.store.read(read)


async def test_receivers_of_the_school_are_told_thirty_seven_and_one_day_before(
    telling: Room,
) -> None:
    one = await stated(telling, days=200)
    told = []
    for left in (31, 30, 8, 7, 2, 1, 0):
        telling.at(one.expires - left * DAY_MS)
        told.append(await telling.attestations.remind())
    assert told == [0, 1, 0, 1, 0, 1, 1]
    sent = outbox(telling)
    assert [receiver for receiver, _ in sent] == ["hook", "county", "english"] * 4
    assert telling.told == ["county", "english", "hook"] * 4
    event = sent[0][1]
    assert (event.kind, event.alert, event.link) == (
        NOTICE,
        None,
        "https://campus.invalid/attestations/no3",
    )
    assert event.school is not None
    assert event.school.id == "no3"
    assert "30" in event.text
    assert "专职保安" in event.text
    assert sent[2][1].text.startswith("The attestation of")


async def test_what_is_told_reads_as_a_message(telling: Room) -> None:
    one = await stated(telling)
    telling.at(one.expires - 7 * DAY_MS)
    await telling.attestations.remind()
    _, event = outbox(telling)[0]
    chinese = Wording(Words.load(), "zh").single(event)
    english = Wording(Words.load(), "en").several([event, event], "https://campus.invalid")
    assert "专职保安" in chinese.title
    assert "7 天" in chinese.text
    assert "学校 no3" in chinese.text
    assert "https://campus.invalid/attestations/no3" in chinese.text
    assert english.text.count("Full-time guards") == 2


async def test_a_restart_forgets_nothing_and_repeats_nothing(telling: Room) -> None:
    one = await stated(telling, days=200)
    telling.begin()
    telling.at(one.expires - 30 * DAY_MS)
    assert await telling.attestations.remind() == 1
    telling.begin()
    assert await telling.attestations.remind() == 0


async def test_a_gateway_that_was_off_tells_the_last_of_several_days(telling: Room) -> None:
    one = await stated(telling)
    telling.at(one.expires - 3 * DAY_MS)
    assert await telling.attestations.remind() == 1
    assert "3 天" in outbox(telling)[0][1].text
    telling.at(one.expires + 40 * DAY_MS)
    assert await telling.attestations.remind() == 1
    assert "过期" in outbox(telling)[-3][1].text
    assert await telling.attestations.remind() == 0


async def test_a_clock_that_jumps_there_and_back_tells_nothing_twice(telling: Room) -> None:
    one = await stated(telling)
    begun = telling.clock.now()
    telling.at(one.expires - 7 * DAY_MS)
    assert await telling.attestations.remind() == 1
    telling.at(begun)
    assert await telling.attestations.remind() == 0
    telling.at(one.expires - 7 * DAY_MS)
    assert await telling.attestations.remind() == 0
    telling.at(one.expires - DAY_MS)
    assert await telling.attestations.remind() == 1


async def test_nobody_is_reminded_of_what_was_replaced_or_withdrawn(telling: Room) -> None:
    old = await stated(telling)
    telling.clock.turn(DAY_MS)
    new = await stated(telling)
    assert telling.column("SELECT subject FROM deadlines") == [f"attestation:no3/{new.id}"]
    await telling.attestations.withdraw(new.id, "sofia", "wrong")
    assert telling.column("SELECT subject FROM deadlines") == []
    telling.at(old.expires)
    assert await telling.attestations.remind() == 0


async def test_the_older_one_is_reminded_of_while_the_newer_begins_too_late(
    telling: Room,
) -> None:
    old = await stated(telling, days=20)
    later = telling.clock.now() + 30 * DAY_MS
    new = await stated(telling, valid_from=later, days=200)
    subjects = telling.column("SELECT subject FROM deadlines ORDER BY due")
    assert subjects == [f"attestation:no3/{old.id}", f"attestation:no3/{new.id}"]


async def test_who_is_not_named_is_not_told(tmp_path: Path) -> None:
    named = {"receivers": ["hook"], "remind_days": [3]}
    room = Room(tmp_path, **receivers(tmp_path), attestations=named)
    one = await stated(room)
    room.at(one.expires - 3 * DAY_MS)
    assert await room.attestations.remind() == 1
    assert [receiver for receiver, _ in outbox(room)] == ["hook"]
    room.store.close()


async def test_a_clock_that_ran_past_the_end_and_was_set_right_reminds_again(
    telling: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stated(telling, days=200)
    gone = await stated(telling, days=300)  # replaces it, and is withdrawn
    await telling.attestations.withdraw(gone.id, "sofia", "wrong")
    telling.clock.turn(DAY_MS)
    begun, last = telling.clock.now(), await stated(telling, days=200)
    telling.at(last.expires + DAY_MS)
    assert await telling.attestations.remind() == 1
    assert telling.column("SELECT subject FROM deadlines") == []
    telling.at(begun)

    monkeypatch.setattr(service, "LOOK_S", 0)
    running = asyncio.create_task(telling.attestations.run())
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0.01)
            if telling.column("SELECT subject FROM deadlines"):
                break
    running.cancel()
    await asyncio.wait([running])

    assert telling.column("SELECT subject FROM deadlines") == [f"attestation:no3/{last.id}"]
    telling.at(last.expires - 30 * DAY_MS)
    assert await telling.attestations.remind() == 1
    assert "30" in outbox(telling)[-3][1].text
