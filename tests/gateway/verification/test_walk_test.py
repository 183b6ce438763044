"""The walk test in the running gateway: from the window to the receiver's acknowledgement."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future

import pytest
from house import House, over, waits_for
from sqlalchemy import select

from alerts.alert import Refusal
from audit.verification.button import Button
from audit.verification.model import Verdict
from devices.police_link.link import Code, Result
from gateway.pipeline.windows import CONFIRM_MS, LONGEST_MS
from gateway.store.batch import Batch
from gateway.store.schema import deadlines, facts, verifications
from gateway.store.sqlite import SqliteStore
from gateway.store.store import StoreError


def kinds(store: SqliteStore) -> list[str]:
    return list(store.read(lambda c: c.scalars(select(facts.c.kind).order_by(facts.c.row)).all()))


async def test_a_press_that_is_confirmed_goes_to_the_police_as_a_walk_test(
    house: House, store: SqliteStore
) -> None:
    run = await house.begin()
    assert run.waits_for == "press"
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    confirmed = await house.verifications.confirm(run.id, "li.na")
    assert not isinstance(confirmed, Refusal)
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.MET
    assert [step.step for step in run.steps] == ["press", "confirm", "send"]
    assert run.steps[-1].exchanges[0].received == b"answer"
    assert house.post.sent == [("no3/police", Code.WALK_TEST)]
    assert house.panic() == 0
    assert kinds(store) == [
        *("test_window_opened", "verification", "event", "test_press_held"),
        *("test_confirmed", "verification"),
    ]
    ((stored, place),) = store.read(
        lambda c: c.execute(select(verifications.c.verdict, verifications.c.body)).all()
    )
    assert stored == "met"
    assert json.loads(place)["place"] == "gate"


async def test_nothing_is_sent_before_the_technician_confirms(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    await house.reaches(run, waits_for("confirm"))
    assert house.post.sent == []


async def test_a_lost_phone_makes_the_alarm_real_and_the_verdict_unknown(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.pass_time(CONFIRM_MS)
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "unconfirmed")
    assert house.panic() == 1
    assert house.post.sent == []
    late = await house.verifications.confirm(run.id, "li.na")
    assert isinstance(late, Refusal)


async def test_a_second_press_makes_both_real_and_ends_the_test(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "pressed_again")
    assert house.panic() == 2


async def test_a_press_elsewhere_is_no_step_of_the_test(house: House) -> None:
    run = await house.begin()
    await house.says("gate-02", "event", event="pressed", test=True)
    assert house.panic("gate-02") == 1
    again = await house.verifications.wait(run.id, 0, 0.1)
    assert again is not None
    assert again.waits_for == "press"


async def test_no_press_in_time_fails_the_button(house: House) -> None:
    run = await house.begin()
    await house.pass_time(LONGEST_MS)
    run = await house.reaches(run, over)
    assert (run.verdict, run.code, run.advice) == (Verdict.FAILED, "no_press", "find_press")


@pytest.mark.parametrize(
    ("result", "advice"),
    [
        (Result.REFUSED, "ask_receiver"),
        (Result.CLOCK, "set_clock"),
        (Result.GARBLED, "check_key"),
        (Result.SILENT, "check_path"),
        (Result.UNREACHABLE, "check_path"),
        (Result.UNABLE, "ask_receiver"),
    ],
)
async def test_a_receiver_that_does_not_acknowledge_fails_it_with_the_evidence(
    house: House, result: Result, advice: str
) -> None:
    house.post.result = result
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.FAILED
    assert run.code == f"not_acknowledged_{result.value}"
    assert run.advice == advice
    assert run.steps[-1].exchanges[0].sent == b"frame"


async def test_a_link_that_breaks_makes_the_verdict_unknown(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.post.error = RuntimeError("no such socket")
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "not_sent")
    assert "no such socket" in str(run.inputs["error"])
    assert "verification.not_sent" in capsys.readouterr().out


async def test_a_school_without_a_link_gets_no_verdict_that_it_has_not_earned(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.post, "links_of", lambda _: [])
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    run = await house.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "no_link")
    assert house.panic() == 0


async def test_giving_up_with_a_press_held_lets_it_out(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    given_up = await house.verifications.cancel(run.id, "li.na")
    assert not isinstance(given_up, Refusal)
    assert given_up.code == "cancelled"
    assert house.panic() == 1


async def test_somebody_else_cannot_confirm(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    refusal = await house.verifications.confirm(run.id, "wang")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_yours"


async def test_the_same_key_is_the_same_run_and_confirming_twice_is_once(house: House) -> None:
    run = await house.begin(key="abc")
    assert (await house.begin(key="abc")).id == run.id
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    first = await house.verifications.confirm(run.id, "li.na")
    second = await house.verifications.confirm(run.id, "li.na")
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    run = await house.reaches(run, over)
    assert len(house.post.sent) == 1
    assert (await house.begin(key="abc")).id == run.id
    assert not isinstance(await house.verifications.confirm(run.id, "li.na"), Refusal)


async def test_a_device_is_verified_by_one_person_at_a_time(house: House) -> None:
    await house.begin()
    second = await house.verifications.begin("no3", "gate-01", actor="wang")
    assert isinstance(second, Refusal)
    assert second.code == "verification_running"


async def test_a_button_whose_alarm_stands_is_not_tested(house: House) -> None:
    await house.says("gate-01", "event", event="pressed")
    refusal = await house.verifications.begin("no3", "gate-01", actor="li.na")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "alarm_stands"


async def test_a_run_that_cannot_be_kept_opens_no_window(
    house: House, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = store.commit
    refusals = [StoreError("the disk is gone")]

    def refusing(batch: Batch) -> Future[None]:
        if refusals and batch.statements:
            raise refusals.pop()
        return commit(batch)

    monkeypatch.setattr(store, "commit", refusing)
    with pytest.raises(StoreError):
        await house.verifications.begin("no3", "gate-01", actor="li.na")
    await house.says("gate-01", "event", event="pressed")
    assert house.panic() == 1


async def test_a_confirmation_that_cannot_be_kept_lets_the_alarm_out(
    house: House, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    commit = store.commit
    refusals = [StoreError("the disk is gone")]

    def refusing(batch: Batch) -> Future[None]:
        if refusals:
            raise refusals.pop()
        return commit(batch)

    monkeypatch.setattr(store, "commit", refusing)
    with pytest.raises(StoreError):
        await house.verifications.confirm(run.id, "li.na")
    await house.pass_time(1)
    assert house.panic() == 1
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.UNKNOWN
    assert house.post.sent == []


async def test_a_fault_of_ours_while_confirming_lets_the_alarm_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    monkeypatch.setattr(Button, "take", broken)
    with pytest.raises(ZeroDivisionError):
        await house.verifications.confirm(run.id, "li.na")
    await house.pass_time(1)
    assert house.panic() == 1
    assert house.post.sent == []


async def test_a_fault_of_ours_while_giving_up_keeps_no_press(
    house: House, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    monkeypatch.setattr(Button, "take", broken)
    with pytest.raises(ZeroDivisionError):
        await house.verifications.cancel(run.id, "li.na")
    assert house.panic() == 1
    assert len(store.load().open_alerts) == 1  # not only known, but kept


def broken(*_: object) -> None:
    raise ZeroDivisionError


async def test_a_phone_that_hangs_up_while_confirming_has_confirmed(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    asking = asyncio.create_task(house.verifications.confirm(run.id, "li.na"))
    await asyncio.sleep(0)
    asking.cancel()
    run = await house.reaches(run, over)
    assert run.verdict is Verdict.MET


# After a restart


async def restarted(house: House, after: int = 1000) -> House:
    await house.kill()
    anew = House(house.store, house.post, now=house.clock.now() + after)
    await anew.start()
    return anew


async def test_a_window_and_its_run_go_on_after_a_restart(house: House) -> None:
    run = await house.begin()
    anew = await restarted(house)
    await anew.says("gate-01", "event", event="pressed")
    run = await anew.reaches(run, waits_for("confirm"))
    await anew.verifications.confirm(run.id, "li.na")
    assert (await anew.reaches(run, over)).verdict is Verdict.MET
    await anew.kill()


async def test_a_held_press_can_be_confirmed_after_a_restart(house: House) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    anew = await restarted(house)
    await anew.verifications.confirm(run.id, "li.na")
    assert (await anew.reaches(run, over)).verdict is Verdict.MET
    assert anew.panic() == 0
    await anew.kill()


async def test_a_press_whose_run_was_not_told_of_it_before_the_kill_waits_for_its_confirmation(
    house: House,
) -> None:
    run = await house.begin()
    await house.kill()  # those who run verifications end first
    await house.says("gate-01", "event", event="pressed")
    anew = await restarted(house)
    run = await anew.reaches(run, waits_for("confirm"))
    await anew.pass_time(CONFIRM_MS)
    assert anew.panic() == 1
    await anew.kill()


async def test_what_waited_for_the_receiver_when_the_gateway_ended_is_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(house.post, "send_test", never)
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    run = await house.reaches(run, waits_for("receiver"))
    anew = await restarted(house)
    run = await anew.reaches(run, over)
    assert (run.verdict, run.code) == (Verdict.UNKNOWN, "interrupted")
    await anew.kill()


async def test_nothing_of_a_test_is_left_in_the_store_when_it_is_over(
    house: House, store: SqliteStore
) -> None:
    run = await house.begin()
    await house.says("gate-01", "event", event="pressed")
    run = await house.reaches(run, waits_for("confirm"))
    await house.verifications.confirm(run.id, "li.na")
    await house.reaches(run, over)
    assert store.read(lambda c: c.execute(select(deadlines)).all()) == []
