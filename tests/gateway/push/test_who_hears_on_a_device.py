"""Which alerts somebody's browser hears of: what they want of their schools, what calls them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from alerts.alert import Alert, AlertState, Transition, TransitionKind
from alerts.finding import Explanation, Priority
from alerts.notification.audience import who_is_told
from gateway.notification.wanted import called_by
from gateway.push.book import PushBook
from gateway.push.subscription import Reach, Subscription
from gateway.settings_notification import MessageReceiver, NotificationSettings

BROWSER = "push:li.na/0123456789abcdef"


def book(*priorities: str, schools: frozenset[str] | None = frozenset({"no3"})) -> PushBook:
    made = PushBook({"li.na": ["li.na-mail"]})
    one = Subscription(
        "0123456789abcdef", "li.na", "https://x", "p", "a", "phone", "zh", priorities, 1
    )
    made.put([Reach(one, schools)])
    return made


def alert(priority: Priority = Priority.HIGH, school: str = "no3", *called: str) -> Alert:
    return Alert(
        id=7,
        device=1,
        school=school,
        condition="smoke",
        priority=priority,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        version=1,
        occurrences=1,
        raised=1,
        known=1,
        last_occurrence=1,
        explanation=Explanation(rule="test", code="smoke"),
        called=called,
    )


def told(kind: TransitionKind, about: Alert, by: PushBook) -> bool:
    transition = Transition(alert=7, version=1, kind=kind, state=about.state, happened=1, known=1)
    return BROWSER in who_is_told(transition, about, by.audiences())


def test_the_receivers_that_reach_one_person_alone_are_known_by_that_person() -> None:
    settings = NotificationSettings(
        messages=(
            MessageReceiver(name="li.na-mail", url=SecretStr("json://a"), user="li.na"),
            MessageReceiver(name="li.na-sms", url=SecretStr("json://b"), user="li.na"),
            MessageReceiver(name="duty-chat", url=SecretStr("json://c")),
        )
    )

    assert called_by(settings) == {"li.na": {"li.na-mail", "li.na-sms"}}


def test_it_hears_the_priorities_that_its_user_chose_of_the_schools_they_see() -> None:
    here = book("emergency", "high")

    assert told(TransitionKind.RAISED, alert(), here)
    assert not told(TransitionKind.RAISED, alert(Priority.LOW), here)
    assert not told(TransitionKind.RAISED, alert(school="no5"), here)
    assert told(TransitionKind.RAISED, alert(school=""), here)  # the gateway itself


@pytest.mark.parametrize("kind", [TransitionKind.ACKNOWLEDGED, TransitionKind.FALSE_CONFIRMED])
def test_it_hears_that_nobody_has_to_act_any_more(kind: TransitionKind) -> None:
    assert told(kind, alert(), book("high"))


@pytest.mark.parametrize(
    "kind",
    [TransitionKind.COMMENTED, TransitionKind.RETURNED, TransitionKind.CLOSED],
)
def test_it_is_spared_what_is_nothing_to_act_upon(kind: TransitionKind) -> None:
    assert not told(kind, alert(), book("high"))


@pytest.mark.parametrize("called", ["user:li.na", "li.na-mail", BROWSER])
def test_a_step_that_calls_its_user_reaches_it_whatever_they_chose(called: str) -> None:
    here = book()

    assert told(TransitionKind.ESCALATED, alert(Priority.LOW, "no5", called), here)
    assert told(TransitionKind.ACKNOWLEDGED, alert(Priority.LOW, "no5", called), here)
    assert not told(TransitionKind.ESCALATED, alert(Priority.LOW, "no5", "user:wang"), here)
