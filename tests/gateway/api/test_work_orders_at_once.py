"""Work orders that several people, or one phone twice, act on in the same moment."""

from __future__ import annotations

import asyncio
import threading

import pytest

from audit.ledger.work_order import Comment, WorkOrder
from gateway.store.store import StoreError
from gateway.work_orders import service


async def test_an_act_that_a_phone_sends_again_after_somebody_elses_is_done_once(door) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    device = {"school": "no3", "id": "lab-2"}
    await tim.post("/api/v1/work-orders", json={"device": device, "text": "x"})
    path = "/api/v1/work-orders/1/actions"
    mine = {"json": {"action": "assign", "to": "tim"}, "headers": {"Idempotency-Key": "k1"}}

    await tim.post(path, **mine)
    await olga.post(path, json={"action": "assign", "to": "olga"})
    again = await tim.post(path, **mine)

    assert (again.status_code, again.json()["assignee"]) == (200, "olga")
    assert len(again.json()["steps"]) == 3


async def test_what_many_people_do_at_once_is_all_kept(door, campus) -> None:
    tim, olga = await door.as_("tim"), await door.as_("olga")
    device = {"school": "no3", "id": "lab-2"}
    await tim.post("/api/v1/work-orders", json={"device": device, "text": "x"})

    await asyncio.gather(
        *(
            client.post(
                "/api/v1/work-orders/1/actions",
                json={"action": "comment", "text": f"{name} {number}"},
            )
            for number in range(10)
            for name, client in (("tim", tim), ("olga", olga))
        )
    )

    order = (await tim.get("/api/v1/work-orders/1")).json()
    said = {step["text"] for step in order["steps"] if step["kind"] == "commented"}
    assert said == {f"{name} {number}" for number in range(10) for name in ("tim", "olga")}
    assert order["version"] == len(order["steps"]) == 21


async def test_what_the_store_is_slow_to_confirm_is_not_written_over(
    door, campus, monkeypatch
) -> None:
    """A disk that hangs: the first ones are told to look again, and nothing they signed is lost."""
    orders = door.app.state.services.work_orders
    goes_on = threading.Event()
    lab, hall = campus.device(), campus.device(device="hall")
    await orders.open_by_hand(lab, "x", "tim")
    held = campus.store.in_turn(goes_on.wait, patience=0)

    with monkeypatch.context() as impatient:
        impatient.setattr(service, "COMMIT_S", 0.3)
        with pytest.raises(StoreError, match="did not confirm"):
            await orders.act(1, Comment("from tim"), "tim")
        with pytest.raises(StoreError, match="did not confirm"):
            await orders.act(1, Comment("too early"), "olga")
    waiting = asyncio.create_task(orders.act(1, Comment("from olga"), "olga"))
    await asyncio.sleep(0)
    goes_on.set()
    held.result(5)
    order = await waiting

    assert isinstance(order, WorkOrder)
    assert [step.text for step in order.steps] == ["x", "from tim", "from olga"]
    again = threading.Event()
    held = campus.store.in_turn(again.wait, patience=0)
    with monkeypatch.context() as impatient:
        impatient.setattr(service, "COMMIT_S", 0.3)
        with pytest.raises(StoreError, match="did not confirm"):
            await orders.open_by_hand(lab, "first", "tim")
    opening = asyncio.create_task(orders.open_by_hand(hall, "second", "olga"))
    await asyncio.sleep(0)
    again.set()
    held.result(5)
    assert (await opening).id == 3
    assert campus.counted("SELECT count(*) FROM work_orders") == 3
