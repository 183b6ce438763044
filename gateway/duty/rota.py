"""The rota as it is now, in memory: whom a step calls must not wait for the store.

Filled at a start; `gateway.duty.service` writes it down first and then changes it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from alerts.duty import TEAM, Reached, Shift, Signature, Standing, on_duty, reach


class Rota:
    """Shifts and signatures by team."""

    def __init__(
        self, shifts: Iterable[Shift] = (), signed: Mapping[str, Signature] | None = None
    ) -> None:
        self._shifts: Final[dict[str, dict[int, Shift]]] = {}
        self._signed: Final = dict(signed or {})
        self._known: Final[dict[str, tuple[int, Standing]]] = {}
        self.put(*shifts)

    def put(self, *shifts: Shift) -> None:
        """Add shifts."""
        for shift in shifts:
            self._shifts.setdefault(shift.team, {})[shift.row] = shift
        self._known.clear()

    def remove(self, shift: Shift) -> None:
        """Take a shift away."""
        self._shifts.get(shift.team, {}).pop(shift.row, None)
        self._known.clear()

    def sign(self, team: str, signature: Signature) -> None:
        """Somebody has taken over."""
        self._signed[team] = signature
        self._known.clear()

    def shifts(self, team: str) -> Iterable[Shift]:
        """The shifts of a team, in no order."""
        return self._shifts.get(team, {}).values()

    def shift(self, row: int) -> Shift | None:
        """The shift of that number."""
        return next((of[row] for of in self._shifts.values() if row in of), None)

    def signature(self, team: str) -> Signature | None:
        """Who took over last."""
        return self._signed.get(team)

    def standing(self, team: str, now: int) -> Standing:
        """Who is on duty in a team. In a storm hundreds of steps ask in the same moment."""
        at, standing = self._known.get(team, (None, None))
        if standing is None or at != now:
            to_come = (shift for shift in self.shifts(team) if shift.ends > now)
            standing = on_duty(to_come, self._signed.get(team), now)
            self._known[team] = now, standing
        return standing

    def reach(self, to: Sequence[str], now: int) -> Reached:
        """Whom the receivers of a step mean now. Implements `alerts.duty.Reach`."""
        teams = {name.removeprefix(TEAM) for name in to if name.startswith(TEAM)}
        return reach(to, {team: self.standing(team, now) for team in teams})
