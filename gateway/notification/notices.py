"""Notices about no alert, for the receivers that the settings name: something ends, is overdue.

They go the way of alerts: rows of the outbox, written in the transaction that says so, delivered
at least once. Only receivers that a school's alerts may go to hear of the school.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from alerts.notification.event import EventSchool, notice_body
from alerts.notification.webhook import Bilingual
from gateway.settings_fields import chosen
from gateway.settings_notification import NotificationSettings
from gateway.store.batch import OutboxEntry

EVERYBODY: Final = "*"


def notice_entries(
    notification: NotificationSettings,
    receivers: Collection[str],
    *,
    key: str,
    school: EventSchool,
    title: Bilingual,
    said: Bilingual,
    now: int,
    link: str | None = None,
    demo: bool = False,
) -> list[OutboxEntry]:
    """A row for each receiver among ``receivers`` (names, or `EVERYBODY`) that hears of the school.

    ``key`` is the same for the same notice: it is delivered once under it. Priorities are no matter
    here: a notice has none.
    """
    entries = []
    for one in notification.receivers:
        schools = chosen(one.schools)
        if schools is not None and school.id not in schools:
            continue
        if EVERYBODY not in receivers and one.name not in receivers:
            continue
        body = notice_body(
            key,
            now,
            title=title,
            said=said,
            text=said.en if one.language == "en" else said.zh,
            school=school,
            link=link,
            demo=demo,
        )
        entries.append(OutboxEntry(one.name, key, now, body, now))
    return entries
