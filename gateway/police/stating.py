"""Writes down that a link is in another state: a fact, and a row of its history.

Of links of ours and of those that a vendor's alarm host keeps alike: what is proven of a school
(`audit.coverage`) rests on these facts.
"""

from __future__ import annotations

from devices.police_link.states import StateChange
from gateway.pipeline.work import Work
from gateway.store.batch import Fact
from gateway.store.encoding import canonical


def write_change(link: str, change: StateChange, work: Work) -> None:
    """A change of state is a row of its history; of cause or path, a fact alone."""
    from gateway.store.links import next_state  # noqa: PLC0415 - needs SQLAlchemy

    body = canonical(
        {
            "before": change.before,
            "state": change.state,
            "cause": change.cause,
            "at": change.at,
            "view": change.view,
            "evidence": change.evidence,
        }
    )
    now = work.batch.now
    work.batch.facts.append(Fact("link_state", change.at, now, "gateway", f"link:{link}", body))
    if change.of_state:
        work.batch.statements += next_state(
            link, change.state.value, change.since, change.cause.value, body
        )
