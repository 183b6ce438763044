"""`campus user` and `campus token` on a real store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.users import token_app, user_app
from gateway.security import accounts, passwords, sessions, tokens
from gateway.security.credentials import digest
from gateway.store.open import open_store


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text("directory: var\nstore: {reserve_mb: 16}\n", "utf-8")
    return path


@pytest.fixture
def campus(config: Path) -> Callable[..., Result]:
    def run(noun: str, *words: str, typed: str = "") -> Result:
        app = {"user": user_app, "token": token_app}[noun]
        return CliRunner().invoke(app, [*words, "--config", str(config)], input=typed)

    return run


def read(config: Path, query):
    store = open_store(config.parent / "var" / "campus.db", reserve_bytes=16 << 20)
    try:
        return store.read(query)
    finally:
        store.close()


def now(config: Path) -> int:
    return read(config, accounts.all_users)[0].created


def test_a_new_user_gets_a_one_time_code(campus, config) -> None:
    said = campus("user", "add", "li.na", "--role", "operator", "--scope", "school:no3")

    assert said.exit_code == 0, said.output
    code = said.output.split("#code=")[1].split()[0]
    assert read(config, tokens.holder_of_code(code, now(config))) == "li.na"
    (user,) = read(config, accounts.all_users)
    assert (user.role, user.scopes, user.password) == ("operator", ("school:no3",), None)


def test_a_password_is_typed_twice_and_stored_as_a_hash(campus, config) -> None:
    campus("user", "add", "li.na", "--role", "operator")

    short = campus("user", "password", "li.na", typed="short\nshort\n")
    said = campus("user", "password", "li.na", typed="correct horse\ncorrect horse\n")

    assert short.exit_code == 1
    assert said.exit_code == 0, said.output
    assert "correct horse" not in said.output
    (user,) = read(config, accounts.all_users)
    assert passwords.matches(user.password, "correct horse")


def test_a_disabled_user_is_listed_so_and_may_be_enabled_again(campus, config) -> None:
    campus("user", "add", "ada", "--role", "administrator")
    campus("user", "add", "li.na", "--role", "operator")

    assert campus("user", "disable", "li.na").exit_code == 0
    assert "disabled" in campus("user", "list").output
    assert campus("user", "enable", "li.na").exit_code == 0
    assert "disabled" not in campus("user", "list").output


def test_the_last_administrator_stays(campus) -> None:
    campus("user", "add", "ada", "--role", "administrator")

    said = campus("user", "disable", "ada")

    assert said.exit_code == 1
    assert "last administrator" in said.output


def test_mistakes_are_told_in_words(campus) -> None:
    campus("user", "add", "ada", "--role", "administrator")

    for words, told in (
        (("add", "ada", "--role", "operator"), "already"),
        (("add", "a b", "--role", "operator"), "no user name"),
        (("add", "eve", "--role", "operator", "--scope", "moon"), "no scope"),
        (("password", "nobody"), "there are: ada"),
    ):
        said = campus("user", *words)
        assert said.exit_code == 1
        assert told in said.output


def test_a_token_works_until_it_is_revoked(campus, config) -> None:
    campus("user", "add", "ada", "--role", "administrator")
    said = campus("token", "add", "wall screen", "--user", "ada", "--days", "7")
    secret = said.stdout.strip().splitlines()[-1]
    moment = now(config)
    assert digest(secret) in read(config, sessions.holders([digest(secret)], moment))

    listed = campus("token", "list").output
    assert "wall screen" in listed
    assert secret not in listed
    assert campus("token", "revoke", digest(secret)[:16]).exit_code == 0

    assert read(config, sessions.holders([digest(secret)], moment)) == {}
    assert campus("token", "revoke", digest(secret)[:16]).exit_code == 1
