"""Pictures of cameras at rest: nobody reads them without the key, nobody passes one off, none
stays longer than it may."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.camera_pictures.vault import FAULTY_MS, HEALTHY_MS, KEY_NAME, Kept, Vault, VaultError

NOW = 1_795_161_600_000
PICTURE = b"\xff\xd8 what the camera saw \xff\xd9" * 50


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != KEY_NAME]


def test_a_picture_comes_back_as_it_was(vault: Vault) -> None:
    kept = vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    assert vault.pictures_of("no3", "gate") == [kept]
    assert vault.open("no3", "gate", kept) == PICTURE
    assert vault.pictures_of("no3", "yard") == []


def test_on_the_disk_it_is_encrypted_and_for_the_owner_alone(vault: Vault, tmp_path: Path) -> None:
    vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    (file,) = files(tmp_path)
    assert b"what the camera saw" not in file.read_bytes()
    for path in (file, tmp_path / KEY_NAME):
        assert path.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_the_same_picture_is_never_encrypted_the_same_way(vault: Vault, tmp_path: Path) -> None:
    vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    vault.keep("no3", "yard", NOW, PICTURE, faulty=False)
    first, second = files(tmp_path)
    assert first.read_bytes()[-64:] != second.read_bytes()[-64:]


def test_the_key_outlives_the_gateway(vault: Vault, tmp_path: Path) -> None:
    kept = vault.keep("no3", "gate", NOW, PICTURE, faulty=True)
    assert Vault(tmp_path).open("no3", "gate", kept) == PICTURE


def test_without_its_key_nothing_is_shown(vault: Vault, tmp_path: Path) -> None:
    kept = vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    (tmp_path / KEY_NAME).write_text("00" * 32)
    with pytest.raises(VaultError, match="another key"):
        Vault(tmp_path).open("no3", "gate", kept)


def test_a_key_that_is_none_is_said(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_text("not a key")
    with pytest.raises(VaultError, match=KEY_NAME):
        vault.keep("no3", "gate", NOW, PICTURE, faulty=False)


def test_no_picture_can_be_passed_off_as_another_cameras_or_moments(
    vault: Vault, tmp_path: Path
) -> None:
    kept = vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    (file,) = files(tmp_path)
    vault.keep("no3", "yard", NOW, b"other", faulty=False)
    elsewhere = file.parent.with_name("d-yard") / file.name
    elsewhere.write_bytes(file.read_bytes())
    with pytest.raises(VaultError, match="changed"):
        vault.open("no3", "yard", kept)
    later = Kept(kept.at + 1, kept.hash, faulty=False)
    file.rename(file.with_name(later.name))
    with pytest.raises(VaultError, match="changed"):
        vault.open("no3", "gate", later)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_file_is_no_picture(tmp_path_factory, at: int, byte: int) -> None:
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault(folder)
    kept = vault.keep("no3", "gate", NOW, PICTURE[:300], faulty=False)
    (file,) = files(folder)
    body = bytearray(file.read_bytes())
    at %= len(body)
    before, body[at] = body[at], byte
    file.write_bytes(body)
    if before == byte:
        assert vault.open("no3", "gate", kept) == PICTURE[:300]
    else:
        with pytest.raises(VaultError):
            vault.open("no3", "gate", kept)


def test_healthy_pictures_go_after_three_days_and_faulty_ones_after_thirty(vault: Vault) -> None:
    well = vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    faulty = vault.keep("no3", "gate", NOW + 1, PICTURE, faulty=True)
    assert vault.remove_due(well.at + HEALTHY_MS - 1) == 0
    assert vault.remove_due(well.at + HEALTHY_MS) == 1
    assert vault.pictures_of("no3", "gate") == [faulty]
    assert vault.remove_due(faulty.at + FAULTY_MS) == 1
    assert vault.pictures_of("no3", "gate") == []
    with pytest.raises(LookupError):
        vault.open("no3", "gate", faulty)


def test_nothing_is_left_of_a_camera_whose_pictures_are_gone(vault: Vault, tmp_path: Path) -> None:
    vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    vault.remove_due(NOW + HEALTHY_MS)
    assert not any(path.name == "d-gate" for path in tmp_path.rglob("*"))


def test_what_a_crash_left_half_written_goes_and_what_is_being_written_stays(
    vault: Vault, tmp_path: Path
) -> None:
    vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
    (file,) = files(tmp_path)
    half = file.with_name(f".{file.name}.abcd")
    half.write_bytes(b"half")
    written = round(half.stat().st_mtime * 1000)
    vault.remove_due(min(written, NOW))
    assert half.exists()
    vault.remove_due(written + 3_600_001)
    assert not half.exists()


def test_ids_lead_to_no_other_folder(vault: Vault, tmp_path: Path) -> None:
    vault.keep("..", "..", NOW, PICTURE, faulty=False)
    (file,) = files(tmp_path)
    assert file.is_relative_to(tmp_path / "camera-pictures")
    with pytest.raises(ValueError, match="ids"):
        vault.keep("../..", "gate", NOW, PICTURE, faulty=False)


def test_a_camera_has_no_more_room_than_it_may(vault: Vault, monkeypatch) -> None:
    monkeypatch.setattr("gateway.camera_pictures.vault.MOST_OF_CAMERA", 3)
    for at in range(NOW, NOW + 5):
        vault.keep("no3", "gate", at, PICTURE, faulty=True)
    assert [each.at - NOW for each in vault.pictures_of("no3", "gate")] == [4, 3, 2]


def test_newest_first(vault: Vault) -> None:
    for at in (NOW + 2, NOW, NOW + 1):
        vault.keep("no3", "gate", at, PICTURE, faulty=False)
    assert [each.at - NOW for each in vault.pictures_of("no3", "gate")] == [2, 1, 0]


def test_a_full_disk_is_said(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "camera-pictures").write_text("in the way")
    with pytest.raises(VaultError, match="cannot be kept"):
        vault.keep("no3", "gate", NOW, PICTURE, faulty=False)
