"""``campus export``: the register into a file that a bureau opens and ``campus import`` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import ConfigOption, settings_of, told
from gateway.problem import ConfigurationError, Problem
from gateway.register.apply import register_at
from gateway.register.entries import Table
from gateway.register.export import Thing, write_csv, write_xlsx
from gateway.register.register import Register
from gateway.register.rows import IN_ROWS


def export_register(
    file: Annotated[Path, typer.Argument(help="Where to write: a name ending in .xlsx or .csv.")],
    config: ConfigOption = None,
    table: Annotated[
        Table | None,
        typer.Option(help="Only this table. Default: all in XLSX, devices in CSV."),
    ] = None,
    school: Annotated[str | None, typer.Option(help="Only this school, by its id.")] = None,
    force: Annotated[bool, typer.Option(help="Write over a file that is there.")] = False,
) -> None:
    """Export regions, schools, places and devices.

    Importing the file again changes nothing. Figures of devices and schools and what is out of
    service are in no row.
    """
    with told():
        ending = file.suffix.lower()
        if ending not in {".xlsx", ".csv"}:
            raise _problem(file, "has no known ending; export to a name ending in .xlsx or .csv")
        if table is Table.PARAMETERS:
            raise _problem(file, "parameters cannot stand in rows; keep them in YAML")
        if file.exists() and not force:
            raise _problem(file, "is there already; --force writes over it")
        register = register_at(settings_of(config).database)
        if school is not None and (school,) not in register.schools:
            raise _problem(file, f"there is no school '{school}'")
        wanted = IN_ROWS if table is None else (table,)
        tables = {one: _things(register, one, school) for one in wanted}
        try:
            with file.open("wb") as target:
                if ending == ".xlsx":
                    write_xlsx(tables, target)
                else:
                    only = table or Table.DEVICES
                    tables = {only: tables[only]}
                    target.writelines(write_csv(tables[only], only))
        except OSError as error:
            raise _problem(file, f"cannot be written: {error.strerror or error}") from error
    counts = ", ".join(f"{len(things)} {one}" for one, things in tables.items())
    typer.echo(f"{file}: {counts}.")


def _things(register: Register, table: Table, school: str | None) -> list[Thing]:
    things: list[Thing] = list(getattr(register, table.value).values())
    if school is None:
        return things
    key = "id" if table is Table.SCHOOLS else "school"
    return [one for one in things if getattr(one, key, school) == school]


def _problem(file: Path, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(str(file), None, "", message)])
