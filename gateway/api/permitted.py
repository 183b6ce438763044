"""What a caller may do to an alert right now: what the life cycle allows, cut to the role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts import alert as acts
from alerts.alert import Action, Alert
from alerts.lifecycle import Limits, allowed
from gateway.api.models.alerts import ActionName
from gateway.security.access import Caller, What, may

_NAMES: Final[Mapping[type[Action], ActionName]] = {
    acts.Acknowledge: ActionName.ACKNOWLEDGE,
    acts.Comment: ActionName.COMMENT,
    acts.Assign: ActionName.ASSIGN,
    acts.Shelve: ActionName.SHELVE,
    acts.Unshelve: ActionName.UNSHELVE,
    acts.Reset: ActionName.RESET,
    acts.MarkFalse: ActionName.MARK_FALSE,
    acts.ConfirmFalse: ActionName.CONFIRM_FALSE,
}

_LIGHT: Final = frozenset({ActionName.ACKNOWLEDGE, ActionName.COMMENT})


def what_for(action: str) -> What:
    """What the role must allow for an action."""
    return What.ACKNOWLEDGE if action in _LIGHT else What.HANDLE


def permitted(alert: Alert, caller: Caller, now: int, limits: Limits) -> list[ActionName]:
    """The actions that would change something, if the caller took them now."""
    names = (_NAMES[each] for each in allowed(alert, actor=caller.name, now=now, limits=limits))
    return [name for name in names if may(caller, what_for(name), alert.school)]
