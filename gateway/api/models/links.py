"""Police links, what became of an alarm on its way to the police, and what was exchanged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from alerts.alert import ForwardState
from devices.police_link.link import Path
from devices.police_link.states import LinkState, PathState
from gateway.api.models.shapes import In, Moment, Names, Out


class LinkTestIn(In):
    """Test a link. A `reason` is kept with the facts."""

    reason: str = Field(default="", max_length=500)


class LinkCountsOut(Out):
    """How many links in the caller's scope are in which state."""

    up: int
    degraded: int
    down: int
    unverified: int
    total: int


class LinkPathOut(Out):
    """One way to a receiver."""

    path: Path
    address: str = Field(examples=["192.0.2.10:7700"])
    transport: str = Field(examples=["tcp"])
    encrypted: bool
    state: PathState
    last_ack: Moment | None
    ack_ms: float | None = Field(description="How long the latest acknowledgement took.")
    why: str = Field(
        examples=["silent"], description="While it fails: how. Words: `link.result.…`."
    )
    error: str = Field(description="The same for technicians, in English.")


class LinkTestOut(Out):
    """A test of a link that is over."""

    id: str
    ended: Moment
    verdict: Literal["met", "failed", "unknown"]


class LinkFiguresOut(Out):
    """What was measured in one month. `null` = nothing was watched, or nothing acknowledged."""

    availability_pct: float | None = Field(description="Time up, of the time watched.")
    mean_ack_ms: float | None
    max_ack_ms: float | None
    outages: int
    down_ms: int


class LinkMonthOut(LinkFiguresOut):
    """One month (UTC)."""

    month: str = Field(examples=["2026-11"])


class LinkOut(Out):
    """The police link of one school."""

    id: str = Field(examples=["no3-middle/110"])
    school: str
    school_name: Names
    name: str = Field(examples=["110"], description="Also the id of its device.")
    kind: Literal["dc09", "http_push", "observed"]
    state: LinkState
    since: Moment
    cause: str = Field(examples=["no_test"])
    cause_text: Names
    category: str = Field(examples=["DP4"])
    telephone: str = Field(description="Whom to call when it does not carry an alarm.")
    paths: list[LinkPathOut]
    last_test: LinkTestOut | None
    test_due: Moment | None = Field(description="When its proof will be too old.")
    clock_offset_ms: int | None = Field(
        description="The receiver's clock less ours, while that is trouble."
    )
    month: LinkFiguresOut = Field(description="The present month.")


class OutageOut(Out):
    """A time in which a link was down or degraded; `until` is `null` while it lasts."""

    state: LinkState
    since: Moment
    until: Moment | None
    cause: str
    cause_text: Names


class LinkExchangeOut(Out):
    """One exchange with a receiver. Control characters in the bytes are shown as `<LF>`, `<0B>`."""

    path: Path
    started: Moment
    elapsed_ms: float
    result: str = Field(examples=["acknowledged"], description="Words: `link.result.…`.")
    reason: str
    sent: str
    received: str


class AlertExchangeOut(LinkExchangeOut):
    """One attempt to get an alarm to the police."""

    link: str = Field(examples=["no3-middle/110"])


class LinkDetailOut(LinkOut):
    """A link with its past."""

    outages: list[OutageOut] = Field(description="The newest 100, the newest first.")
    months: list[LinkMonthOut] = Field(description="The last 13, the newest first.")
    exchanges: list[LinkExchangeOut] = Field(description="Since the start, the newest first.")


class AlertPoliceLinkOut(Out):
    """An alert on its way over one police link."""

    link: str = Field(examples=["no3-middle/110"])
    name: str
    telephone: str
    state: ForwardState
    path: Path | None
    ack_ms: float | None = Field(description="From when the gateway knew to the acknowledgement.")
    attempts: int
    since: Moment
    why: str = Field(
        examples=["silent"],
        description="What the last exchange that failed came to. Words: `link.result.…`.",
    )
    error: str = Field(description="The same for technicians, in English.")


class AlertPoliceOut(Out):
    """An alert on its way to the police: the worst of its links."""

    state: ForwardState
    links: list[AlertPoliceLinkOut]
