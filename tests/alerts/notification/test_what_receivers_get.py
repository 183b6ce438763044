"""Who is told of what, and in which words and bytes."""

from __future__ import annotations

import hashlib
import hmac
import json

import msgspec
import pytest

from alerts.alert import Alert, AlertState, Transition, TransitionKind
from alerts.finding import Explanation, Priority
from alerts.notification.audience import Audience, event_key, is_emergency, who_is_told
from alerts.notification.mqtt_alert import Publication, decode_publication, mqtt_alert
from alerts.notification.supervision import Backlog, judge_delivery
from alerts.notification.webhook import (
    Bilingual,
    Setting,
    is_signed,
    signature,
    webhook_body,
)

T0 = 1_795_161_600_000
EVERYBODY = Audience("all")


def alert(**changes: object) -> Alert:
    standing = Alert(
        id=41,
        device=7,
        school="no3-middle",
        condition="panic",
        priority=Priority.EMERGENCY,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=T0,
        known=T0 + 40,
        version=3,
        occurrences=2,
        last_occurrence=T0 + 9000,
        explanation=Explanation(rule="pressed", code="pressed", inputs={"zone": "gate"}),
    )
    return msgspec.structs.replace(standing, **changes)


def transition(
    kind: TransitionKind = TransitionKind.OCCURRED, *, version: int = 3, known: int = T0 + 9040
) -> Transition:
    return Transition(
        alert=41,
        version=version,
        kind=kind,
        state=AlertState.UNACKNOWLEDGED,
        happened=T0 + 9000,
        known=known,
    )


SETTING = Setting(
    device="gate-01",
    kind="alarm-button",
    device_name=Bilingual("一号门报警按钮", "Gate 1 alarm button"),
    school_name=Bilingual("第三中学", "No. 3 Middle School"),
    place=Bilingual("一号门", "Gate 1"),
    condition=Bilingual("一键报警", "Panic alarm"),
    explanation=Bilingual("按钮被按下", "The button was pressed"),
    link="https://campus.example/alerts/41",
)


def told(audience: Audience, standing: Alert, kind: TransitionKind = TransitionKind.RAISED) -> bool:
    return who_is_told(transition(kind), standing, [audience]) == (audience.receiver,)


def test_a_receiver_hears_of_its_schools_and_of_the_gateway_itself() -> None:
    bureau = Audience("bureau", schools=frozenset({"no3-middle"}))
    assert told(bureau, alert())
    assert not told(bureau, alert(school="no4-middle"))
    assert told(bureau, alert(school=""))


def test_a_receiver_hears_of_the_priorities_and_kinds_it_asked_for() -> None:
    desk = Audience("desk", priorities=frozenset({Priority.EMERGENCY, Priority.HIGH}))
    assert told(desk, alert(priority=Priority.HIGH))
    assert not told(desk, alert(priority=Priority.LOW))
    raised = Audience("raised", kinds=frozenset({TransitionKind.RAISED}))
    assert told(raised, alert())
    assert not told(raised, alert(), TransitionKind.ACKNOWLEDGED)


def test_whom_a_step_has_called_hears_of_the_alert_from_then_on() -> None:
    head = Audience("head", priorities=frozenset())
    assert not told(head, alert())
    assert told(head, alert(called=("head",)), TransitionKind.ESCALATED)
    assert told(head, alert(called=("head",)), TransitionKind.ACKNOWLEDGED)
    elsewhere = Audience("head", schools=frozenset({"other"}))
    assert told(elsewhere, alert(called=("head",)))


def test_a_person_who_is_called_hears_it_over_every_receiver_of_theirs() -> None:
    mine = [
        Audience("li-phone", priorities=frozenset(), user="li"),
        Audience("li-mail", priorities=frozenset(), user="li"),
        Audience("wang-phone", priorities=frozenset(), user="wang"),
    ]
    called = alert(called=("user:li",))
    assert who_is_told(transition(TransitionKind.ESCALATED), called, mine) == (
        "li-phone",
        "li-mail",
    )


def test_who_is_called_hears_that_they_are_needed_and_that_they_no_longer_are() -> None:
    raised = Audience("head", kinds=frozenset({TransitionKind.RAISED}), priorities=frozenset())
    called = alert(called=("head",))
    assert told(raised, called, TransitionKind.ESCALATED)
    assert told(raised, called, TransitionKind.ACKNOWLEDGED)
    assert told(raised, called, TransitionKind.CLOSED)
    assert not told(raised, called, TransitionKind.COMMENTED)


def test_a_receiver_with_two_wishes_is_told_once() -> None:
    wishes = [EVERYBODY, Audience("all", user="li"), Audience("other")]
    escalated = who_is_told(
        transition(TransitionKind.ESCALATED), alert(called=("user:li", "all")), wishes
    )
    assert escalated == ("all", "other")


@pytest.mark.parametrize("hidden", [{"suppressed": True}, {"shelved_until": T0 + 1}])
def test_what_is_hidden_is_told_only_to_who_shows_hidden_ones(hidden: dict[str, object]) -> None:
    standing = alert(priority=Priority.LOW, **hidden)
    assert not told(EVERYBODY, standing)
    assert told(Audience("mqtt", hidden=True), standing)
    assert told(EVERYBODY, standing, TransitionKind.SHELVED)
    assert told(EVERYBODY, standing, TransitionKind.SUPPRESSED)


def test_each_occurrence_has_a_key_of_its_own_also_after_a_new_beginning() -> None:
    first = event_key(transition(version=2), alert())
    second = event_key(transition(version=3), alert())
    after_reinstalling = event_key(transition(version=2, known=T0 + 10**9), alert())
    assert len({first, second, after_reinstalling}) == 3
    assert event_key(transition(version=2), alert()) == first


def test_a_key_fits_its_column_and_says_whether_it_is_an_emergency() -> None:
    longest = alert(school="s" * 64, id=2**53)
    key = event_key(transition(version=10**9), longest)
    assert len(key) <= 160
    assert is_emergency(key)
    assert not is_emergency(event_key(transition(), alert(priority=Priority.HIGH)))


def test_the_body_is_canonical_and_says_what_where_and_why_in_both_languages() -> None:
    body = webhook_body(transition(), alert(), SETTING, "按钮被按下")
    said = json.loads(body)
    assert body.decode() == json.dumps(
        said, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    assert said["event"] == event_key(transition(), alert())
    assert said["kind"] == "occurred"
    assert (
        said["alert"]
        | {
            "id": 41,
            "version": 3,
            "priority": "emergency",
            "state": "unacknowledged",
            "occurrence": 2,
        }
        == said["alert"]
    )
    assert said["school"] == {
        "id": "no3-middle",
        "name": {"zh": "第三中学", "en": "No. 3 Middle School"},
    }
    assert said["device"]["id"] == "gate-01"
    assert said["place"]["en"] == "Gate 1"
    assert said["explanation"]["text"]["zh"] == said["text"] == "按钮被按下"
    assert said["link"].endswith("/alerts/41")


def test_the_signature_is_an_hmac_over_time_and_body() -> None:
    body = b'{"a":1}'
    expected = hmac.new(b"key", b"1795161600." + body, hashlib.sha256).hexdigest()
    header = signature(b"key", 1_795_161_600, body)
    assert header == f"t=1795161600,v1={expected}"
    assert is_signed(b"key", header, body, 1_795_161_600 + 300)


@pytest.mark.parametrize(
    ("secret", "header", "body", "now"),
    [
        (b"other", None, b"{}", T0 // 1000),
        (b"key", None, b"{} ", T0 // 1000),
        (b"key", None, b"{}", T0 // 1000 + 301),
        (b"key", "v1=00", b"{}", T0 // 1000),
        (b"key", "t=,v1=", b"{}", T0 // 1000),
        (b"key", f"t={T0 // 1000},v1=é", b"{}", T0 // 1000),
        (b"key", "", b"{}", T0 // 1000),
    ],
)
def test_what_is_not_signed_by_us_now_is_not_believed(
    secret: bytes, header: str | None, body: bytes, now: int
) -> None:
    signed = signature(b"key", T0 // 1000, b"{}")
    assert not is_signed(secret, signed if header is None else header, body, now)


def test_the_retained_message_of_an_open_alert_is_the_public_contract() -> None:
    publication = mqtt_alert(alert(acknowledged_by="li"), SETTING)
    assert publication.topic == "campus/no3-middle/alert/41"
    said = json.loads(publication.payload)
    assert said["acknowledged_by"] == "li"
    promised = {"id", "state", "priority", "condition", "device", "place", "raised", "version"}
    assert promised | {"explanation", "acknowledged_by"} <= said.keys()
    assert set(said["explanation"]) == {"zh", "en"}
    assert decode_publication(publication.encode()) == publication


def test_a_closed_alert_takes_its_retained_message_away() -> None:
    closed = alert(state=AlertState.CLOSED, closed=T0)
    assert mqtt_alert(closed, SETTING) == Publication("campus/no3-middle/alert/41", "")


def test_an_alert_of_the_gateway_itself_has_a_topic_too() -> None:
    assert mqtt_alert(alert(school=""), SETTING).topic == "campus/_gateway/alert/41"


def test_deliveries_that_fail_for_long_are_a_finding_and_its_end_one_too() -> None:
    waiting = Backlog("desk", waiting=3, oldest=T0, error="ConnectError")
    idle = Backlog("bureau", waiting=0, oldest=None)
    assert not judge_delivery([waiting, idle], now=T0 + 299_999).active
    failing = judge_delivery([waiting, idle], now=T0 + 300_000)
    assert failing.active
    assert failing.priority is Priority.HIGH
    assert failing.explanation.inputs == {
        "receivers": "desk",
        "waiting": 3,
        "minutes": 5,
        "error": "ConnectError",
    }
    assert not judge_delivery([idle], now=T0 + 300_000).active
