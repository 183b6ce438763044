"""Steps of plans and reports as the page and the report see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from alerts.alert import Alert, Transition
from alerts.reporting import ReportDue, ReportTimes, reports_due
from alerts.response_plan import PlanStep, ResponsePlans, StepStanding, standing_steps
from gateway.api.models.response import PlanStepOut, ReportDueOut
from gateway.api.models.shapes import Names
from gateway.responses import load_responses

if TYPE_CHECKING:
    from gateway.settings_response import ResponseSettings

_MINUTE: Final = 60_000


class Responses:
    """The response plans and the times for reports, as the settings have them."""

    def __init__(self, settings: ResponseSettings, plans: ResponsePlans | None = None) -> None:
        """``plans`` are those of the settings' file, when somebody has read it already."""
        self._plans: Final = load_responses(settings.plans) if plans is None else plans
        self.times: Final = ReportTimes(
            telephone=settings.telephone_minutes * _MINUTE,
            written=settings.written_minutes * _MINUTE,
        )

    def dues(self, alert: Alert) -> tuple[ReportDue, ...]:
        """The reports that an alert asks for."""
        return reports_due(alert, self.times)

    def step(self, alert: Alert, step: str) -> PlanStep | None:
        """A step of the alert's plan."""
        steps = self._plans.steps_for(alert.school, alert.condition)
        return next((one for one in steps if one.id == step), None)

    def steps(self, alert: Alert, history: Sequence[Transition]) -> tuple[StepStanding, ...]:
        """The steps of an alert's plan as they stand."""
        steps = self._plans.steps_for(alert.school, alert.condition)
        return standing_steps(alert, history, steps)


def step_out(step: StepStanding) -> PlanStepOut:
    """A step for the page."""
    return PlanStepOut(
        id=step.id,
        text=Names(zh=step.zh, en=step.en),
        who=step.who,
        due=step.due,
        done=step.done_at is not None,
        done_at=step.done_at,
        by=step.by,
    )


def report_due_out(due: ReportDue) -> ReportDueOut:
    """A report for the page."""
    return ReportDueOut(
        form="telephone" if due.form == "telephone" else "written",
        due=due.due,
        done_at=due.done_at,
        by=due.by,
        to=due.to,
    )
