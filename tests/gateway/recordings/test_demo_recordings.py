"""The demonstration's recordings: always the same faults, whatever day it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.local_time import DAY_MS
from gateway.demo_recordings import Fault, _pieces, cameras, fill, gates, recorders
from gateway.gate_video.reach import GATE_DAYS
from gateway.settings_recordings import RecorderSettings, RecordingSettings, check_recorders

NOW = 1_795_161_600_000


def test_its_recorders_are_settings() -> None:
    made = tuple(RecorderSettings.model_validate(one) for one in recorders())
    check_recorders(made, RecordingSettings(), None)
    assert sum(len(one.cameras) for one in made) == len(cameras())
    assert set(cameras().values()) == set(Fault)


def test_one_gate_is_asked_for_what_a_gate_has_to_reach_back_and_has_it(tmp_path: Path) -> None:
    settings = RecordingSettings.model_validate(gates())
    assert len(settings.gates) == len(recorders())
    ((place, days),) = settings.places.items()
    assert place in settings.gates
    assert days == GATE_DAYS
    fill(tmp_path, NOW)
    kept = {
        camera: len(list((tmp_path / "recordings" / school / camera).iterdir()))
        for school, camera in cameras()
        if school == place.partition("/")[0]
    }
    assert [one for one, days in kept.items() if days > GATE_DAYS] == ["camera-gatehouse"]


@given(now=st.integers(NOW, NOW + 400 * DAY_MS))
@pytest.mark.parametrize("fault", [Fault.GAP, Fault.ODD_FILE])
def test_a_fault_is_there_on_any_day(fault: Fault, now: int) -> None:
    whole, faulty = (len({*_pieces(one, now)}) for one in (Fault.NONE, fault))
    named = [name for name, _ in _pieces(fault, now) if "part" not in name]
    assert faulty <= whole
    assert len(named) < whole


def test_what_is_overwritten_goes_and_what_comes_is_added(tmp_path: Path) -> None:
    fill(tmp_path, NOW)
    before = {path.name for path in tmp_path.rglob("*.mp4")}
    fill(tmp_path, NOW + 2 * DAY_MS)
    after = {path.name for path in tmp_path.rglob("*.mp4")}
    assert len(before - after) > 10
    assert len(after - before) > 10
