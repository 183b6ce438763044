"""The police are told before a walk test where their link wants it, in the running gateway."""

from __future__ import annotations

import json
from concurrent.futures import Future

import msgspec
import pytest
from house import House, over, waits_for
from sqlalchemy import select

from alerts.alert import Refusal
from audit.verification.model import Verdict, Verification
from audit.verification.notice import NOTICE_MS, STANDS_MS
from audit.verification.procedure import LinkNotice
from devices.police_link.link import Code
from gateway.store.batch import Batch
from gateway.store.schema import facts
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError

LINK = "no3/police"
WANTED = LinkNotice(link=LINK, hours=24, telephone="0101-5550102", text="duty officer")


@pytest.fixture(autouse=True)
def _wanted(house: House) -> None:
    house.post.notice = WANTED


async def tell(house: House, run: Verification, actor: str = "li.na") -> Verification | Refusal:
    return await house.verifications.tell_police(run.id, actor, link=LINK, told="by telephone")


def notices(store: SqliteStore) -> list[tuple[str, str, dict[str, str]]]:
    rows = store.read(
        lambda c: c.execute(
            select(facts.c.actor, facts.c.subject, facts.c.body).where(
                facts.c.kind == "police_notice"
            )
        ).all()
    )
    return [(actor, subject, json.loads(body)) for actor, subject, body in rows]


async def test_until_the_police_are_told_every_press_is_real(house: House) -> None:
    run = await house.begin()
    assert run.waits_for == "notice"
    assert not house.judge.windows
    await house.says("gate-01", "event", event="pressed")
    assert house.panic() == 1
    refusal = await tell(house, run)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "alarm_stands"
    assert not house.judge.windows


async def test_the_notice_is_a_fact_and_opens_the_window(house: House, store: SqliteStore) -> None:
    run = await house.begin()
    told = await tell(house, run)
    assert not isinstance(told, Refusal)
    assert told.waits_for == "press"
    assert notices(store) == [
        ("user:li.na", f"link:{LINK}", {"told": "by telephone", "verification": run.id})
    ]
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(told, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.MET
    assert [step.step for step in run.steps] == ["notice", "press", "confirm", "send"]
    assert house.panic() == 0


async def test_a_notice_sent_twice_is_given_once(house: House, store: SqliteStore) -> None:
    run = await house.begin()
    first, second = await tell(house, run), await tell(house, run)
    assert first == second
    assert len(notices(store)) == 1
    await house.verifications.cancel(run.id, "li.na")
    assert not isinstance(await tell(house, run), Refusal)
    assert len(notices(store)) == 1


async def test_only_who_began_the_test_tells_the_police(house: House, store: SqliteStore) -> None:
    run = await house.begin()
    refusal = await tell(house, run, actor="wang")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_yours"
    assert notices(store) == []
    assert not house.judge.windows


async def test_the_next_button_of_the_day_needs_no_second_call(house: House) -> None:
    run = await house.begin()
    await tell(house, run)
    await house.verifications.cancel(run.id, "li.na")
    house.clock.turn(STANDS_MS - 1)
    run = await house.begin("gate-02")
    assert run.waits_for == "press"
    assert run.steps[0].code == "notice_stands"
    assert run.steps[0].inputs["told"] == "by telephone"
    await house.verifications.cancel(run.id, "li.na")
    house.clock.turn(1)
    assert (await house.begin("gate-02")).waits_for == "notice"


async def test_an_announcement_that_stands_long_enough_is_notice(house: House) -> None:
    announced = house.clock.now() - 24 * 3_600_000
    house.post.notice = msgspec.structs.replace(WANTED, announced=announced)
    run = await house.begin()
    assert run.waits_for == "press"
    assert run.steps[0].code == "notice_announced"


async def test_giving_up_opens_nothing(house: House) -> None:
    run = await house.begin()
    given_up = await house.verifications.cancel(run.id, "li.na")
    assert not isinstance(given_up, Refusal)
    assert given_up.code == "cancelled"
    refusal = await tell(house, run)
    assert isinstance(refusal, Refusal)
    assert not house.judge.windows


async def test_a_notice_that_nobody_gives_ends_the_test(house: House) -> None:
    run = await house.begin()
    await house.pass_time(NOTICE_MS + 6000)
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "notice_missing")


async def test_a_notice_that_cannot_be_kept_opens_no_window(
    house: House, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.begin()
    commit = store.commit
    refusals = [StoreError("the disk is gone")]

    def refusing(batch: Batch) -> Future[None]:
        if refusals:
            raise refusals.pop()
        return commit(batch)

    monkeypatch.setattr(store, "commit", refusing)
    with pytest.raises(StoreError):
        await tell(house, run)
    await house.says("gate-01", "event", event="pressed")
    assert house.panic() == 1
    assert notices(store) == []


async def test_what_waited_for_the_notice_when_the_gateway_ended_is_unknown(house: House) -> None:
    run = await house.begin()
    await house.kill()
    anew = House(house.store, house.post, now=house.clock.now() + 1000)
    await anew.start()
    run = await anew.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "interrupted")
    await anew.kill()


async def test_a_link_is_tested_when_the_police_know_and_by_the_schedule_at_once(
    house: House,
) -> None:
    run = await house.verifications.begin_link(LINK, actor="li.na")
    assert not isinstance(run, Refusal)
    assert run.waits_for == "notice"
    assert house.post.sent == []
    await tell(house, run)
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.MET
    announced = await house.verifications.begin_link(LINK, actor="", code=Code.PERIODIC_TEST)
    assert not isinstance(announced, Refusal)
    assert [step.step for step in announced.steps] == ["send"]
