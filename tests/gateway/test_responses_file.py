"""The response plans that come with the gateway, and what is said of a mistake in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.contacts import ROLES
from alerts.response_plan import Plan
from gateway.paths import default_config_dir
from gateway.problem import ConfigurationError
from gateway.responses import load_responses
from gateway.words import Words

SHIPPED = load_responses(default_config_dir() / "responses.yaml")


@pytest.mark.parametrize("plan", SHIPPED.plans, ids=lambda plan: plan.conditions[0])
class TestEveryShippedPlan:
    def test_is_for_conditions_that_there_are(self, plan: Plan) -> None:
        words = Words.load()
        assert [one for one in plan.conditions if f"condition.{one}" not in words] == []

    def test_says_every_step_in_both_languages(self, plan: Plan) -> None:
        assert [step.id for step in plan.steps if not step.zh or not step.en] == []

    def test_calls_roles_that_have_a_word(self, plan: Plan) -> None:
        assert {step.who for step in plan.steps} - {None, *ROLES} == set()


def test_every_role_has_a_word() -> None:
    words = Words.load()
    assert [role for role in ROLES if f"contact.role.{role}" not in words] == []


@pytest.mark.parametrize("condition", ["panic", "smoke", "fire", "cut_off"])
def test_there_is_a_plan_for_what_matters_most(condition: str) -> None:
    assert SHIPPED.steps_for("any-school", condition)


def test_a_mistake_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "responses.yaml"
    file.write_text(
        "plans:\n"
        "  - conditions: [fire]\n"
        "    steps:\n"
        "      - {id: look, zh: 查看}\n"
        "      - {id: call, within_minutes: soon}\n",
        "utf-8",
    )
    with pytest.raises(ConfigurationError) as raised:
        load_responses(file)
    said = [(problem.line, problem.message) for problem in raised.value.problems]
    assert (5, "is missing: What to do, in Chinese") in said
    assert (5, "must be a whole number, not 'soon'") in said
