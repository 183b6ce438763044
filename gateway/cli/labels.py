"""``campus labels``: sheets of labels with QR codes for the devices of a school."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devices.model import Device
from gateway.cli.options import ConfigOption, settings_of, told
from gateway.exports.font import embedded
from gateway.kinds import load_kinds
from gateway.labels.sheet import ON_A_SHEET, Label, label_sheets
from gateway.names import NameBook
from gateway.problem import ConfigurationError, Problem
from gateway.register.apply import register_at


def labels(
    file: Annotated[Path, typer.Argument(help="The PDF to write.")],
    school: Annotated[str, typer.Option(help="Id of the school.")],
    config: ConfigOption = None,
    kind: Annotated[str | None, typer.Option(help="Only devices of this kind.")] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="Only this device, by its id; may be repeated.")
    ] = None,
    skip: Annotated[
        int, typer.Option(min=0, max=ON_A_SHEET - 1, help="Labels of the first sheet used already.")
    ] = 0,
    force: Annotated[bool, typer.Option(help="Write over a file that is there.")] = False,
) -> None:
    """Print labels for devices: A4 sheets of three by eight (70 × 37 mm), each with a QR code."""
    with told():
        settings = settings_of(config)
        if file.exists() and not force:
            raise _problem(file, "is there already; --force writes over it")
        register = register_at(settings.database)
        if (school,) not in register.schools:
            raise _problem(file, f"there is no school '{school}'")
        wanted = None if device is None else set(device)
        missing = {(school, one) for one in wanted or ()} - register.devices.keys()
        if missing:
            raise _problem(file, f"there is no device '{'/'.join(min(missing))}'")
        found = [
            one
            for one in register.devices.values()
            if one.school == school
            and (kind is None or one.kind == kind)
            and (wanted is None or one.id in wanted)
        ]
        names = NameBook(register.schools.values(), register.places.values())
        kinds = {name: spec.name_zh for name, spec in load_kinds(settings.kinds).items()}
        body = label_sheets(
            [_label(one, names, kinds) for one in found],
            skip=skip,
            face=embedded(settings.exports.font),
        )
        try:
            file.write_bytes(body)
        except OSError as error:
            raise _problem(file, f"cannot be written: {error.strerror or error}") from error
    typer.echo(f"{file}: {len(found)} labels.")


def _label(device: Device, names: NameBook, kinds: dict[str, str]) -> Label:
    place = names.place_path(device.school, device.place)
    return Label(
        school=device.school,
        device=device.id,
        name_zh=device.name_zh,
        name_en=device.name_en,
        kind=kinds.get(device.kind, device.kind),
        place="" if place is None else place.zh,
        school_name=names.school(device.school).zh,
    )


def _problem(file: Path, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(str(file), None, "", message)])
