"""Events as the outbox holds them, written by the code that writes them in the gateway."""

from __future__ import annotations

from alerts.alert import Alert, AlertState, Transition, TransitionKind
from alerts.finding import Explanation, Priority
from alerts.notification.webhook import Bilingual, Setting, webhook_body

T0 = 1_795_159_200_000
"""2026-11-20 07:20:00 UTC."""

SETTING = Setting(
    device="gate-01",
    kind="alarm-button",
    device_name=Bilingual("门卫室", "Gatehouse"),
    school_name=Bilingual("第三中学", "No. 3 Middle School"),
    place=Bilingual("教学楼", "Block A"),
    condition=Bilingual("一键报警", "Panic button"),
    explanation=Bilingual("按钮被按下", "the button was pressed"),
    link="https://campus.example/alerts/41",
)


def plain(
    *,
    number: int = 41,
    school: str = "no3-middle",
    kind: str = "occurred",
    priority: Priority = Priority.EMERGENCY,
    version: int = 3,
    occurrences: int = 2,
    acknowledged: int | None = None,
) -> bytes:
    """The body of one event."""
    alert = Alert(
        id=number,
        device=7,
        school=school,
        condition="panic",
        priority=priority,
        state=AlertState.UNACKNOWLEDGED,
        active=True,
        raised=T0,
        known=T0 + 40,
        version=version,
        occurrences=occurrences,
        last_occurrence=T0 + 9000,
        acknowledged=acknowledged,
        explanation=Explanation(rule="pressed", code="pressed"),
    )
    transition = Transition(
        alert=number,
        version=version,
        kind=TransitionKind(kind),
        state=alert.state,
        happened=T0 + 9000,
        known=T0 + 9040,
    )
    return webhook_body(transition, alert, SETTING, "按钮被按下")


def body() -> bytes:
    """A second press."""
    return plain()
