"""Receivers that hear of other schools only are not shown to whoever sees some schools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.configuration import default_settings
from gateway.notification.webhook import WebhookReceiver
from gateway.outbox import Outbox
from gateway.settings import Settings
from gateway.store.batch import Batch, OutboxEntry

SCHOOLS = {"bureau": ["*"], "west-bureau": ["no5"], "both-bureaus": ["no3", "no5"]}
URL = "http://127.0.0.1:9/"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    secret = tmp_path / "webhook.secret"
    secret.write_text("a long enough key")
    webhooks = [
        {"name": name, "url": URL, "secret": {"file": str(secret)}, "schools": schools}
        for name, schools in SCHOOLS.items()
    ]
    return default_settings({"directory": str(tmp_path), "notification": {"webhooks": webhooks}})


@pytest.fixture
async def outbox(campus) -> AsyncIterator[Outbox]:
    """One that delivers nothing, with a message for a receiver that is no more."""
    now = campus.clock.now()
    left = OutboxEntry("gone-away", f"high/no5/7/1/{now}", now, b"{}", now, 7)
    campus.store.commit(Batch(outbox=[left])).result(10)
    here = {name: WebhookReceiver(url=URL, secret=b"key", clock=campus.clock) for name in SCHOOLS}
    campus.outbox = Outbox(campus.store, here, campus.clock)
    yield campus.outbox
    await campus.outbox.aclose()


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("olga", {"bureau", "west-bureau", "both-bureaus", "gone-away"}),
        ("east", {"bureau", "both-bureaus"}),
        ("west", {"bureau", "west-bureau", "both-bureaus"}),
        ("east-ada", {"bureau", "both-bureaus"}),
    ],
)
async def test_receivers_are_shown_to_whom_their_schools_concern(
    outbox, door, name: str, seen: set[str]
) -> None:
    shown = (await (await door.as_(name)).get("/api/v1/notification")).json()["items"]
    assert {one["name"] for one in shown} == seen
