"""What a vendor's alarm host says of the link that it keeps itself (kind ``police-link``).

The host dials by itself; all we get is its own word over MQTT. Its word can take a link down, but
cannot make one up: for that, people must have seen a test arrive at the police within the period.
Such a test is attested, never measured. A host that says nothing leaves the link unknown, neither
up nor down (its silence is an alert of its own, like any device's).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Final, TypeAlias

import msgspec

from devices.police_link.categories import Demand
from devices.police_link.link import Path
from devices.police_link.states import Cause, LinkState, PathState, PathView, View
from devices.reading import Reading
from devices.values import moment, number

History: TypeAlias = list[tuple[LinkState, int, Cause]]
"""From when a link was in which state and why, oldest first (`figures.outages_of` reads it)."""


class HostReport(msgspec.Struct, frozen=True, kw_only=True):
    """One report. ``received`` in ms; ``None`` = not said, or nothing that can be understood.

    ``last_test`` is the host's claim: shown, and proof of nothing.
    """

    received: int
    state: LinkState | None = None
    path: Path | None = None
    ack_ms: float | None = None
    last_test: int | None = None


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """People's word on one end-to-end test: whether the police saw it, who tested, who confirmed.

    ``at`` in ms: when the test was sent.
    """

    at: int
    arrived: bool
    tested_by: str
    confirmed_by: str


_STATES: Final = {state.value: state for state in LinkState}
_PATHS: Final = {path.value: path for path in Path}
_LONGEST_ACK_MS: Final = 600_000


def report_of(reading: Reading) -> HostReport:
    """What a telemetry reading of the host says; never raises on any values."""
    values = reading.values
    ack_ms = number(values.get("ack_ms"))
    return HostReport(
        received=reading.received,
        state=_STATES.get(_word(values.get("state"))),
        path=_PATHS.get(_word(values.get("path"))),
        ack_ms=float(ack_ms) if ack_ms is not None and 0 <= ack_ms <= _LONGEST_ACK_MS else None,
        last_test=moment(values.get("last_test")),
    )


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def observe(
    reports: Sequence[HostReport],
    attestations: Sequence[Attestation],
    demand: Demand,
    now: int,
    *,
    since: int,
) -> View:
    """The link as it is ``now``, from what was reported and attested up to then, in any order.

    ``since``: when the watch began. What is dated after ``now`` counts for nothing.
    """
    history = observed_history(reports, attestations, demand, now, since=since)
    state, begun, cause = history[-1]
    heard = [one for one in reports if one.received <= now]
    latest = max(heard, key=lambda one: one.received, default=None)
    tests = _in_order(attestations, now)
    arrived = max((one.at for one in tests if one.arrived), default=None)
    failed = bool(tests) and not tests[-1].arrived
    return View(
        state=state,
        since=begun,
        cause=cause,
        paths=(_path(latest, state, cause, arrived, failed=failed),),
        last_test=arrived,
        test_due=None if arrived is None or failed else arrived + demand.test_period_ms,
        attested=True,
    )


def _in_order(attestations: Iterable[Attestation], now: int) -> list[Attestation]:
    return sorted((one for one in attestations if one.at <= now), key=lambda one: one.at)


def _path(
    latest: HostReport | None, state: LinkState, cause: Cause, arrived: int | None, *, failed: bool
) -> PathView:
    """The path that the host says it uses: works while it says so, and is unknown otherwise."""
    said = latest.state if latest is not None and cause is not Cause.HOST_SILENT else None
    if state is LinkState.DOWN:
        path_state = PathState.DOWN
    elif said in {LinkState.UP, LinkState.DEGRADED}:
        path_state = PathState.UP
    else:
        path_state = PathState.UNKNOWN
    assumed = Path.BACKUP if state is LinkState.DEGRADED else Path.PRIMARY
    return PathView(
        path=(latest.path if latest is not None else None) or assumed,
        state=path_state,
        ack_ms=None if latest is None else latest.ack_ms,
        last_test=arrived,
        test_failed=failed,
    )


def observed_history(
    reports: Iterable[HostReport],
    attestations: Iterable[Attestation],
    demand: Demand,
    now: int,
    *,
    since: int,
) -> History:
    """Every state of the link from ``since`` to ``now``; never empty."""
    told = sorted((one for one in reports if one.received <= now), key=lambda one: one.received)
    tests = _in_order(attestations, now)
    moments = merge(
        (one.received for one in told),
        (one.received + demand.silence_ms + 1 for one in told),
        (one.at for one in tests),
        (one.at + demand.test_period_ms + 1 for one in tests),
    )
    history: History = []
    report: HostReport | None = None
    test: Attestation | None = None
    next_report = next_test = 0
    for at in (since, *(one for one in moments if since < one <= now)):
        while next_report < len(told) and told[next_report].received <= at:
            report = told[next_report]
            next_report += 1
        while next_test < len(tests) and tests[next_test].at <= at:
            test = tests[next_test]
            next_test += 1
        state, cause = _judge(report, test, demand, at)
        before = history[-1] if history else None
        if before is None or before[0] is not state:
            history.append((state, at, cause))
        elif before[2] is not cause:  # the state lasts, for another reason
            history.append((state, before[1], cause))
    return history


def _judge(
    report: HostReport | None, test: Attestation | None, demand: Demand, now: int
) -> tuple[LinkState, Cause]:
    if report is None:
        return LinkState.UNVERIFIED, Cause.STARTING
    if now - report.received > demand.silence_ms:
        return LinkState.UNVERIFIED, Cause.HOST_SILENT
    if report.state is None:
        return LinkState.UNVERIFIED, Cause.HOST_UNCLEAR
    if report.state in {LinkState.DOWN, LinkState.DEGRADED}:
        return report.state, Cause.HOST_REPORTS
    if test is None:
        return LinkState.UNVERIFIED, Cause.NO_ATTESTATION
    if not test.arrived:
        return LinkState.UNVERIFIED, Cause.ATTESTATION_FAILED
    if now - test.at > demand.test_period_ms:
        return LinkState.UNVERIFIED, Cause.ATTESTATION_OLD
    return report.state, Cause.HOST_REPORTS  # up; or its own doubt, which is believed
