"""Lists of schools as bureaus have them, and the faults that come with them, made by number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook

from audit.roster import RosterEntry, SchoolKind
from devices.model import Region, School
from gateway.roster.plan import Standing

HEADER = ("学校标识码", "学校名称", "学校类型", "所属区县", "在校生数", "寄宿生数", "反恐重点目标")
REGIONS = (
    Region("city", "星河市", "Xinghe City"),
    Region("qinghe", "青禾区", "Qinghe District", "city"),
    Region("liuxi", "柳溪县", "Liuxi County", "city"),
    Region("chengqu-1", "城区", "", "qinghe"),
    Region("chengqu-2", "城区", "", "liuxi"),
)


def standing(
    *entries: RosterEntry, schools: Iterable[School] = (), within: frozenset[str] | None = None
) -> Standing:
    return Standing(
        entries={one.school: one for one in entries},
        regions=REGIONS,
        schools={school.id: school for school in schools},
        within=within,
    )


def entry(school: str = "no3", **fields: object) -> RosterEntry:
    usual: dict[str, object] = {
        "name": "第三中学",
        "kind": SchoolKind.COMPLETE_MIDDLE,
        "region": "qinghe",
        "pupils": 900,
        "boarders": 0,
        "key_target": False,
    }
    return RosterEntry(school=school, **(usual | fields))


def row(
    school: str = "no3",
    name: str = "第三中学",
    kind: str = "完全中学",
    region: str = "青禾区",
    pupils: str = "900",
    boarders: str = "0",
    key_target: str = "否",
) -> tuple[str, ...]:
    return (school, name, kind, region, pupils, boarders, key_target)


def as_csv(
    rows: Iterable[Sequence[str]],
    *,
    header: Sequence[str] = HEADER,
    encoding: str = "utf-8-sig",
    separator: str = ",",
) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Iterable[Sequence[object]], *, header: Sequence[str] = HEADER) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    for cells in (header, *rows):
        sheet.append(list(cells))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
