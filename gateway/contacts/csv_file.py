"""Lists of contacts as bureaus keep them: CSV in any of its encodings, headers in either language.

The order of the rows is the order in which people are called.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from alerts.contacts import MOST, ROLES, Contact, mistake
from gateway.register.columns import clean, header_key, narrow
from gateway.register.csv_file import DELIMITERS, decode
from gateway.register.rows import TITLE_ROWS
from gateway.words import LANGUAGES, Words

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "school": ("school", "school_id", "学校", "学校编号", "学校代码", "学校标识码", "所属学校"),
    "role": ("role", "position", "角色", "职务", "岗位", "职责"),
    "name": ("name", "contact", "姓名", "联系人"),
    "telephone": ("telephone", "phone", "mobile", "电话", "联系电话", "手机", "手机号", "电话号码"),
}
"""What the columns are called; only ``role`` and ``telephone`` must be there."""

_FIELDS: Final = {header_key(word): field for field, words in HEADERS.items() for word in words}
_SHORTENED: Final = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
"""What Excel makes of a long number; the digits behind are lost."""

_MOST_PROBLEMS: Final = 50


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong on a line: a code of the catalogues, and the words it is about."""

    line: int
    code: str
    value: str = ""


class Contacts(msgspec.Struct, frozen=True):
    """The lists of a file by school id; with any trouble they are not to be used."""

    schools: dict[str, list[Contact]]
    troubles: list[Trouble]


class _Row(NamedTuple):
    line: int
    cells: list[str]


def parse_contacts(
    raw: bytes,
    *,
    school: str | None,
    schools: Mapping[str, Collection[str]],
    roles: Mapping[str, str],
) -> Contacts:
    """The contacts of a CSV file.

    ``school`` is whose list it is when the file does not say; with one, rows of other schools are
    trouble. ``schools`` gives the ids of schools by id or name, of which several may have the same;
    ``roles`` the code of a role by its words; other roles stay as they are written.
    """
    found = Contacts({}, [])
    try:
        text = decode(raw)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Contacts({}, [Trouble(line, "encoding")])
    rows = _rows(text, found.troubles)
    columns = _columns(rows)
    if columns is None:
        found.troubles.append(Trouble(1, "no_header"))
        return found
    for row in rows:
        cells = {field: row.cells[at] for at, field in columns.items() if at < len(row.cells)}
        if any(clean(cell) for cell in cells.values()):
            _take(cells, row.line, found, school, schools, roles)
        if len(found.troubles) >= _MOST_PROBLEMS:
            break
    if not found.schools and not found.troubles:
        found.troubles.append(Trouble(1, "no_rows"))
    return found


def roles_by_word(words: Words) -> dict[str, str]:
    """The codes of roles by what people call them, in any language."""
    named = {
        words.text(f"contact.role.{role}", language).casefold(): role
        for role in ROLES
        for language in LANGUAGES
    }
    return named | {role: role for role in ROLES}


def _take(
    cells: Mapping[str, str],
    line: int,
    found: Contacts,
    school: str | None,
    schools: Mapping[str, Collection[str]],
    roles: Mapping[str, str],
) -> None:
    said = clean(cells.get("school", ""))
    named = schools.get(narrow(said).casefold(), ()) if said else [school] if school else ()
    here = [one for one in named if school is None or one == school]
    if len(here) != 1:
        found.troubles.append(Trouble(line, _not_one(said, named, here), said))
        return
    (whose,) = here
    role = " ".join(clean(cells.get("role", "")).split())
    contact = Contact(
        role=roles.get(role.casefold(), role),
        telephone=" ".join(narrow(cells.get("telephone", "")).split()),
        name=" ".join(clean(cells.get("name", "")).split()),
    )
    listed = found.schools.setdefault(whose, [])
    trouble = mistake(contact)
    if _SHORTENED.fullmatch(contact.telephone):
        trouble = "shortened"
    elif trouble is None and len(listed) >= MOST:
        trouble = "too_many"
    if trouble is not None:
        found.troubles.append(Trouble(line, trouble, role or contact.name))
        return
    listed.append(contact)


def _not_one(said: str, named: Collection[str], here: Collection[str]) -> str:
    """Why a row is not of one school: ``here`` are those that it may be of, of all so ``named``."""
    if here:
        return "several_schools"
    if named:
        return "other_school"
    return "unknown_school" if said else "no_school"


def _columns(rows: Iterator[_Row]) -> dict[int, str] | None:
    """Which column holds which field; ``None`` when no header is found under the titles."""
    for _ in range(TITLE_ROWS):
        row = next(rows, None)
        if row is None:
            return None
        fields = {at: _FIELDS.get(header_key(cell)) for at, cell in enumerate(row.cells)}
        columns = {at: field for at, field in fields.items() if field is not None}
        if {"role", "telephone"} <= set(columns.values()):
            return columns
    return None


def _rows(text: str, troubles: list[Trouble]) -> Iterator[_Row]:
    head = text.splitlines()[:TITLE_ROWS]

    def recognised(delimiter: str) -> int:
        return max((sum(header_key(cell.strip('"')) in _FIELDS for cell in line.split(delimiter))
                    for line in head), default=0)  # fmt: skip

    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=recognised))
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            troubles.append(Trouble(max(reader.line_num, 1), "no_csv"))
            return
        yield _Row(reader.line_num, cells)
