"""What a caller may do to an alert right now: what the life cycle allows, cut to the role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts import alert as acts
from alerts.alert import Action, Alert
from alerts.lifecycle import Limits, allowed
from gateway.api.models.alerts import AlertActionName
from gateway.security.access import Caller, What, may

_NAMES: Final[Mapping[type[Action], AlertActionName]] = {
    acts.Acknowledge: AlertActionName.ACKNOWLEDGE,
    acts.Comment: AlertActionName.COMMENT,
    acts.Assign: AlertActionName.ASSIGN,
    acts.Shelve: AlertActionName.SHELVE,
    acts.Unshelve: AlertActionName.UNSHELVE,
    acts.Reset: AlertActionName.RESET,
    acts.MarkFalse: AlertActionName.MARK_FALSE,
    acts.ConfirmFalse: AlertActionName.CONFIRM_FALSE,
    acts.Tick: AlertActionName.TICK,
    acts.Tell: AlertActionName.TELL,
}

_LIGHT: Final = frozenset(
    {AlertActionName.ACKNOWLEDGE, AlertActionName.COMMENT, AlertActionName.TICK}
)


def what_for(action: str) -> What:
    """What the role must allow for an action."""
    return What.ACKNOWLEDGE if action in _LIGHT else What.HANDLE


def permitted(alert: Alert, caller: Caller, now: int, limits: Limits) -> list[AlertActionName]:
    """The actions that would change something, if the caller took them now."""
    names = (_NAMES[each] for each in allowed(alert, actor=caller.name, now=now, limits=limits))
    return [name for name in names if may(caller, what_for(name), alert.school)]
