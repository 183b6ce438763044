"""Whatever is known of a device, its diagnosis can be said and blames nobody wrongly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertState
from alerts.diagnosis import diagnose, verdict_of
from alerts.elsewhere import By, Elsewhere, Stranger
from alerts.evidence import Counts, Evidence, RejectsSeen, RepeaterSeen, Verdict
from alerts.finding import Explanation, Priority
from devices.reading import RejectReason
from gateway.words import Words
from gateway.words import diagnosing as saying

WORDS = Words.load()
NOW = 1_795_161_600_000
MOMENTS = st.one_of(st.just(0), st.integers(NOW - 400 * 86_400_000, NOW + 60_000))
SPANS = st.integers(1, 40 * 86_400_000)
LEVELS = st.floats(-200, 200, allow_nan=False)

CONDITIONS = st.sampled_from(
    [
        *("silent", "offline", "battery_low", "battery_critical", "clock_wrong", "rejected"),
        *("pressed", "tamper"),
    ]
)
ALERTS = st.builds(
    Alert,
    id=st.integers(1, 99),
    device=st.just(1),
    school=st.just("no3"),
    condition=CONDITIONS,
    priority=st.sampled_from(Priority),
    state=st.sampled_from([AlertState.UNACKNOWLEDGED, AlertState.RETURNED]),
    active=st.booleans(),
    raised=MOMENTS,
    known=MOMENTS,
    explanation=st.just(Explanation("tamper", "tamper")),
    returned=st.none() | MOMENTS,
)
EVIDENCE = st.builds(
    Evidence,
    now=st.just(NOW),
    listening=MOMENTS,
    expected=SPANS,
    limit=SPANS,
    deaf=st.sampled_from(["", "", "", "broker_lost", "disk_full", "stalled"]),
    out_of_service=st.booleans(),
    heard=st.none() | MOMENTS.filter(bool),
    known=st.booleans(),
    online=st.none() | st.booleans(),
    online_since=MOMENTS,
    repeater=st.none()
    | st.builds(
        RepeaterSeen,
        st.just("rep-1"),
        st.none() | MOMENTS,
        st.none() | st.booleans(),
        MOMENTS,
        st.booleans(),
    ),
    rejects=st.none()
    | st.builds(
        RejectsSeen,
        st.integers(1, 10**6),
        MOMENTS,
        MOMENTS,
        st.sampled_from([reason.value for reason in RejectReason]),
        st.just("…"),
    ),
    elsewhere=st.none()
    | st.builds(
        Elsewhere,
        st.builds(Stranger, st.just("x"), st.just("smoke"), st.just("x"), MOMENTS, MOMENTS),
        st.sampled_from(By),
    ),
    clock_error=st.none() | st.integers(-(10**13), 10**13),
    battery_pct=st.none() | LEVELS,
    battery_ends=st.none() | st.integers(20_000, 22_000),
    signal_dbm=st.none() | LEVELS,
    recent=st.builds(
        Counts,
        *[st.integers(0, 10**6)] * 4,
        days=st.floats(0, 2, allow_nan=False),
    ),
    alerts=st.lists(ALERTS, max_size=4).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(EVIDENCE)
def test_every_diagnosis_can_be_said_in_both_languages(evidence: Evidence) -> None:
    for reason in diagnose(evidence):
        for text in (*saying.why(WORDS, reason).values(), *saying.advice(WORDS, reason).values()):
            assert "{" not in text
            assert not text.startswith(("why.", "advice.", "explain."))


@settings(max_examples=80, deadline=None)
@given(EVIDENCE.filter(lambda evidence: evidence.deaf))
def test_a_gateway_that_hears_nobody_blames_no_device(evidence: Evidence) -> None:
    codes = [reason.code for reason in diagnose(evidence)]
    assert {code for code in codes if not code.startswith("alert")} == {f"gateway_{evidence.deaf}"}


@settings(max_examples=80, deadline=None)
@given(EVIDENCE)
def test_emergencies_come_first_and_every_other_alert_is_spoken_of(evidence: Evidence) -> None:
    reasons = diagnose(evidence)
    emergencies = [reason.priority is Priority.EMERGENCY for reason in reasons]
    assert emergencies == sorted(emergencies, reverse=True)
    told = {reason.alert for reason in reasons}
    for alert in evidence.alerts:
        if alert.condition in {"pressed", "tamper"}:
            assert alert.id in told


@settings(max_examples=80, deadline=None)
@given(EVIDENCE)
def test_a_device_that_is_said_to_be_well_was_heard_lately_and_has_no_alert(
    evidence: Evidence,
) -> None:
    if verdict_of(diagnose(evidence)) is Verdict.OK:
        assert evidence.heard is not None
        assert evidence.now - evidence.heard < evidence.limit
        urgent = [one for one in evidence.alerts if one.priority <= Priority.LOW]
        assert urgent == []
