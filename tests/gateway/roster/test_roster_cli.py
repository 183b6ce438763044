"""``campus roster`` as an administrator uses it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from bureau_lists import REGIONS, as_csv, row
from typer.testing import CliRunner

from devices.model import School
from gateway.cli.commands import app
from gateway.store.batch import Batch
from gateway.store.registry import put_regions, put_schools
from tests.gateway.new_store import opened


class Desk:
    """A folder with settings, a register of one school, and the command line beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        school = School("no3", "第三中学", region="qinghe")
        with closing(opened(folder)) as store:
            statements = [*put_regions(REGIONS), *put_schools([school])]
            store.commit(Batch(now=1, statements=statements)).result(30)
        (folder / "gateway.yaml").write_text("directory: .\nstore: {reserve_mb: 16}\n")

    def roster(self, *arguments: str) -> tuple[int, str]:
        config = str(self._folder / "gateway.yaml")
        result = CliRunner().invoke(app, ["roster", *arguments, "-c", config])
        return result.exit_code, result.output

    def bring(self, *rows: tuple[str, ...], options: tuple[str, ...] = ()) -> tuple[int, str]:
        file = self._folder / "list.csv"
        file.write_bytes(as_csv(rows))
        return self.roster("import", str(file), *options)

    def codes(self, *options: str) -> list[str]:
        code, output = self.roster("list", *options)
        assert code == 0, output
        return [line.split("\t")[0] for line in output.splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_list_is_only_shown_unless_it_is_to_be_applied(desk: Desk) -> None:
    code, output = desk.bring(row(), row("no9", "第九中学", region="柳溪县"))

    assert code == 0
    assert "2 new, 0 renamed, 0 changed, 0 taken up again, 0 unchanged" in output
    assert "+ no9  第九中学  complete_middle  liuxi  900 pupils" in output
    assert "--apply makes these changes" in output
    assert desk.codes() == []


def test_what_is_applied_is_listed(desk: Desk) -> None:
    desk.bring(row(), row("no9", "第九中学", region="柳溪县"), options=("--apply",))

    assert desk.codes() == ["no3", "no9"]
    assert desk.codes("--not-connected") == ["no9"]
    assert desk.codes("--region", "city") == ["no3", "no9"]
    assert desk.codes("--region", "liuxi") == ["no9"]
    assert desk.codes("--search", "第三") == ["no3"]
    assert desk.codes("--struck-off") == []


def test_renamed_and_missing_schools_are_told(desk: Desk) -> None:
    desk.bring(row(), row("no9", "第九中学"), options=("--apply",))

    code, output = desk.bring(row(name="第三实验中学"), options=("--apply",))

    assert code == 0
    assert "≠ no3  第三中学  name: '第三中学' → '第三实验中学'" in output
    assert "? 1 on the roster and not on the list" in output
    assert desk.codes() == ["no3", "no9"]
    assert desk.codes("--search", "第三中学") == ["no3"], "by its former name"


def test_mistakes_are_told_by_file_line_and_field(desk: Desk) -> None:
    code, output = desk.bring(row(), row("no9", region="柳西县"), options=("--apply",))

    assert code == 1
    assert "list.csv:3: 所属区县: there is no region “柳西县”; was “柳溪县” meant?" in output
    assert desk.codes() == []


def test_a_file_that_is_not_there_is_said(desk: Desk, tmp_path: Path) -> None:
    code, output = desk.roster("import", str(tmp_path / "none.csv"))

    assert code == 1
    assert "cannot be read" in output
