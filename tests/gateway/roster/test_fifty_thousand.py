"""A list of 50,000 rows with faults of every kind: loaded or refused by line, within 20 seconds."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

import pytest
from bureau_lists import HEADER, REGIONS, as_csv, as_xlsx, row
from sqlalchemy import func, select
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.roster.entries import Code
from gateway.roster.importing import standing
from gateway.roster.plan import plan_list
from gateway.roster.reading import read_list
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.store.registry import put_regions
from tests.gateway.new_store import opened

ROWS = 50_000
LONGEST_S = 20.0
"""Of this process's processor time: how long it takes by the clock is the machine's affair."""

FAULTS: tuple[tuple[dict[str, str], Code], ...] = (
    ({"school": ""}, Code.EMPTY),
    ({"school": "1.2E+12"}, Code.SHORTENED),
    ({"school": "第三"}, Code.NOT_AN_ID),
    ({"name": "校" * 300}, Code.TOO_LONG),
    ({"name": "\x00中学"}, Code.UNPRINTABLE),
    ({"kind": "补习班"}, Code.UNKNOWN_KIND),
    ({"region": "不知道区"}, Code.UNKNOWN_REGION),
    ({"region": "城区"}, Code.SEVERAL_REGIONS),
    ({"pupils": "很多"}, Code.NOT_A_NUMBER),
    ({"pupils": "900000"}, Code.TOO_MANY),
    ({"boarders": "901"}, Code.BOARDERS),
    ({"key_target": "?"}, Code.NEITHER),
)
EVERY = 100
"""One row in so many has a fault, each kind in turn."""


def made(*, control: bool = True) -> tuple[list[tuple[str, ...]], dict[int, Code]]:
    """The rows, and which line is refused for what."""
    rows: list[tuple[str, ...]] = []
    refused: dict[int, Code] = {}
    faults = [one for one in FAULTS if control or one[1] is not Code.UNPRINTABLE]
    for n in range(ROWS):
        school = {"school": f"14{n:08d}", "name": f"星河第{n}小学", "kind": "小学"}
        if n % EVERY == 1:
            fault, code = faults[n // EVERY % len(faults)]
            refused[n + 2] = code
            rows.append(row(**(school | fault)))
        else:
            rows.append(row(**school, region=("青禾区", "柳溪县")[n % 2]))
    # the last two speak of the first two: one says the same, the other something else
    rows[-1] = rows[0]
    rows[-2] = row("1400000002", "另一所小学", "小学")
    refused[4] = refused[ROWS] = Code.SAME_CODE
    return rows, refused


def furnished(folder: Path) -> Path:
    """Settings of a gateway whose register knows the regions."""
    with closing(opened(folder)) as store:
        store.commit(Batch(now=1, statements=[*put_regions(REGIONS)])).result(30)
    config = folder / "gateway.yaml"
    config.write_text("directory: .\nstore: {reserve_mb: 16}\n")
    return config


def counted(folder: Path) -> tuple[int, int]:
    with closing(opened(folder)) as store:
        return store.read(
            lambda connection: (
                connection.scalar(select(func.count()).select_from(schema.roster)) or 0,
                connection.scalar(
                    select(func.count())
                    .select_from(schema.facts)
                    .where(schema.facts.c.kind == "roster")
                )
                or 0,
            )
        )


@pytest.mark.parametrize("form", ["csv", "gb18030", "xlsx"])
def test_every_bad_line_is_refused_and_every_good_one_read(form: str, tmp_path: Path) -> None:
    rows, refused = made(control=form != "xlsx")
    raw = as_xlsx(rows) if form == "xlsx" else as_csv(rows, encoding=form.replace("csv", "utf-8"))
    furnished(tmp_path)
    told: list[int] = []

    begun = time.process_time()
    listed = read_list(raw, told.append)
    with closing(opened(tmp_path)) as store:
        plan = store.read(lambda connection: plan_list(listed, standing(connection)))
    took = time.process_time() - begun

    assert {one.line: one.code for one in plan.troubles} == refused
    assert len(plan.troubles) == len(refused)
    assert len(plan.changes) == ROWS - len(refused) - 1
    assert [(one.code, one.line) for one in plan.notes if one.code is Code.REPEATED] == [
        (Code.REPEATED, ROWS + 1)
    ]
    assert told[-1] == ROWS
    assert len(told) > 50
    assert took <= LONGEST_S
    print(json.dumps({"form": form, "rows": ROWS, "seconds": round(took, 2)}))


def test_a_list_is_shown_then_loaded_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    rows, refused = made()
    file = tmp_path / "名册.csv"
    file.write_bytes(as_csv(rows, header=HEADER))
    config = str(furnished(tmp_path))

    def campus(*more: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["roster", "import", str(file), "-c", config, *more])
        return result.exit_code, result.output

    code, output = campus("--apply")
    assert (code, counted(tmp_path)) == (1, (0, 0))
    assert "nothing was changed" in output
    assert f"{file}:3: 学校标识码: is empty" in output

    code, output = campus("--skip-bad-rows")
    assert (code, counted(tmp_path)) == (0, (0, 0))

    begun = time.process_time()
    code, output = campus("--skip-bad-rows", "--apply", "--actor", "ada")
    took = time.process_time() - begun
    good = ROWS - len(refused) - 1
    assert (code, counted(tmp_path)) == (0, (good, good)), output
    assert took <= LONGEST_S
    print(json.dumps({"loaded": good, "seconds": round(took, 2)}))

    code, output = campus("--skip-bad-rows", "--apply")
    assert (code, counted(tmp_path)) == (0, (good, good))
    assert "Nothing to change" in output
