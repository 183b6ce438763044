"""Sites as YAML: regions, schools with their places and devices inside them, or flat lists."""

from __future__ import annotations

from typing import Final

from gateway.problem import Problem, listing, near_miss
from gateway.register.columns import Column, Sort, columns_of, read_cell
from gateway.register.entries import Entry, Parsed, Table
from gateway.yaml_source import Document, Plain, Steps, dotted

INSIDE_SCHOOL: Final = (Table.PLACES, Table.DEVICES, Table.PARAMETERS)
INSIDE_PLACE: Final = (Table.PLACES, Table.DEVICES)


def parse_sites(document: Document) -> Parsed:
    """The entries of a document; every bad one is a problem with its line and field.

    Places and devices may stand inside their school, places and devices inside a place: they
    take the school, the parent and the place from what is around them.
    """
    reader = _Reader(document)
    data = document.data
    if data is None:
        return reader.parsed
    if not isinstance(data, dict):
        reader.complain((), f"must be sections: {listing(Table)}")
        return reader.parsed
    for key, value in data.items():
        if key in set(Table):
            reader.read_list((key,), value, Table(key), {})
        else:
            reader.complain(
                (key,), f"is not known here{near_miss(key, Table)}; allowed: {listing(Table)}"
            )
    return reader.parsed


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.parsed = Parsed()

    def complain(self, at: Steps, message: str) -> None:
        self.parsed.problems.append(self.document.problem(at, message))

    def read_list(self, at: Steps, value: Plain, table: Table, around: dict[str, str]) -> None:
        """A list of entries, or ``{id: entry}``'s shorter sister for parameters."""
        if value is None:
            return
        if table is Table.PARAMETERS and isinstance(value, dict):
            for kind, rules in value.items():
                entry: dict[str, Plain] = {"kind": kind, "rules": rules}
                self._read_entry((*at, kind), entry, table, around)
            return
        if not isinstance(value, list):
            self.complain(at, "must be a list (lines that begin with '- ')")
            return
        for number, item in enumerate(value):
            if isinstance(item, dict):
                self._read_entry((*at, number), item, table, around)
            else:
                self.complain((*at, number), "must be a section (lines of 'key: value')")

    def _read_entry(
        self, at: Steps, item: dict[str, Plain], table: Table, around: dict[str, str]
    ) -> None:
        columns = columns_of(table)
        nested = {Table.SCHOOLS: INSIDE_SCHOOL, Table.PLACES: INSIDE_PLACE}.get(table, ())
        values: dict[str, object] = {}
        problems: list[Problem] = []
        for key, value in item.items():
            if key in nested:
                continue
            column = columns.get(key)
            if column is None or key in around:
                problems.append(self._unexpected((*at, key), key, [*columns, *nested], around))
                continue
            try:
                values[key] = _value(column, value)
            except ValueError as error:
                problems.append(self.document.problem((*at, key), str(error)))
        values |= around
        problems += [
            self.document.problem((*at, name), "is missing")
            for name, column in columns.items()
            if column.required and name not in item and name not in values
        ]
        if problems:
            self.parsed.spoil(table, values, problems)
        else:
            labels = {name: dotted((*at, name)) for name in columns}
            entry = Entry(table, values, self.document.where(at), labels)
            self.parsed.entries.append(entry)
        self._read_nested(at, item, table, values)

    def _read_nested(
        self, at: Steps, item: dict[str, Plain], table: Table, values: dict[str, object]
    ) -> None:
        """What stands inside a school or a place; of a bad one nothing is read."""
        own, school = values.get("id"), values.get("school")
        if table is Table.SCHOOLS and isinstance(own, str):
            for inner in INSIDE_SCHOOL:
                self.read_list((*at, inner.value), item.get(inner), inner, {"school": own})
        elif table is Table.PLACES and isinstance(own, str) and isinstance(school, str):
            inside = {"school": school, "parent": own}
            self.read_list((*at, "places"), item.get("places"), Table.PLACES, inside)
            inside = {"school": school, "place": own}
            self.read_list((*at, "devices"), item.get("devices"), Table.DEVICES, inside)

    def _unexpected(self, at: Steps, key: str, known: list[str], around: dict[str, str]) -> Problem:
        if key in around:
            return self.document.problem(
                at, f"follows from what is around it ('{around[key]}'); remove it here"
            )
        allowed = [name for name in known if name not in around]
        return self.document.problem(
            at, f"is not known here{near_miss(key, allowed)}; allowed: {listing(allowed)}"
        )


def _value(column: Column, value: Plain) -> object:
    """A field's value. Raises ``ValueError`` that says what is allowed."""
    if column.sort is Sort.RULES:
        if value is None:
            return {}
        if isinstance(value, dict):
            return {rule: {} if body is None else body for rule, body in value.items()}
        raise ValueError("must be rules with their parameters")
    match value:
        case None:
            text = ""
        case str():
            text = value
        case bool() | float():
            raise ValueError(f"must be text, not {str(value).lower()}; put it in quotes")
        case int():
            text = str(value)  # an id of digits; one with leading zeros has stayed text
        case _:
            raise ValueError("must be text, not a list or a section")
    return read_cell(column, text)
