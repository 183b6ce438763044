"""What bureaus call the columns of their lists, and the words in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from audit.roster import SchoolKind
from gateway.register.columns import Column, Sort, header_key, narrow

MOST_PUPILS: Final = 200_000
"""Heads of one school: the largest universities stay below; beyond, a column has been mistaken."""

COLUMNS: Final = (
    Column(
        "school",
        Sort.IDENTIFIER,
        (
            "school_code", "school_id", "学校标识码", "学校代码", "学校编码", "学校编号", "标识码",
            "机构代码", "code", "id", "代码", "编码", "编号",
        ),
        required=True,
    ),
    Column(
        "name",
        Sort.TEXT,
        (
            "school_name", "学校名称", "学校全称", "单位名称", "机构名称", "name", "名称", "全称",
            "学校",
        ),
        required=True,
    ),
    Column(
        "kind",
        Sort.REFERENCE,
        (
            "school_kind", "school_type", "kind", "type", "学校类型", "学校类别", "办学类型",
            "学校性质类别", "学段", "类型", "类别",
        ),
        required=True,
    ),
    Column(
        "region",
        Sort.REFERENCE,
        (
            "region", "region_id", "county", "区域", "所属区域", "区域编号", "区域代码", "所在区县",
            "所属区县", "区县", "县区", "所属县区", "行政区划", "行政区划代码", "区划代码",
        ),
        required=True,
    ),
    Column(
        "pupils",
        Sort.TEXT,
        (
            "pupils", "students", "number_of_pupils", "在校生数", "在校学生数", "在校生人数",
            "在校人数", "学生人数", "学生数", "在校生",
        ),
        required=True,
    ),
    Column(
        "boarders",
        Sort.TEXT,
        (
            "boarders", "寄宿生数", "寄宿生人数", "住校生数", "住校生人数", "住宿生数", "住宿人数",
            "寄宿生", "住校生", "住宿生",
        ),
    ),
    Column(
        "key_target",
        Sort.TEXT,
        (
            "key_target", "counter_terrorism_key_target", "重点目标", "反恐重点目标",
            "反恐怖重点目标", "防范恐怖袭击重点目标", "是否重点目标", "是否反恐重点目标",
        ),
    ),
)  # fmt: skip

HEADERS: Final = frozenset(header_key(word) for column in COLUMNS for word in column.headers)
"""Every header that is known, as it is compared."""

_KIND_WORDS: Final[Mapping[SchoolKind, tuple[str, ...]]] = {
    SchoolKind.KINDERGARTEN: ("幼儿园", "学前", "学前教育", "nursery"),
    SchoolKind.PRIMARY: ("小学", "教学点", "小学教学点", "完全小学", "完小", "primary school"),
    SchoolKind.JUNIOR_MIDDLE: ("初中", "初级中学", "普通初中", "junior middle school"),
    SchoolKind.SENIOR_MIDDLE: ("高中", "高级中学", "普通高中", "senior middle school"),
    SchoolKind.COMPLETE_MIDDLE: ("完全中学", "完中", "中学", "middle school"),
    SchoolKind.NINE_YEAR: (
        "九年一贯制", "九年一贯制学校", "九年制学校", "9年一贯制", "9年一贯制学校",
    ),
    SchoolKind.TWELVE_YEAR: (
        "十二年一贯制", "十二年一贯制学校", "12年一贯制", "12年一贯制学校",
    ),
    SchoolKind.VOCATIONAL: (
        "中职", "中等职业学校", "职业高中", "职高", "职业学校", "中等专业学校", "中专", "技工学校",
        "vocational school",
    ),
    SchoolKind.SPECIAL: ("特殊教育", "特殊教育学校", "特教", "特教学校", "special school"),
    SchoolKind.HIGHER: (
        "高等学校", "高校", "大学", "学院", "高职", "高等职业学校", "专科学校", "university",
    ),
    SchoolKind.OTHER: ("其他", "其它", "其他学校"),
}  # fmt: skip

KINDS: Final[Mapping[str, SchoolKind]] = MappingProxyType(
    {header_key(word): kind for kind, words in _KIND_WORDS.items() for word in words}
    | {header_key(kind.value): kind for kind in SchoolKind}
)
"""The kind by what bureaus call it, as headers are compared: case, width and spaces aside."""

_YES: Final = frozenset({"是", "y", "yes", "true", "1", "√", "✓", "有", "重点目标"})
_NO: Final = frozenset({"否", "n", "no", "false", "0", "×", "x", "无", "-", "—", "/", ""})

_HEADS: Final = re.compile(r"([0-9]{1,9})(\.0+)?\Z")
SHORTENED: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+\Z", re.IGNORECASE)
"""A number as Excel writes a long one: its last digits are lost."""


def heads(raw: str) -> int | None:
    """How many people a cell says; ``None`` when it says no number."""
    text = narrow(raw).removesuffix("人").removesuffix("名")
    found = _HEADS.match(text.replace(",", "").replace(" ", ""))
    return None if found is None else int(found.group(1))


def yes_or_no(raw: str) -> bool | None:
    """What a cell says; an empty one says no; ``None`` when it says neither."""
    text = narrow(raw).casefold()
    return True if text in _YES else False if text in _NO else None


_UNSEEN: Final = frozenset({"Cc", "Cs", "Co"})
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn what follows around, so that a name is not what it looks like (UAX 9)."""


def showable(text: str) -> bool:
    """Whether it stands on a screen as it is. Joiners, which some scripts need, may be in it."""
    return text.isprintable() or not any(
        sign in _TURNING or unicodedata.category(sign) in _UNSEEN for sign in text
    )
