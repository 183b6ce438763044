"""Contacts of schools, in the order in which they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, select

from alerts.contacts import Contact
from gateway.store.schema import contacts


def contacts_of(schools: Iterable[str]) -> Callable[[Connection], dict[str, list[Contact]]]:
    """The contacts of schools by their ids; schools without any have no entry."""
    wanted = list(schools)

    def query(connection: Connection) -> dict[str, list[Contact]]:
        table = contacts.c
        statement = (
            select(table.school, table.role, table.telephone, table.name)
            .where(table.school.in_(wanted))
            .order_by(table.school, table.place_in_list)
        )
        found: dict[str, list[Contact]] = {}
        for school, role, telephone, name in connection.execute(statement):
            found.setdefault(school, []).append(Contact(role, telephone, name))
        return found

    return query
