"""What the settings say of escalation and duty, and what they refuse."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from alerts.calendar import Days, Hours, Period
from alerts.escalation import EscalationPlan, EscalationStep
from alerts.finding import Priority
from gateway.configuration import default_settings, load_settings
from gateway.duty.policy import policy_of
from gateway.problem import ConfigurationError

STEP = {"after_s": 60, "to": ["duty:control-room"]}
WEBHOOK = {"name": "bureau", "url": "https://example.org/a", "secret": SecretStr("s")}


def plan(**changes: Any) -> dict[str, Any]:
    return {"plans": [{"name": "night", "steps": [STEP], **changes}]}


def test_a_plan_says_for_what_whom_and_when() -> None:
    settings = default_settings(
        {
            "notification": {"webhooks": [WEBHOOK]},
            "escalation": plan(
                priorities=["emergency", "high"],
                schools=["no3"],
                when=["night", "holiday"],
                steps=[STEP, {"after_s": 120, "to": ["user:li", "bureau"], "louder": True}],
            ),
        }
    )
    policy = policy_of(settings)
    assert policy.plans == (
        EscalationPlan(
            name="night",
            steps=(
                EscalationStep(after=60_000, name="night-1", to=("duty:control-room",)),
                EscalationStep(
                    after=120_000, name="night-2", to=("user:li", "bureau"), louder=True
                ),
            ),
            priorities=frozenset({Priority.EMERGENCY, Priority.HIGH}),
            schools=frozenset({"no3"}),
            periods=frozenset({Period.NIGHT, Period.HOLIDAY}),
        ),
    )
    assert policy.remind_after == 30 * 60_000


def test_without_settings_nothing_escalates_and_the_forgotten_comes_back() -> None:
    policy = policy_of(default_settings())
    assert policy.plans == ()
    assert policy.remind_after == 30 * 60_000
    never = default_settings({"escalation": {"remind_after_minutes": 0}})
    assert policy_of(never).remind_after is None


def test_the_older_form_is_one_step_for_emergencies() -> None:
    older = {"webhooks": [WEBHOOK], "escalation": {"after_s": 90, "webhook": "bureau"}}
    policy = policy_of(default_settings({"notification": older}))
    step = EscalationStep(after=90_000, name="bureau", to=("bureau",))
    assert policy.plans == (EscalationPlan(name="bureau", steps=(step,)),)


def test_the_calendar_of_the_settings() -> None:
    calendar = policy_of(
        default_settings(
            {
                "escalation": {
                    "calendar": {
                        "utc_offset": "-03:30",
                        "weekdays": ["sun", "mon"],
                        "school_hours": "08:00-16:30",
                        "night": "21:00-05:00",
                        "holidays": ["2027-01-01", "2027-01-20/2027-02-20"],
                        "school_days": ["2027-02-21"],
                    }
                }
            }
        )
    ).calendar
    assert calendar.offset == -210
    assert calendar.weekdays == {6, 0}
    assert calendar.lessons == Hours(8 * 60, 16 * 60 + 30)
    assert calendar.night == Hours(21 * 60, 5 * 60)
    assert calendar.holidays == (
        Days(date(2027, 1, 1), date(2027, 1, 1)),
        Days(date(2027, 1, 20), date(2027, 2, 20)),
    )
    assert calendar.school_days == (Days(date(2027, 2, 21), date(2027, 2, 21)),)


GENERAL = {
    "utc_offset": "+06:00",
    "weekdays": ["mon", "tue"],
    "school_hours": "08:00-16:30",
    "night": "21:00-05:00",
    "holidays": ["2027-01-01"],
    "school_days": ["2027-02-21"],
}
OTHER = {
    "utc_offset": "+07:00",
    "weekdays": ["sun"],
    "school_hours": "06:30-21:30",
    "night": "23:00-05:30",
    "holidays": [],
    "school_days": ["2027-03-06/2027-03-07"],
}


def own(*schools: str, name: str = "boarding", **given: Any) -> dict[str, Any]:
    return {"name": name, "schools": list(schools), **given}


def test_without_calendars_of_their_own_all_schools_follow_the_general_one() -> None:
    policy = policy_of(default_settings({"escalation": {"calendar": GENERAL}}))
    assert policy.calendars == ()
    assert policy.calendar_of("no3") == policy.calendar_of("") == policy.calendar


@pytest.mark.parametrize("given", [(), *((field,) for field in OTHER), tuple(OTHER)])
def test_a_calendar_of_its_own_is_as_the_general_one_but_for_what_it_says(
    given: tuple[str, ...],
) -> None:
    said = {field: OTHER[field] for field in given}
    escalation = {"calendar": GENERAL, "calendars": [own("no5", "no6", **said)]}
    policy = policy_of(default_settings({"escalation": escalation}))
    whole = {"escalation": {"calendar": {**GENERAL, **said}}}
    assert policy.calendar_of("no5") == policy_of(default_settings(whole)).calendar
    assert policy.calendar_of("no6") == policy.calendar_of("no5")
    general = policy_of(default_settings({"escalation": {"calendar": GENERAL}})).calendar
    assert policy.calendar_of("no3") == policy.calendar == general


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ("{name: a b, schools: [no5]}", "[0].name: must be 1 to 64 of A-Z a-z 0-9 . _ -"),
        ("{name: a}", "[0].schools: is missing: Ids of the schools that follow it"),
        ("{name: a, schools: []}", "[0].schools: names no school; give the ids"),
        ("{name: a, schools: ['*']}", "[0].schools[0]: must be 1 to 64 of A-Z a-z 0-9 . _ -"),
        ("{name: a, schools: [5]}", "[0].schools[0]: must be text, not 5; put it in quotes"),
        (
            "{name: a, schools: [no5], holiday: []}",
            "[0].holiday: is not known here (did you mean 'holidays'?); allowed: ",
        ),
        (
            "{name: a, schools: [no5], holidays: [2027-1-1]}",
            "[0].holidays[0]: must be a day like 2027-01-01",
        ),
        ("{name: a, schools: [no5], night: '22'}", "[0].night: must be times of day like"),
        ("{name: a, schools: [no5], weekdays: [so]}", "[0].weekdays[0]: must be one of mon, tue"),
        ("{name: b, schools: [no6]}", ": two calendars have the name 'b'"),
        ("{name: a, schools: [no6, no7]}", ": school 'no7' is in 'a' and in 'b'; a school follows"),
    ],
)
def test_a_mistake_in_a_schools_calendar_is_said_with_its_line(
    tmp_path: Path, calendar: str, said: str
) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(
        f"escalation:\n  calendars:\n    - {calendar}\n    - {{name: b, schools: [no7]}}\n",
        "utf-8",
    )
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, {})
    (problem,) = caught.value.problems
    line = 2 if said.startswith(":") else 3
    assert str(problem).startswith(f"{file}:{line}: escalation.calendars{said}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"escalation": plan(steps=[{"after_s": 60}])}, "does nothing"),
        ({"escalation": plan(steps=[])}, "at least 1"),
        ({"escalation": plan(steps=[{"after_s": 60, "to": ["a b"]}])}, "without spaces"),
        ({"escalation": plan(steps=[{"after_s": 1, "to": ["bureau"]}])}, "greater than"),
        ({"escalation": plan(steps=[{"after_s": 60, "to": ["bureau"]}])}, "no receiver"),
        ({"escalation": plan(steps=[{"after_s": 60, "to": ["duty:guards"]}])}, "no team"),
        ({"escalation": plan(when=["lunch"])}, "school_hours"),
        ({"escalation": {"plans": plan()["plans"] * 2}}, "two plans have the name 'night'"),
        ({"escalation": {"calendar": {"night": "22:00"}}}, "times of day"),
        ({"escalation": {"calendar": {"utc_offset": "8"}}}, "hours and minutes"),
        ({"escalation": {"calendar": {"holidays": ["New Year"]}}}, "must be a day"),
        ({"escalation": {"calendar": {"holidays": ["2027-02-01/2027-01-01"]}}}, "before it begins"),
        ({"duty": {"teams": [{"id": "a b", "name_zh": "甲"}]}}, "A-Z a-z"),
        ({"duty": {"teams": [{"id": "a", "name_zh": "甲"}] * 2}}, "two teams have the id 'a'"),
        (
            {
                "escalation": plan(),
                "notification": {
                    "webhooks": [WEBHOOK],
                    "escalation": {"after_s": 60, "webhook": "bureau"},
                },
            },
            "give one of the two",
        ),
    ],
)
def test_a_mistake_is_said(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        default_settings(settings)
