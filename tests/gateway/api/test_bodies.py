"""What comes in is bounded in time and, all together, in memory: a slow peer holds nobody up."""

from __future__ import annotations

import asyncio

import pytest

from gateway.api import bodies

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
FILES = "/api/v1/files?school=no3&name=a.pdf"


async def test_who_sends_a_byte_a_minute_is_told_that_it_took_too_long(door, monkeypatch) -> None:
    olga, sofia = await door.as_("olga"), await door.as_("sofia")
    never = asyncio.Event()

    async def slowly():
        yield b" "
        await never.wait()

    monkeypatch.setattr(bodies, "BODY_S", 0.01)
    late = await olga.post(
        "/api/v1/alerts/1/actions", content=slowly(), headers={"Content-Type": "application/json"}
    )
    monkeypatch.setattr(bodies, "UPLOAD_S", 0.01)
    later = await sofia.put(FILES, content=slowly())

    for answer in (late, later):
        assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(("bound", "others"), [("HELD_OF_ONE", 200), ("HELD", 503)])
async def test_uploads_hold_so_much_memory_and_no_more(
    door, monkeypatch, bound: str, others: int
) -> None:
    sofia, paul = await door.as_("sofia"), await door.as_("paul")
    monkeypatch.setattr(bodies, bound, len(PDF) + 10)
    begun, go = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield PDF[:-5]
        begun.set()
        await go.wait()
        yield PDF[-5:]

    first = asyncio.create_task(sofia.put(FILES, content=slowly()))
    await begun.wait()
    second = await sofia.put(FILES, content=PDF)
    of_another = await paul.put(FILES, content=PDF)
    go.set()

    assert (second.status_code, second.json()["code"]) == (503, "busy")
    assert of_another.status_code == others
    assert (await first).status_code == 200
    assert (await sofia.put(FILES, content=PDF)).status_code == 200  # all of it was let go
