"""An import says what it would change, changes only that, and leaves out what cannot be right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.kinds import KindSpec
from devices.model import Device, Place, Region, School
from gateway.kinds import load_kinds, rule_models
from gateway.paths import default_config_dir
from gateway.register.apply import import_batch, read_register
from gateway.register.csv_file import parse_csv
from gateway.register.entries import Parsed, Table
from gateway.register.plan import Plan, plan_import
from gateway.register.register import Register
from gateway.register.summary import describe
from gateway.register.yaml_file import parse_sites
from gateway.store.open import open_store
from gateway.store.read.register import register_version
from gateway.store.schema import facts
from gateway.store.sqlite import SqliteStore
from gateway.yaml_source import parse_yaml

KINDS = load_kinds(default_config_dir() / "kinds")
RULES = rule_models()
NOW = 1_795_161_600_000

SITES = """
regions:
  - {id: city, name_zh: 市, parent: province}
  - {id: province, name_zh: 省}
schools:
  - id: no3
    name_zh: 第三中学
    region: 市
    parameters:
      temperature:
        silent: {grace_s: 3600}
    places:
      - id: lab
        name_zh: 实验楼
        places:
          - id: "301"
            name_zh: 化学实验室
            devices:
              - {id: smoke-1, kind: 感烟探测器, name_zh: 烟感}
    devices:
      - {id: hub, kind: repeater}
      - {id: gate-1, kind: alarm-button, place: 实验楼, repeater: hub}
      - {id: plug, kind: other, dialect: tasmota, address: plug_1}
"""


def register() -> Register:
    return Register.of(
        regions=[Region("province", "省"), Region("city", "市", parent="province")],
        schools=[School("no3", "第三中学", region="city")],
        places=[Place("lab", "no3", "实验楼"), Place("301", "no3", "化学实验室", parent="lab")],
        devices=[
            Device("no3", "hub", "repeater", row=1),
            Device("no3", "smoke-1", "smoke", row=2, name_zh="烟感", place="301", repeater="hub"),
        ],
    )


def sites(text: str) -> Parsed:
    return parse_sites(parse_yaml(text, "s.yaml"))


def rows(text: str) -> Parsed:
    return parse_csv(text.encode(), "d.csv")


def plan(parsed: Parsed, stored: Register | None = None, *, remove_missing: bool = False) -> Plan:
    return plan_import(
        parsed,
        register() if stored is None else stored,
        KINDS,
        RULES,
        remove_missing=remove_missing,
    )


def complaints(planned: Plan) -> list[str]:
    return [str(problem) for problem in planned.problems]


def after(planned: Plan, stored: Register) -> Register:
    """The register once the plan is carried out."""
    made = Register()
    for table in Table:
        things = getattr(made, table.value)
        things.update({key: stored.get(table, key) for key in stored.keys(table)})
        for change in planned.changes:
            if change.table is table and change.after is None:
                del things[change.key]
            elif change.table is table:
                things[change.key] = change.after
    return made


class TestWhatIsNew:
    def test_a_whole_site_is_understood_with_names_for_ids(self) -> None:
        planned = plan(sites(SITES), Register())
        assert complaints(planned) == []
        made = {(change.table.value, *change.key): change.after for change in planned.added}
        assert made["places", "no3", "301"] == Place("301", "no3", "化学实验室", parent="lab")
        assert made["devices", "no3", "smoke-1"] == Device(
            "no3", "smoke-1", "smoke", name_zh="烟感", place="301"
        )
        assert made["devices", "no3", "gate-1"] == Device(
            "no3", "gate-1", "alarm-button", place="lab", repeater="hub"
        )
        assert made["schools", "no3"] == School("no3", "第三中学", region="city")
        assert made["parameters", "no3", "temperature"] == {"silent": {"grace_s": 3600}}

    def test_regions_come_after_the_regions_around_them(self) -> None:
        planned = plan(sites(SITES), Register())
        regions = [change.key for change in planned.added if change.table is Table.REGIONS]
        assert regions == [("province",), ("city",)]

    def test_importing_the_same_again_changes_nothing(self) -> None:
        first = plan(sites(SITES), Register())
        again = plan(sites(SITES), after(first, Register()))
        assert again.changes == ()
        assert sum(again.unchanged.values()) == len(first.changes)


class TestWhatChanges:
    def test_each_field_is_shown_with_what_was_and_what_will_be(self) -> None:
        text = "学校,设备编号,设备类型,设备名称,安装位置\n第三中学,smoke-1,smoke,北侧烟感,实验楼\n"
        planned = plan(rows(text))
        (change,) = planned.changed
        assert change.fields == {"name_zh": ("烟感", "北侧烟感"), "place": ("301", "lab")}
        assert (
            "~ device no3/smoke-1  北侧烟感  name_zh: '烟感' → '北侧烟感'; place: '301' → 'lab'"
            in (list(describe(planned)))
        )

    def test_what_the_file_does_not_name_stays(self) -> None:
        planned = plan(rows("学校,设备编号,设备类型\nno3,smoke-1,smoke-temperature\n"))
        (change,) = planned.changed
        assert change.after == Device(
            "no3", "smoke-1", "smoke-temperature", row=2, name_zh="烟感", place="301",
            repeater="hub",
        )  # fmt: skip

    def test_an_empty_cell_empties_the_field(self) -> None:
        planned = plan(rows("学校,设备编号,设备类型,中继器\nno3,smoke-1,smoke,\n"))
        assert planned.changed[0].fields == {"repeater": ("hub", None)}

    def test_a_device_out_of_service_stays_so(self) -> None:
        stored = register()
        out = msgspec.structs.replace(stored.devices["no3", "hub"], out_of_service=True)
        stored.devices["no3", "hub"] = out
        planned = plan(rows("学校,设备编号,设备类型\nno3,hub,other\n"), stored)
        assert planned.changed[0].after == msgspec.structs.replace(out, kind="other")


class TestWhatIsMissing:
    TEXT = "学校,设备编号,设备类型\nno3,hub,repeater\n"

    def test_is_shown_and_stays(self) -> None:
        planned = plan(rows(self.TEXT))
        assert planned.missing == ((Table.DEVICES, ("no3", "smoke-1")),)
        assert planned.changes == ()
        assert any("--remove-missing" in line for line in describe(planned))

    def test_is_removed_when_asked_for(self) -> None:
        planned = plan(rows(self.TEXT), remove_missing=True)
        assert [change.key for change in planned.removed] == [("no3", "smoke-1")]

    def test_is_never_removed_beside_a_row_that_cannot_be_read(self) -> None:
        planned = plan(rows(self.TEXT + "no3,smoke 1,smoke\n"), remove_missing=True)
        assert planned.removed == []

    def test_stays_when_something_that_stays_refers_to_it(self) -> None:
        planned = plan(rows("学校,设备编号,设备类型\nno3,smoke-1,smoke\n"), remove_missing=True)
        assert planned.removed == []
        assert [str(note) for note in planned.notes] == [
            "register: device no3/hub: is not in the files and stays: no3/smoke-1 refers to it"
        ]

    def test_of_a_school_that_the_file_does_not_name_is_left_alone(self) -> None:
        stored = register()
        stored.schools["no4",] = School("no4", "第四中学")
        stored.devices["no4", "hub"] = Device("no4", "hub", "repeater", row=3)
        planned = plan(rows(self.TEXT), stored, remove_missing=True)
        assert [change.key for change in planned.removed] == [("no3", "smoke-1")]


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("学校,设备编号,设备类型\nno9,a,smoke\n", "学校: there is no school 'no9'"),
            (
                "学校,设备编号,设备类型\nno3,a,smok\n",
                "设备类型: there is no kind 'smok' (did you mean 'smoke'?); there are: ",
            ),
            (
                "学校,设备编号,设备类型,位置\nno3,a,smoke,la\n",
                "位置: there is no place 'la' in school 'no3' (did you mean 'lab'?)",
            ),
            (
                "学校,设备编号,设备类型,中继器\nno3,a,smoke,hubb\n",
                "中继器: there is no device 'hubb' in school 'no3'",
            ),
            (
                "学校,设备编号,设备类型,协议\nno3,a,smoke,zigbee\n",
                "协议: there is no dialect 'zigbee'",
            ),
            (
                "学校,设备编号,设备类型,中继器\nno3,hub,repeater,hub\n",
                "中继器: goes in a circle: hub → hub",
            ),
        ],
    )  # fmt: skip
    def test_that_lead_nowhere_are_named(self, text: str, said: str) -> None:
        (complaint,) = complaints(plan(rows(text)))
        assert complaint.startswith(f"d.csv:2: {said}")

    def test_in_a_circle_are_refused_together(self) -> None:
        text = "regions: [{id: a, name_zh: 甲, parent: b}, {id: b, name_zh: 乙, parent: a}]\n"
        said = complaints(plan(sites(text)))
        assert said == [
            "s.yaml:1: regions[0].parent: goes in a circle: a → b → a",
            "s.yaml:1: regions[1].parent: goes in a circle: a → b → a",
        ]

    def test_to_a_bad_entry_say_so(self) -> None:
        text = (
            "schools:\n  - id: new\n    name_zh: 新校\n    regoin: city\n    places:\n"
            "      - {id: a, name_zh: 楼}\n"
        )
        said = complaints(plan(sites(text)))
        assert said[0].startswith("s.yaml:4: schools[0].regoin: is not known here")
        assert said[1] == (
            "s.yaml:6: schools[0].places[0].school: the school 'new' is not loaded: its entry has "
            "a problem"
        )

    def test_down_a_chain_fall_with_the_first_bad_one(self) -> None:
        text = (
            "places:\n  - {school: no3, id: a, name_zh: 甲, parent: nowhere}\n"
            "  - {school: no3, id: b, name_zh: 乙, parent: a}\n"
            "devices:\n  - {school: no3, id: d, kind: smoke, place: b}\n"
        )
        planned = plan(sites(text))
        assert [line.partition(":")[2].partition(":")[0] for line in complaints(planned)] == [
            "2", "3", "5",
        ]  # fmt: skip
        assert planned.changes == ()

    def test_a_wrong_column_gets_suggestions_only_for_its_first_words(self) -> None:
        body = "".join(f"no3,d{row},smoke,实验楼{row}\n" for row in range(60))
        said = complaints(plan(rows(f"学校,设备编号,设备类型,位置\n{body}")))
        assert len(said) == 60
        assert sum("did you mean" in line for line in said) == 50

    def test_by_a_name_that_two_places_share_ask_for_the_id(self) -> None:
        stored = register()
        stored.places["no3", "302"] = Place("302", "no3", "化学实验室")
        text = "学校,设备编号,设备类型,位置\nno3,a,smoke,化学实验室\n"
        (said,) = complaints(plan(rows(text), stored))
        assert "more than one place in school 'no3' is called '化学实验室'; give its id" in said


class TestWhatCannotBe:
    def test_the_same_id_twice(self) -> None:
        text = "学校,设备编号,设备类型\nno3,a,smoke\nno3,a,smoke\n"
        planned = plan(rows(text))
        assert complaints(planned) == ["d.csv:3: 设备编号: 'a' is in d.csv:2 too"]
        assert len(planned.added) == 1

    def test_two_devices_at_one_address(self) -> None:
        text = (
            "学校,设备编号,设备类型,协议,地址\nno3,a,smoke,zigbee2mqtt,烟感一\n"
            "no3,b,smoke,zigbee2mqtt,烟感一\n"
        )
        (said,) = complaints(plan(rows(text)))
        assert said == "d.csv:3: 地址: '烟感一' is the address of device 'a' already"

    def test_two_devices_that_swap_addresses_are_no_conflict(self) -> None:
        stored = register()
        for row, (own, address) in enumerate((("a", "x"), ("b", "y")), start=10):
            stored.devices["no3", own] = Device(
                "no3", own, "smoke", row=row, dialect="zigbee2mqtt", address=address
            )
        text = "学校,设备编号,设备类型,地址\nno3,a,smoke,y\nno3,b,smoke,x\n"
        assert complaints(plan(rows(text), stored)) == []

    def test_a_new_school_without_a_name(self) -> None:
        (said,) = complaints(plan(sites("schools:\n  - id: no4\n")))
        assert said == "s.yaml:2: schools[0].name_zh: a school needs a name"

    def test_figures_that_no_rule_takes(self) -> None:
        text = (
            "devices:\n  - school: no3\n    id: smoke-1\n    kind: smoke\n    parameters:\n"
            "      silent: {grace_s: long, gracious: 1}\n      slient: {}\n"
        )
        said = complaints(plan(sites(text)))
        assert [line.partition("parameters.")[2].split(":")[0] for line in said] == [
            "silent.grace_s", "silent.gracious", "slient",
        ]  # fmt: skip
        assert "must be a number, not 'long'" in said[0]
        assert "(did you mean 'silent'?)" in said[2]


class TestYaml:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("school: []\n", "s.yaml:1: school: is not known here (did you mean 'schools'?)"),
            ("schools: {id: a}\n", "s.yaml:1: schools: must be a list"),
            ("schools: [a]\n", "s.yaml:1: schools[0]: must be a section"),
            ("- a\n", "s.yaml:1: must be sections: regions, schools"),
            ("regions: [{name_zh: 市}]\n", "s.yaml:1: regions[0].id: is missing"),
            ("regions: [{id: a b, name_zh: 市}]\n", "s.yaml:1: regions[0].id: must be 1 to 64"),
            ("regions: [{id: true, name_zh: 市}]\n", "must be text, not true; put it in quotes"),
            ("regions: [{id: 1.5, name_zh: 市}]\n", "must be text, not 1.5; put it in quotes"),
            ("regions: [{id: [a], name_zh: 市}]\n", "must be text, not a list or a section"),
            (
                "schools: [{id: a, name_zh: 校, devices: [{id: d, kind: smoke, school: b}]}]\n",
                "schools[0].devices[0].school: follows from what is around it ('a'); remove it",
            ),
        ],
    )  # fmt: skip
    def test_a_typical_mistake_is_explained(self, text: str, said: str) -> None:
        assert said in str(sites(text).problems[0])

    def test_ids_of_digits_stay_as_they_are_written(self) -> None:
        parsed = sites("regions: [{id: 140100, name_zh: 市}, {id: 0010, name_zh: 区}]\n")
        assert [entry.values["id"] for entry in parsed.entries] == ["140100", "0010"]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab1 -学", max_size=5) | st.just("no3"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "school", "kind", "parent", "place", "repeater", "name_zh", "places", "devices",
             "parameters", "rules", "region", "x"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from([table.value for table in Table]), plain, max_size=5))
def test_any_shape_of_yaml_gives_a_plan_that_is_stable(data: dict[str, object]) -> None:
    document = parse_yaml(msgspec.json.encode(data).decode(), "s.yaml")
    first = plan(parse_sites(document))
    again = plan(parse_sites(document), after(first, register()))
    assert again.changes == ()
    assert all(problem.line is not None for problem in first.problems)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "campus.db", reserve_bytes=1024 * 1024, low_water=0)
    yield opened
    opened.close()


class TestApply:
    def carry_out(self, store: SqliteStore, parsed: Parsed, *, remove: bool = False) -> Plan:
        planned = plan(parsed, store.read(read_register), remove_missing=remove)
        assert complaints(planned) == []
        batch = import_batch(planned, actor="wang", reason="import of s.yaml", now=NOW)
        store.commit(batch).result(10)
        return planned

    def test_the_store_holds_what_was_planned(self, store: SqliteStore) -> None:
        planned = self.carry_out(store, sites(SITES))
        expected = after(planned, Register())
        stored = store.read(read_register)
        assert stored.regions == expected.regions
        assert stored.schools == expected.schools
        assert stored.places == expected.places
        assert stored.parameters == expected.parameters
        assert {
            key: msgspec.structs.replace(device, row=0) for key, device in stored.devices.items()
        } == expected.devices

    def test_a_second_import_finds_nothing_to_change(self, store: SqliteStore) -> None:
        self.carry_out(store, sites(SITES))
        version = store.read(register_version)
        assert self.carry_out(store, sites(SITES)).changes == ()
        assert store.read(register_version) == version

    def test_every_change_is_a_fact_under_a_name_and_moves_the_version(
        self, store: SqliteStore
    ) -> None:
        planned = self.carry_out(store, sites(SITES))
        assert store.read(register_version) == "1"
        written = store.read(lambda connection: connection.execute(facts.select()).all())
        assert len(written) == len(planned.changes)
        assert {row.actor for row in written} == {"user:wang"}
        gate = next(row for row in written if row.subject == "device:no3/gate-1")
        body = msgspec.json.decode(gate.body)
        assert (gate.kind, body["before"], body["reason"]) == ("device", None, "import of s.yaml")
        assert body["after"]["repeater"] == "hub"

    def test_a_changed_device_keeps_its_row_and_a_removed_one_is_gone(
        self, store: SqliteStore
    ) -> None:
        self.carry_out(store, sites(SITES))
        row = store.read(read_register).devices["no3", "smoke-1"].row
        text = "学校,设备编号,设备类型,设备名称\nno3,smoke-1,smoke,新名\nno3,hub,repeater,\n"
        self.carry_out(store, rows(text), remove=True)
        stored = store.read(read_register).devices
        assert set(stored) == {("no3", "smoke-1"), ("no3", "hub")}
        assert (stored["no3", "smoke-1"].row, stored["no3", "smoke-1"].name_zh) == (row, "新名")


def test_kinds_are_found_by_their_names() -> None:
    spec: KindSpec = KINDS["electrical"]
    for word in (spec.kind, spec.name_zh, spec.name_en.upper()):
        planned = plan(rows(f"学校,设备编号,设备类型\nno3,a,{word}\n"))
        assert [getattr(change.after, "kind", None) for change in planned.added] == ["electrical"]
