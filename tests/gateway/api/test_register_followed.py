"""The register is read anew for what others change in it, and not for what was changed here."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from devices.model import Device, School
from gateway.store.batch import Batch
from gateway.store.registry import next_register_version, put_devices, put_schools


@pytest.fixture
async def read(campus: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries since the register was looked at first, by their names."""
    await campus.desk.follow_imports()
    names: list[str] = []
    original = campus.store.read

    def spied(query: Any) -> Any:
        names.append(getattr(query, "__name__", ""))
        return original(query)

    monkeypatch.setattr(campus.store, "read", spied)
    return names


def imported(campus: Any, *devices: Device) -> None:
    """By another process."""
    statements = [*put_devices(devices), *next_register_version()]
    campus.store.commit(Batch(statements=statements)).result(5)


def button(campus: Any) -> Device:
    found: Device = campus.judge.roster.state("no3", "gate-01").device
    return found


async def test_a_device_that_was_changed_here_is_not_read_with_all_others(
    campus: Any, read: list[str]
) -> None:
    for out in (True, False):
        changed = msgspec.structs.replace(button(campus), out_of_service=out)
        assert isinstance(await campus.desk.register(changed, "tim"), Device)
        await campus.desk.follow_imports()
    assert await campus.desk.remove("no3", "gate-01", "tim", "broken") is None
    await campus.desk.follow_imports()
    assert "read_registry" not in read


async def test_what_another_process_imported_is_taken_up_also_between_changes_of_ours(
    campus: Any, read: list[str]
) -> None:
    changed = msgspec.structs.replace(button(campus), name_en="Gate")
    await campus.desk.register(changed, "tim")
    imported(campus, Device("no3", "new-1", "alarm-button"))
    await campus.desk.register(msgspec.structs.replace(button(campus), name_en="Door"), "tim")
    await campus.desk.follow_imports()
    assert campus.judge.roster.state("no3", "new-1") is not None
    assert read.count("read_registry") == 1
    await campus.desk.follow_imports()
    assert read.count("read_registry") == 1


async def test_names_are_read_again_for_an_import_only(door: Any) -> None:
    campus, register = door.campus, door.app.state.services.register
    await register.refresh()
    await campus.desk.register(msgspec.structs.replace(button(campus), name_en="Gate"), "tim")
    assert not await register.refresh()
    statements = [*put_schools([School("no8", "第八中学")]), *next_register_version()]
    campus.store.commit(Batch(statements=statements)).result(5)
    assert await register.refresh()
    assert register.has_school("no8")
