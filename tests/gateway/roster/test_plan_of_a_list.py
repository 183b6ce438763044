"""What a list would change, held against the roster: shown whole, before anything is written."""

from __future__ import annotations

import msgspec
import pytest
from bureau_lists import as_csv, entry, row, standing

from devices.model import School
from gateway.roster.entries import Code
from gateway.roster.plan import Plan, Sort, Standing, plan_list
from gateway.roster.reading import read_list


def planned(against: Standing, *rows: tuple[str, ...]) -> Plan:
    return plan_list(read_list(as_csv(rows)), against)


def after(plan: Plan, against: Standing) -> Standing:
    """The roster once the plan is carried out."""
    changed = {change.after.school: change.after for change in plan.changes}
    return msgspec.structs.replace(against, entries={**against.entries, **changed})


class TestAList:
    def test_adds_renames_and_changes(self) -> None:
        against = standing(entry("no1"), entry("no2"), entry("no3"), entry("no4"))

        plan = planned(
            against,
            row("no1", "第一中学"),
            row("no2", pupils="950"),
            row("no3"),
            row("no9", "第九中学"),
        )

        assert [(change.after.school, change.sort) for change in plan.changes] == [
            ("no1", Sort.RENAMED),
            ("no2", Sort.CHANGED),
            ("no9", Sort.ADDED),
        ]
        assert plan.unchanged == 1
        assert plan.changes[0].after.formerly == ("第三中学",)

    def test_shows_first_what_is_least_expected(self) -> None:
        against = standing(entry("no1"), entry("no2"), entry("no3", listed=False))

        plan = planned(
            against, row("no9"), row("no2", pupils="950"), row("no3"), row("no1", "第一中学")
        )

        assert [change.sort for change in plan.first] == [
            Sort.RENAMED,
            Sort.RELISTED,
            Sort.CHANGED,
            Sort.ADDED,
        ]
        assert all(plan.counts[sort] == 1 for sort in Sort)

    def test_brought_in_again_changes_nothing(self) -> None:
        against = standing(entry("no1", name="旧名"), entry("no2"))
        rows = (row("no1"), row("no5", "第五中学"), row("no2", pupils="1"))

        again = planned(after(planned(against, *rows), against), *rows)

        assert (again.changes, again.unchanged) == ((), 3)

    def test_drops_nobody_silently(self) -> None:
        against = standing(entry("no1"), entry("no2"), entry("no3", listed=False))

        plan = planned(against, row("no1"))

        assert [one.school for one in plan.missing] == ["no2"]
        assert not plan.changes

    def test_a_refused_row_is_no_missing_school(self) -> None:
        plan = planned(standing(entry("no1"), entry("no2")), row("no1"), row("no2", pupils="?"))

        assert not plan.missing

    def test_that_cannot_be_read_misses_nobody(self) -> None:
        plan = plan_list(read_list(b"what,is,this\n"), standing(entry()))

        assert plan.unreadable
        assert not plan.missing

    def test_takes_up_again_what_was_struck_off_and_says_so(self) -> None:
        (change,) = planned(standing(entry(listed=False)), row()).changes

        assert change.sort is Sort.RELISTED
        assert change.after.listed

    def test_without_a_column_leaves_what_it_would_say(self) -> None:
        against = standing(entry(boarders=40, key_target=True))
        text = "code,name,kind,region,pupils\nno3,第三中学,完全中学,qinghe,30\n"

        (change,) = plan_list(read_list(text.encode()), against).changes

        assert (change.after.boarders, change.after.key_target) == (30, True)

    def test_names_these_changes_and_no_others_by_its_digest(self) -> None:
        against = standing(entry("no1"))
        first = planned(against, row("no2"))

        assert planned(against, row("no2")).digest == first.digest
        assert planned(against, row("no2", pupils="1")).digest != first.digest
        assert planned(standing(entry("no1"), entry("no2", pupils=1)), row("no2")).digest != (
            first.digest
        )


class TestDoubles:
    def test_that_say_the_same_count_once(self) -> None:
        plan = planned(standing(), row(), row())

        assert len(plan.changes) == 1
        assert [(one.code, one.line, one.other) for one in plan.notes] == [(Code.REPEATED, 3, "2")]

    def test_that_say_something_else_are_refused_on_both_lines(self) -> None:
        plan = planned(standing(), row(), row("no5"), row(pupils="1"))

        assert [(one.code, one.line, one.other) for one in plan.troubles] == [
            (Code.SAME_CODE, 2, "4"),
            (Code.SAME_CODE, 4, "2"),
        ]
        assert [change.after.school for change in plan.changes] == ["no5"]

    def test_of_a_name_in_one_region_are_reported_and_loaded(self) -> None:
        plan = planned(
            standing(entry("no1")), row("no2", " 第三 中学"), row("no3", region="柳溪县")
        )

        assert [(one.code, one.line, one.other) for one in plan.notes] == [
            (Code.SAME_NAME, 2, "no1")
        ]
        assert len(plan.changes) == 2


class TestARegion:
    @pytest.mark.parametrize("said", ["qinghe", "青禾区", "Qinghe District", "QINGHE"])
    def test_is_found_by_id_or_name(self, said: str) -> None:
        (change,) = planned(standing(), row(region=said)).changes

        assert change.after.region == "qinghe"

    def test_that_is_none_refuses_the_row_and_names_what_was_meant(self) -> None:
        plan = planned(standing(), row("no1", region="青禾县"), row("no2", region="城区"))

        assert [(one.code, one.line, one.other) for one in plan.troubles] == [
            (Code.UNKNOWN_REGION, 2, "青禾区"),
            (Code.SEVERAL_REGIONS, 3, ""),
        ]
        assert not plan.changes

    def test_of_others_is_out_of_reach(self) -> None:
        """Whoever keeps one county's list moves no school into it, nor out of another."""
        mine = frozenset({"qinghe"})
        against = standing(
            entry("no1", region="liuxi"),
            schools=[School("no2", "第二中学", region="liuxi")],
            within=mine,
        )

        plan = planned(
            against,
            row("no1"),
            row("no2", "第二中学"),
            row("no3", region="柳溪县"),
            row("no4", "第四中学"),
        )

        assert [(one.code, one.line) for one in plan.troubles] == [
            (Code.OUT_OF_SCOPE, 2),
            (Code.OUT_OF_SCOPE, 3),
            (Code.OUT_OF_SCOPE, 4),
        ]
        assert [change.after.school for change in plan.changes] == ["no4"]
        assert not plan.missing

    def test_that_the_register_says_otherwise_is_noted(self) -> None:
        plan = planned(standing(schools=[School("no3", "第三中学", region="liuxi")]), row())

        assert [(one.code, one.value, one.other) for one in plan.notes] == [
            (Code.OTHER_REGION, "qinghe", "liuxi")
        ]
