"""``campus import`` and ``campus check-config`` as an administrator uses them."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from gateway.cli.commands import app
from gateway.paths import default_config_dir
from gateway.register.apply import register_at
from gateway.store import schema
from gateway.store.batch import Batch, DiscoveryRow
from gateway.store.open import open_store
from gateway.store.read.register import register_version

SITE = """\
schools:
  - id: no3
    name_zh: 第三中学
    places:
      - {id: lab, name_zh: 实验楼}
"""
DEVICES = "学校,设备编号,设备类型,位置\n第三中学,smoke-1,感烟探测器,实验楼\n"


class Desk:
    """A folder with settings, and the command line beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "var" / "campus.db"
        self.write("gateway.yaml", "directory: var\nstore: {reserve_mb: 16}\n")
        self.write("site.yaml", SITE)
        self.write("devices.csv", DEVICES)

    def write(self, name: str, text: str, encoding: str = "utf-8") -> None:
        (self.folder / name).write_bytes(text.encode(encoding))

    def campus(self, *arguments: str, answer: str = "") -> Result:
        files = [
            str(self.folder / argument) if "." in argument else argument for argument in arguments
        ]
        config = ["--config", str(self.folder / "gateway.yaml")]
        return CliRunner().invoke(app, [*files, *config], input=answer)

    def devices(self) -> set[str]:
        return {key[1] for key in register_at(self.database).devices}

    def version(self) -> str:
        with closing(open_store(self.database, reserve_bytes=0, low_water=0)) as store:
            return store.read(register_version)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_first_import_shows_asks_and_loads(desk: Desk) -> None:
    done = desk.campus("import", "site.yaml", "devices.csv", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "+ device no3/smoke-1" in done.output
    assert "Apply these changes?" in done.output
    assert done.output.endswith("Done: 3 changes.\n")
    assert desk.devices() == {"smoke-1"}
    assert desk.version() == "1"


def test_a_discovery_goes_when_its_address_is_imported_under_another_id(desk: Desk) -> None:
    found = DiscoveryRow(
        school="no3",
        id="Kitchen-smoke-5b5921cb",
        dialect="zigbee2mqtt",
        address="Kitchen smoke",
        kind="smoke",
        first_seen=1,
        last_seen=1,
        messages=1,
        topic="zigbee2mqtt/Kitchen smoke",
        sample=b"{}",
        understood=b"{}",
    )
    other = msgspec.structs.replace(found, id="plug", dialect="tasmota", address="plug")
    desk.campus("import", "site.yaml", "--yes")
    with closing(open_store(desk.database, reserve_bytes=0, low_water=0)) as store:
        store.commit(Batch(discoveries=[found, other])).result(10)
    desk.write(
        "devices.csv",
        "school,id,kind,dialect,address\nno3,kitchen,smoke,zigbee2mqtt,Kitchen smoke\n",
    )
    done = desk.campus("import", "devices.csv", "--yes")
    assert done.exit_code == 0, done.output
    with closing(open_store(desk.database, reserve_bytes=0, low_water=0)) as store:
        left = store.read(lambda c: [*c.execute(select(schema.discoveries.c.id)).scalars()])
    assert left == ["plug"]


def test_the_answer_no_changes_nothing(desk: Desk) -> None:
    assert desk.campus("import", "site.yaml", answer="n\n").exit_code == 1
    assert register_at(desk.database).schools == {}


def test_without_an_answer_nothing_changes(desk: Desk) -> None:
    assert desk.campus("import", "site.yaml").exit_code == 1
    assert register_at(desk.database).schools == {}


def test_the_same_again_has_nothing_to_change_and_does_not_ask(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "devices.csv", "--yes")
    again = desk.campus("import", "site.yaml", "devices.csv")
    assert again.exit_code == 0
    assert "Nothing to change." in again.output
    assert desk.version() == "1"


def test_a_dry_run_needs_no_store_and_makes_none(desk: Desk) -> None:
    shown = desk.campus("import", "site.yaml", "--dry-run")
    assert shown.exit_code == 0
    assert "+ school no3" in shown.output
    assert not desk.database.exists()


def test_a_dry_run_looks_at_the_store_that_is_there(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "--yes")
    assert "Nothing to change." in desk.campus("import", "site.yaml", "--dry-run").output


def test_bad_rows_stop_the_import_until_they_are_skipped(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "--yes")
    desk.write("devices.csv", DEVICES + "no3,smoke 2,smoke,\n", "gb18030")
    refused = desk.campus("import", "devices.csv", "--yes")
    assert refused.exit_code == 1
    assert "devices.csv:3: 设备编号: must be 1 to 64" in refused.output
    assert "1 problems; nothing was changed." in refused.output
    assert desk.devices() == set()
    assert desk.campus("import", "devices.csv", "--yes", "--skip-bad-rows").exit_code == 0
    assert desk.devices() == {"smoke-1"}


def test_what_a_file_leaves_out_goes_only_when_asked(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "devices.csv", "--yes")
    desk.write("devices.csv", DEVICES.replace("smoke-1", "smoke-2"))
    kept = desk.campus("import", "devices.csv", "--yes")
    assert "? 1 registered and not in the files; they stay" in kept.output
    assert desk.devices() == {"smoke-1", "smoke-2"}
    desk.campus("import", "devices.csv", "--yes", "--remove-missing")
    assert desk.devices() == {"smoke-2"}


def test_without_files_the_sites_of_the_settings_are_taken(desk: Desk) -> None:
    refused = desk.campus("import")
    assert refused.exit_code == 1
    assert "no file is named" in refused.output
    desk.write("gateway.yaml", "directory: var\nsites: [site.yaml]\n")
    assert desk.campus("import", "--yes").exit_code == 0
    assert set(register_at(desk.database).schools) == {("no3",)}


def test_a_spreadsheet_is_told_what_to_become(desk: Desk) -> None:
    desk.write("devices.xlsx", "PK")
    desk.write("devices.xls", "PK")
    desk.write("sheet.csv", "PK\x03\x04…")
    assert "is no XLSX file" in desk.campus("import", "devices.xlsx").output
    assert "save it as XLSX or 'CSV UTF-8'" in desk.campus("import", "devices.xls").output
    assert "in spite of its name" in desk.campus("import", "sheet.csv").output
    assert "has no known ending" in desk.campus("import", "devices.pdf").output
    assert "cannot be read: No such file" in desk.campus("import", "none.csv").output


@pytest.mark.parametrize("name", ["all.xlsx", "devices.out.csv"])
def test_the_register_is_exported_and_imports_without_a_change(desk: Desk, name: str) -> None:
    desk.campus("import", "site.yaml", "devices.csv", "--yes")

    exported = desk.campus("export", name)
    assert exported.exit_code == 0, exported.output
    assert "1 devices" in exported.output
    assert "is there already" in desk.campus("export", name).output
    assert desk.campus("export", name, "--force").exit_code == 0

    again = desk.campus("import", name, "--remove-missing")
    assert again.exit_code == 0, again.output
    assert "Nothing to change." in again.output


def test_an_export_says_what_it_cannot_do(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "--yes")
    assert "no known ending" in desk.campus("export", "a.pdf").output
    assert "there is no school 'x'" in desk.campus("export", "a.csv", "--school", "x").output
    assert "keep them in YAML" in desk.campus("export", "a.csv", "--table", "parameters").output
    assert "cannot be written" in desk.campus("export", "nowhere/a.csv").output


def test_labels_are_written_for_the_devices_of_a_school(desk: Desk) -> None:
    desk.campus("import", "site.yaml", "devices.csv", "--yes")

    written = desk.campus("labels", "sheet.pdf", "--school", "no3")

    assert written.exit_code == 0, written.output
    assert "1 labels" in written.output
    assert (desk.folder / "sheet.pdf").read_bytes().startswith(b"%PDF-")
    assert "is there already" in desk.campus("labels", "sheet.pdf", "--school", "no3").output
    assert "no school 'x'" in desk.campus("labels", "b.pdf", "--school", "x").output
    unknown = desk.campus("labels", "b.pdf", "--school", "no3", "--device", "x")
    assert "no device 'no3/x'" in unknown.output


def test_many_problems_are_cut(desk: Desk) -> None:
    desk.write("devices.csv", DEVICES + "no3,a b,smoke,\n" * 80)
    assert "… and 31 more problems" in desk.campus("import", "devices.csv").output


class TestCheckConfig:
    def test_says_that_all_is_right(self, desk: Desk) -> None:
        desk.write("gateway.yaml", "directory: var\nsites: [site.yaml, devices.csv]\n")
        checked = desk.campus("check-config")
        assert checked.exit_code == 0, checked.output
        assert "The configuration is right: 11 kinds of devices, 2 files of sites" in checked.output
        assert "4 policies, of which" in checked.output
        assert not desk.database.exists()

    def test_says_what_is_wrong_in_the_settings(self, desk: Desk) -> None:
        desk.write("gateway.yaml", "web: {listn: a}\n")
        checked = desk.campus("check-config")
        assert checked.exit_code == 1
        assert "gateway.yaml:1: web.listn: is not known here (did you mean 'listen'?)" in (
            checked.output
        )

    def test_says_what_is_wrong_in_a_site(self, desk: Desk) -> None:
        desk.write("gateway.yaml", "directory: var\nsites: [site.yaml, devices.csv]\n")
        desk.write("devices.csv", DEVICES.replace("感烟探测器", "感烟探测"))
        checked = desk.campus("check-config")
        assert checked.exit_code == 1
        assert "there is no kind '感烟探测' (did you mean '感烟探测器'?)" in checked.output

    def test_says_what_is_wrong_in_a_policy_and_what_comes_out_otherwise(self, desk: Desk) -> None:
        shipped = default_config_dir() / "policies"
        shutil.copytree(shipped, desk.folder / "policies")
        desk.write("gateway.yaml", "directory: var\npolicies: policies\n")
        assert "4 policies" in desk.campus("check-config").output
        examples = (shipped / "gate-video.test.yaml").read_text("utf-8")
        desk.write("policies/gate-video.test.yaml", examples.replace("25h", "23h"))
        checked = desk.campus("check-config")
        assert checked.exit_code == 1
        assert (
            "gate-video.test.yaml:26: cases[2].expect.gate_video: offline for a day: failed is"
            in (checked.output)
        )
        policy = (shipped / "gate-video.yaml").read_text("utf-8")
        desk.write("policies/gate-video.yaml", policy.replace("gate: true", "gate: maybe"))
        assert (
            "gate-video.yaml:15: items[0].devices[0].gate: " in desk.campus("check-config").output
        )

    def test_says_what_is_wrong_in_the_campaigns_to_begin_from(self, desk: Desk) -> None:
        assert "3 campaigns to begin from" in desk.campus("check-config").output
        shipped = default_config_dir() / "campaigns"
        shutil.copytree(shipped, desk.folder / "campaigns")
        desk.write("gateway.yaml", "directory: var\ncampaigns: {templates: campaigns}\n")
        term = (shipped / "shanxi-term-start.yaml").read_text("utf-8")
        for before, after, said in (
            (
                "stage: check, text_zh: 供水",
                "stage: chek, text_zh: 供水",
                "17: checks[3].stage: there",
            ),
            ("2023-02-22T18:00", "sunset", "24: deadlines[0].due: "),
            ("2023-02-22T18:00", "20230222", "24: deadlines[0].due: must be written out"),
            ("level: county", "level: town", "25: deadlines[1].level: must be one of province,"),
            ("ends: 2023-03-01\n", "ends: 2023-02-01\n", "9: ends: is before begins"),
            ("id: shanxi-term-start", "id: term", "4: id: must be the name of the file"),
        ):
            assert before in term
            desk.write("campaigns/shanxi-term-start.yaml", term.replace(before, after))
            checked = desk.campus("check-config")
            assert checked.exit_code == 1
            assert f"shanxi-term-start.yaml:{said}" in checked.output

    def test_notes_a_check_of_a_campaign_that_no_policy_proves(self, desk: Desk) -> None:
        shipped = default_config_dir() / "campaigns"
        term = (shipped / "shanxi-term-start.yaml").read_text("utf-8")
        (desk.folder / "campaigns").mkdir()
        desk.write("gateway.yaml", "directory: var\ncampaigns: {templates: campaigns}\n")
        term = term.replace("policy: six-100", "policy: six-10")
        desk.write(
            "campaigns/shanxi-term-start.yaml",
            term.replace("item: gate_video", "item: gate_vide"),
        )
        checked = desk.campus("check-config")
        assert checked.exit_code == 0, checked.output
        for said in (
            "14: checks[0].policy: there is no policy 'six-10' (did you mean 'six-100'?)",
            "16: checks[2].item: policy 'gate-video' has no item 'gate_vide' (did you mean",
        ):
            assert f"shanxi-term-start.yaml:{said}" in checked.output

    def test_notes_a_school_that_nobody_has_registered(self, desk: Desk) -> None:
        dialect = "{dialect: tasmota, school: %s, topic: t/%s}"
        settings = f"dialects: [{dialect % ('no3', 'a')}, {dialect % ('n03', 'b')}]\n"
        desk.write("gateway.yaml", f"directory: var\nsites: [site.yaml]\n{settings}")
        checked = desk.campus("check-config")
        assert checked.exit_code == 0
        assert checked.output.count("note: ") == 1
        assert "dialects: tasmota: school 'n03' is not registered" in checked.output

    def test_notes_an_unregistered_school_of_an_escalation(self, desk: Desk) -> None:
        plan = "{name: night, schools: ['*', no3, no-3], steps: [{louder: true}]}"
        calendar = "{name: boarding, schools: [no3, no33]}"
        escalation = f"escalation: {{plans: [{plan}], calendars: [{calendar}]}}\n"
        desk.write("gateway.yaml", f"directory: var\nsites: [site.yaml]\n{escalation}")
        checked = desk.campus("check-config")
        assert checked.exit_code == 0, checked.output
        assert checked.output.count("note: ") == 2
        for where in ("plans: night: school 'no-3'", "calendars: boarding: school 'no33'"):
            assert f"escalation.{where} is not registered (did you mean 'no3'?)" in checked.output

    def test_says_what_is_wrong_with_the_template_of_a_police_link(self, desk: Desk) -> None:
        desk.write("platform.key", "sixteen bytes at least")
        desk.write("platform.json", '{"name": "x", "messages": {"alarm": {"a": "{no_such}"}}}')
        http = "{url: https://a.example/, secret: {file: platform.key}, template: platform.json}"
        link = f"{{name: platform, category: SP5, schools: {{n03: {{}}}}, http: {http}}}"
        settings = f"directory: var\nsites: [site.yaml]\npolice_links: [{link}]\n"
        desk.write("gateway.yaml", settings)
        checked = desk.campus("check-config")
        assert checked.exit_code == 1
        assert "police_links: platform: " in checked.output
        assert "platform.json: messages.supervision: is missing" in checked.output
        desk.write("gateway.yaml", settings.replace(", template: platform.json", ""))
        checked = desk.campus("check-config")
        assert checked.exit_code == 0, checked.output
        assert "police_links: platform: school 'n03' is not registered" in checked.output

    @pytest.mark.parametrize(
        "command", [["import", "site.yaml", "--yes"], ["import", "site.yaml", "--dry-run"],
                    ["check-config"]]
    )  # fmt: skip
    def test_a_store_that_is_none_is_said_in_words(self, desk: Desk, command: list[str]) -> None:
        desk.database.parent.mkdir()
        desk.database.write_bytes(b"not a database at all, though long enough to be one" * 40)
        refused = desk.campus(*command)
        assert refused.exit_code == 1
        assert "campus.db cannot be used as the store: file is not a database" in refused.output


class TestDocuments:
    @pytest.mark.parametrize("command", ["config-reference", "message-schema"])
    def test_are_written_once_and_then_up_to_date(self, tmp_path: Path, command: str) -> None:
        page = Path(__file__).parents[2] / "docs" / "messages.md"
        (tmp_path / "messages.md").write_bytes(page.read_bytes())
        runner = CliRunner()
        assert runner.invoke(app, [command, "--docs", str(tmp_path)]).exit_code == 0
        assert runner.invoke(app, [command, "--docs", str(tmp_path), "--check"]).exit_code == 0
        for path in [*tmp_path.glob("messages/*"), *tmp_path.glob("configuration.md")]:
            path.write_text("old")
        stale = runner.invoke(app, [command, "--docs", str(tmp_path), "--check"])
        assert stale.exit_code == 1
        assert "is out of date; generate it again" in stale.output
