"""Sealed secrets: read by who has the key, by nobody else, and a mistake says what to do."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.security.sealed_mark import MARK
from gateway.security.sealing import (
    KEY_FILE,
    SealError,
    key_path,
    make_key,
    read_key,
    seal,
    unseal,
)
from gateway.settings_fields import Secret

PASSWORD = "camera, door and rain"


def fetched(folder: Path, name: str, environment: dict[str, str]) -> str:
    """The secret as the settings get it."""
    context = {"base": folder, "environment": environment}
    return (
        TypeAdapter[Secret](Secret)
        .validate_python({"file": name}, context=context)
        .get_secret_value()
    )


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "account" / "seal.key"


@pytest.fixture
def sealed(tmp_path: Path, key: Path) -> Path:
    path = tmp_path / "nvr-1.password"
    done = CliRunner().invoke(
        app, ["seal", str(path)], input=PASSWORD + "\n", env={KEY_FILE: str(key)}
    )
    assert done.exit_code == 0, done.output
    return path


def test_settings_read_what_the_command_sealed(tmp_path: Path, sealed: Path, key: Path) -> None:
    assert fetched(tmp_path, sealed.name, {KEY_FILE: str(key)}) == PASSWORD


def test_the_file_does_not_tell_and_is_for_nobody_else(sealed: Path, key: Path) -> None:
    assert sealed.read_text().startswith(MARK)
    assert PASSWORD not in sealed.read_text()
    assert {path.stat().st_mode & 0o777 for path in (sealed, key)} == {0o600}


def test_a_file_that_is_not_sealed_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(PASSWORD + "\n")
    assert fetched(tmp_path, "plain", {}) == PASSWORD


def test_without_the_key_the_settings_name_the_file_and_what_to_set(
    tmp_path: Path, sealed: Path
) -> None:
    with pytest.raises(ValidationError, match=rf"nvr-1\.password.*no-key.*{KEY_FILE}"):
        fetched(tmp_path, sealed.name, {KEY_FILE: str(tmp_path / "no-key")})


def test_another_key_unseals_nothing(tmp_path: Path, sealed: Path) -> None:
    make_key(tmp_path / "other.key")
    with pytest.raises(ValidationError, match="sealed with another key, or changed since"):
        fetched(tmp_path, sealed.name, {KEY_FILE: str(tmp_path / "other.key")})


def test_a_file_that_is_there_is_replaced_only_when_told(sealed: Path, key: Path) -> None:
    before = sealed.read_text()
    environment = {KEY_FILE: str(key)}
    refused = CliRunner().invoke(app, ["seal", str(sealed)], input="new\n", env=environment)
    assert refused.exit_code == 1
    assert "--again" in refused.output
    assert sealed.read_text() == before
    CliRunner().invoke(app, ["seal", "--again", str(sealed)], input="new\n", env=environment)
    assert fetched(sealed.parent, sealed.name, environment) == "new"


def test_nothing_is_not_sealed(tmp_path: Path, key: Path) -> None:
    done = CliRunner().invoke(
        app, ["seal", str(tmp_path / "empty")], input="\n", env={KEY_FILE: str(key)}
    )
    assert done.exit_code == 1
    assert not (tmp_path / "empty").exists()


def test_a_key_that_is_none_is_said(key: Path) -> None:
    key.parent.mkdir()
    key.write_text("not a key")
    with pytest.raises(SealError, match="64 hexadecimal digits"):
        read_key(key)


def test_the_key_lies_among_the_accounts_own_settings() -> None:
    assert key_path({"XDG_CONFIG_HOME": "/home/campus/.settings"}) == Path(
        "/home/campus/.settings/campus-gateway/seal.key"
    )


@given(secret=st.text(min_size=1).filter(str.isprintable), at=st.integers(0), bit=st.integers(0, 7))
def test_what_was_sealed_comes_back_and_a_changed_one_never(secret: str, at: int, bit: int) -> None:
    key = bytes(range(32))
    line = seal(secret, key)
    assert unseal(line + "\n", key) == secret
    raw = bytearray(b64decode(line.removeprefix(MARK)))
    raw[at % len(raw)] ^= 1 << bit
    with pytest.raises(SealError):
        unseal(MARK + b64encode(raw).decode(), key)
