"""Work orders written: the order, the alerts it covers, and its newest step as a fact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from audit.ledger.work_order import WorkOrder
from gateway.store import schema
from gateway.store.batch import Batch, Fact
from gateway.store.encoding import canonical
from gateway.store.pictures import used
from gateway.store.upserts import insert_into, upsert

FACT: Final = "work_order"

_body: Final = msgspec.json.Encoder()


def subject_of(order: WorkOrder) -> str:
    """How an order stands in facts: with its school, which says who may see them."""
    return f"work_order:{order.school}/{order.id}"


def put_covered(batch: Batch, order: int, alerts: Iterable[int]) -> None:
    """Write into ``batch`` that an order covers these alerts; one that is covered already stays
    where it is."""
    rows = [{"alert": alert, "work_order": order} for alert in alerts]
    if rows:
        insert = insert_into("sqlite", schema.work_order_alerts)
        batch.statements.append((insert.on_conflict_do_nothing(), rows))


def put_order(batch: Batch, order: WorkOrder) -> None:
    """Write the order as it stands into ``batch``. Its last step becomes a fact."""
    row: dict[str, Any] = {
        "row": order.id,
        "school": order.school,
        "device": order.device,
        "alert": order.alert,
        "opened": order.opened,
        "due": order.due,
        "closed": order.closed,
        "state": order.state.value,
        "assignee": order.assignee,
        "version": order.version,
        "body": _body.encode(order),
    }
    batch.statements.append((upsert("sqlite", schema.work_orders), [row]))
    step = order.steps[-1]
    batch.statements += used(order.school, step.photos, subject_of(order))
    batch.facts.append(
        Fact(
            kind=FACT,
            happened=step.at,
            known=batch.now,
            actor=f"user:{step.actor}" if step.actor else "gateway",
            subject=subject_of(order),
            body=canonical(
                {
                    "step": msgspec.to_builtins(step),
                    "version": order.version,
                    "state": order.state,
                    "school": order.school,
                    "device": order.device_id,
                    "alert": order.alert,
                    "measure": order.measure,
                    "assignee": order.assignee,
                    "due": order.due,
                }
            ),
        )
    )
