"""Tells the life of one alert, finding by finding and act by act."""

from __future__ import annotations

from itertools import count

from alerts.alert import (
    Action,
    Alert,
    AlertState,
    Folded,
    Refusal,
    Transition,
)
from alerts.course import replay
from alerts.finding import Explanation, Finding, Priority
from alerts.lifecycle import Limits, act, fold_finding

T0 = 1_795_161_600_000
LIMITS = Limits()


class Story:
    """One alert's life, told line by line; keeps every transition."""

    def __init__(self, condition: str = "smoke", priority: Priority = Priority.HIGH) -> None:
        self.condition = condition
        self.priority = priority
        self.alert: Alert | None = None
        self.told: list[Transition] = []
        self.now = T0
        self.out_of_service = False
        self.maintenance = ""
        self._ids = count(1)

    def find(
        self,
        *,
        active: bool = True,
        occurrence: bool = False,
        latches: bool = False,
        priority: Priority | None = None,
        remark: str = "",
        late_by: int = 0,
    ) -> list[str]:
        self.now += 1000
        finding = Finding(
            condition=self.condition,
            active=active,
            priority=priority or self.priority,
            happened=self.now - late_by,
            known=self.now,
            explanation=Explanation(
                rule="threshold",
                code="above",
                inputs={"smoke_pct_m": 12.5, "phase": None},
                limit=10.0,
                unit="%/m",
                source="EN 54-7",
                metric="obscuration_pct_m",
            ),
            occurrence=occurrence,
            latches=latches,
            remark=remark,
        )
        folded = fold_finding(
            self.alert,
            finding,
            device=7,
            school="no3-middle",
            out_of_service=self.out_of_service,
            new_id=lambda: next(self._ids),
            maintenance=self.maintenance,
        )
        return self._tell(folded)

    def do(self, action: Action, actor: str = "li") -> list[str] | Refusal:
        self.now += 1000
        assert self.alert is not None
        done = act(self.alert, action, actor=actor, now=self.now, limits=LIMITS)
        return done if isinstance(done, Refusal) else self._tell(done)

    def _tell(self, folded: Folded) -> list[str]:
        self.alert = folded.alert
        if folded.transitions and folded.transitions[0].version == 1:
            self.told = []
        self.told += folded.transitions
        if self.told:
            assert replay(self.told) == self.alert
        return [transition.kind.value for transition in folded.transitions]

    @property
    def standing(self) -> Alert:
        assert self.alert is not None
        return self.alert

    def stands(self, state: AlertState) -> bool:
        return self.standing.state is state


def code_of(refused: object) -> str:
    assert isinstance(refused, Refusal)
    assert refused.detail
    return refused.code
