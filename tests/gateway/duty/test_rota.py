"""The rota in memory: what is changed counts for the next step that fires."""

from __future__ import annotations

from alerts.duty import HOUR, Reached, Shift, Signature
from gateway.duty.rota import Rota

T0 = 1_795_161_600_000
LI = Shift(row=1, team="control-room", user="li", starts=T0, ends=T0 + 8 * HOUR)
WANG = Shift(row=2, team="control-room", user="wang", starts=T0, ends=T0 + 8 * HOUR)
TO = ("duty:control-room", "bureau")


def test_a_step_calls_whoever_is_on_duty_at_its_moment() -> None:
    rota = Rota([LI])
    assert rota.reach(TO, T0) == Reached(called=("user:li", "bureau"))
    assert rota.reach(TO, T0 + 8 * HOUR) == Reached(called=("bureau",), nobody=("control-room",))


def test_a_change_counts_at_once_also_in_the_same_moment() -> None:
    rota = Rota()
    assert rota.reach(TO, T0).nobody == ("control-room",)
    rota.put(LI)
    assert rota.reach(TO, T0).called == ("user:li", "bureau")
    rota.put(WANG)
    assert rota.reach(TO, T0).called == ("user:li", "user:wang", "bureau")
    rota.remove(LI)
    assert rota.reach(TO, T0).called == ("user:wang", "bureau")
    rota.sign("control-room", Signature("zhao", T0))
    assert rota.reach(TO, T0).called == ("user:wang", "user:zhao", "bureau")
    assert rota.shift(1) is None
    assert rota.shift(2) == WANG


def test_a_team_that_nobody_planned_has_nobody() -> None:
    assert Rota().reach(("duty:guards",), T0) == Reached(nobody=("guards",))
