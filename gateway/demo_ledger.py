"""The demonstration's hazard ledger: entries at several of the eight steps, and a notice.

All people in it are invented.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.alert import Refusal
from audit.ledger.hazard import FiveThings, Grade, Hazard, Origin, Signer, StepKind
from audit.ledger.hazard_actions import Accept, Action, Assess, By, Monitor, Register, Sign
from audit.ledger.hazard_acts import act, found, noticed
from audit.ledger.hazard_times import DAY_MS, HOUR_MS, LedgerFigures
from audit.ledger.notice import Finding, Notice
from devices.model import School
from devices.recording.local_time import day_of
from gateway.store.batch import Batch
from gateway.store.hazards import put_hazard, put_notice
from gateway.store.read.hazards import last_hazard
from gateway.store.read.register import all_regions
from gateway.store.store import Store

OFFICER: Final = By("demo.officer", Signer.SAFETY_OFFICER)
PRINCIPAL: Final = By("demo.principal", Signer.PRINCIPAL)
INSPECTOR: Final = By("demo.inspector", Signer.INSPECTOR)
LEADER: Final = By("demo.leader", Signer.GROUP_LEADER)


class _Told(msgspec.Struct, frozen=True):
    """One of the demonstration: days ago, how many of the signatures it has."""

    school: int
    days: int
    text: str
    place: str
    signed: int
    grade: Grade = Grade.GENERAL
    deadline: int = 15


_ENTRIES: Final = (
    _Told(0, 1, "宿舍楼二层发现违规使用电热毯", "宿舍楼二层", 0),
    _Told(0, 2, "实验楼东侧疏散楼梯堆放课桌", "实验楼", 2),
    _Told(0, 6, "教学楼三层防护栏杆松动", "教学楼三层", 4, Grade.MAJOR),
    _Told(0, 20, "食堂后厨燃气报警器未接入值班室", "食堂", 8, Grade.GENERAL, 10),
    _Told(0, 45, "校门防撞柱一根损坏", "校门", 13),
    _Told(1, 9, "配电间堆放杂物", "配电间", 7),
    _Told(1, 12, "二层灭火器过期 3 具", "教学楼二层", 9),
)


def keep_ledger(store: Store, now: int, *, zone: str) -> None:
    """Enter them, until anybody has entered anything. Blocks."""
    if store.read(last_hazard):
        return
    schools = store.load_names()[0]
    regions = {region.id: region.name_zh for region in store.read(all_regions)}
    figures = LedgerFigures()
    batch = Batch(now=now)
    for number, told in enumerate(_ENTRIES, 1):
        school = schools[min(told.school, len(schools) - 1)]
        entry = _entry(number, school.id, told, figures, now)
        if number == 1:
            notice = _notice(entry, school, regions.get(school.region or "", ""), zone)
            entry = noticed(entry, notice.number, notice.due, INSPECTOR, now=notice.issued)
            put_notice(batch, notice, by=INSPECTOR.name)
        put_hazard(batch, entry, figures, before=None)
    store.commit(batch).result()


def _entry(number: int, school: str, told: _Told, figures: LedgerFigures, now: int) -> Hazard:
    begun = now - told.days * DAY_MS
    entry = Hazard(
        number=number,
        school=school,
        origin=Origin.INSPECTION,
        opened=begun,
        due=begun + figures.naming_hours * HOUR_MS,
        text=told.text,
        place=told.place,
        grade=told.grade,
    )
    entry = found(entry, INSPECTOR, now=begun)
    for count, (action, by) in enumerate(_acts(told, begun)[: told.signed], 1):
        after = act(entry, action, by, figures, now=begun + count * HOUR_MS)
        if isinstance(after, Refusal):
            raise ValueError(f"{told.text}: {after.detail}")  # noqa: TRY004 - a refusal
        entry = after
    return entry


def _acts(told: _Told, begun: int) -> list[tuple[Action, By]]:
    five = FiveThings(
        responsible="总务处（示例）",
        measure="立即清理整改，并检查同类部位",
        money=0 if told.grade is Grade.GENERAL else 20_000,
        deadline=begun + told.deadline * DAY_MS,
        contingency="整改前专人值守，必要时停用该区域",
    )
    major = [(Sign(StepKind.REPORT_TAKEN), LEADER)] if told.grade is Grade.MAJOR else []
    return [
        (Sign(StepKind.FINDING_SIGNED), PRINCIPAL),
        (Sign(StepKind.FINDING_REVIEWED), LEADER),
        (Register(told.grade), OFFICER),
        (Assess(told.grade, five), OFFICER),
        (Sign(StepKind.ASSESSMENT_SIGNED), PRINCIPAL),
        (Sign(StepKind.REPORTED, "已书面报告"), PRINCIPAL),
        *major,
        (Monitor("每日巡查两次并记录", "设置警示牌，绕行"), OFFICER),
        (Sign(StepKind.REMEDIED, "已整改"), OFFICER),
        (Accept(met=True, text="现场复查合格"), INSPECTOR),
        (Sign(StepKind.RESULT_SIGNED), PRINCIPAL),
        (Sign(StepKind.RESULT_REVIEWED), LEADER),
        (Sign(StepKind.CLOSED), INSPECTOR),
    ]


def _notice(entry: Hazard, school: School, region: str, zone: str) -> Notice:
    return Notice(
        number=1,
        bureau=school.region or "",
        bureau_name=f"{region}教育局" if region else "",
        year=day_of(zone, entry.opened).year,
        sequence=1,
        school=entry.school,
        school_name=school.name_zh,
        issued=entry.opened,
        issued_by=INSPECTOR.name,
        issuer="检查员（示例）",
        due=entry.opened + 15 * DAY_MS,
        findings=(Finding(entry.number, entry.text, "立即收缴并开展用电安全教育"),),
        basis="学校安全检查要求（示例）",
    )
