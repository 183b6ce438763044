"""A vendor's alarm host speaks of its own link: what its word is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.police_link.categories import Category, demand
from devices.police_link.figures import outages_of
from devices.police_link.link import Path
from devices.police_link.observed import (
    Attestation,
    HostReport,
    observe,
    observed_history,
    report_of,
)
from devices.police_link.states import Cause, LinkState, PathState, View
from devices.reading import Channel, Reading, Value

NOW = 1_795_161_600_000
SILENCE = 90_000
PERIOD = 30 * 86_400_000
ASKED = demand(Category.SP5, silence_ms=SILENCE, test_period_ms=PERIOD)
BEGAN = NOW - 40 * 86_400_000


def says(state: LinkState | None, ago: int = 1_000, ack_ms: float | None = None) -> HostReport:
    return HostReport(received=NOW - ago, state=state, ack_ms=ack_ms, last_test=NOW - ago)


def attests(ago: int, *, arrived: bool = True) -> Attestation:
    return Attestation(at=NOW - ago, arrived=arrived, tested_by="t1", confirmed_by="duty 110")


def view(*told: HostReport | Attestation, now: int = NOW) -> View:
    reports = [one for one in told if isinstance(one, HostReport)]
    tests = [one for one in told if isinstance(one, Attestation)]
    return observe(reports, tests, ASKED, now, since=BEGAN)


def test_the_hosts_word_alone_makes_no_link_up() -> None:
    seen = view(says(LinkState.UP))
    assert (seen.state, seen.cause) == (LinkState.UNVERIFIED, Cause.NO_ATTESTATION)
    assert seen.last_test is None


def test_with_a_test_that_the_police_confirmed_it_is_up_and_attested() -> None:
    seen = view(says(LinkState.UP, ack_ms=40.0), attests(86_400_000))
    assert (seen.state, seen.attested) == (LinkState.UP, True)
    assert seen.last_test == NOW - 86_400_000
    assert seen.test_due == NOW - 86_400_000 + PERIOD
    assert seen.paths[0].ack_ms == 40.0


def test_an_old_attestation_proves_nothing_and_tells_since_when() -> None:
    tested = NOW - PERIOD - 5_000
    reports = [says(LinkState.UP, ago) for ago in range(0, 300_000, 30_000)]
    seen = view(*reports, Attestation(at=tested, arrived=True, tested_by="t", confirmed_by="p"))
    assert (seen.state, seen.cause) == (LinkState.UNVERIFIED, Cause.ATTESTATION_OLD)
    assert seen.since == tested + PERIOD + 1


def test_a_test_that_did_not_arrive_undoes_an_earlier_one() -> None:
    seen = view(says(LinkState.UP), attests(86_400_000), attests(3_600_000, arrived=False))
    assert (seen.state, seen.cause) == (LinkState.UNVERIFIED, Cause.ATTESTATION_FAILED)
    assert seen.test_due is None


@pytest.mark.parametrize("state", [LinkState.DOWN, LinkState.DEGRADED])
def test_a_host_that_says_it_is_in_trouble_is_believed(state: LinkState) -> None:
    seen = view(says(state), attests(1_000))
    assert (seen.state, seen.cause) == (state, Cause.HOST_REPORTS)


def test_a_host_that_doubts_itself_is_not_up_whatever_was_attested() -> None:
    assert view(says(LinkState.UNVERIFIED), attests(1_000)).state is LinkState.UNVERIFIED


def test_a_silent_host_leaves_the_link_unknown_and_not_down() -> None:
    seen = view(says(LinkState.UP, SILENCE + 1), attests(86_400_000))
    assert (seen.state, seen.cause) == (LinkState.UNVERIFIED, Cause.HOST_SILENT)
    assert seen.since == NOW
    assert seen.paths[0].state is PathState.UNKNOWN


def test_a_state_nobody_knows_is_unclear() -> None:
    assert view(says(None), attests(1_000)).cause is Cause.HOST_UNCLEAR


def test_nothing_reported_yet_is_unknown() -> None:
    assert view(attests(1_000)).cause is Cause.STARTING


def test_what_is_dated_in_the_future_counts_for_nothing() -> None:
    assert view(says(LinkState.UP), attests(-1_000)).cause is Cause.NO_ATTESTATION


def test_its_history_tells_its_outages() -> None:
    reports = [
        *(says(LinkState.UP, ago) for ago in range(600_000, 300_000, -30_000)),
        *(says(LinkState.DOWN, ago) for ago in range(300_000, 120_000, -30_000)),
        *(says(LinkState.UP, ago) for ago in range(120_000, 0, -30_000)),
    ]
    history = observed_history(reports, [attests(700_000)], ASKED, NOW, since=NOW - 650_000)
    (outage,) = outages_of(history)
    assert (outage.since, outage.until) == (NOW - 300_000, NOW - 120_000)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"state": "Up ", "path": "backup", "ack_ms": "35", "last_test": "2026-11-20T00:00:00Z"},
            HostReport(
                received=NOW,
                state=LinkState.UP,
                path=Path.BACKUP,
                ack_ms=35.0,
                last_test=1_795_132_800_000,
            ),
        ),
        (
            {"state": 1, "path": None, "ack_ms": -3, "last_test": "yesterday"},
            HostReport(received=NOW),
        ),
        ({}, HostReport(received=NOW)),
    ],
)
def test_a_message_is_read_as_far_as_it_can_be(
    values: dict[str, Value], expected: HostReport
) -> None:
    reading = Reading(channel=Channel.TELEMETRY, values=values, received=NOW, body=b"{}")
    assert report_of(reading) == expected


_TIMES = st.integers(NOW - 200_000, NOW + 50_000)
_PERIOD = 60_000


@given(
    st.lists(
        st.builds(
            HostReport, received=_TIMES, state=st.one_of(st.none(), st.sampled_from(LinkState))
        ),
        max_size=10,
    ),
    st.lists(
        st.builds(
            Attestation,
            at=_TIMES,
            arrived=st.booleans(),
            tested_by=st.just("t"),
            confirmed_by=st.just("p"),
        ),
        max_size=5,
    ),
    _TIMES,
)
def test_never_up_without_a_fresh_report_and_a_fresh_attestation(
    reports: list[HostReport], tests: list[Attestation], now: int
) -> None:
    asked = demand(Category.SP5, silence_ms=20_000, test_period_ms=_PERIOD)
    seen = observe(reports, tests, asked, now, since=NOW - 200_000)
    heard = [one for one in reports if one.received <= now]
    known = [one for one in tests if one.at <= now]
    latest = max((one.received for one in heard), default=None)
    if seen.state is LinkState.UP:
        assert latest is not None
        assert now - latest <= 20_000
        assert any(one.state is LinkState.UP for one in heard if one.received == latest)
        newest = max(one.at for one in known)
        assert now - newest <= _PERIOD
        assert any(one.arrived for one in known if one.at == newest)
