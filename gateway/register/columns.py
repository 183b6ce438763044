"""The fields of each table: what bureaus call them, and how a cell becomes a value.

``out_of_service`` is none of them: taking a device out of service is done by a named person with
a reason, never by a file.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from devices.model import is_identifier
from gateway.register.entries import Table

MAX_TEXT: Final = 200


class Sort(Enum):
    """How a field is read."""

    IDENTIFIER = auto()  # the entry's own id
    REFERENCE = auto()  # the id or the name of something else
    TEXT = auto()
    RULES = auto()  # {rule: {parameter: value}}; YAML only


@dataclass(frozen=True)
class Column:
    """One field: its name in `devices.model`, and the headers that mean it."""

    field: str
    sort: Sort
    headers: tuple[str, ...] = ()
    required: bool = False


_NAME_ZH: Final = ("name_zh", "name", "名称", "中文名称", "中文名")
_NAME_EN: Final = ("name_en", "english_name", "英文名称", "英文名")
_ID: Final = ("id", "编号", "代码", "编码", "标识")
_SCHOOL: Final = (
    "school", "school_id", "school_code", "学校", "学校编号", "学校代码", "学校编码", "学校标识码",
    "所属学校", "单位",
)  # fmt: skip

COLUMNS: Final[dict[Table, tuple[Column, ...]]] = {
    Table.REGIONS: (
        Column(
            "id",
            Sort.IDENTIFIER,
            ("region_id", "region_code", "区域编号", "区域代码", "行政区划代码", "区划代码", *_ID),
            required=True,
        ),
        Column("name_zh", Sort.TEXT, ("区域名称", "区划名称", "行政区划名称", *_NAME_ZH)),
        Column("name_en", Sort.TEXT, _NAME_EN),
        Column(
            "parent",
            Sort.REFERENCE,
            ("parent", "parent_region", "上级区域", "上级", "上级编号", "上级代码", "上级区划"),
        ),
    ),
    Table.SCHOOLS: (
        Column(
            "id",
            Sort.IDENTIFIER,
            ("school_id", "school_code", "学校编号", "学校代码", "学校编码", "学校标识码", *_ID),
            required=True,
        ),
        Column("name_zh", Sort.TEXT, ("school_name", "学校名称", "学校", *_NAME_ZH)),
        Column("name_en", Sort.TEXT, ("学校英文名称", *_NAME_EN)),
        Column(
            "region",
            Sort.REFERENCE,
            (
                "region", "region_id", "区域", "所属区域", "区域编号", "区域代码", "所在区县",
                "所属区县", "区县", "行政区划代码", "区划代码",
            ),
        ),
    ),
    Table.PLACES: (
        Column("school", Sort.REFERENCE, _SCHOOL, required=True),
        Column(
            "id",
            Sort.IDENTIFIER,
            ("place_id", "位置编号", "地点编号", "场所编号", "房间编号", *_ID),
            required=True,
        ),
        Column("name_zh", Sort.TEXT, ("位置名称", "地点名称", "场所名称", "房间名称", *_NAME_ZH)),
        Column("name_en", Sort.TEXT, _NAME_EN),
        Column(
            "parent",
            Sort.REFERENCE,
            (
                "parent", "parent_place", "上级位置", "上级地点", "上级场所", "上级", "上级编号",
                "所属楼宇", "所属楼层",
            ),
        ),
    ),
    Table.DEVICES: (
        Column("school", Sort.REFERENCE, _SCHOOL, required=True),
        Column(
            "id",
            Sort.IDENTIFIER,
            ("device_id", "device", "设备编号", "设备编码", "设备代码", "设备号", *_ID),
            required=True,
        ),
        Column(
            "kind",
            Sort.REFERENCE,
            ("kind", "type", "device_type", "设备类型", "设备种类", "类型", "种类"),
            required=True,
        ),
        Column("name_zh", Sort.TEXT, ("device_name", "设备名称", "设备名", *_NAME_ZH)),
        Column("name_en", Sort.TEXT, ("设备英文名称", *_NAME_EN)),
        Column(
            "place",
            Sort.REFERENCE,
            (
                "place", "place_id", "location", "安装位置", "位置", "安装地点", "地点", "场所",
                "位置编号", "地点编号", "房间编号", "房间",
            ),
        ),
        Column("dialect", Sort.REFERENCE, ("dialect", "protocol", "协议", "接入协议", "接入方式")),
        Column("address", Sort.TEXT, ("address", "设备地址", "通信地址", "接入名称", "地址")),
        Column(
            "repeater",
            Sort.REFERENCE,
            ("repeater", "gateway", "中继器", "中继", "中继器编号", "网关", "网关编号"),
        ),
        Column("parameters", Sort.RULES),
    ),
    Table.PARAMETERS: (
        Column("school", Sort.REFERENCE, required=True),
        Column("kind", Sort.REFERENCE, required=True),
        Column("rules", Sort.RULES, required=True),
    ),
}  # fmt: skip

_EXCEL_TEXT: Final = re.compile(r'="(.*)"\Z', re.DOTALL)
_EXCEL_NUMBER: Final = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+\Z", re.IGNORECASE)
_PLAIN: Final = re.compile(r"(?!['=])[!-~\u4e00-\u9fff]+( [!-~\u4e00-\u9fff]+)*\Z")
"""Text with nothing to clean, as nearly all cells are: seen at once in files of 100,000 rows."""

_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


def columns_of(table: Table) -> dict[str, Column]:
    """The fields of a table by name."""
    return {column.field: column for column in COLUMNS[table]}


def clean(raw: str) -> str:
    """A cell without what spreadsheets put around it.

    ``="001"`` (Excel's way to keep leading zeros), a leading apostrophe, invisible characters and
    every kind of space at the ends.
    """
    if _PLAIN.match(raw):
        return raw
    text = raw.translate(_INVISIBLE).strip()
    kept = _EXCEL_TEXT.match(text)
    if kept:
        text = kept.group(1).replace('""', '"').strip()
    return text.removeprefix("'")


def narrow(raw: str) -> str:
    """A cell with full-width letters, digits and signs as plain ones: ``００１`` is ``001``."""
    if _PLAIN.match(raw):
        return raw
    return clean(unicodedata.normalize("NFKC", clean(raw)))


def header_key(raw: str) -> str:
    """A header as it is compared: width, case, spaces, marks and notes in brackets do not count."""
    text = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", narrow(raw).casefold())
    return re.sub(r"[\s*:_\-/]+", "", text)


def read_cell(column: Column, raw: str) -> str | None:
    """The value of a cell. Raises ``ValueError`` that says what is allowed.

    An empty reference is ``None``, an empty text is empty.
    """
    if column.sort is Sort.TEXT:
        return _text(raw)
    text = narrow(raw)
    if column.required and not text:
        raise ValueError("is empty")
    if _EXCEL_NUMBER.match(text):
        raise ValueError(
            f"'{text}' is a number that Excel has shortened, the id is lost; "
            "set the column to text in Excel, enter it again and export anew"
        )
    if column.sort is Sort.IDENTIFIER:
        if not is_identifier(text):
            raise ValueError(f"must be 1 to 64 of A-Z a-z 0-9 . _ -, not '{_cut(text)}'")
        return text
    return _printable(text) or None


def _text(raw: str) -> str:
    return _printable(clean(raw))


def _printable(text: str) -> str:
    """Text for one line of a screen."""
    joined = " ".join(text.split())
    for sign in () if _PLAIN.match(joined) else joined:
        if unicodedata.category(sign) in {"Cc", "Cs", "Co"}:
            raise ValueError(f"holds a control character (U+{ord(sign):04X}); remove it")
    if len(joined) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters long, not {len(joined)}")
    return joined


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
