"""What the follower writes, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from followed import Followed
from histories import DAY, HOUR, MINUTE, START, History, shipped
from naive import standings
from sqlalchemy import Connection, update

from audit.coverage.life import LIFE, LIFE_SUBJECT
from audit.policy import POLICY, POLICY_ENDED, policy_body, policy_subject
from gateway.store.batch import Batch, Fact
from gateway.store.coverage import put_cursor
from gateway.store.encoding import canonical
from gateway.store.read.coverage import coverage_cursor, last_verdicts
from gateway.store.schema import coverage_records
from gateway.store.sqlite import SqliteStore
from tests.gateway.new_store import opened

Result = TypeVar("Result")

ITEM = "closed_management"
KEY = "no1", "six-100", ITEM


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    there = opened(tmp_path)
    yield there
    there.close()


@pytest.fixture
def followed(store: SqliteStore) -> Followed:
    there = Followed(store)
    there.add(*(fact(POLICY, policy_subject(p.id), policy_body(p), 0) for p in shipped()))
    return there


def fact(kind: str, subject: str, body: object, after: int) -> Fact:
    """Known so long after the beginning (ms)."""
    raw = body if isinstance(body, bytes) else canonical(body)
    return Fact(kind, START + after, START + after, "gateway", subject, raw)


def listed(after: int, *, listed: bool = True, region: str | None = "east") -> Fact:
    entry = {
        "school": "no1",
        "name": "第一中学",
        "kind": "primary",
        "region": region,
        "pupils": 400,
        "boarders": 0,
        "key_target": False,
        "listed": listed,
    }
    return fact("roster", "roster:no1", {"before": None, "after": entry, "reason": ""}, after)


def attested(after: int, *, lasts: int = 100 * DAY, **changes: object) -> Fact:
    attestation = {
        "id": "a-1",
        "school": "no1",
        "item": ITEM,
        "stated_by": "sofia",
        "at": START + after,
        "valid_from": START + after,
        "expires": START + after + lasts,
        "files": [{"hash": "0" * 64, "name": "1.jpg", "media_type": "image/jpeg", "size": 1}],
        "confirmed_by": "paul",
        **changes,
    }
    body = {"step": "stated", "attestation": attestation}
    return fact("attestation", "attestation:no1/a-1", body, after)


def rows(store: SqliteStore) -> list[tuple[int, str, bool, str]]:
    """When the item came to be how, after the beginning."""
    found = []
    at = 2**60
    while stored := store.read(last_verdicts("no1", [("six-100", ITEM)], at)):
        row = stored["six-100", ITEM].row
        found.append((row.at - START, row.verdict.value, row.listed, row.region))
        at = row.at - 1
    return found[::-1]


def test_a_statement_counts_from_when_it_is_known_until_it_expires(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(listed(0), attested(HOUR, lasts=2 * DAY))
    followed.follow(START + 10 * DAY)
    assert rows(store) == [
        (0, "unknown", True, "east"),
        (HOUR, "met", True, "east"),
        (HOUR + 2 * DAY, "unknown", True, "east"),
    ]


def test_what_expires_later_is_not_written_before(followed: Followed, store: SqliteStore) -> None:
    followed.add(listed(0), attested(HOUR, lasts=2 * DAY))
    followed.follow(START + HOUR + 2 * DAY - 1)
    assert rows(store)[-1][1] == "met"
    followed.follow(START + HOUR + 2 * DAY)
    assert rows(store)[-1] == (HOUR + 2 * DAY, "unknown", True, "east")


def test_nothing_is_written_while_nothing_changes(followed: Followed, store: SqliteStore) -> None:
    followed.add(listed(0), attested(HOUR))
    followed.follow(START + 2 * HOUR)
    before = store.read(coverage_cursor)
    followed.add(attested(3 * HOUR), listed(4 * HOUR), fact("signed_in", "user:olga", {}, 5 * HOUR))
    followed.follow(START + 6 * HOUR)
    after = store.read(coverage_cursor)
    assert after.changes == before.changes
    assert after.row == before.row + 3
    assert followed.follower.piece(START + 6 * HOUR + 400) is None


def test_a_school_that_is_struck_off_counts_no_longer_and_again_when_it_comes_back(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(listed(0), listed(DAY, listed=False))
    followed.follow(START + DAY)
    assert followed.standings(START + DAY - 1).keys() >= {KEY}
    assert followed.standings(START + DAY) == {}
    followed.add(listed(2 * DAY, region="west"))
    followed.follow(START + 2 * DAY)
    assert rows(store) == [
        (0, "unknown", True, "east"),
        (DAY, "unknown", False, ""),
        (2 * DAY, "unknown", True, "west"),
    ]


def test_a_school_that_was_never_listed_is_not_written(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(attested(HOUR))
    followed.follow(START + DAY)
    assert rows(store) == []
    assert followed.standings(START + DAY) == {}


def test_what_was_known_earlier_and_committed_later_counts_from_when_it_was_known(
    followed: Followed, store: SqliteStore
) -> None:
    """The gateway looked at the clock, wrote what had expired, and then a commit came through that
    had been under way."""
    followed.add(listed(0), attested(0, lasts=DAY))
    followed.follow(START + DAY + 5)
    assert rows(store)[-1] == (DAY, "unknown", True, "east")
    followed.add(attested(DAY - 5, lasts=3 * DAY))
    followed.follow(START + DAY + 10)
    assert rows(store) == [(0, "met", True, "east")]
    followed.follow(START + 30 * DAY)
    assert rows(store)[-1] == (4 * DAY - 5, "unknown", True, "east")


def test_a_clock_that_is_set_back_reorders_nothing(followed: Followed, store: SqliteStore) -> None:
    followed.add(listed(DAY), attested(2 * HOUR))
    followed.follow(START + 3 * HOUR)
    assert rows(store) == [(DAY, "met", True, "east")]


def test_a_policy_that_changes_is_judged_by_at_every_school(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(listed(0), attested(0))
    followed.follow(START + HOUR)
    six = next(policy for policy in shipped() if policy.id == "six-100")
    items = tuple(
        msgspec.structs.replace(item, terms=msgspec.structs.replace(item.terms, longest_days=1))
        for item in six.items
    )
    stricter = msgspec.structs.replace(six, version=2, items=items)
    followed.add(fact(POLICY, policy_subject(six.id), policy_body(stricter), 3 * DAY))
    followed.follow(START + 3 * DAY)
    assert rows(store) == [(0, "met", True, "east"), (3 * DAY, "unknown", True, "east")]
    assert followed.standings(START + 3 * DAY - 1)[KEY][0].value == "met"


def equipped(after: int) -> list[Fact]:
    """A school with a camera at the gate of which all is well, and the gateway runs."""
    camera = {"kind": "camera", "row": 1, "place": "gate", "out_of_service": False}
    needs = [{"place": "gate", "kind": "camera", "count": 1, "gate": True, "commissioned": None}]
    signed = {"school": "no1", "version": 1, "needs": needs, "signed_by": "pia", "signed": START}
    return [
        listed(after),
        fact("baseline", "school:no1", signed, after),
        fact("device", "device:no1/c-1", {"before": None, "after": camera}, after),
    ]


def verified(after: int) -> list[Fact]:
    """It is verified, and its recordings and its way to the police are proven."""
    at = START + after
    test = {"kind": "camera", "started": at, "ended": at, "verdict": "met", "code": ""}
    recorded = {"status": "met", "required_days": 30, "as_of": at, "reach": at - 40 * DAY}
    return [
        fact("verification", "device:no1/c-1", test, after),
        fact("recording_verdict", "device:no1/c-1", {**recorded, "recorder": "rec"}, after),
        fact(
            "video_police_link", "device:no1/rec", {"basis": "reported", "registered": True}, after
        ),
    ]


def life(after: int) -> Fact:
    return fact(LIFE, LIFE_SUBJECT, {"since": START}, after)


VIDEO = "no1", "six-100", "video"


def video(followed: Followed, after: int) -> str:
    return followed.standings(START + after)[VIDEO][0].value


@pytest.mark.parametrize("restarted", [False, True])
def test_a_gateway_that_was_off_leaves_unknown_what_it_measures_until_it_is_back(
    followed: Followed, restarted: bool
) -> None:
    followed.add(*equipped(0), *verified(HOUR), life(2 * HOUR))
    followed.follow(START + 3 * HOUR)
    assert video(followed, 3 * HOUR) == "met"
    if restarted:
        followed.restart()
    followed.add(life(40 * HOUR), *verified(41 * HOUR))
    followed.follow(START + 42 * HOUR)
    silent = 26 * HOUR
    assert video(followed, silent - 1) == "met"
    assert video(followed, silent) == video(followed, 40 * HOUR - 1) == "unknown"
    assert [reason[0] for reason in followed.standings(START + silent)[VIDEO][2]] == ["no_gateway"]
    assert video(followed, 40 * HOUR) == "met"
    for at in (silent - 1, silent, 40 * HOUR - 1, 40 * HOUR, 42 * HOUR):
        assert followed.standings(START + at) == standings(followed.facts(), START + at)


def test_no_school_is_judged_for_a_sign_of_life(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed.add(*equipped(0), *verified(HOUR), *(life(hour * HOUR) for hour in range(2, 30)))
    followed.follow(START + 30 * HOUR)
    judged = []
    monkeypatch.setattr(followed.follower, "_judge", lambda *asked: judged.append(asked))
    followed.add(*(life(hour * HOUR) for hour in range(30, 40)))
    followed.follow(START + 40 * HOUR)
    assert judged == []


def test_a_sign_of_life_that_was_committed_late_takes_the_silence_back(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(*equipped(0), *verified(HOUR), life(2 * HOUR))
    followed.follow(START + 26 * HOUR + 5)
    assert video(followed, 26 * HOUR + 5) == "unknown"
    followed.add(life(26 * HOUR - 5))
    followed.follow(START + 27 * HOUR)
    assert video(followed, 26 * HOUR) == video(followed, 27 * HOUR) == "met"


def test_a_policy_that_has_ended_is_not_asked_for_and_is_judged_when_it_is_back(
    followed: Followed, store: SqliteStore
) -> None:
    six = next(policy for policy in shipped() if policy.id == "six-100")
    followed.add(listed(0), attested(0, lasts=2 * DAY))
    followed.add(fact(POLICY_ENDED, policy_subject(six.id), {"version": 1}, DAY))
    followed.follow(START + 3 * DAY)
    assert followed.standings(START + DAY - 1)[KEY][0].value == "met"
    assert KEY not in followed.standings(START + DAY)
    assert rows(store) == [(0, "met", True, "east")]
    followed.add(fact(POLICY, policy_subject(six.id), policy_body(six), 4 * DAY))
    followed.follow(START + 4 * DAY)
    assert rows(store)[-1] == (4 * DAY, "unknown", True, "east")


def test_what_a_clock_that_was_set_back_dates_is_no_older_than_what_came_before(
    followed: Followed, store: SqliteStore
) -> None:
    """As the bundle has it: recordings are good for two days from when they count as known."""
    followed.add(*equipped(0), *verified(HOUR))
    ahead = 30 * HOUR
    followed.add(fact("signed_in", "user:olga", {}, ahead), *verified(2 * HOUR))
    followed.follow(START + ahead, save=True)
    followed.restart()
    followed.follow(START + ahead + 48 * HOUR)
    assert video(followed, ahead + 48 * HOUR - 1) == "met"
    assert video(followed, ahead + 48 * HOUR) == "unknown"


def test_a_start_reads_what_is_kept_and_not_all_facts(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(3)
    followed = Followed(store)
    followed.add(*history.opening(), *(history.fact() for _ in range(200)))
    followed.follow(history.now, save=True)
    where = store.read(coverage_cursor)
    assert where.saved == where.row
    followed.restart()
    read: list[int] = []
    followed.add(history.fact())
    original = store.read

    def counted(query: Callable[[Connection], Result]) -> Result:
        answer = original(query)
        if isinstance(answer, list) and answer and hasattr(answer[0], "happened"):
            read.extend(each.row for each in answer)
        return answer

    monkeypatch.setattr(store, "read", counted)
    followed.follow(history.now)
    assert read == [where.row + 1]


def test_schools_beyond_those_in_memory_are_read_when_something_happens_there(
    store: SqliteStore,
) -> None:
    followed = Followed(store, most=1, save_after=10**9)
    history = History(11)
    followed.add(*history.opening(), *(history.fact() for _ in range(60)))
    followed.follow(history.now)
    assert len(followed.follower._schools) <= 1


def test_reasons_that_policies_have_in_common_are_written_once(
    followed: Followed, store: SqliteStore
) -> None:
    followed.add(listed(0))
    followed.follow(START + MINUTE)
    keys = [(policy, ITEM) for policy in ("six-100", "four-100", "three-100")]
    found = store.read(last_verdicts("no1", keys))
    assert len(found) == 3
    assert len({one.row.reasons for one in found.values()}) == 1


def test_folded_schools_of_another_version_are_folded_anew_and_nothing_is_judged_twice(
    store: SqliteStore,
) -> None:
    history = History(5)
    followed = Followed(store)
    followed.add(*history.opening(), *(history.fact() for _ in range(80)))
    followed.follow(history.now, save=True)
    where = store.read(coverage_cursor)
    batch = Batch()
    batch.statements.append((update(coverage_records).values(body=b"\xc1 of a newer one"), None))
    put_cursor(batch, msgspec.structs.replace(where, shape="another"))
    store.commit(batch).result(5)
    followed.restart()
    followed.follow(history.now, save=True)
    assert store.read(coverage_cursor).changes == where.changes
    followed.add(*(history.fact() for _ in range(40)))
    last = history.now + 20 * DAY
    followed.follow(last)
    assert followed.standings(last) == standings(followed.facts(), last)
