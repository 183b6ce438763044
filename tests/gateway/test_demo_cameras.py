"""The demonstration's cameras are settings, devices and a user like any others."""

from __future__ import annotations

from pathlib import Path

from devices.model import Device
from gateway import demo_cameras
from gateway.kinds import load_kinds, rule_models
from gateway.paths import default_config_dir
from gateway.register.apply import read_register
from gateway.register.files import read_files
from gateway.register.plan import plan_import
from gateway.security import accounts
from gateway.security.access import Role
from gateway.settings_cameras import CamerasSettings
from gateway.store.open import open_store

NOW = 1_795_161_600_000


def test_its_settings_name_every_camera_of_the_campus(tmp_path: Path) -> None:
    written = demo_cameras.settings(tmp_path, 8554, 8080)
    made = CamerasSettings.model_validate(written, context={"base": tmp_path})
    assert {(one.school, one.device) for one in made.watched} == set(demo_cameras.cameras())
    assert sorted(filter(None, demo_cameras.cameras().values())) == [
        "covered",
        "dark",
        "frozen",
        "locked",
    ]


def test_each_school_with_cameras_has_a_probe_through_which_they_are_heard(tmp_path: Path) -> None:
    file = demo_cameras.write_site(tmp_path)
    store = open_store(tmp_path / "campus.db", reserve_bytes=1 << 20)
    try:
        kinds = load_kinds(default_config_dir() / "kinds")
        plan = plan_import(read_files([file]), store.read(read_register), kinds, rule_models())
    finally:
        store.close()
    assert plan.problems == ()
    added = [change.after for change in plan.changes]
    devices = {one.key: one for one in added if isinstance(one, Device)}
    for school, camera in demo_cameras.cameras():
        assert devices[school, camera].repeater == demo_cameras.NAME
        assert devices[school, demo_cameras.NAME].kind == "probe"


def test_its_probe_has_a_user_that_brings_pictures_and_nobody_is_let_in_by_it(
    tmp_path: Path,
) -> None:
    demo_cameras.settings(tmp_path, 8554, 8080)
    store = open_store(tmp_path / "campus.db", reserve_bytes=1 << 20)
    try:
        demo_cameras.let_in(store, tmp_path, NOW)
        token = (tmp_path / demo_cameras.TOKEN).read_text("utf-8")
        demo_cameras.let_in(store, tmp_path, NOW + 1)
        assert (tmp_path / demo_cameras.TOKEN).read_text("utf-8") == token
        (user,) = store.read(accounts.all_users)
        assert user.role is Role.PROBE
        assert accounts.ensure_administrator(store, NOW) == "admin"
    finally:
        store.close()
    assert (tmp_path / demo_cameras.TOKEN).stat().st_mode & 0o077 == 0
