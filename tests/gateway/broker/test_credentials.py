"""Passwords: made once, kept private, hashed as Mosquitto's own tool does."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from gateway.broker.credentials import CredentialsError, hashed, keep_credentials, write_private


def test_passwords_are_made_once_and_stay_when_schools_are_added(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    first = keep_credentials(path, ["gateway", "school-a"])
    second = keep_credentials(path, ["gateway", "school-a", "school-b"])
    assert second.passwords["school-a"] == first.passwords["school-a"]
    assert second.client_id == first.client_id
    assert keep_credentials(path, ["gateway"]) == second
    assert len(set(second.passwords.values())) == 3


def test_the_file_is_for_its_owner_alone_even_if_it_was_not_before(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    left = tmp_path / ".credentials.json.new"
    left.touch(mode=0o644)
    keep_credentials(path, ["gateway"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_broken_file_is_named_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text("{", "utf-8")
    with pytest.raises(CredentialsError, match=r"credentials\.json.*backup"):
        keep_credentials(path, ["gateway"])
    assert path.read_text("utf-8") == "{"


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="Make the folder writable"):
        keep_credentials(tmp_path / "missing" / "credentials.json", ["gateway"])


def test_the_same_password_gives_the_same_line_so_that_nothing_reloads_for_nothing() -> None:
    assert hashed("gateway", "secret") == hashed("gateway", "secret")
    assert hashed("gateway", "secret") != hashed("probe", "secret")


@pytest.mark.broker
def test_the_hash_has_the_form_of_mosquittos_own_tool(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    assert tool is not None
    path = tmp_path / "passwords"
    write_private(path, "")
    subprocess.run([tool, "-b", path, "gateway", "secret"], check=True, capture_output=True)
    theirs = path.read_text("utf-8").strip().partition(":")[2].split("$")
    ours = hashed("gateway", "secret").split("$")
    assert [len(part) for part in ours] == [len(part) for part in theirs]
    assert ours[:3] == theirs[:3]
