"""What is set of recorders of GB/T 28181 and of gates reaches who works by it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from gb_school import GATE, NVR
from pydantic import ValidationError
from wired_device import OURS, PASSWORD

from gateway.clock import ManualClock
from gateway.recordings.sources import Sources
from gateway.settings_recordings import Gb28181Settings, RecorderSettings, RecordingSettings

WEST = "34020000001180000002"


def recorder(device: str, **fields: str) -> RecorderSettings:
    return RecorderSettings.model_validate(
        {
            "school": "no3",
            "id": f"nvr-{device[-1]}",
            "kind": "gb28181",
            "device": device,
            "password": {"env": "NVR_PASSWORD"},
            "cameras": {f"gate-{device[-1]}": GATE},
            **fields,
        },
        context={"environment": {"NVR_PASSWORD": PASSWORD}},
    )


def test_each_recorder_has_its_own_zone_or_that_of_the_recordings() -> None:
    platform = Gb28181Settings.model_validate({"id": OURS, "keepalive_s": 20})
    recorders = [recorder(NVR), recorder(WEST, zone="Asia/Urumqi")]
    made = Sources(recorders, platform, "Asia/Shanghai", ManualClock()).platform
    assert made is not None
    config = made._signalling._config
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert [now.astimezone(config.zone_of(one)).hour for one in (NVR, WEST)] == [8, 6]
    assert config.keepalive_ms == 20_000


@pytest.mark.parametrize("gate", ["no3", "no3/", "/gate", "no3/gate/lodge", "no 3/gate"])
def test_a_gate_is_a_place_of_a_school(gate: str) -> None:
    with pytest.raises(ValidationError, match="is not SCHOOL/PLACE"):
        RecordingSettings.model_validate({"gates": [gate]})
    assert RecordingSettings.model_validate({"gates": ["no3/gate"]}).gates == ("no3/gate",)
