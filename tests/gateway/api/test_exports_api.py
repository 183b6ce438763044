"""Files that leave the gateway, and what a scan finds, over HTTP on a real store."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from gateway.api.routes import exports as routes
from gateway.kinds import rule_models
from gateway.register.apply import read_register
from gateway.register.csv_file import parse_csv
from gateway.register.plan import plan_import
from gateway.register.xlsx_file import parse_xlsx


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_devices_are_exported_and_import_without_a_change(door, campus, ending: str) -> None:
    answer = await (await door.as_("anna")).get(f"/api/v1/export/devices.{ending}")

    assert answer.headers["content-disposition"] == f'attachment; filename="devices.{ending}"'
    parse = parse_csv if ending == "csv" else parse_xlsx
    parsed = parse(answer.content, f"devices.{ending}")
    assert len(parsed.entries) == 4
    register = campus.store.read(read_register)
    plan = plan_import(parsed, register, campus.kinds, rule_models(), remove_missing=True)
    assert (plan.changes, plan.problems) == ((), ())


async def test_an_export_holds_what_was_asked_for_and_is_in_scope(door) -> None:
    tim, west = await door.as_("tim"), await door.as_("west")

    async def exported(client, **query: str) -> list[str]:
        answer = await client.get("/api/v1/export/devices.csv", params=query)
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        return [f"{row[0]}/{row[1]}" for row in rows[1:]]

    assert await exported(tim) == ["no3/gate-01", "no3/hall", "no3/lab-2", "no5/gate-01"]
    assert await exported(tim, kind="smoke") == ["no3/lab-2"]
    assert await exported(tim, region="east") == ["no3/gate-01", "no3/hall", "no3/lab-2"]
    assert await exported(tim, school="no5") == ["no5/gate-01"]
    assert await exported(west) == ["no5/gate-01"]
    assert await exported(west, school="no3") == []


async def test_a_name_that_is_a_formula_is_none_in_the_workbook(door) -> None:
    tim = await door.as_("tim")
    await tim.put("/api/v1/devices/no3/evil", json={"kind": "smoke", "name_zh": "=1+1"})

    answer = await tim.get("/api/v1/export/devices.xlsx")

    cells = [cell for row in load_workbook(io.BytesIO(answer.content)).active for cell in row]
    (cell,) = [cell for cell in cells if cell.value == "=1+1"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


async def test_more_devices_than_a_file_holds_are_exported_by_region(door, monkeypatch) -> None:
    monkeypatch.setattr(routes, "_PAGE", 2)
    monkeypatch.setattr(routes, "MOST_DEVICES", 2)

    answer = await (await door.as_("tim")).get("/api/v1/export/devices.csv")

    assert (answer.status_code, answer.json()["code"]) == (422, "export_large")


async def test_pages_of_devices_are_joined(door, monkeypatch) -> None:
    monkeypatch.setattr(routes, "_PAGE", 3)

    answer = await (await door.as_("tim")).get("/api/v1/export/devices.csv")

    assert answer.content.count(b"\r\n") == 5


async def test_labels_are_printed_for_the_devices_asked_for(door) -> None:
    tim = await door.as_("tim")

    every = await tim.get("/api/v1/labels.pdf?school=no3")
    some = await tim.get("/api/v1/labels.pdf?school=no3&device=hall&device=lab-2&skip=23")
    missing = await tim.get("/api/v1/labels.pdf?school=no3&device=nothing")

    assert every.headers["content-type"] == "application/pdf"
    assert every.content.startswith(b"%PDF-")
    assert (every.content.count(b"/Type /Page\n"), some.content.count(b"/Type /Page\n")) == (1, 2)
    assert missing.status_code == 404


async def test_more_labels_than_a_file_holds_are_printed_kind_by_kind(door, monkeypatch) -> None:
    monkeypatch.setattr(routes, "MOST_LABELS", 2)
    tim = await door.as_("tim")

    assert (await tim.get("/api/v1/labels.pdf?school=no3")).status_code == 422
    assert (await tim.get("/api/v1/labels.pdf?school=no3&kind=smoke")).status_code == 200


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("campus:no3/gate-01", ["no3/gate-01"]),
        ("gate-01", ["no3/gate-01", "no5/gate-01"]),
        (" GATE-01 ", ["no3/gate-01", "no5/gate-01"]),
        ("campus:no3/nothing", []),
        ("https://maker.example/1", []),
        ("campus:no3/stranger", ["no3/stranger new"]),
        ("stranger", ["no3/stranger new"]),
        ("0x00158D0001A2B3C4", ["no3/kitchen"]),
    ],
)
async def test_a_scan_finds_what_is_registered_and_what_has_been_heard(
    door, campus, code: str, found: list[str]
) -> None:
    await campus.says("campus/no3/smoke/stranger/telemetry", {"smoke_alarm": False})
    work = campus.flow.work()
    campus.discoveries.tick(campus.clock.turn(2000), work)
    await campus.flow.commit(work)
    tim = await door.as_("tim")
    await tim.put(
        "/api/v1/devices/no3/kitchen",
        json={"kind": "smoke", "dialect": "zigbee2mqtt", "address": "0x00158d0001a2b3c4"},
    )

    items = (await tim.get("/api/v1/lookup", params={"code": code})).json()["items"]

    assert [
        f"{each['school']}/{each['id']}{'' if each['registered'] else ' new'}" for each in items
    ] == found


async def test_a_scan_finds_nothing_outside_the_callers_scope(door, campus) -> None:
    west, olga = await door.as_("west"), await door.as_("olga")
    await campus.says("campus/no3/smoke/stranger/telemetry", {"smoke_alarm": False})
    work = campus.flow.work()
    campus.discoveries.tick(campus.clock.turn(2000), work)
    await campus.flow.commit(work)

    def found(answer) -> list[str]:
        return [f"{each['school']}/{each['id']}" for each in answer.json()["items"]]

    assert found(await west.get("/api/v1/lookup?code=campus:no3/gate-01")) == []
    assert found(await west.get("/api/v1/lookup?code=gate-01")) == ["no5/gate-01"]
    assert found(await olga.get("/api/v1/lookup?code=stranger")) == []
