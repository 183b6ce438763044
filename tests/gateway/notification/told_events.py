"""Rows of the outbox that tell of alerts."""

from __future__ import annotations

import msgspec

from alerts.notification.event import (
    Event,
    EventAlert,
    EventDevice,
    EventExplanation,
    EventSchool,
)
from alerts.notification.webhook import Bilingual
from gateway.store.batch import OutboxEntry

PAGE = "https://campus.example"


def told(
    number: int,
    now: int,
    priority: str = "high",
    *,
    receiver: str = "duty",
    kind: str = "raised",
    acknowledged: int | None = None,
    demo: bool = False,
) -> OutboxEntry:
    """One event of alert ``number``."""
    key = f"{priority}/no3/{number}/1/{now}"
    event = Event(
        event=key,
        kind=kind,
        happened=now,
        known=now,
        text="烟雾 12 %/m",
        demo=demo,
        link=f"{PAGE}/alerts/{number}",
        alert=EventAlert(
            id=number,
            version=1,
            state="unacknowledged",
            active=True,
            priority=priority,
            condition="smoke",
            condition_name=Bilingual("烟雾报警", "Smoke"),
            occurrence=1,
            raised=now,
            last_occurrence=now,
            acknowledged=acknowledged,
        ),
        school=EventSchool(id="no3", name=Bilingual("第三中学", "No. 3 Middle School")),
        device=EventDevice(id="lab-2", kind="smoke", name=Bilingual("实验室", "Lab 2")),
        place=Bilingual("教学楼 / 三层", "Block A / 3F"),
        explanation=EventExplanation(text=Bilingual("烟雾 12 %/m", "smoke 12 %/m")),
    )
    return OutboxEntry(receiver, key, now, msgspec.json.encode(event), now, number)
