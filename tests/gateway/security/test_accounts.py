"""Users, sessions, tokens and codes on the real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.security import accounts, passwords, sessions, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.security.credentials import digest
from gateway.security.sessions import Lifetime
from gateway.store.read.facts import fact_page
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened

NOW = 1_795_161_600_000
MINUTE = 60_000
SHIFT = Lifetime(longest=12 * 60 * MINUTE, idle=0)
LI_NA = User(name="li.na", display="李娜", role=Role.OPERATOR, scopes=("school:no3",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = opened(tmp_path, reserve_bytes=1 << 20, low_water=1 << 20)
    yield store
    store.close()


@pytest.fixture
def with_li_na(store: SqliteStore) -> SqliteStore:
    store.commit(accounts.added(LI_NA, by="ada", now=NOW)).result()
    return store


def signed_in(store: SqliteStore, lifetime: Lifetime = SHIFT, now: int = NOW) -> str:
    secret, batch = sessions.begun("li.na", lifetime, how="test", address="", now=now)
    store.commit(batch).result()
    return digest(secret)


def opens(store: SqliteStore, key: str, now: int = NOW) -> bool:
    return key in store.read(sessions.holders([key], now))


def texts(store: SqliteStore) -> str:
    """All that the store holds about people, as text."""

    def read(connection: Connection) -> str:
        tables = ("users", "sessions", "tokens", "facts")
        return "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables
        )

    return store.read(read)


def test_a_first_start_makes_one_administrator_without_a_password(store: SqliteStore) -> None:
    assert accounts.ensure_administrator(store, NOW) == "admin"
    (admin,) = store.read(accounts.all_users)
    assert (admin.role, admin.scopes, admin.password) == (Role.ADMINISTRATOR, ("*",), None)

    assert accounts.ensure_administrator(store, NOW) == "admin", "still nobody can sign in"
    hashed = passwords.hashed("correct horse battery")
    store.commit(accounts.password_set("admin", hashed, by="admin", keeping=None, now=NOW)).result()
    assert accounts.ensure_administrator(store, NOW) is None
    assert len(store.read(accounts.all_users)) == 1


def test_a_user_for_a_program_lets_nobody_in(store: SqliteStore) -> None:
    probe = User(name="eye", display="", role=Role.PROBE, scopes=("*",), created=NOW)
    store.commit(accounts.added(probe, by="", now=NOW)).result()
    assert accounts.ensure_administrator(store, NOW) == "admin"


def test_neither_cookie_nor_token_nor_code_nor_password_is_stored_as_it_is(
    with_li_na: SqliteStore,
) -> None:
    store = with_li_na
    cookie, begun = sessions.begun("li.na", SHIFT, how="test", address="", now=NOW)
    token, _, added = tokens.added("dashboard", user="li.na", expires=None, by="ada", now=NOW)
    for batch in (begun, added):
        store.commit(batch).result()
    code = tokens.issue_one_time_code(store, "li.na", NOW)
    hashed = passwords.hashed("correct horse battery")
    store.commit(accounts.password_set("li.na", hashed, by="", keeping=None, now=NOW)).result()

    everything = texts(store)

    for secret in (cookie, token, code, "correct horse battery"):
        assert secret not in everything
    assert hashed not in str(store.read(fact_page(subject=None, kind=None, after=0, limit=100)))


def test_a_session_ends_with_the_shift(with_li_na: SqliteStore) -> None:
    key = signed_in(with_li_na)

    assert opens(with_li_na, key, NOW + SHIFT.longest - 1)
    assert not opens(with_li_na, key, NOW + SHIFT.longest)


def test_an_idle_session_ends_and_a_used_one_slides_up_to_the_longest(
    with_li_na: SqliteStore,
) -> None:
    lifetime = Lifetime(longest=60 * MINUTE, idle=10 * MINUTE)
    key = signed_in(with_li_na, lifetime)
    assert not opens(with_li_na, key, NOW + 10 * MINUTE)

    for minute in range(5, 60, 5):
        now = NOW + minute * MINUTE
        holder = with_li_na.read(sessions.holders([key], now))[key]
        with_li_na.commit(sessions.touched(holder, lifetime, now)).result()

    assert opens(with_li_na, key, NOW + 60 * MINUTE - 1)
    assert not opens(with_li_na, key, NOW + 60 * MINUTE)


def test_disabling_a_user_ends_sessions_and_tokens_at_once(with_li_na: SqliteStore) -> None:
    key = signed_in(with_li_na)
    secret, _, batch = tokens.added("x", user="li.na", expires=None, by="ada", now=NOW)
    with_li_na.commit(batch).result()
    assert opens(with_li_na, key)
    assert opens(with_li_na, digest(secret))

    disabled = accounts.with_changes(LI_NA, disabled=True)
    with_li_na.commit(accounts.changed(LI_NA, disabled, by="ada", now=NOW)).result()

    assert not opens(with_li_na, key)
    assert not opens(with_li_na, digest(secret))
    again = accounts.with_changes(disabled, disabled=False)
    with_li_na.commit(accounts.changed(disabled, again, by="ada", now=NOW)).result()
    assert not opens(with_li_na, key), "an ended session does not come back"


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it(
    with_li_na: SqliteStore,
) -> None:
    mine, other = signed_in(with_li_na), signed_in(with_li_na)

    with_li_na.commit(
        accounts.password_set("li.na", "hash", by="li.na", keeping=mine, now=NOW)
    ).result()

    assert opens(with_li_na, mine)
    assert not opens(with_li_na, other)


def test_a_token_works_until_it_expires_or_is_revoked(with_li_na: SqliteStore) -> None:
    secret, token, batch = tokens.added(
        "dashboard", user="li.na", expires=NOW + MINUTE, by="ada", now=NOW
    )
    with_li_na.commit(batch).result()
    assert opens(with_li_na, digest(secret))
    assert not opens(with_li_na, digest(secret), NOW + MINUTE)

    found = with_li_na.read(tokens.token_numbered(token.id, NOW))
    assert found == token
    with_li_na.commit(tokens.revoked(token, by="ada", now=NOW)).result()

    assert not opens(with_li_na, digest(secret))
    assert with_li_na.read(tokens.all_tokens(NOW)) == []


def test_a_code_is_good_for_a_quarter_of_an_hour_and_is_no_token(
    with_li_na: SqliteStore,
) -> None:
    code = tokens.issue_one_time_code(with_li_na, "li.na", NOW)

    assert with_li_na.read(tokens.holder_of_code(code, NOW)) == "li.na"
    assert with_li_na.read(tokens.holder_of_code(code, NOW + 15 * MINUTE)) is None
    assert not opens(with_li_na, digest(code))
    assert with_li_na.read(tokens.all_tokens(NOW)) == []


def test_every_change_of_users_is_a_fact_with_who_made_it(with_li_na: SqliteStore) -> None:
    changed = accounts.with_changes(LI_NA, role=Role.AUDITOR)
    with_li_na.commit(accounts.changed(LI_NA, changed, by="ada", now=NOW)).result()

    told = with_li_na.read(fact_page(subject="user:li.na", kind=None, after=0, limit=10))

    assert [(fact.kind, fact.actor) for fact in told] == [
        ("user_added", "user:ada"),
        ("user_changed", "user:ada"),
    ]
    assert b'"role":"auditor"' in told[1].body


def test_somebody_must_be_left_to_manage_users() -> None:
    admin = User(name="admin", display="", role=Role.ADMINISTRATOR, scopes=("*",))

    assert accounts.still_governed([admin, LI_NA])
    assert not accounts.still_governed([accounts.with_changes(admin, disabled=True), LI_NA])
    assert not accounts.still_governed([accounts.with_changes(admin, scopes=("school:a",))])


def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    stored = passwords.hashed("correct horse battery")

    assert passwords.matches(stored, "correct horse battery")
    assert not passwords.matches(stored, "wrong")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("no hash at all", "anything")
    assert not passwords.outdated(stored)
