"""Who is on duty: teams, the rota, signing for what stands open, and whom alerts call."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from alerts.alert import Alert, Refusal
from alerts.duty import Shift, gaps
from alerts.finding import Priority
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, RowNumber, cursor, row_in, sort_key
from gateway.api.guard import Planner, Reader, Responder
from gateway.api.models.duty import (
    EscalationOut,
    HandOverAskedOut,
    HandOverIn,
    HandOverOut,
    PersonOut,
    RotaOut,
    ShiftIn,
    ShiftOut,
    TeamOut,
)
from gateway.api.models.shapes import Identifier, Items, Milliseconds, Page
from gateway.api.present_duty import escalation_out, hand_over_out, shift_out, team_out, vacant_out
from gateway.api.problems import REFUSABLE, invalid, not_found, refused
from gateway.api.services import Services, ServicesHere
from gateway.duty.service import Wanted
from gateway.security.access import Caller, What, role_may
from gateway.security.accounts import User, all_users, user_named
from gateway.settings_duty import TeamSettings
from gateway.store.read.alerts import AlertFilter, alert_page
from gateway.store.read.duty import hand_over_page, standing_open

router = APIRouter(tags=["duty"])

TeamName = Annotated[Identifier, Path()]
ShiftNumber = Annotated[int, Path(ge=1, le=2**53, examples=[12])]

LISTED: Final = 500
"""Open emergencies on a page of those to sign for, and other alerts in all a fifth of that."""

LONGEST_SPAN: Final = 100 * 86_400_000


@router.get("/duty", operation_id="list_teams")
async def list_teams(services: ServicesHere, _caller: Reader) -> Items[TeamOut]:
    """Every team with who is on duty now. The first is the one that the page names everywhere."""
    people = await _people(services)
    return Items(items=[_team(services, team, people) for team in services.duty.teams])


@router.get("/duty/people", operation_id="list_people_for_duty")
async def list_people(services: ServicesHere, _caller: Planner) -> Items[PersonOut]:
    """Who can be on duty: whoever may acknowledge alerts."""
    everybody = await services.read(all_users)
    return Items(
        items=[
            PersonOut(name=user.name, display=user.display)
            for user in everybody
            if _may_be_on_duty(user)
        ]
    )


@router.get("/duty/escalation", operation_id="get_escalation")
async def get_escalation(services: ServicesHere, caller: Reader) -> EscalationOut:
    """Whom alerts call that nobody acknowledges, as the settings say, in the caller's schools."""
    return escalation_out(services.duty.policy, caller.schools, services.clock.now())


@router.post(
    "/duty/shifts",
    operation_id="plan_shifts",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def plan_shifts(services: ServicesHere, caller: Planner, wanted: ShiftIn) -> Items[ShiftOut]:
    """Plan a shift, or several alike: all of them or none."""
    user = await services.read(user_named(wanted.user))
    if user is None or not _may_be_on_duty(user):
        raise invalid("user", f"there is no user {wanted.user} who may acknowledge alerts")
    planned = await services.duty.plan(
        Wanted(
            team=wanted.team,
            user=wanted.user,
            starts=wanted.starts,
            ends=wanted.ends,
            every_days=wanted.every_days,
            times=wanted.times,
        ),
        caller.name,
    )
    if isinstance(planned, Refusal):
        raise refused(planned.code, planned.detail)
    people = {user.name: user.display}
    return Items(items=[shift_out(shift, people) for shift in planned])


@router.delete("/duty/shifts/{row}", operation_id="cancel_shift", responses=REFUSABLE)
async def cancel_shift(services: ServicesHere, caller: Planner, row: ShiftNumber) -> ShiftOut:
    """Take a shift off the plan; one that is over stays on record."""
    shift = await services.duty.cancel(row, caller.name)
    if isinstance(shift, Refusal):
        raise refused(shift.code, shift.detail)
    return shift_out(shift, await _people(services))


@router.get("/duty/{team}/shifts", operation_id="list_shifts")
async def list_shifts(
    services: ServicesHere,
    _caller: Reader,
    team: TeamName,
    since: Annotated[Milliseconds, Query(description="Shifts that end after this.")],
    until: Annotated[Milliseconds, Query(description="Shifts that begin before this.")],
) -> RotaOut:
    """The rota of a team for at most 100 days, with the times in which it names nobody."""
    _known(services, team)
    if not 0 < until - since <= LONGEST_SPAN:
        raise invalid("until", "must be after since, by 100 days at most")
    people = await _people(services)
    found = [
        shift
        for shift in services.duty.rota.shifts(team)
        if shift.ends > since and shift.starts < until
    ]
    found.sort(key=_by_time)
    return RotaOut(
        items=[shift_out(shift, people) for shift in found],
        gaps=[vacant_out(gap) for gap in gaps(found, since, until)],
    )


@router.get("/duty/{team}/hand-over", operation_id="prepare_hand_over")
async def prepare_hand_over(
    services: ServicesHere,
    caller: Responder,
    team: TeamName,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> HandOverAskedOut:
    """What somebody who takes over now signs for. What moved from page to page while they were
    read is missing among the ticks, and so the signature is refused.
    """
    known = _known(services, team)
    schools = _schools(caller)
    standing = await services.read(standing_open(schools))
    urgent = AlertFilter(priority=int(Priority.EMERGENCY), schools=schools)
    key = sort_key(after, tuple[RowNumber, ...])
    emergencies, following = await services.read(alert_page(urgent, after=key, limit=LISTED))
    others: list[Alert] = []
    if key is None:
        every = AlertFilter(schools=schools)
        most, _ = await services.read(alert_page(every, after=None, limit=LISTED))
        others = [alert for alert in most if not alert.emergency][: LISTED // 5]
    return HandOverAskedOut(
        team=_team(services, known, await _people(services)),
        emergencies=[services.presenter.alert(alert) for alert in emergencies],
        others=[services.presenter.alert(alert) for alert in others],
        open_emergencies=sum(one.priority == Priority.EMERGENCY for one in standing),
        open=len(standing),
        next=None if following is None else cursor(following),
    )


@router.post(
    "/duty/{team}/hand-over",
    operation_id="sign_hand_over",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def sign_hand_over(
    services: ServicesHere, caller: Responder, team: TeamName, signed: HandOverIn
) -> HandOverOut:
    """Take over. Refused while an open emergency is not ticked, also one that has just come."""
    taken = await services.duty.take_over(
        team,
        caller.name,
        schools=_schools(caller),
        ticked=frozenset(signed.emergencies),
        remark=signed.remark,
    )
    if isinstance(taken, Refusal):
        raise refused(taken.code, taken.detail)
    return hand_over_out(taken, await _people(services))


@router.get("/duty/{team}/hand-overs", operation_id="list_hand_overs")
async def list_hand_overs(
    services: ServicesHere,
    caller: Reader,
    team: TeamName,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[HandOverOut]:
    """Who took over when, the newest first.

    Without the remarks of those who see other schools than the caller.
    """
    _known(services, team)
    found, following = await services.read(hand_over_page(team, after=row_in(after), limit=limit))
    users = {user.name: user for user in await services.read(all_users)}
    people = {name: user.display for name, user in users.items()}
    return Page(
        items=[
            hand_over_out(one, people, remark=_may_read(services, caller, users.get(one.after)))
            for one in found
        ],
        next=None if following is None else cursor((following,)),
    )


def _known(services: Services, team: str) -> TeamSettings:
    found = services.duty.team(team)
    if found is None:
        raise not_found(f"team {team}")
    return found


def _team(services: Services, team: TeamSettings, people: dict[str, str]) -> TeamOut:
    rota = services.duty.rota
    standing = rota.standing(team.id, services.clock.now())
    return team_out(team, standing, rota.signature(team.id), people)


def _schools(caller: Caller) -> frozenset[str] | None:
    """Those whose alerts the caller sees; the gateway's own alerts are everybody's."""
    return None if caller.schools is None else caller.schools | {""}


async def _people(services: Services) -> dict[str, str]:
    """Names to show, by user name."""
    return {user.name: user.display for user in await services.read(all_users)}


def _may_read(services: Services, caller: Caller, author: User | None) -> bool:
    """Whether the caller sees all schools of which somebody may have written."""
    if caller.schools is None or (author is not None and author.name == caller.name):
        return True
    theirs = None if author is None else services.register.schools_of(author.scopes)
    return theirs is not None and theirs <= caller.schools


def _may_be_on_duty(user: User) -> bool:
    return not user.disabled and role_may(user.role, What.ACKNOWLEDGE)


def _by_time(shift: Shift) -> tuple[int, int]:
    return shift.starts, shift.row
