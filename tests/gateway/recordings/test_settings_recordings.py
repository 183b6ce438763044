"""Recorders in the settings: what each kind needs, and what does not fit together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from devices.recording.local_time import midnight
from gateway.configuration import load_settings
from gateway.problem import ConfigurationError
from gateway.recordings.sources import Sources
from gateway.settings_recordings import (
    Gb28181Settings,
    RecorderSettings,
    RecordingSettings,
    check_recorders,
)

BASE: dict[str, Any] = {"school": "no3", "id": "nvr"}
FOLDER = {**BASE, "kind": "folder", "folder": "recordings"}
HTTP = {"url": "http://192.0.2.30", "user": "campus", "password": {"env": "NVR"}}
DEVICE = "34020000001180000001"
CHANNEL = "34020000001320000001"
CONTEXT = {"environment": {"NVR": "a good password"}}


def recorder(**fields: Any) -> RecorderSettings:
    fields = {"cameras": {"gate-01": 1}, **fields}
    return RecorderSettings.model_validate(fields, context=CONTEXT)


def test_a_camera_in_short_is_its_channel() -> None:
    one = recorder(**FOLDER, cameras={"gate-01": 3, "yard": "yard", "hall": {"channel": 4}})
    assert {name: each.channel for name, each in one.cameras.items()} == {
        "gate-01": "3",
        "yard": "yard",
        "hall": "4",
    }


def test_passwords_are_never_shown() -> None:
    one = recorder(**BASE, kind="isapi", **HTTP)
    assert one.secret == "a good password"
    assert "good" not in repr(one)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "isapi"}, "isapi needs url"),
        ({**FOLDER, "url": "http://192.0.2.30"}, "folder does not take url"),
        ({"kind": "gb28181", "device": DEVICE, "password": {"env": "NVR"}}, "'1' is not 20 digits"),
        ({**FOLDER, "z_means": "utc"}, "z_means is for isapi and onvif only"),
        ({**FOLDER, "rtsp_port": 554}, "rtsp_port is for isapi and dahua only"),
        ({**FOLDER, "rtsp_basic": True}, "rtsp_basic is for isapi, dahua and onvif only"),
        ({"kind": "onvif", **HTTP, "rtsp_tls": True}, "rtsp_tls is for isapi and dahua only"),
        ({"kind": "isapi", **HTTP, "rtsp_ca_file": "/nowhere/ca.crt"}, "/nowhere/ca.crt"),
        ({**FOLDER, "zone": "China/Nowhere"}, "must be a time zone"),
        ({**FOLDER, "cameras": {"gate/01": 1}}, "must be 1 to 64 of"),
        ({**FOLDER, "cameras": {}}, "at least 1 item"),
        ({**FOLDER, "id": "nvr 1"}, "must be 1 to 64 of"),
        ({"kind": "isapi", **HTTP, "password": "plain"}, "does not belong in this file"),
    ],
)
def test_what_a_recorder_lacks_is_said(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        recorder(**{**BASE, **fields})


@pytest.mark.parametrize(
    ("fields", "port"),
    [({}, 554), ({"rtsp_tls": True}, 322), ({"rtsp_tls": True, "rtsp_port": 8322}, 8322)],
)
def test_a_recorder_plays_at_the_usual_port_unless_it_is_said(
    fields: dict[str, Any], port: int
) -> None:
    assert recorder(**BASE, kind="dahua", **HTTP, **fields).plays_at == port


def test_a_camera_is_recorded_by_one_and_each_recorder_is_there_once() -> None:
    first, second = recorder(**FOLDER), recorder(**{**FOLDER, "id": "other"})
    with pytest.raises(ValueError, match="no3/gate-01 is recorded by nvr and by other"):
        check_recorders((first, second), RecordingSettings(), None)
    with pytest.raises(ValueError, match="no3/nvr is there twice"):
        check_recorders((first, first), RecordingSettings(), None)


def test_recorders_that_register_need_a_platform() -> None:
    one = recorder(
        **BASE,
        kind="gb28181",
        device=DEVICE,
        password={"env": "NVR"},
        cameras={"gate-01": CHANNEL},
    )
    with pytest.raises(ValueError, match="needs the section gb28181"):
        check_recorders((one,), RecordingSettings(), None)
    check_recorders((one,), RecordingSettings(), Gb28181Settings(id="34020000002000000001"))


def test_ninety_days_are_asked_of_a_place_with_all_that_lies_in_it() -> None:
    settings = RecordingSettings.model_validate({"places": {"no3/gate": 90, "no5": 60}})
    one = recorder(**FOLDER, commissioned="2026-09-01")
    camera = one.cameras["gate-01"]
    assert settings.requirement(one, camera, ("lodge", "gate")).days == 90
    assert settings.requirement(one, camera, ("yard",)).days == 30
    assert settings.required_days("no5", ()) == 60
    own = recorder(**FOLDER, cameras={"gate-01": {"channel": 1, "days": 45}})
    needed = settings.requirement(own, own.cameras["gate-01"], ("gate",))
    assert (needed.days, needed.commissioned) == (45, None)
    since = settings.requirement(one, camera, ()).commissioned
    assert since == midnight("Asia/Shanghai", date(2026, 9, 1))


@pytest.mark.parametrize(
    "fields",
    [
        {"night_from": "1:00"},
        {"night_from": "05:00"},
        {"places": {"no3/": 30}},
        {"short_by_hours": 48, "days": 2},
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RecordingSettings.model_validate(fields)


def test_a_file_with_recorders_is_read_with_its_mistakes_by_line(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    good = "recorders:\n- {school: no3, id: nvr, kind: folder, folder: nvr, cameras: {gate: 1}}\n"
    file.write_text(good, "utf-8")
    (one,) = load_settings(file).recorders
    assert one.folder == tmp_path / "nvr"
    file.write_text(good.replace("folder: nvr,", ""), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_settings(file)
    (problem,) = refused.value.problems
    assert problem.line == 2
    assert "folder needs folder" in problem.message


async def test_each_kind_is_asked_through_its_own_source_and_all_but_one_can_be_played(
    clock: Any,
) -> None:
    made = [
        recorder(**FOLDER),
        recorder(**{**BASE, "id": "a"}, kind="isapi", **HTTP),
        recorder(**{**BASE, "id": "b"}, kind="dahua", **HTTP),
        recorder(**{**BASE, "id": "d"}, kind="onvif", **HTTP),
        recorder(
            **{**BASE, "id": "c"},
            kind="gb28181",
            device=DEVICE,
            password={"env": "NVR"},
            cameras={"gate-01": CHANNEL},
        ),
    ]
    sources = Sources(made, Gb28181Settings(id="34020000002000000001"), "Asia/Shanghai", clock)
    names = [type(sources.of(one).source).__name__ for one in made]
    assert names == [
        "FolderSource",
        "IsapiSource",
        "DahuaSource",
        "OnvifSource",
        "Gb28181Recorder",
    ]
    assert [sources.of(one).place_of is None for one in made] == [False] * 4 + [True]
    assert sources.of(made[0]) is sources.of(made[0])
    await sources.aclose()
