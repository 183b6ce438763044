"""The overview as it is answered: each school is put into bytes once for all who ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from alerts.finding import Priority
from devices.police_link.states import LinkState
from gateway.api.models.devices import SchoolOut
from gateway.api.models.overview import (
    OverviewHeadOut,
    OverviewTotalsOut,
    PrioritiesOut,
    SchoolOverviewOut,
    StandingOut,
    TallyOut,
)
from gateway.api.police import counts_of_links
from gateway.api.present import PRIORITY_NAMES, feed_out
from gateway.overview.census import Tally, total
from gateway.overview.standing import NOTHING_OPEN, SchoolView, Standing, view_of

if TYPE_CHECKING:
    from gateway.api.present_causes import InCommon
    from gateway.api.register import Register
    from gateway.clock import Clock
    from gateway.desk import Desk
    from gateway.maintenance.service import Maintenances
    from gateway.overview.survey import Seen, Survey
    from gateway.police.desk import LinksDesk


class Overviews:
    """Puts what the survey saw together with links, maintenances and floods, and into JSON.

    A thousand schools are half a megabyte: what is the same for everybody is made once.
    """

    def __init__(
        self,
        *,
        survey: Survey,
        register: Register,
        police: LinksDesk,
        maintenances: Maintenances,
        in_common: InCommon,
        desk: Desk,
        clock: Clock,
    ) -> None:
        self._survey: Final = survey
        self._register: Final = register
        self._police: Final = police
        self._maintenances: Final = maintenances
        self._in_common: Final = in_common
        self._desk: Final = desk
        self._clock: Final = clock
        self._seen: Seen | None = None
        self._rows: dict[str, tuple[SchoolView, bytes]] = {}

    async def answer(self, schools: frozenset[str] | None) -> bytes:
        """An `OverviewOut` of these schools; ``None`` = all."""
        seen = await self._survey.seen()
        if seen is not self._seen:
            self._rows = self._made(seen)
            self._seen = seen
        shown = [row for school, row in self._rows.items() if schools is None or school in schools]
        head = OverviewHeadOut(
            now=self._clock.now(),
            feed=feed_out(self._desk.feed()),
            gateway=StandingOut(**_standing(seen.standings.get("", NOTHING_OPEN))),
            totals=_totals([view for view, _ in shown]),
        )
        return b'%b,"schools":[%b]}' % (
            head.model_dump_json().encode()[:-1],
            b",".join(body for _, body in shown),
        )

    def _made(self, seen: Seen) -> dict[str, tuple[SchoolView, bytes]]:
        links: dict[str, list[LinkState]] = {}
        for link in self._police.links.values():
            links.setdefault(link.school, []).append(self._police.state(link.id))
        maintenances = self._maintenances.by_school()
        floods = {flood.school: flood.count for flood in self._in_common.floods(None)}
        rows = {}
        for school in self._register.schools_out(None):
            view = view_of(
                school.id,
                standing=seen.standings.get(school.id),
                census=seen.census.get(school.id),
                links=links.get(school.id, ()),
                maintenances=maintenances.get(school.id, 0),
                flood=floods.get(school.id),
            )
            rows[school.id] = view, _school(school, view).model_dump_json().encode()
        return rows


def _school(school: SchoolOut, view: SchoolView) -> SchoolOverviewOut:
    return SchoolOverviewOut(
        school=school.id,
        name=school.name,
        region=school.region,
        police=view.police,
        devices=_tally(view.devices),
        cameras=_tally(view.cameras),
        recorders=_tally(view.recorders),
        heard=view.heard,
        maintenances=view.maintenances,
        flood=view.flood,
        doubt=view.doubt,
        **_standing(view.standing),
    )


def _standing(standing: Standing) -> dict[str, Any]:
    worst, waiting = standing.worst, standing.waiting
    return {
        "worst": None if worst is None else PRIORITY_NAMES[worst],
        "waiting": None if waiting is None else PRIORITY_NAMES[waiting],
        "waiting_since": standing.since,
        "open": _priorities(standing.open),
        "unacknowledged": _priorities(standing.unacknowledged),
    }


def _priorities(counts: Mapping[Priority, int]) -> PrioritiesOut:
    if not counts:
        return _NONE  # most schools, most of the time
    return PrioritiesOut(
        **{name.value: counts.get(priority, 0) for priority, name in PRIORITY_NAMES.items()}
    )


def _tally(tally: Tally) -> TallyOut:
    return TallyOut(
        good=tally.good, bad=tally.bad, unknown=tally.unknown, out_of_service=tally.aside
    )


def _totals(views: Sequence[SchoolView]) -> OverviewTotalsOut:
    everything = Standing()
    for view in views:
        for counts, more in (
            (everything.open, view.standing.open),
            (everything.unacknowledged, view.standing.unacknowledged),
        ):
            for priority, number in more.items():
                counts[priority] = counts.get(priority, 0) + number
    links = Counter(view.police for view in views if view.police is not None)
    return OverviewTotalsOut(
        schools=len(views),
        troubled=sum(bool(view.standing.open) for view in views),
        unknown=sum(not view.standing.open and view.doubt is not None for view in views),
        maintenances=sum(view.maintenances for view in views),
        open=_priorities(everything.open),
        unacknowledged=_priorities(everything.unacknowledged),
        police=counts_of_links(links) if links else None,
        devices=_tally(total(view.devices for view in views)),
        cameras=_tally(total(view.cameras for view in views)),
        recorders=_tally(total(view.recorders for view in views)),
    )


_NONE: Final = PrioritiesOut(emergency=0, high=0, medium=0, low=0, notice=0)
