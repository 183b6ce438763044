"""The past of the live stream: transitions after a row, each with its alert."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from alerts.alert import Alert, Transition
from gateway.store.encoding import decode_alert, decode_transition
from gateway.store.schema import alerts, transitions


def transitions_after(
    row: int, most: int
) -> Callable[[Connection], list[tuple[int, Alert, Transition]]]:
    """At most ``most`` transitions with a row above ``row``, oldest first.

    The alert comes as it stands now, not as it stood then: who resumes wants to know how it is,
    and its version says that older events about it are overtaken.
    """

    def query(connection: Connection) -> list[tuple[int, Alert, Transition]]:
        statement = (
            select(transitions.c.row, alerts.c.body, transitions.c.body)
            .join(alerts, alerts.c.id == transitions.c.alert)
            .where(transitions.c.row > row)
            .order_by(transitions.c.row)
            .limit(most)
        )
        return [
            (number, decode_alert(alert), decode_transition(transition))
            for number, alert, transition in connection.execute(statement)
        ]

    return query
