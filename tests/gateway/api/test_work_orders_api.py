"""Work orders over HTTP, on a real store: opened for faults that stay, closed by a proof."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from alerts.alert import Acknowledge
from alerts.finding import Explanation, Finding, Priority
from audit.ledger import work_order
from audit.verification.model import Verdict
from gateway.security.record import fact
from gateway.store import schema
from gateway.store.batch import Batch
from gateway.work_orders.service import WorkOrders, make_work_orders

HOUR = 3_600_000


@pytest.fixture
def orders(door) -> WorkOrders:
    """The work orders of the running application."""
    return door.app.state.services.work_orders


async def ends(campus, condition: str, device) -> None:
    """A condition stops."""
    now = campus.clock.turn(10)
    work = campus.flow.work()
    why = Explanation(rule="test", code=condition)
    campus.book.fold(Finding(condition, False, Priority.MEDIUM, now, now, why), device, work)
    await campus.flow.commit(work)


def verified(campus, verdict: Verdict, *, started: int | None = None, **of: object) -> None:
    """A verification of a device has ended now."""
    now = campus.clock.turn(10)
    row = {
        "id": f"v{now}",
        "school": "no3",
        "kind": "detector",
        "started": started or now,
        "ended": now,
        "verdict": verdict.value,
        "actor": "tim",
        "body": b"{}",
        **of,
    }
    batch = Batch(now=now)
    batch.statements.append((schema.verifications.insert(), [row]))
    campus.store.commit(batch).result()


async def test_a_fault_that_stays_becomes_one_work_order_with_a_day_to_mend_it(
    door, campus, orders
) -> None:
    alert = await campus.find("battery_low", campus.device())
    tim = await door.as_("tim")

    await orders.open_for_faults()
    assert (await tim.get("/api/v1/work-orders")).json()["items"] == []
    now = campus.clock.turn(HOUR)
    await orders.open_for_faults()
    await orders.open_for_faults()

    (order,) = (await tim.get("/api/v1/work-orders")).json()["items"]
    assert (order["alert"], order["condition"], order["state"]) == (alert, "battery_low", "open")
    assert order["device"]["id"] == "lab-2"
    assert order["title"]["en"] == "Battery low"
    assert (order["opened"], order["due"]) == (now, now + 24 * HOUR)
    assert order["place"]["en"] == "Block A / 3rd floor"
    assert [(step["kind"], step["actor"]) for step in order["steps"]] == [("opened", "")]
    (covering,) = (await tim.get("/api/v1/work-orders", params={"alert": alert})).json()["items"]
    assert covering == order


async def test_after_a_restart_a_fault_gets_no_second_order(door, campus, orders) -> None:
    await campus.find("battery_low", campus.device())
    campus.clock.turn(HOUR)
    await orders.open_for_faults()

    again = make_work_orders(
        store=campus.store,
        clock=campus.clock,
        settings=campus.settings,
        device_of=campus.desk.device,
    )
    await again.open_for_faults()

    assert campus.counted("SELECT count(*) FROM work_orders") == 1


async def test_an_emergency_and_what_concerns_the_gateway_itself_become_none(
    door, campus, orders
) -> None:
    await campus.press()
    await campus.find("disk_full")
    campus.clock.turn(100 * HOUR)

    await orders.open_for_faults()

    assert campus.counted("SELECT count(*) FROM work_orders") == 0


async def test_out_of_service_or_gone_by_itself_it_becomes_none(door, campus, orders) -> None:
    await campus.find("battery_low", campus.device())
    await campus.find("silent", campus.device(device="hall"))
    await ends(campus, "silent", campus.device(device="hall"))
    tim = await door.as_("tim")
    await tim.post(
        "/api/v1/devices/no3/lab-2/service", json={"out_of_service": True, "reason": "painting"}
    )
    campus.clock.turn(2 * HOUR)

    await orders.open_for_faults()

    assert campus.counted("SELECT count(*) FROM work_orders") == 0


async def test_turned_off_only_people_open_orders(campus) -> None:
    settings = campus.settings.model_copy(
        update={"work_orders": campus.settings.work_orders.model_copy(update={"after_minutes": 0})}
    )
    orders = make_work_orders(
        store=campus.store, clock=campus.clock, settings=settings, device_of=campus.desk.device
    )
    await campus.find("battery_low", campus.device())
    campus.clock.turn(100 * HOUR)

    assert await orders.open_for_faults() is None


async def test_it_closes_by_a_verification_after_the_repair_once_its_alert_has_ended(
    door, campus, orders
) -> None:
    await campus.find("battery_low", campus.device())
    campus.clock.turn(HOUR)
    await orders.open_for_faults()
    tim = await door.as_("tim")
    path = "/api/v1/work-orders/1"
    row = campus.device().row

    verified(campus, Verdict.MET, device=row)
    await orders.take_proofs()
    await tim.post(f"{path}/actions", json={"action": "assign", "to": "tim"})
    done = await tim.post(f"{path}/actions", json={"action": "done", "text": "new battery"})
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "done"
    assert "accept" not in done.json()["may"]
    await orders.take_proofs()
    assert (await tim.get(path)).json()["state"] == "done"
    verified(campus, Verdict.FAILED, device=row)
    await orders.take_proofs()
    assert (await tim.get(path)).json()["state"] == "assigned"
    await tim.post(f"{path}/actions", json={"action": "done", "text": "and a new detector"})
    verified(campus, Verdict.UNKNOWN, device=row)
    verified(campus, Verdict.MET, device=row + 1)
    await orders.take_proofs()
    assert (await tim.get(path)).json()["state"] == "done"
    verified(campus, Verdict.MET, device=row)
    met = f"v{campus.clock.now()}"
    await orders.take_proofs()
    assert (await tim.get(path)).json()["state"] == "done"
    await ends(campus, "battery_low", campus.device())
    await orders.take_proofs()

    order = (await tim.get(path)).json()
    assert order["state"] == "closed"
    assert order["verification"] == met
    assert order["may"] == []
    told = (
        await (await door.as_("east-anna")).get("/api/v1/facts?subject=work_order:no3/1")
    ).json()["items"]
    assert [(fact["body"]["step"]["kind"], fact["actor"]) for fact in told] == [
        ("opened", "gateway"),
        ("assigned", "user:tim"),
        ("done", "user:tim"),
        ("verification_failed", "gateway"),
        ("done", "user:tim"),
        ("verified", "gateway"),
    ]


async def test_a_cancelled_order_is_not_opened_again_while_its_fault_stands(
    door, campus, orders
) -> None:
    await campus.find("battery_low", campus.device())
    campus.clock.turn(HOUR)
    await orders.open_for_faults()
    body = {"action": "cancel", "reason": "the device goes tomorrow"}

    denied = await (await door.as_("tim")).post("/api/v1/work-orders/1/actions", json=body)
    cancelled = await (await door.as_("ada")).post("/api/v1/work-orders/1/actions", json=body)
    campus.clock.turn(HOUR)
    await orders.open_for_faults()

    assert denied.status_code == 403
    assert cancelled.json()["state"] == "cancelled"
    assert campus.counted("SELECT count(*) FROM work_orders") == 1


async def test_a_fault_that_comes_again_joins_the_order_that_stands(door, campus, orders) -> None:
    hall = campus.device(device="hall")
    first = await campus.find("offline", hall)
    campus.clock.turn(HOUR)
    await orders.open_for_faults()
    await campus.desk.act(first, Acknowledge(), "olga")
    await ends(campus, "offline", hall)
    await orders.note_ended_faults()
    await orders.note_ended_faults()
    order = (await (await door.as_("tim")).get("/api/v1/work-orders/1")).json()
    assert order["state"] == "open"
    assert order["fault_gone"] is not None
    assert [step["kind"] for step in order["steps"]] == ["opened", "fault_gone"]
    await campus.find("offline", hall)
    campus.clock.turn(HOUR)

    await orders.open_for_faults()

    order = (await (await door.as_("tim")).get("/api/v1/work-orders/1")).json()
    assert (order["faults"], order["fault_gone"]) == (2, None)
    assert order["title"]["en"] == "Device offline: 2 faults with one cause"
    assert campus.counted("SELECT count(*) FROM work_orders") == 1


async def test_what_an_order_has_no_more_room_for_is_not_written_again_and_again(
    door, campus, orders, monkeypatch
) -> None:
    hall = campus.device(device="hall")
    first = await campus.find("offline", hall)
    campus.clock.turn(HOUR)
    await orders.open_for_faults()
    await campus.desk.act(first, Acknowledge(), "olga")
    await ends(campus, "offline", hall)
    monkeypatch.setattr(work_order, "MOST_BY_ITSELF", 1)

    await orders.note_ended_faults()

    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'work_order'") == 1


async def test_a_person_opens_one_and_a_camera_is_accepted_by_an_administrator(
    door, campus, orders
) -> None:
    tim, ada = await door.as_("tim"), await door.as_("ada")
    await tim.put("/api/v1/devices/no3/cam-1", json={"kind": "camera"})
    made = await tim.post(
        "/api/v1/work-orders",
        json={"device": {"school": "no3", "id": "cam-1"}, "text": "the picture is tilted"},
    )
    assert made.status_code == 201
    path = f"/api/v1/work-orders/{made.json()['id']}"
    assert made.json()["title"] == {"zh": "the picture is tilted", "en": "the picture is tilted"}
    accept = {"action": "accept", "reason": "seen on the wall"}

    early = await ada.post(f"{path}/actions", json=accept)
    await tim.post(f"{path}/actions", json={"action": "done", "text": "turned it"})
    denied = await tim.post(f"{path}/actions", json=accept)
    accepted = await ada.post(f"{path}/actions", json=accept)

    assert (early.status_code, early.json()["code"]) == (409, "refusal.order_not_done")
    assert denied.status_code == 403
    assert accepted.json()["state"] == "closed"
    assert accepted.json()["closes_when"]["en"] == "Closed: accepted by an administrator"


async def test_what_a_verification_can_prove_no_administrator_accepts(door, campus) -> None:
    ada = await door.as_("ada")
    device = {"school": "no3", "id": "lab-2"}
    made = (await ada.post("/api/v1/work-orders", json={"device": device, "text": "x"})).json()
    path = f"/api/v1/work-orders/{made['id']}/actions"
    await ada.post(path, json={"action": "done", "text": "y"})

    refused = await ada.post(path, json={"action": "accept", "reason": "I believe it"})

    assert refused.json()["code"] == "refusal.order_verify"


async def test_only_somebody_who_sees_the_school_and_does_repairs_is_responsible(door) -> None:
    tim = await door.as_("tim")
    device = {"school": "no3", "id": "lab-2"}
    made = (await tim.post("/api/v1/work-orders", json={"device": device, "text": "x"})).json()
    path = f"/api/v1/work-orders/{made['id']}/actions"

    answers = {
        name: (await tim.post(path, json={"action": "assign", "to": name})).status_code
        for name in ("nobody", "anna", "west", "east-tim")
    }

    assert answers == {"nobody": 422, "anna": 422, "west": 422, "east-tim": 200}
    offered = (await tim.get("/api/v1/work-orders/assignees?school=no3")).json()["items"]
    assert {each["name"] for each in offered} == {
        "ada", "olga", "oscar", "tim", "east", "east-tim", "east-ada",
    }  # fmt: skip
    mine = await (await door.as_("east-tim")).get("/api/v1/work-orders?assignee=me")
    assert [each["id"] for each in mine.json()["items"]] == [made["id"]]


async def test_orders_of_another_school_look_as_if_they_were_not_there(door) -> None:
    tim, west = await door.as_("tim"), await door.as_("west")
    body = {"device": {"school": "no3", "id": "lab-2"}, "text": "x"}
    made = (await tim.post("/api/v1/work-orders", json=body)).json()
    path = f"/api/v1/work-orders/{made['id']}"

    assert (await west.get(path)).status_code == 404
    acted = await west.post(f"{path}/actions", json={"action": "comment", "text": "hello"})
    assert acted.status_code == 404
    assert (await west.post("/api/v1/work-orders", json=body)).status_code == 404
    assert (await west.get("/api/v1/work-orders")).json()["items"] == []
    assert (await west.get("/api/v1/work-orders/counts")).json()["standing"] == 0
    anna = await door.as_("anna")
    assert (await anna.post("/api/v1/work-orders", json=body)).status_code == 403
    assert (await anna.get(path)).json()["may"] == []


async def test_lists_are_by_deadline_paged_and_counted(door, campus) -> None:
    tim = await door.as_("tim")
    for name in ("lab-2", "hall", "gate-01"):
        body = {"device": {"school": "no3", "id": name}, "text": name}
        await tim.post("/api/v1/work-orders", json=body)
        campus.clock.turn(HOUR)
    due = campus.clock.now() + 90 * HOUR
    await tim.post(
        "/api/v1/work-orders/1/actions",
        json={"action": "extend", "due": due, "reason": "part on order"},
    )
    await tim.post("/api/v1/work-orders/2/actions", json={"action": "done", "text": "ok"})
    campus.clock.turn(22 * HOUR + 1)
    tim = await door.as_("tim")

    async def listed(**query: object) -> list[int]:
        numbers: list[int] = []
        after = None
        while True:
            more = {} if after is None else {"cursor": after}
            page = await tim.get("/api/v1/work-orders", params={"limit": 1, **query, **more})
            numbers += [each["id"] for each in page.json()["items"]]
            after = page.json()["next"]
            if after is None:
                return numbers

    assert await listed() == [2, 3, 1]
    assert await listed(state="overdue") == [2]
    assert await listed(state="done") == [2]
    assert await listed(state="closed") == []
    assert await listed(state="all") == [3, 2, 1]
    assert await listed(device="no3/hall") == [2]
    assert await listed(device="no3/nothing") == []
    assert await listed(school="no5") == []
    counts = (await tim.get("/api/v1/work-orders/counts")).json()
    assert counts == {"standing": 3, "overdue": 1, "done": 1, "mine": 1, "held_back": 0}


async def test_photos_must_have_been_uploaded_for_the_same_school(door, campus) -> None:
    tim = await door.as_("tim")
    body = {"device": {"school": "no3", "id": "lab-2"}, "text": "x"}
    await tim.post("/api/v1/work-orders", json=body)
    photo = sha256(b"photo").hexdigest()

    refused = await tim.post(
        "/api/v1/work-orders/1/actions",
        json={"action": "done", "text": "see the photo", "photos": [photo]},
    )

    assert refused.json()["code"] == "refusal.unknown_picture"


async def test_the_bound_on_orders_holds_faults_back_and_says_so(door, campus, orders) -> None:
    small = campus.settings.work_orders.model_copy(update={"most_standing": 1, "together": 1})
    orders._settings = small
    await campus.find("battery_low", campus.device())
    await campus.find("tamper", campus.device(device="hall"))
    campus.clock.turn(HOUR)

    await orders.open_for_faults()

    counts = (await (await door.as_("tim")).get("/api/v1/work-orders/counts")).json()
    assert (counts["standing"], counts["held_back"]) == (1, 1)


async def test_many_faults_of_a_school_are_one_order_and_all_are_covered(
    door, campus, orders
) -> None:
    ada = await door.as_("ada")
    for number in range(30):
        await ada.put(f"/api/v1/devices/no3/t-{number}", json={"kind": "temperature"})
        await campus.find("silent", campus.device(device=f"t-{number}"))
    campus.clock.turn(HOUR)

    await orders.open_for_faults()
    await orders.open_for_faults()

    (order,) = (await ada.get("/api/v1/work-orders")).json()["items"]
    assert (order["device"], order["faults"]) == (None, 30)
    assert order["title"]["en"] == "Device silent: 30 devices of the school"
    assert campus.counted("SELECT count(*) FROM work_order_alerts") == 30


async def test_running_it_opens_and_closes_orders_by_itself(door, campus, orders) -> None:
    tim = await door.as_("tim")
    await campus.find("battery_low", campus.device())
    campus.clock.turn(HOUR)
    running = asyncio.create_task(orders.run())

    async def until(state: str) -> None:
        async with asyncio.timeout(20):
            while True:
                items = (await tim.get("/api/v1/work-orders?state=all")).json()["items"]
                if [each["state"] for each in items] == [state]:
                    return
                await asyncio.sleep(0.02)

    try:
        await until("open")
        await tim.post(
            "/api/v1/work-orders/1/actions", json={"action": "done", "text": "new battery"}
        )
        await ends(campus, "battery_low", campus.device())
        verified(campus, Verdict.MET, device=campus.device().row)
        work = campus.flow.work()
        work.batch.facts.append(fact("verification", campus.clock.now(), "tim", "device:no3/lab-2"))
        orders.committed(work)
        await until("closed")
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
